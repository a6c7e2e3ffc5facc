"""Custom fields that a run changed: put back in the metadata here, as the store's rules map them.

A value that was not there before becomes null here: there is none, and the push says so.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from woosync.flows.ingest import custom as ingested
from woosync.flows.ingest import deciding as merging
from woosync.flows.undo.report import Left, Report
from woosync.mapping import custom
from woosync.postgres import custom as metadata
from woosync.postgres import deciding, stores
from woosync.postgres.engine import Transaction


class Told(msgspec.Struct, frozen=True):
    """A value in the store's form, as pushes log it; pulls log that of here."""

    value: Any


class Shop(msgspec.Struct, frozen=True):
    """A store's key, and its rules by kind of record and name of the field."""

    key: str
    rules: Mapping[tuple[str, str], custom.Rule]


class Fields(msgspec.Struct, frozen=True):
    """What a run did to a record's fields."""

    event: deciding.Event
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    shops: Mapping[int, Shop]


def is_custom(name: str) -> bool:
    """Tell whether a name in the log is that of a custom field."""
    return name.startswith(custom.ROOT)


async def load_shops(tx: Transaction) -> dict[int, Shop]:
    """Load the stores' rules, by store; raises BadMappingError."""
    return {
        store.id: Shop(
            store.key,
            {(one.entity.value, one.source): one for one in custom.rules_of(store.settings)},
        )
        for store in await stores.load_all(tx)
    }


async def put_back(
    tx: Transaction, fields: Fields, report: Report, *, dry_run: bool
) -> dict[str, tuple[object, object]]:
    """Put values back where nothing has changed since; return (now, before) by name."""
    event = fields.event
    local_id = event.local_id or 0
    shop = fields.shops.get(event.store_id, Shop("", {}))
    loaded = await metadata.load(tx, event.entity, [local_id], store_key=shop.key)
    known = loaded[local_id]
    own = dict(known.own)
    found: dict[str, tuple[object, object]] = {}
    for name in filter(is_custom, fields.after):
        rule = shop.rules.get((event.entity, name))
        now = custom.at(known.own, name.removeprefix(custom.ROOT).split("."))
        becomes, reason = _decide(rule, known, fields.before[name], fields.after[name])
        if rule is not None and not reason and becomes != now:
            ingested.place(own, custom.path_of(rule), becomes)
            found[name] = (now, becomes)
            if rule.direction is custom.Direction.PULL:
                reason = "put back here alone: its rule tells the store nothing"
        if reason:
            report.left.append(Left(event.entity, local_id, event.woo_id, name, reason))
    if found and not dry_run:
        await metadata.save(tx, event.entity, [(local_id, own)])
    return found


def _decide(
    rule: custom.Rule | None, known: metadata.Metadata, before: Any, after: Any
) -> tuple[Any, str]:
    """Return the value that it had here, and why it is left ("": it can be put back)."""
    if rule is None:
        return None, "the store's settings have no rule for it any more"
    now, there = custom.here(rule, known.own), custom.there(rule, known.store)
    if not _is_here(rule, now, after):
        return None, f"it has become {merging.shown(now)} here since"
    if not _is_there(rule, there, after):
        return None, f"the store has {merging.shown(there)} since"
    try:
        becomes = custom.to_here(rule, before.value) if isinstance(before, Told) else before
        custom.to_store(rule, becomes)
    except ValueError as error:
        return None, f"what it was does not fit its rule: {error}"
    return becomes, ""


def _is_here(rule: custom.Rule, now: Any, after: Any) -> bool:
    """Tell whether the value here is the one that the run left."""
    if not isinstance(after, Told):
        return bool(now == after)
    try:
        return custom.same(custom.to_store(rule, now), after.value)
    except ValueError:
        return False


def _is_there(rule: custom.Rule, there: Any, after: Any) -> bool:
    """Tell whether the store last showed what the run left."""
    if isinstance(after, Told):
        return custom.same(there, after.value)
    try:
        return bool(custom.to_here(rule, there) == after)
    except ValueError:
        return False
