"""`woosync runs`: what was pulled when, and how it ended."""

from typing import Annotated

import typer

from woosync import bootstrap, errors
from woosync.entrypoints.cli import output, running
from woosync.postgres import runs

app = typer.Typer(add_completion=False)
COLUMNS = ("id", "store", "direction", "mode", "state", "started_at", "seconds", "records", "error")
ROOMY = ("seconds", "error")


class UnknownRunError(errors.RefusedError):
    """No run has this number."""


@app.command()
def command(
    run_id: Annotated[int | None, typer.Argument(help="Number of a run.")] = None,
    *,
    store: output.AnyStore = None,
    limit: output.Limit = 20,
    as_json: output.Json = False,
) -> None:
    """Show the last runs, newest first; with a number, that run in detail."""

    async def work(opened: bootstrap.Application) -> list[dict[str, object]]:
        async with opened.database.transaction() as tx:
            store_id = await running.store_id(tx, store)
            return await runs.load(tx, store_id=store_id, run_id=run_id, limit=limit)

    found = [run | {"seconds": _seconds(run)} for run in running.run(work)]
    if run_id is not None:
        _one(found, run_id, as_json=as_json)
    elif as_json:
        output.document({"runs": found})
    else:
        rows = [run | {"records": _records(run)} for run in found]
        output.table(rows, COLUMNS, empty="No runs.", roomy=ROOMY)
        for run in found:
            if run["error"] and output.is_narrow():
                output.say(output.text(f"{run['id']}: {run['error']}"))


def unknown(run_id: int) -> UnknownRunError:
    """Say that there is no such run."""
    return UnknownRunError(
        f"There is no run with the number {run_id}.", remedy="`woosync runs` lists the last ones."
    )


def _one(found: list[dict[str, object]], run_id: int, *, as_json: bool) -> None:
    if not found:
        raise unknown(run_id)
    if as_json:
        output.document(found[0])
    else:
        rows = [{"name": name, "value": value} for name, value in found[0].items()]
        output.table(rows, ("name", "value"), empty="")


def _seconds(run: dict[str, object]) -> float | None:
    seconds = runs.seconds_of(run)
    return None if seconds is None else round(seconds, 2)


def _records(run: dict[str, object]) -> int:
    """Return how many records a run saw; one that was killed told its progress alone."""
    for told, name in (("counts", "seen"), ("progress", "done")):
        found = run[told]
        if isinstance(found, dict) and found:
            return sum(int(one.get(name, 0)) for one in found.values())
    return 0
