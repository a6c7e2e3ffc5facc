"""The table of `make bench`: levels and pulls, beside bare requests of the same kind."""

import argparse
import contextlib
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from woosync.postgres import engine

READY = re.compile(r"woosim: (\S+) key (\S+) secret (\S+)")
SIZES = (10_000, 100_000)
LARGE = 1_000_000
LEVELS = 2_000
CHANGED = 100
HEADER = ("products", "step", "seconds", "records/s", "requests", "CPU s", "memory MB", "x bare")


@dataclass(frozen=True)
class Bench:
    """A simulated store and a database to measure against."""

    url: str
    environment: dict[str, str]

    def step(self, action: str, module: str = "step") -> dict[str, Any]:
        """Run one step in a process of its own and return its figures."""
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", f"benchmarks.{module}", action],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        return dict(json.loads(done.stdout))

    def change(self, amount: int) -> None:
        """Let the shop change that many products."""
        listed = self._ask("GET", f"truth/products?fields=id&limit={amount}")
        for product in listed["records"]:
            changes = {"name": f"Changed {product['id']}"}
            self._ask("POST", "edit", {"kind": "product", "id": product["id"], "changes": changes})

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - our own simulated store
            f"{self.url}/_sim/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
            return json.load(answer)


@contextlib.contextmanager
def bench(products: int, *options: str) -> Iterator[Bench]:
    """Start a store with so many products and an empty database."""
    with tempfile.TemporaryDirectory(prefix="woosync-bench-", ignore_cleanup_errors=True) as name:
        words = ["--port", "0", "--products", str(products), "--variable", "0", *options]
        store = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "woosim", *words], stdout=subprocess.PIPE, text=True
        )
        try:
            found = READY.search(store.stdout.readline() if store.stdout else "")
            if found is None:
                raise SystemExit("the simulated store did not start")
            with engine.located(None, folder=Path(name) / "postgres") as database:
                given = {
                    "WOOCOMMERCE_SITE_URL": found[1],
                    "WOOCOMMERCE_CONSUMER_KEY": found[2],
                    "WOOCOMMERCE_CONSUMER_SECRET": found[3],
                    "WOOSYNC_ALLOW_PRIVATE_STORES": "true",
                    "WOOSYNC_DATA": name,
                    "DATABASE_URL": database.replace("+psycopg", ""),
                }
                yield Bench(found[1], os.environ | given)
        finally:
            store.terminate()
            store.wait()


def line(products: int, name: str, told: dict[str, Any], fetched: float | None) -> tuple[str, ...]:
    """Return a row of the table."""
    ratio = f"{told['seconds'] / fetched:.2f}" if fetched else ""
    return (
        f"{products:,}",
        name,
        f"{told['seconds']:.2f}",
        f"{told['records'] / told['seconds']:,.0f}",
        str(told["requests"]),
        f"{told['cpu']:.2f}",
        f"{told['memory']:.0f}",
        ratio,
    )


def measure(products: int) -> Iterator[tuple[str, ...]]:
    """Measure all steps at one size."""
    with bench(products) as one:
        fetched = one.step("fetch")
        yield line(products, "fetch and throw away", fetched, None)
        yield line(products, "first import", one.step("full"), fetched["seconds"])
        yield line(products, "re-scan, nothing changed", one.step("full"), fetched["seconds"])
        yield line(products, "incremental, 0 changes", one.step("changes"), None)
        one.change(CHANGED)
        yield line(products, f"incremental, {CHANGED} changes", one.step("changes"), None)


def measure_levels() -> Iterator[tuple[str, ...]]:
    """Measure how levels reach a store as slow as a real one, and one that answers at once."""
    with bench(LEVELS, "--latency", "1") as one:
        one.step("full")
        bare = one.step("bare", "levels")
        yield line(LEVELS, "bare batches, 1,000 levels", bare, None)
        many = one.step("many", "levels")
        yield line(LEVELS, "1,000 changed levels", many, bare["seconds"])
    with bench(LEVELS) as one:
        one.step("full")
        yield line(LEVELS, "one changed level, p95", one.step("one", "levels"), None)


def main() -> None:
    """Print the table, row by row as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="also with a million products")
    parser.add_argument("--products", type=int, action="append", help="another size")
    chosen = parser.parse_args()
    sizes = chosen.products or [*SIZES, *([LARGE] if chosen.large else [])]
    widths = (10, 26, 9, 10, 9, 8, 10, 8)
    print("".join(f"{word:>{width}}" for word, width in zip(HEADER, widths, strict=True)))
    parts = [measure_levels(), *(measure(size) for size in sizes)]
    for row in itertools.chain.from_iterable(parts):
        print(
            "".join(f"{word:>{width}}" for word, width in zip(row, widths, strict=True)),
            flush=True,
        )


if __name__ == "__main__":
    main()
