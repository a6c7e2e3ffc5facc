"""Webhooks: ours beside a minimal endpoint and bare commits, in one run, on one machine.

The load, PostgreSQL and the servers share its processors.
"""

import asyncio
import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import psycopg
import uvloop

from benchmarks import minimal, sending, stage

SECRET = "benchmark0123456789"  # noqa: S105 - signs nothing but made-up deliveries
SERVED = {"WOOCOMMERCE_WEBHOOK_SECRET": SECRET, "WOOSYNC_JWT_SECRET": secrets.token_hex(32)}
CONNECTIONS, AMOUNT, ROUNDS = 16, 6_000, 3
RATE, SECONDS = 300.0, 10.0
COMMIT_SECONDS = 2.0
EDITS, APART = 100, 0.05
TABLE = "CREATE TABLE minimal_deliveries (id bigserial PRIMARY KEY, topic text, body bytea)"
OURS = "/api/woocommerce-sync/webhook/product.updated"


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def serving(environment: dict[str, str], *words: str) -> Iterator[None]:
    """Run a module that serves, until the block ends."""
    process = subprocess.Popen(  # noqa: S603 - our own modules
        [sys.executable, "-m", *words],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def await_port(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise SystemExit("the server did not start")


async def commit(url: str, connections: int) -> float:
    """Return single-row commits a second of so many connections."""
    end = time.perf_counter() + COMMIT_SECONDS
    body = os.urandom(sending.BODY_BYTES)

    async def work() -> int:
        done = 0
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            while time.perf_counter() < end:
                await connection.execute(minimal.INSERT, ("product.updated", body))
                done += 1
        return done

    return sum(await asyncio.gather(*(work() for _ in range(connections)))) / COMMIT_SECONDS


async def measure_receiving(url: str, ours: sending.Target, plain: sending.Target) -> None:
    """Measure in turns, so that what else the machine does hits all alike; print medians."""
    rates: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, target in (("woosync", ours), ("minimal FastAPI endpoint", plain)):
            rate = await sending.saturate(target, connections=CONNECTIONS, amount=AMOUNT)
            rates.setdefault(name, []).append(rate)
        for connections in (1, 8):
            name = f"bare commits, {connections} connection{'s' * (connections > 1)}"
            rates.setdefault(name, []).append(await commit(url, connections))
    for name, found in rates.items():
        middle = sorted(found)[len(found) // 2]
        each = ", ".join(f"{one:,.0f}" for one in found)
        print(f"{name:<30}{middle:>10,.0f}/s   (rounds: {each})", flush=True)
    for name, target in (("woosync", ours), ("minimal FastAPI endpoint", plain)):
        waited = await sending.at_rate(target, rate=RATE, seconds=SECONDS)
        shown = ", ".join(
            f"p{share} {sending.percentile(waited, share):.1f} ms" for share in (50, 95, 99)
        )
        print(f"{name:<30}at {RATE:.0f}/s: {shown}", flush=True)


def receive() -> None:
    """Print how fast deliveries are kept."""
    with stage.bench(1) as one:
        port, plain_port = free_port(), free_port()
        environment = one.environment | SERVED
        url = environment["DATABASE_URL"]
        words = ("woosync", "serve", "--no-worker", "--port", str(port))
        with serving(environment, *words):
            await_port(port)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(TABLE)
            with serving(environment, "benchmarks.minimal", str(plain_port)):
                await_port(plain_port)
                ours = sending.Target(port, OURS, SECRET)
                plain = sending.Target(plain_port, "/webhook/product.updated", SECRET)
                uvloop.run(measure_receiving(url, ours, plain))


def ask(url: str, body: object) -> None:
    """Steer the simulated store."""
    request = urllib.request.Request(  # noqa: S310 - our own simulated store
        url, method="POST", data=json.dumps(body).encode()
    )
    urllib.request.urlopen(request, timeout=60).close()  # noqa: S310 - as above


def arrive() -> None:
    """Print how long a change in the shop takes to the row here."""
    with stage.bench(200) as one:
        port = free_port()
        public = {"WOOSYNC_PUBLIC_URL": f"http://127.0.0.1:{port}"}
        environment = one.environment | SERVED | public
        one.step("full")
        ask(f"{one.url}/_sim/hooks", {"latency": 0})
        with serving(environment, "woosync", "serve", "--port", str(port)):
            await_port(port)
            subprocess.run(
                [sys.executable, "-m", "woosync", "webhooks", "register"],
                env=environment,
                check=True,
                capture_output=True,
            )
            waited = [_time_of_edit(one, environment["DATABASE_URL"], n) for n in range(EDITS)]
    shown = ", ".join(
        f"p{share} {sending.percentile(waited, share):.0f} ms" for share in (50, 95, 99)
    )
    print(f"{'shop change to row':<30}{shown}", flush=True)


def _time_of_edit(one: stage.Bench, url: str, number: int) -> float:
    """Change a product in the shop; return milliseconds until its row says so."""
    name = f"Edit {number}"
    product = 10 + number
    begun = time.perf_counter()
    body = {"kind": "product", "id": product, "changes": {"name": name}}
    ask(f"{one.url}/_sim/edit", body)
    with psycopg.connect(url, autocommit=True) as connection:
        while not connection.execute("SELECT 1 FROM products WHERE name = %s", (name,)).fetchone():
            if time.perf_counter() - begun > 60:  # noqa: PLR2004 - a minute is never
                raise SystemExit(f"product {product} did not arrive")
            time.sleep(0.002)
    waited = 1000 * (time.perf_counter() - begun)
    time.sleep(APART)
    return waited


def main() -> None:
    """Print all figures."""
    print("\nwebhooks: deliveries a second at saturation, then latency at a rate")
    receive()
    arrive()


if __name__ == "__main__":
    main()
