"""Notes that go along with an order: an invoice number, a parcel to be followed.

They wait in the order's metadata (`notes`: text, customer), so they survive a crash; a note of
the same text is never written twice to one order.
"""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from woosync import errors as kinds
from woosync.domain import ids
from woosync.flows.push import disputes
from woosync.flows.push.planning import Target
from woosync.flows.push.run import Run
from woosync.postgres import engine, log, pushing
from woosync.woo import errors

LONGEST = 10_000


class _Note(msgspec.Struct):
    id: int
    note: str = ""


_NOTES = msgspec.json.Decoder(list[_Note])
_ONE = msgspec.json.Decoder(_Note)


class UnknownNoteError(kinds.TemporaryError):
    """Nobody knows whether an order has got its note."""


async def send(run: Run, targets: Sequence[Target]) -> list[Target]:
    """Send the notes that wait; return the orders to go on with.

    A note that is refused stays and is told as a warning. An order whose note may still arrive
    waits for that, alone.
    """
    async with run.database.transaction() as tx:
        waiting = await pushing.load_notes(tx, [one.local_id for one in targets])
    going: list[Target] = []
    for one in targets:
        try:
            for number, note in enumerate(waiting.get(one.local_id, [])):
                if is_waiting(note, run.context.store_key):
                    await _send_one(run, one, number, note)
        except UnknownNoteError as error:
            await run.give_back([one.claim], delay=run.options.hold, error=error.message)
            run.count(ids.Entity.ORDER).waiting += 1
        else:
            going.append(one)
    return going


def is_waiting(note: Any, store_key: str) -> bool:
    """Tell whether a note is one, and not yet in this store."""
    if not isinstance(note, Mapping) or not str(note.get("text") or "").strip():
        return False
    sent = note.get("sent")
    return not (isinstance(sent, Mapping) and store_key in sent)


async def _send_one(run: Run, target: Target, number: int, note: Mapping[str, Any]) -> None:
    text, order_id = str(note["text"]).strip()[:LONGEST], target.link.woo_id
    if run.context.dry_run:
        run.on_plan({"entity": "order", "id": order_id, "action": "note", "fields": {"note": text}})
        return
    try:
        note_id = await find(run, order_id, text)
        if note_id is None:
            note_id = await _write(run, order_id, text, customer=note.get("customer") is True)
    except errors.StoreRejected as error:
        run.warn(f"The store refused a note on order {order_id}: {error.store_message}")
        return
    async with run.database.transaction() as tx:
        await engine.by_sync(tx)
        await pushing.save_note_sent(
            tx, target.local_id, number, store_key=run.context.store_key, note_id=note_id
        )
        event = log.Event(
            entity="order",
            event="note_sent",
            woo_id=order_id,
            local_id=target.local_id,
            after={"note": text, "customer": note.get("customer") is True},
        )
        await disputes.save_log(tx, run, [event])


async def find(run: Run, order_id: int, text: str) -> int | None:
    """Return the id of a note of this text, None where the order has none."""
    _, listed = await run.client.fetch_as(_NOTES, f"orders/{order_id}/notes", {"_skip_cache": 1})
    return next((one.id for one in listed if _plain(one.note) == _plain(text)), None)


async def _write(run: Run, order_id: int, text: str, *, customer: bool) -> int:
    """Write a note; raises UnknownNoteError where even looking again does not find it."""
    body = {"note": text, "customer_note": customer}
    try:
        made = await run.client.send_as(_ONE, "POST", f"orders/{order_id}/notes", body=body)
    except errors.OutcomeUnknown as error:
        found = await find(run, order_id, text)
        if found is None:
            raise UnknownNoteError(
                f"Nobody knows whether order {order_id} has got its note.",
                remedy="woosync looks for it again before it sends it again.",
            ) from error
        return found
    return made.id


def _plain(text: str) -> str:
    return " ".join(html.unescape(text).split())
