"""`woosync demo`: a simulated store arrives, trades, is pulled again, and both sides agree."""

import asyncio
import contextlib
import json
import re
import socket
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from woosync import bootstrap, errors, settings, telemetry
from woosync.entrypoints.cli import audit as auditing
from woosync.entrypoints.cli import output, progress, running
from woosync.flows import audit, pull
from woosync.postgres import runs, temporary, tokens, users

app = typer.Typer(add_completion=False)

START_SECONDS = 30
PORT = 4000
ROUND_SECONDS = 5
READY = re.compile(r"woosim: (\S+) key (\S+) secret (\S+)")


class StoreDidNotStartError(errors.TemporaryError):
    """The simulated store did not come up."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulated store in a process of its own."""

    url: str
    key: str
    secret: str
    ca_file: Path

    async def trade(self, actions: int, seed: int) -> list[Mapping[str, Any]]:
        """Let the store sell, refund, edit and delete for a while; return what it did."""
        body = json.dumps({"actions": actions, "seed": seed}).encode()
        return await asyncio.to_thread(self._post, "trade", body)

    def _post(self, name: str, body: bytes) -> list[Mapping[str, Any]]:
        import ssl  # noqa: PLC0415 - loading it costs start-up time

        trusted = ssl.create_default_context(cafile=str(self.ca_file))
        request = urllib.request.Request(f"{self.url}/_sim/{name}", data=body)  # noqa: S310 - https, our own
        with urllib.request.urlopen(request, timeout=60, context=trusted) as answer:  # noqa: S310 - as above
            return list(json.load(answer)["actions"])


@app.command()
def command(  # noqa: PLR0913 - one parameter an option
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End after one round; the last line is JSON.")
    ] = False,
    products: Annotated[int, typer.Option(min=1, help="Products of the store.")] = 1000,
    variable: Annotated[int, typer.Option(min=0, help="Of them with variations.")] = 50,
    customers: Annotated[int, typer.Option(min=1, help="Customers of the store.")] = 500,
    orders: Annotated[int, typer.Option(min=1, help="Orders of the store.")] = 1000,
    seed: Annotated[int, typer.Option(help="Another seed, another store.")] = 7,
    port: Annotated[
        int, typer.Option(envvar="DEMO_PORT", help="Where the API is served; 0: any free port.")
    ] = PORT,
) -> None:
    """Watch a simulated store arrive in a database, trade, and agree with it; try out the API.

    Needs no configuration and touches nothing of yours; Ctrl-C ends it.
    """
    sizes = {
        "products": products,
        "variable": variable,
        "customers": customers,
        "orders": orders,
        "seed": seed,
    }
    if not running.run_async(lambda: _demo(sizes, port=None if once else port)):
        raise typer.Exit(1)


async def _demo(sizes: Mapping[str, int], *, port: int | None) -> bool:
    """Show it all; without a port one round, else rounds beside a served API."""
    telemetry.configure(style="console", debug=False, secrets=())
    with temporary.folder("woosync-demo-") as folder:
        output.say(
            f"Starting a simulated store ({sizes['products']} products, {sizes['customers']} "
            f"customers, {sizes['orders']} orders) and a PostgreSQL, both in {folder} ..."
        )
        async with _store(folder, sizes) as store:
            chosen = settings.Settings(
                site_url=store.url,
                consumer_key=store.key,
                consumer_secret=store.secret,
                ca_file=store.ca_file,
                allow_private_stores=True,
                data=folder / "data",
            )
            async with (
                bootstrap.application(chosen) as opened,
                contextlib.AsyncExitStack() as stack,
            ):
                if port is not None:
                    await _serve(opened, port, stack)
                return await _show(opened, store, sizes, once=port is None)


async def _serve(
    opened: bootstrap.Application, port: int, stack: contextlib.AsyncExitStack
) -> None:
    """Serve the API, with a worker, until the stack is left; print how to call it."""
    from woosync.entrypoints import worker  # noqa: PLC0415 - loads much, and not for one round
    from woosync.entrypoints.api import server  # noqa: PLC0415 - as above
    from woosync.entrypoints.cli import serving  # noqa: PLC0415 - as above

    bound = server.bind("127.0.0.1", port)
    secret = serving.secret_of(opened.settings)
    await stack.enter_async_context(
        serving.serving(opened, bound, secret=secret, work=worker.Options())
    )
    async with opened.database.transaction() as tx:
        user_id = await users.save_new(tx, "demo", role="admin")
        new = tokens.NewService(note="demo")
        token = await tokens.save_service(tx, user_id, new, now=opened.clock())
    address = f"http://localhost:{bound.getsockname()[1]}"
    output.say(f"\nThe API is served at {address}, described at {address}/docs")
    output.say(f"YOUR_JWT_TOKEN: {token}")


async def _show(
    opened: bootstrap.Application, store: Simulated, sizes: Mapping[str, int], *, once: bool
) -> bool:
    first = await _pull(opened, "First pull", pull.Options(full=True))
    before = await _prove(opened)
    number = 0
    while True:
        number += 1
        actions = await store.trade(60, sizes["seed"] + number)
        _tell_trade(actions)
        # A store cannot list changed customers or deleted records: ask for all ids and customers.
        chosen = pull.Options(sweep=True, scan_customers=True)
        again = await _pull(opened, "Pull of the changes", chosen)
        after = await _prove(opened)
        agreed = all(one.agreed for one in before + after)
        if once:
            _tell_result(first, again, after, agreed=agreed)
            return agreed
        output.say(f"Next round in {ROUND_SECONDS} s; Ctrl-C ends the demo.\n")
        await asyncio.sleep(ROUND_SECONDS)


async def _pull(opened: bootstrap.Application, title: str, chosen: pull.Options) -> pull.Report:
    """Pull and tell; a pull that was asked for over the API comes first."""
    while True:
        try:
            return await _pull_now(opened, title, chosen)
        except runs.RunUnderWayError:
            await asyncio.sleep(1)


async def _pull_now(opened: bootstrap.Application, title: str, chosen: pull.Options) -> pull.Report:
    with progress.shown(wanted=True) as on_progress:
        report = await opened.pull(
            bootstrap.DEFAULT_STORE,
            chosen,
            actor="demo",
            on_progress=on_progress,
            on_plan=lambda _: None,
        )
    output.say(
        (f"\n{title}", "bold"),
        f": {report.records} records looked at in {report.seconds:.1f} s "
        f"({report.records / report.seconds:.0f}/s), {report.requests} requests",
    )
    shown = ("created", "updated", "unchanged", "deleted", "restored", "conflicts", "quarantined")
    rows = [
        {"records": f"{name}s", **{key: count[key] for key in shown}}
        for name, count in report.counts.items()
    ]
    output.table(rows, ["records", *shown], empty="nothing")
    return report


async def _prove(opened: bootstrap.Application) -> list[audit.Agreement]:
    started = time.perf_counter()
    found = await opened.audit(bootstrap.DEFAULT_STORE)
    output.say(
        ("\nProof", "bold"),
        ": every record read again and compared field by field, stock too "
        f"({time.perf_counter() - started:.1f} s)",
    )
    auditing.show(found)
    return found


def _tell_trade(actions: Sequence[Mapping[str, Any]]) -> None:
    counts: dict[str, int] = {}
    for action in actions:
        counts[action["action"]] = counts.get(action["action"], 0) + 1
    told = ", ".join(f"{count} x {name.replace('_', ' ')}" for name, count in counts.items())
    output.say(("\nThe store trades", "bold"), f": {told}")


def _tell_result(
    first: pull.Report, again: pull.Report, found: list[audit.Agreement], *, agreed: bool
) -> None:
    """Print the last line: one JSON object."""
    result = {
        "agreed": agreed,
        "seconds": round(first.seconds + again.seconds, 3),
        "rates": {
            "first_pull": _rate(first),
            "second_pull": _rate(again),
        },
        "counts": {
            f"{one.entity}s": {
                "store": one.store,
                "here": one.here,
                "missing": one.missing,
                "extra": one.extra,
                "different": one.different,
            }
            for one in found
        },
        "first_pull": _figures(first),
        "second_pull": _figures(again),
    }
    sys.stdout.write(json.dumps(result) + "\n")


def _rate(report: pull.Report) -> float:
    """Return records looked at a second."""
    return round(report.records / report.seconds, 1)


def _figures(report: pull.Report) -> dict[str, Any]:
    return {
        "seconds": round(report.seconds, 3),
        "records": report.records,
        "records_per_second": _rate(report),
        "requests": report.requests,
        "counts": {f"{name}s": count for name, count in report.counts.items()},
    }


@contextlib.asynccontextmanager
async def _store(folder: Path, sizes: Mapping[str, int]) -> AsyncIterator[Simulated]:
    """Start a simulated store as a user would, and end it with the block."""
    ca_file = folder / "store-ca.pem"
    words = [word for name, size in sizes.items() for word in (f"--{name}", str(size))]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "woosim", "--port", str(_free_port()), "--tls", "--ca-out", str(ca_file), *words),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield await _ready(process, ca_file)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _ready(process: asyncio.subprocess.Process, ca_file: Path) -> Simulated:
    said = b""
    if process.stdout is not None:
        with contextlib.suppress(TimeoutError):
            said = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
    found = READY.search(said.decode("utf-8", "replace"))
    if found is None:
        raise StoreDidNotStartError(
            "The simulated store did not start.", remedy="Run `python -m woosim` to see why."
        )
    return Simulated(found[1], found[2], found[3], ca_file)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
