"""The fields of records that a run changed: gathered from its log, and put back one by one."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from woosync.domain import merge
from woosync.flows.ingest import deciding as merging
from woosync.flows.undo import custom
from woosync.flows.undo.report import Left, Report, Restored
from woosync.mapping import patch, snapshot
from woosync.postgres import deciding, outbox
from woosync.postgres.engine import Transaction

#: Events whose fields can be put back; what others did is only told.
REVERSIBLE = frozenset({"updated", "pushed", "linked", "restored"})
_LEFT = {
    "created": "a record that came from the store stays",
    "sent_new": "a record that was made in the store stays there",
    "deleted": "a deletion is not taken back",
    "note_sent": "a note on an order is not taken back",
}


class Change(msgspec.Struct):
    """What a run did to one record: per field what was before it, and what it left."""

    event: deciding.Event
    before: dict[str, Any] = msgspec.field(default_factory=dict)
    after: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def has_custom(self) -> bool:
        """Tell whether custom fields are among them."""
        return any(custom.is_custom(name) for name in self.after)


def gathered(events: Iterable[deciding.Event], report: Report) -> list[Change]:
    """Fold the events of each record: the first value before, the last one after."""
    changes: dict[tuple[int, str, int], Change] = {}
    for event in events:
        if event.event not in REVERSIBLE or event.entity not in deciding.SHELVES:
            reason = _LEFT.get(event.event)
            if reason:
                report.left.append(Left(event.entity, event.local_id, event.woo_id, "", reason))
            continue
        if not event.after or event.local_id is None:
            continue
        key = (event.store_id, event.entity, event.local_id)
        change = changes.setdefault(key, Change(event))
        for name, after in event.after.items():
            before = (event.before or {}).get(name)
            pushed = event.event == "pushed" and custom.is_custom(name)
            change.before.setdefault(name, custom.Told(before) if pushed else before)
            change.after[name] = custom.Told(after) if pushed else after
    return list(changes.values())


class Undo(msgspec.Struct, frozen=True):
    """One record to be put back."""

    change: Change
    shops: Mapping[int, custom.Shop]
    dry_run: bool

    async def __call__(self, tx: Transaction, report: Report) -> Restored | None:
        """Put the record's fields back where nothing has changed since."""
        event = self.change.event
        local_id = event.local_id or 0
        await deciding.hold(tx, event.store_id, event.entity)
        record = await deciding.load_record(tx, event.entity, local_id)
        if record is None:
            reason = "it is not here any more"
            report.left.append(Left(event.entity, local_id, event.woo_id, "", reason))
            return None
        made, found = await self._own(tx, record, report)
        own = bool(found)
        if self.change.has_custom:
            names = {name: self.change.before[name] for name in self.change.after}
            extras = custom.Fields(event, names, self.change.after, self.shops)
            found |= await custom.put_back(tx, extras, report, dry_run=self.dry_run)
        if not found:
            return None
        restored = Restored(event.store_id, event.entity, local_id, event.woo_id, found)
        report.restored.append(restored)
        if not self.dry_run:
            if own:
                await deciding.save_record(tx, event.entity, local_id, made)
            await outbox.mark(tx, event.store_id, event.entity, [local_id])
        return restored

    async def _own(
        self, tx: Transaction, record: Any, report: Report
    ) -> tuple[Any, dict[str, tuple[object, object]]]:
        """Return the record with its own fields as before the run, and which those are."""
        event, change = self.change.event, self.change
        local_id = event.local_id or 0
        stored = await deciding.load_base(tx, event.store_id, event.entity, local_id)
        base = snapshot.decode(stored, type(record)) if stored else None
        found: dict[str, tuple[object, object]] = {}
        made = record
        for name, before in change.before.items():
            if custom.is_custom(name):
                continue
            after = change.after[name]
            reason = _moved(record, base, name, after)
            if reason:
                report.left.append(Left(event.entity, local_id, event.woo_id, name, reason))
            elif before != after:
                made = patch.with_plain(made, name, before)
                found[name] = (after, before)
        return made, found


def _moved(record: merge.Record, base: Any, name: str, after: object) -> str:
    """Say which side has changed a field since the run; "" where none has."""
    here = merging.plain(patch.value_at(record, name))
    if here != after:
        return f"it has become {merging.shown(here)} here since"
    if base is None:
        return ""
    there = merging.plain(patch.value_at(base, name))
    return "" if there == after else f"the store has {merging.shown(there)} since"
