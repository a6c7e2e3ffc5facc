"""Doing one run that was asked for: the row says what, the flow does it, the row says how."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from woosync import bootstrap, errors
from woosync.flows import pull, push, stock
from woosync.postgres import runs

#: A run that fails for a passing reason is tried so often in all, after so many seconds.
ATTEMPTS = 4
WAITS = (5.0, 30.0, 120.0)
BUSY_WAIT = 5.0

log = logging.getLogger("woosync")


class AgainError(Exception):
    """The run is to be tried again after `wait` seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"again in {wait} s")
        self.wait = wait


async def execute(opened: bootstrap.Application, run_id: int, *, attempt: int) -> None:
    """Do a run; raises AgainError when it is to be tried again, else its row says how it ended."""
    run = await _load(opened, run_id)
    if run is None:
        return
    try:
        await DIRECTIONS[run["direction"]](opened, run)
        await _close(opened, run_id, "")
    except asyncio.CancelledError:
        await _requeue(opened, run_id, "the worker was stopped; the run goes on soon")
        raise
    except errors.WoosyncError as error:
        wait = _wait(error, attempt)
        if wait is None:
            await _close(opened, run_id, error.message)
            return
        await _requeue(opened, run_id, error.message)
        raise AgainError(wait) from error
    except Exception as error:
        log.exception("defect in a run", extra={"run": run_id})
        await _close(opened, run_id, f"a defect of woosync: {type(error).__name__}")


def _wait(error: errors.WoosyncError, attempt: int) -> float | None:
    """Return after how many seconds to try again, None for never."""
    if isinstance(error, runs.RunUnderWayError):
        return BUSY_WAIT
    if not isinstance(error, errors.TemporaryError) or attempt + 1 >= ATTEMPTS:
        return None
    return max(WAITS[min(attempt, len(WAITS) - 1)], error.retry_after or 0.0)


async def _load(opened: bootstrap.Application, run_id: int) -> dict[str, Any] | None:
    """Load a run that is still to be done."""
    async with opened.database.transaction() as tx:
        found = await runs.load(tx, run_id=run_id)
    open_ = [run for run in found if run["state"] in {"queued", "running"}]
    return open_[0] if open_ else None


async def _requeue(opened: bootstrap.Application, run_id: int, error: str) -> None:
    async with opened.database.transaction() as tx:
        await runs.requeue(tx, run_id, error=error)


async def _close(opened: bootstrap.Application, run_id: int, error: str) -> None:
    """Say how a run ended, unless the flow has: one that had nothing to do says nothing."""
    if await _load(opened, run_id) is not None:
        state = "failed" if error else "completed"
        async with opened.database.transaction() as tx:
            await runs.finish(tx, run_id, state=state, counts={}, error=error)


async def _pull(opened: bootstrap.Application, run: Mapping[str, Any]) -> None:
    options = {"page_size": opened.settings.batch_size} | dict(run["options"])
    entities = tuple(run["entities"]) or tuple(pull.ENTITIES)
    chosen = msgspec.convert(options | {"entities": entities}, pull.Options)
    await opened.pull(
        run["store"],
        chosen,
        actor=run["actor"],
        on_progress=lambda _: None,
        on_plan=lambda _: None,
        run_id=run["id"],
    )


async def _push(opened: bootstrap.Application, run: Mapping[str, Any]) -> None:
    chosen = msgspec.convert(
        dict(run["options"]) | {"entities": tuple(run["entities"])}, push.Options
    )
    await opened.push(
        run["store"], chosen, actor=run["actor"], on_plan=lambda _: None, run_id=run["id"]
    )


async def _stock(opened: bootstrap.Application, run: Mapping[str, Any]) -> None:
    chosen = msgspec.convert(dict(run["options"]), stock.Options)
    async with opened.database.transaction() as tx:
        await runs.begin(tx, run["id"])
    if run["mode"] == "audit":
        report = await opened.audit_stock(
            run["store"], products=chosen.products, actor=run["actor"], run_id=run["id"]
        )
    else:
        report = await opened.push_stock(run["store"], chosen, actor=run["actor"], run_id=run["id"])
    if report.error is not None:
        raise report.error
    names = ("planned", "confirmed", "marker_only", "unknown", "refused", "waiting")
    counts = {"level": {name: getattr(report, name) for name in names} | report.verdicts}
    left = report.refused or report.waiting
    async with opened.database.transaction() as tx:
        state = "partial" if left else "completed"
        await runs.finish(tx, run["id"], state=state, counts=counts)


async def _audit(opened: bootstrap.Application, run: Mapping[str, Any]) -> None:
    async with opened.database.transaction() as tx:
        await runs.begin(tx, run["id"])
    found = await opened.audit(run["store"])
    counts = {
        one.entity: {
            name: getattr(one, name) for name in ("store", "here", "missing", "extra", "different")
        }
        for one in found
    }
    wrong = sum(one.missing + one.extra + one.different for one in found)
    async with opened.database.transaction() as tx:
        await runs.finish(
            tx,
            run["id"],
            state="partial" if wrong else "completed",
            counts=counts,
            error=f"{wrong} records do not agree" if wrong else "",
        )


DIRECTIONS: Mapping[str, Callable[[bootstrap.Application, Mapping[str, Any]], Awaitable[None]]] = {
    "pull": _pull,
    "push": _push,
    "stock": _stock,
    "audit": _audit,
}
