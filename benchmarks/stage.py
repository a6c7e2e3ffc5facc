"""What benchmarks are played on: a simulated store, an empty database, steps in own processes."""

import contextlib
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
