"""`woosync sync`: pull what changed in a store, then push what changed here."""

from typing import Annotated, Any

import typer

from woosync import bootstrap
from woosync.entrypoints.cli import output, progress, running
from woosync.entrypoints.cli import pull as pull_command
from woosync.entrypoints.cli import push as push_command
from woosync.flows import pull, push, stock

app = typer.Typer(add_completion=False)


@app.command()
def command(
    *,
    full: Annotated[bool, typer.Option("--full", help="Compare everything.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show both; change nothing.")] = False,
    store: output.Store = bootstrap.DEFAULT_STORE,
    as_json: output.Json = False,
) -> None:
    """Bring both sides into agreement: what changed there comes here, then the other way."""
    plans = (pull_command.Plan(), pull_command.Plan())
    with progress.shown(wanted=not as_json) as on_progress:

        async def work(opened: bootstrap.Application) -> tuple[pull.Report, dict[str, Any]]:
            pulled = await opened.pull(
                store,
                pull.Options(page_size=opened.settings.batch_size, full=full, dry_run=dry_run),
                actor="cli",
                on_progress=on_progress,
                on_plan=plans[0].add,
            )
            levels = stock.Options(sweep=full, dry_run=dry_run)
            written = await opened.push_stock(store, levels, actor="cli")
            chosen = push.Options(everything=full, dry_run=dry_run)
            pushed = await opened.push(store, chosen, actor="cli", on_plan=plans[1].add)
            told = push_command.summary(pushed, store)
            push_command.add_stock(told, written, plans[1])
            return pulled, told

        pulled, push_told = running.run(work)
    pull_told = pull_command.summary(pulled, store)
    if as_json:
        told: dict[str, Any] = {"pull": pull_told, "push": push_told}
        if dry_run:
            told = {"pull": pull_told | plans[0].as_json(), "push": push_told | plans[1].as_json()}
        output.document(told)
        return
    pull_command.show(pull_told, plans[0] if dry_run else None)
    push_command.show(push_told, plans[1] if dry_run else None)
