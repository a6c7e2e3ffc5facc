"""`woosync worker`: background work for servers that run elsewhere, until it is stopped."""

import asyncio
import contextlib
from typing import Annotated

import typer

from woosync import bootstrap
from woosync.entrypoints import worker
from woosync.entrypoints.cli import output, running, serving

app = typer.Typer(add_completion=False)


@app.command()
def command(
    *,
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=64, help="So many runs at once.")
    ] = 8,
    stalled_after: Annotated[
        float,
        typer.Option(
            "--stalled-after",
            min=1,
            max=3600,
            help="Seconds without a sign of life after which a worker counts as dead.",
        ),
    ] = 30.0,
) -> None:
    """Do runs, webhook deliveries, changes and schedules; as many of these as you like.

    A run of a worker that dies is taken up by another where it stopped.
    """
    options = worker.Options(concurrency=concurrency, stalled_after=stalled_after)

    async def work(opened: bootstrap.Application) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            async with serving.keeping_database(opened), worker.working(opened, options):
                output.say("Working.")
                await asyncio.Event().wait()

    running.run(work)
