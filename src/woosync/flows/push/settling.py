"""After sending: read back, agree on a new base, and take the mark away, all in one transaction.

What is read back is what a poll or webhook will bring later, byte for byte: the echo finds its
hash here and costs nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from woosync import errors as kinds
from woosync.flows import ingest
from woosync.flows.ingest import deciding
from woosync.flows.ingest.streams import Stream
from woosync.flows.push import current, custom, disputes
from woosync.flows.push.planning import Step
from woosync.flows.push.run import Run
from woosync.mapping import likeness, patch, snapshot
from woosync.postgres import conflicts, creations, engine, links, log, outbox, pushing
from woosync.postgres.engine import Transaction
from woosync.woo import paging
from woosync.woo.batch import Status

SOON = timedelta(seconds=30)


class Sent(msgspec.Struct, frozen=True):
    """A step that was sent, and what is known of it; `made`: it was a creation."""

    step: Step
    status: Status
    message: str = ""
    made: bool = False

    @property
    def woo_id(self) -> int:
        """Return the record's id in the store."""
        return self.step.target.link.woo_id


class _Outcome(msgspec.Struct):
    """What the transaction of a group will write."""

    bases: dict[int, str] = msgspec.field(default_factory=dict)
    disputed: list[conflicts.Conflict] = msgspec.field(default_factory=list)
    events: list[log.Event] = msgspec.field(default_factory=list)
    settled: list[Sent] = msgspec.field(default_factory=list)
    unsettled: list[Sent] = msgspec.field(default_factory=list)


async def settle(run: Run, stream: Stream, sent: Sequence[Sent]) -> None:
    """Settle what is done and what nobody knows of; raises what reading back raises."""
    if not sent:
        return
    wanted = {one.woo_id: one.step.target.link.parent_id for one in sent}
    records = await current.fetch(run, stream, wanted)
    there = [one for one in sent if one.woo_id in records]
    await _settle_group(run, stream, there, records)
    # Gone in the meantime: the next look says so, and a sweep marks it.
    gone = [one.step.target.claim for one in sent if one.woo_id not in records]
    await run.give_back(gone, delay=SOON, error="the store did not list it after the change")
    run.count(stream.entity).waiting += len(gone)


async def _settle_group(
    run: Run, stream: Stream, sent: Sequence[Sent], records: Mapping[int, paging.Record]
) -> None:
    """Settle in one transaction; by halves where a record cannot be saved."""
    if not sent:
        return
    try:
        outcome = await run.retried(lambda: _commit(run, stream, sent, records))
    except kinds.RecordError as error:
        if len(sent) == 1:
            claim = sent[0].step.target.claim
            await run.give_back([claim], delay=timedelta(hours=1), error=error.message)
            run.count(stream.entity).waiting += 1
            return
        middle = len(sent) // 2
        await _settle_group(run, stream, sent[:middle], records)
        await _settle_group(run, stream, sent[middle:], records)
        return
    counts = run.count(stream.entity)
    counts.created += sum(one.made for one in outcome.settled)
    counts.pushed += sum(not one.made for one in outcome.settled)
    counts.held += len({one.local_id for one in outcome.disputed})
    counts.waiting += len(outcome.unsettled)


async def _commit(
    run: Run, stream: Stream, sent: Sequence[Sent], records: Mapping[int, paging.Record]
) -> _Outcome:
    entity = stream.entity
    async with run.database.transaction() as tx:
        prepared = await ingest.prepare(
            tx, run.context, stream.noun, [records[one.woo_id] for one in sent]
        )
        await engine.by_sync(tx)
        await links.lock(tx, run.store_id, stream.noun.locks)
        bases = await links.load_bases(tx, run.store_id, entity, [one.woo_id for one in sent])
        outcome = _Outcome()
        for one in sent:
            _agree(run, stream, one, (records[one.woo_id], bases.get(one.woo_id)), outcome)
        await pushing.save_bases(tx, run.store_id, entity.value, outcome.bases, now=run.now())
        result = await ingest.save(tx, run.context, stream.noun, prepared.incoming)
        await ingest.reject(tx, run.context, prepared.bad, result)
        await disputes.save(tx, run, entity.value, outcome.disputed)
        await disputes.save_log(tx, run, outcome.events)
        await _close(tx, run, stream, outcome)
    return outcome


async def _close(tx: Transaction, run: Run, stream: Stream, outcome: _Outcome) -> None:
    """Take marks and intents away, or put the marks back."""
    await outbox.acknowledge(tx, [one.step.target.claim for one in outcome.settled])
    done = [one.step.target.local_id for one in outcome.settled]
    await creations.forget(tx, run.store_id, stream.entity.value, done)
    for one in outcome.settled:
        local_id = one.step.target.local_id
        agreed = [name for name in one.step.disputed if name in one.step.names]
        new = {found.field for found in outcome.disputed if found.local_id == local_id}
        closed = [name for name in agreed if name not in new]
        await pushing.close_agreed(tx, run.store_id, stream.entity.value, local_id, closed)
    for one in outcome.unsettled:
        reason = one.message or "nobody knows whether the store has taken it"
        await outbox.release(tx, [one.step.target.claim], delay=run.options.hold, error=reason)


def _agree(
    run: Run,
    stream: Stream,
    one: Sent,
    found: tuple[paging.Record, str | None],
    outcome: _Outcome,
) -> None:
    """Compare what was sent with what the store shows, field by field."""
    record, stored = found
    _, theirs, _ = stream.noun.read(bytes(record.raw))
    step = one.step
    taken: list[str] = []
    refused: list[str] = []
    for name in step.names:
        told = likeness.alike(name, patch.value_at(step.ours, name), patch.value_at(theirs, name))
        (taken if told else refused).append(name)
    lost = custom.missed(run, stream, step.extras, record)
    if one.status is Status.UNKNOWN and (refused or lost):
        outcome.unsettled.append(one)
        return
    base: Any = deciding.base_of(run.context, stream.noun, stored) or step.base
    base = patch.with_fields(base, step.ours, taken)
    base = patch.with_fields(base, theirs, refused)
    outcome.bases[one.woo_id] = snapshot.encode(base).decode()
    outcome.settled.append(one)
    shown = {name: patch.value_at(theirs, name) for name in refused} | lost
    outcome.disputed += [
        disputes.of(
            stream.entity.value,
            step,
            name,
            "the store was told this value, and shows another: it did not take it, or somebody "
            "changed it at the same moment",
            theirs=value,
        )
        for name, value in shown.items()
    ]
    outcome.events.append(event(stream.entity.value, one))


def event(entity: str, one: Sent) -> log.Event:
    """Return the line of the log that says what was changed in the store."""
    step = one.step
    changes = {name: step.change(name) for name in step.told}
    return log.Event(
        entity=entity,
        event="sent_new" if one.made else "pushed",
        woo_id=one.woo_id,
        local_id=step.target.local_id,
        before=None if one.made else {name: pair["store"] for name, pair in changes.items()},
        after={name: pair["becomes"] for name, pair in changes.items()},
    )
