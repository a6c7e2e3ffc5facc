"""Running a command's async part: settings, logs, the application, and a clean stop."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from woosync import bootstrap, settings, telemetry
from woosync.bootstrap import opening
from woosync.entrypoints.cli import failing
from woosync.postgres import engine, stores

T = TypeVar("T")
K = TypeVar("K")
Concern = TypeVar("Concern", bound=opening.Opening)
TERMINATED = 143
#: Records come by the thousand, and hardly any in circles: looking for those at Python's own pace
#: took an eighth of the CPU of a first import.
COLLECT_AFTER = (50_000, 20, 20)


class TerminatedError(failing.StoppedError):
    """The system asked the process to end."""

    exit_code = TERMINATED


def load_settings() -> settings.Settings:
    """Read the settings of the working folder and set up the logs; raises BadSettingsError."""
    loaded = settings.load(failing.here(), os.environ)
    telemetry.configure(style=loaded.log_format, debug=loaded.debug_logging, secrets=loaded.secrets)
    for sentence in loaded.unknown:
        logging.getLogger("woosync").warning(sentence)
    return loaded


def run(
    work: Callable[["bootstrap.Application"], Awaitable[T]],
    loaded: settings.Settings | None = None,
) -> T:
    """Open the application, do the work, close it; raises what the work raises.

    The settings are those of the working folder, unless the caller has read them.
    """
    loaded = loaded or load_settings()
    return _run_in(bootstrap.application(loaded), work)


def run_concern(kind: type[Concern], work: Callable[[Concern], Awaitable[T]]) -> T:
    """Do work that needs one concern of the application, without loading the others."""
    return _run_in(bootstrap.concern(kind, load_settings()), work)


def _run_in(context: AbstractAsyncContextManager[K], work: Callable[[K], Awaitable[T]]) -> T:
    async def whole() -> T:
        async with context as opened:
            return await work(opened)

    return run_async(whole)


def run_async(work: Callable[[], Awaitable[T]]) -> T:
    """Run to the end, or to Ctrl-C or SIGTERM: then stop cleanly and raise StoppedError."""
    terminated = False
    gc.freeze()  # what was loaded stays: no need to look at it again
    gc.set_threshold(*COLLECT_AFTER)
    gc.enable()

    async def whole() -> T:
        task = asyncio.current_task()

        def stop() -> None:
            nonlocal terminated
            terminated = True
            if task is not None:
                task.cancel()

        with _on_terminate(stop):
            return await work()

    try:
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            return runner.run(whole())
    except KeyboardInterrupt:
        raise failing.stopped() from None
    except asyncio.CancelledError:
        if not terminated:
            raise
        said = failing.stopped()
        raise TerminatedError(said.message, remedy=said.remedy) from None


@contextlib.contextmanager
def _on_terminate(stop: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):
        loop.add_signal_handler(signal.SIGTERM, stop)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGTERM)


async def store_id(tx: engine.Transaction, key: str | None) -> int | None:
    """Return the id of the store that was asked for; raises UnknownStoreError."""
    return None if key is None else (await stores.load(tx, key)).id


def _new_loop() -> asyncio.AbstractEventLoop:
    if sys.platform == "win32":
        # psycopg's async connections need it.
        return asyncio.SelectorEventLoop()
    import uvloop  # noqa: PLC0415 - not to be had on Windows

    return uvloop.new_event_loop()
