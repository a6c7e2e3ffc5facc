"""Custom fields on their way to a store: what differs, as the settings map it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from woosync.flows.ingest.streams import Stream
from woosync.flows.push.run import Run
from woosync.mapping import custom
from woosync.postgres import custom as metadata
from woosync.postgres.engine import Transaction
from woosync.woo import paging


class Fields(msgspec.Struct, frozen=True):
    """What is to be sent of a record's custom fields: (store, becomes) by name, and the body.

    In `agreed` both sides hold the same.
    """

    changes: Mapping[str, tuple[Any, Any]] = msgspec.field(default_factory=dict)
    body: Mapping[str, Any] = msgspec.field(default_factory=dict)
    problems: Mapping[str, str] = msgspec.field(default_factory=dict)
    agreed: tuple[str, ...] = ()


NONE = Fields()


def rules_for(run: Run, stream: Stream) -> list[custom.Rule]:
    """Return the rules that send values of a kind of record."""
    return [
        rule
        for rule in run.context.custom
        if rule.entity is stream.entity and rule.direction is not custom.Direction.PULL
    ]


async def load(
    tx: Transaction, run: Run, stream: Stream, local_ids: Sequence[int]
) -> Mapping[int, metadata.Metadata]:
    """Load the metadata of records; nothing without rules."""
    if not rules_for(run, stream):
        return {}
    return await metadata.load(tx, stream.entity.value, local_ids, store_key=run.context.store_key)


def differing(run: Run, stream: Stream, known: Mapping[int, metadata.Metadata]) -> set[int]:
    """Return the records with values that the store was last seen not to have, by local id."""
    rules = rules_for(run, stream)
    return {one for one, what in known.items() if any(_differs(rule, what) for rule in rules)}


def _differs(rule: custom.Rule, known: metadata.Metadata) -> bool:
    try:
        agreed = custom.agrees(rule, custom.here(rule, known.own), custom.there(rule, known.store))
    except ValueError:
        return False
    return not agreed and custom.is_said(rule, known.own)


def plan(
    run: Run,
    stream: Stream,
    known: metadata.Metadata | None,
    record: paging.Record | None,
    held: Collection[str] | None,
) -> Fields:
    """Compare the custom fields of a record with what the store has now (None: it is new)."""
    if known is None:
        return NONE
    wire = msgspec.json.decode(record.raw) if record is not None else {}
    changes: dict[str, tuple[Any, Any]] = {}
    told: list[tuple[custom.Rule, Any]] = []
    problems: dict[str, str] = {}
    agreed: list[str] = []
    for rule in rules_for(run, stream):
        here, there = custom.here(rule, known.own), custom.there(rule, wire)
        try:
            becomes, agrees = custom.to_store(rule, here), custom.agrees(rule, here, there)
        except ValueError as error:
            problems[rule.source] = str(error)
            continue
        if agrees:
            agreed.append(rule.source)
        if agrees or rule.source in (held or ()):
            continue
        if becomes is None and not custom.is_said(rule, known.own):
            continue  # nothing was ever said about it here: the store's value stays
        changes[rule.source] = (there, becomes)
        told.append((rule, becomes))
    return Fields(changes, custom.body(told), problems, tuple(agreed))


def missed(run: Run, stream: Stream, fields: Fields, record: paging.Record) -> dict[str, Any]:
    """Return what the store shows of fields that it did not take, by name."""
    wire = msgspec.json.decode(record.raw)
    shown = {
        rule.source: custom.there(rule, wire)
        for rule in rules_for(run, stream)
        if rule.source in fields.changes
    }
    return {
        name: value
        for name, value in shown.items()
        if not custom.same(fields.changes[name][1], value)
    }
