"""`woosync audit`: read a store again and say where it and the database do not agree."""

import time
from collections.abc import Sequence
from typing import Any

import typer

from woosync import bootstrap
from woosync.entrypoints.cli import output, running
from woosync.flows import audit

app = typer.Typer(add_completion=False)
#: Exit code where the sides do not agree.
DISAGREED = 3


@app.command()
def command(*, store: output.Store = bootstrap.DEFAULT_STORE, as_json: output.Json = False) -> None:
    """Read every record of a store again and compare it, field by field, and stock levels too.

    Changes nothing. Exit code 3 says that the sides do not agree.
    """
    started = time.perf_counter()
    found = running.run(lambda opened: opened.audit(store))
    seconds = time.perf_counter() - started
    agreed = all(one.agreed for one in found)
    if as_json:
        told = {"store": store, "agreed": agreed, "seconds": round(seconds, 3)}
        output.document({**told, "records": summary(found)})
    else:
        show(found)
        verdict = "Both sides agree" if agreed else "The sides do not agree"
        output.say(f"{verdict} ({seconds:.1f} s).")
    if not agreed:
        raise typer.Exit(DISAGREED)


def summary(found: Sequence[audit.Agreement]) -> dict[str, dict[str, Any]]:
    """Return the comparison as JSON documents say it, by kind of record."""
    return {
        f"{one.entity}s": {
            "agreed": one.agreed,
            "store": one.store,
            "here": one.here,
            "missing": one.missing,
            "extra": one.extra,
            "different": one.different,
            "examples": one.examples,
        }
        for one in found
    }


def show(found: Sequence[audit.Agreement]) -> None:
    """Print the comparison for people."""
    rows = [
        {
            "records": f"{one.entity}s",
            "in the store": one.store,
            "here": one.here,
            "missing": one.missing,
            "extra": one.extra,
            "different": one.different,
            "agreed": "yes" if one.agreed else "NO",
        }
        for one in found
    ]
    output.table(rows, list(rows[0]) if rows else [], empty="nothing")
    for one in found:
        for example in one.examples:
            output.say(f"  {example}")
