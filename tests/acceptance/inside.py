"""Running commands inside the test's process: quick, where a process of their own shows no more."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Iterator

import click
import typer.main
import typer.testing

import woosim
from acceptance.commands import Ended, Workplace
from woosync import errors
from woosync.entrypoints import cli


class Inside:
    """The commands of a working folder."""

    def __init__(self, work: Workplace) -> None:
        self.work = work

    def run(self, *arguments: str) -> Ended:
        """Run a command; one that fails with one of our errors ends with that error's code."""
        with self._there():
            ended = typer.testing.CliRunner().invoke(cli.app, [*arguments], prog_name="woosync")
        error, code = ended.exception, ended.exit_code
        if isinstance(error, errors.WoosyncError):
            return Ended(error.exit_code, ended.stdout, f"{error.message}\n{error.remedy}")
        if error is not None and not isinstance(error, SystemExit | click.ClickException):
            raise error
        return Ended(code, ended.stdout, ended.stderr)

    def failing(self, *arguments: str, code: int, says: str) -> None:
        """Run a command that is to fail with a sentence and a remedy."""
        ended = self.run(*arguments)
        assert ended.code == code, ended
        message, remedy = ended.err.split("\n", 1)
        assert says in message, message
        assert remedy.strip()

    @contextlib.contextmanager
    def _there(self) -> Iterator[None]:
        before, kept = os.getcwd(), dict(os.environ)  # noqa: PTH109 - what chdir takes back
        os.chdir(self.work.folder)
        os.environ.clear()
        os.environ.update(self.work.environment)
        try:
            yield
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(kept)


class Apart(threading.Thread):
    """A simulated store in a thread of its own, since commands have event loops of their own."""

    def __init__(self, chosen: woosim.Options) -> None:
        super().__init__(daemon=True)
        self.chosen = chosen
        self.ready = threading.Event()
        self.running: woosim.Running | None = None

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self.loop, self.over = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with woosim.serve(woosim.Shop(self.chosen)) as self.running:
                self.ready.set()
                await self.over.wait()
        finally:
            self.ready.set()

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.over.set)
        self.join(timeout=30)


@contextlib.contextmanager
def serve(**sizes: int) -> Iterator[woosim.Running]:
    """Serve a simulated store while the block lasts."""
    thread = Apart(woosim.Options(**sizes))
    thread.start()
    assert thread.ready.wait(60)
    assert thread.running is not None
    try:
        yield thread.running
    finally:
        thread.end()
