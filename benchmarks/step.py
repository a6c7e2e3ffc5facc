"""One measured step in a process of its own: `python -m benchmarks.step fetch|full|changes`.

Settings come from the environment, as for `woosync`. Prints one JSON object; seconds and CPU are
of the work alone, memory is the process's peak.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from woosync import bootstrap, settings, telemetry
from woosync.entrypoints.cli import running
from woosync.flows import pull
from woosync.flows.ingest import streams
from woosync.woo import paging


async def fetch(opened: bootstrap.Application) -> dict[str, Any]:
    """Fetch every page of products and throw it away, with the concurrency of a pull."""
    records = 0
    async with opened.open_store() as (_, client):
        async for page in paging.fetch_scan(client, "products", streams.PRODUCTS.query):
            records += len(page.records)
        return {"records": records, "requests": client.calls.total}


async def pull_with(opened: bootstrap.Application, options: pull.Options) -> dict[str, Any]:
    """Pull and return the report's figures."""
    report = await opened.pull(
        bootstrap.DEFAULT_STORE,
        options,
        actor="benchmark",
        on_progress=lambda _: None,
        on_plan=lambda _: None,
    )
    changed = sum(count["created"] + count["updated"] for count in report.counts.values())
    return {"records": report.records, "requests": report.requests, "changed": changed}


async def main(action: str) -> None:
    """Do one step and print its figures."""
    loaded = settings.load(Path.cwd(), os.environ)
    telemetry.configure(style=loaded.log_format, debug=False, secrets=loaded.secrets)
    async with bootstrap.application(loaded) as opened:
        begun, cpu = time.perf_counter(), time.process_time()
        if action == "fetch":
            told = await fetch(opened)
        else:
            chosen = pull.Options(
                entities=("products",),
                full=action == "full",
                sweep=None if action == "full" else False,
            )
            told = await pull_with(opened, chosen)
        told["seconds"] = time.perf_counter() - begun
        told["cpu"] = time.process_time() - cpu
    told["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    running.run_async(lambda: main(sys.argv[1]))
