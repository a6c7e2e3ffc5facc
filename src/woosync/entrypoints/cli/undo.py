"""`woosync undo`: put back what a run changed."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from woosync import bootstrap
from woosync.entrypoints.cli import output, running
from woosync.flows import push, undo
from woosync.postgres import runs, stores

app = typer.Typer(add_completion=False)
Since = Annotated[datetime | None, typer.Option("--since", help="Only what it did since (UTC).")]
Until = Annotated[datetime | None, typer.Option("--until", help="Only what it did until (UTC).")]
Yes = Annotated[bool, typer.Option("--yes", help="Also all automatic pushes of an hour.")]
KINDS = {"customer": "customers", "product": "products", "variation": "products"}


@app.command()
def command(  # noqa: PLR0913 - one parameter an option
    run: Annotated[int, typer.Argument(help="The number of the run (`woosync runs`).")],
    *,
    since: Since = None,
    until: Until = None,
    yes: Yes = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it; change nothing.")] = False,
    push_now: Annotated[
        bool, typer.Option("--push/--no-push", help="Tell the stores at once.")
    ] = True,
    as_json: output.Json = False,
) -> None:
    """Put back what a run changed, where nothing has changed since; report the rest."""
    # Times are shown to the second: what happened in the last one is meant too.
    end = until.replace(tzinfo=UTC) + timedelta(seconds=1) if until else None
    start = since.replace(tzinfo=UTC) if since else None
    options = undo.Options(since=start, until=end, yes=yes, dry_run=dry_run)

    async def work(opened: bootstrap.Application) -> undo.Report:
        report = await opened.undo(run, options, actor="cli")
        if push_now and not dry_run:
            await _push(opened, report)
        return report

    told = _told(running.run(work))
    if as_json:
        output.document(told)
        return
    verb = "would be put back" if dry_run else "put back"
    output.table(
        told["restored"],
        ["entity", "local_id", "id", "field", "was", "becomes"],
        empty=f"Nothing {verb}.",
    )
    output.table(
        told["left"], ["entity", "local_id", "id", "field", "reason"], empty="Nothing is left out."
    )


async def _push(opened: bootstrap.Application, report: undo.Report) -> None:
    async with opened.database.transaction() as tx:
        keys = {store.id: store.key for store in await stores.load_all(tx)}
    for store_id in sorted({one.store_id for one in report.restored} & set(keys)):
        wanted = {KINDS.get(one.entity, "orders") for one in report.restored}
        chosen = push.Options(entities=tuple(sorted(wanted)))
        # A worker that was quicker sends it already.
        with contextlib.suppress(runs.RunUnderWayError):
            await opened.push(keys[store_id], chosen, actor="undo", on_plan=lambda _: None)


def _told(report: undo.Report) -> dict[str, Any]:
    restored = [
        {
            "entity": one.entity,
            "local_id": one.local_id,
            "id": one.woo_id,
            "field": name,
            "was": pair[0],
            "becomes": pair[1],
        }
        for one in report.restored
        for name, pair in one.fields.items()
    ]
    left = [
        {
            "entity": one.entity,
            "local_id": one.local_id,
            "id": one.woo_id,
            "field": one.field,
            "reason": one.reason,
        }
        for one in report.left
    ]
    return {"run_id": report.run_id, "restored": restored, "left": left}
