"""Changed stock levels, from the commit here to the store, beside bare batch requests.

`python -m benchmarks.levels many|bare|one`: settings come from the environment, as for `woosync`.
"""

import asyncio
import json
import os
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from woosync import bootstrap, settings, telemetry
from woosync.entrypoints.cli import running
from woosync.flows import stock
from woosync.postgres import engine
from woosync.woo import batch

MANY = 1000
TIMES = 40

MOVE = """
INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)
SELECT product_id, (SELECT id FROM warehouses WHERE is_default), %s, 'receipt',
  'bench ' || product_id || ' ' || clock_timestamp()
FROM stock_links WHERE state = 'clean' ORDER BY product_id LIMIT %s
"""
PRODUCTS = "SELECT woo_id FROM stock_links WHERE state = 'clean' ORDER BY product_id LIMIT %s"


async def move(database: engine.Database, qty: int, amount: int) -> None:
    """Change levels here, as anybody would."""
    async with database.transaction() as tx:
        await tx.execute(MOVE, (qty, amount))


async def many(opened: bootstrap.Application) -> dict[str, Any]:
    """Write many levels; the audit afterwards is not part of reaching the store."""
    await move(opened.database, 3, MANY)
    begun, cpu = time.perf_counter(), time.process_time()
    chosen = stock.Options(audit=False, yes=True)
    report = await opened.push_stock(bootstrap.DEFAULT_STORE, chosen, actor="benchmark")
    return _told(report.confirmed, time.perf_counter() - begun, time.process_time() - cpu)


async def bare(opened: bootstrap.Application) -> dict[str, Any]:
    """Send batch requests of the same size and concurrency, and nothing else."""
    async with opened.database.transaction() as tx:
        found = await (await tx.execute(PRODUCTS, (MANY,))).fetchall()
    marker = {"key": "_woosync_op", "value": "1:1:1:3"}
    items = [{"id": row[0], "inventory_delta": 3, "meta_data": [marker]} for row in found]
    async with opened.open_store() as (_, client):
        begun, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(
            *(
                client.send(
                    "POST", "products/batch", body={"update": items[first : first + batch.LIMIT]}
                )
                for first in range(0, len(items), batch.LIMIT)
            )
        )
        return _told(len(items), time.perf_counter() - begun, time.process_time() - cpu)


async def one(opened: bootstrap.Application) -> dict[str, Any]:
    """Write single levels, one after another; seconds are the 95th percentile."""
    taken = []
    begun = time.process_time()
    for _ in range(TIMES):
        await move(opened.database, 1, 1)
        start = time.perf_counter()
        chosen = stock.Options(audit=False)
        await opened.push_stock(bootstrap.DEFAULT_STORE, chosen, actor="benchmark")
        taken.append(time.perf_counter() - start)
    return _told(1, statistics.quantiles(taken, n=20)[-1], time.process_time() - begun)


def _told(records: int, seconds: float, cpu: float) -> dict[str, Any]:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"records": records, "seconds": seconds, "cpu": cpu, "memory": memory}
    return told | {"requests": -(-records // batch.LIMIT)}


async def main(action: str) -> None:
    """Do one step and print its figures."""
    loaded = settings.load(Path.cwd(), os.environ)
    telemetry.configure(style=loaded.log_format, debug=False, secrets=loaded.secrets)
    async with bootstrap.application(loaded) as opened:
        told = await {"many": many, "bare": bare, "one": one}[action](opened)
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    running.run_async(lambda: main(sys.argv[1]))
