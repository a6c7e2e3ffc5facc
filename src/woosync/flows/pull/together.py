"""Run parts of a pull side by side, and fail as one of them failed."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from woosync import errors


async def together(work: Iterable[Coroutine[Any, Any, object]]) -> None:
    """Wait for all; the first error ends the others and is raised itself, not in a group."""
    try:
        async with asyncio.TaskGroup() as tasks:
            for part in work:
                tasks.create_task(part)
    except BaseExceptionGroup as group:
        raise _first(group) from group


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return what to tell: a defect before an error that was foreseen."""
    leaves = [
        _first(error) if isinstance(error, BaseExceptionGroup) else error
        for error in group.exceptions
    ]
    return min(leaves, key=lambda error: isinstance(error, errors.WoosyncError))
