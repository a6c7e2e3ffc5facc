"""Save a group of records so that a bad one harms no other; pull and webhooks save through here."""

from collections.abc import Awaitable, Callable
from typing import Any

from woosync import errors
from woosync.flows.ingest import reading
from woosync.flows.ingest.context import Noun, Prepared, Result
from woosync.postgres import errors as database_errors

#: How often a group is tried again when another process was writing the same rows.
ATTEMPTS = 5

#: Saves a part in a transaction of its own; told whether it is the last one.
Commit = Callable[[Prepared[Any], bool], Awaitable[Result]]


async def save(
    noun: Noun[Any], prepared: Prepared[Any], commit: Commit, *, last: bool = True
) -> Result:
    """Commit records; one that cannot be merged or held is found by halving and set aside.

    Raises what is no RecordError.
    """
    incoming = prepared.incoming
    try:
        return await _persistent(prepared, commit, last=last)
    except errors.RecordError as error:
        if len(incoming) == 1:
            name = str(incoming[0].woo_id)
            entry = reading.entry(noun.entity.value, name, error, incoming[0].raw)
            rest: Prepared[Any] = Prepared(0, [], [*prepared.bad, entry])
            return await _persistent(rest, commit, last=last)
    middle = len(incoming) // 2
    first = await save(noun, Prepared(0, incoming[:middle]), commit, last=False)
    rest = Prepared(0, incoming[middle:], prepared.bad)
    second = await save(noun, rest, commit, last=last)
    first.counts.add(second.counts)
    first.events += second.events
    first.plan += second.plan
    first.changed_ids += second.changed_ids
    return first


async def _persistent(prepared: Prepared[Any], commit: Commit, *, last: bool) -> Result:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await commit(prepared, last)
        except database_errors.DatabaseBusyError as error:
            if attempt == ATTEMPTS and isinstance(error, database_errors.DatabaseTakenError):
                raise database_errors.DatabaseRejectedError(error.message) from error
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("the loop returns or raises")
