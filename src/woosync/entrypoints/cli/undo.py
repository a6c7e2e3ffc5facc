"""`woosync undo`: put back what a run changed."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from woosync import bootstrap, errors
from woosync.entrypoints.cli import output, running
from woosync.flows import push, undo
from woosync.postgres import outbox, runs, stock_ops, stores

app = typer.Typer(add_completion=False)
Since = Annotated[datetime | None, typer.Option("--since", help="Only what it did since (UTC).")]
Until = Annotated[datetime | None, typer.Option("--until", help="Only what it did until (UTC).")]
Yes = Annotated[bool, typer.Option("--yes", help="Also all done by itself in an hour.")]
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

    async def work(opened: bootstrap.Application) -> tuple[undo.Report, list[str]]:
        report = await opened.undo(run, options, actor="cli")
        waits = await _push(opened, report) if push_now and not dry_run else []
        return report, waits

    report, waits = running.run(work)
    told = _told(report) | {"warnings": waits}
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
    for one in waits:
        output.note((output.text(one), "yellow"))


async def _push(opened: bootstrap.Application, report: undo.Report) -> list[str]:
    """Tell the stores; return why one cannot be told now: what was put back here stays so."""
    waits: dict[str, None] = {}  # a store that is down says the same of goods and of records
    entities = {one.entity for one in report.restored}
    async with opened.database.transaction() as tx:
        keys = {store.id: store.key for store in await stores.load_all(tx)}
    for store_id in sorted({one.store_id for one in report.restored} & set(keys)):
        for part in (entities & {outbox.STOCK}, entities - {outbox.STOCK}):
            try:
                await _tell(opened, keys[store_id], part)
            except (runs.RunUnderWayError, stock_ops.StockBusyError):
                continue  # a worker that was quicker sends it already
            except errors.WoosyncError as error:
                waits[
                    f"It is put back here; the store {keys[store_id]} is told by the next push: "
                    f"{error.message} {error.remedy}".rstrip()
                ] = None
    return list(waits)


async def _tell(opened: bootstrap.Application, store: str, entities: set[str]) -> None:
    """Push what was put back of these kinds to a store."""
    if outbox.STOCK in entities:
        told = await opened.push_stock(store, actor="undo")
        if told.error is not None:
            raise told.error
    wanted = {KINDS.get(entity, "orders") for entity in entities - {outbox.STOCK}}
    if wanted:
        chosen = push.Options(entities=tuple(sorted(wanted)))
        await opened.push(store, chosen, actor="undo", on_plan=lambda _: None)


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
