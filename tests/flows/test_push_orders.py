"""Order statuses and notes go up with nothing else, and only steps that an order takes."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from flows.pushing import Pusher
from woosync.flows.push import refunding
from woosync.postgres import creations
from woosync.woo import errors as store_errors

PROCESSING = "status = 'processing'"


async def stock_movements(pusher: Pusher) -> Any:
    return await pusher.puller.value("SELECT count(*) FROM inventory_movements")


def refunds_of(pusher: Pusher, ahead: float = 0) -> refunding.Job:
    return refunding.Job(
        database=pusher.puller.database,
        client=pusher.puller.client,
        store_id=pusher.puller.store.id,
        store_key=pusher.puller.store.key,
        clock=lambda: datetime.now(UTC) + timedelta(seconds=ahead),
    )


async def test_a_status_goes_alone_and_keeps_what_the_store_does_about_it(pusher: Pusher) -> None:
    local_id, woo_id = await pusher.linked("order", PROCESSING)
    await pusher.puller.run(
        f"UPDATE purchase_orders SET status = 'completed', total = 1 WHERE id = {local_id}"
    )
    report = await pusher()
    assert pusher.sent == [("PUT", f"orders/{woo_id}", {"id": woo_id, "status": "completed"})]
    assert pusher.there("order", woo_id)["status"] == "completed"
    assert any("total" in warning for warning in report.warnings)
    completed = f"SELECT completed_at IS NOT NULL FROM purchase_orders WHERE id = {local_id}"
    assert await pusher.puller.value(completed) is True
    assert await pusher.waiting() == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [("completed", "pending"), ("processing", "refunded"), ("processing", "no-such-status")],
)
async def test_a_step_that_no_order_takes_waits_for_a_person(
    pusher: Pusher, before: str, after: str
) -> None:
    local_id, woo_id = await pusher.linked("order", f"status = '{before}'")
    await pusher.puller.run(f"UPDATE purchase_orders SET status = '{after}' WHERE id = {local_id}")
    await pusher()
    assert pusher.sent == []
    assert pusher.there("order", woo_id)["status"] == before
    assert await pusher.puller.rows("SELECT field FROM conflicts WHERE state = 'open'") == [
        ("status",)
    ]
    await pusher.puller.run(f"UPDATE purchase_orders SET status = '{before}' WHERE id = {local_id}")
    await pusher()
    assert await pusher.puller.value("SELECT count(*) FROM conflicts WHERE state = 'open'") == 0


async def test_a_new_address_is_not_sent_because_it_would_change_the_taxes(
    pusher: Pusher,
) -> None:
    local_id, _ = await pusher.linked("order", PROCESSING)
    await pusher.puller.run(
        f"""UPDATE purchase_orders SET billing = billing || '{{"city": "Ulm"}}'
        WHERE id = {local_id}"""
    )
    await pusher()
    assert pusher.sent == []
    await pusher.setting(never=[])
    await pusher(everything=True)
    assert pusher.sent[0][2] == {"id": pusher.sent[0][2]["id"], "billing": {"city": "Ulm"}}


@pytest.mark.parametrize("lost", [False, True])
async def test_a_note_goes_along_once_even_when_its_answer_is_lost(
    pusher: Pusher,
    lost: bool,  # noqa: FBT001 - a parametrized flag
) -> None:
    local_id, woo_id = await pusher.linked("order", PROCESSING)
    if lost:
        faults = pusher.puller.running.front.faults
        faults.inject("cut_json", method="POST", path="*/notes", after_write=True)
    note = '[{"text": "Parcel 00340434 & co.", "customer": true}]'
    await pusher.puller.run(
        f"""UPDATE purchase_orders SET status = 'completed',
        metadata = metadata || '{{"notes": {note}}}' WHERE id = {local_id}"""
    )
    await pusher()
    await pusher.puller.run(f"UPDATE purchase_orders SET updated_at = now() WHERE id = {local_id}")
    await pusher()
    notes = pusher.there("order", woo_id)["_notes"]
    ours = [one for one in notes if "00340434" in one["note"]]
    assert [(one["note"], one["customer_note"]) for one in ours] == [
        ("Parcel 00340434 & co.", True)
    ]
    assert pusher.there("order", woo_id)["status"] == "completed"
    sent = "SELECT metadata->'notes'->0->'sent' ? 'default' FROM purchase_orders WHERE id = "
    assert await pusher.puller.value(f"{sent}{local_id}") is True


async def test_a_note_that_may_still_arrive_keeps_its_own_order_waiting_and_no_other(
    pusher: Pusher,
) -> None:
    found = await pusher.puller.rows(
        "SELECT r.id, l.woo_id FROM purchase_orders r JOIN links l ON l.local_id = r.id"
        f" AND l.entity = 'order' WHERE {PROCESSING} ORDER BY r.id LIMIT 2"
    )
    (noted, _), (other, woo_other) = found
    faults = pusher.puller.running.front.faults
    faults.inject("reset", method="POST", path="*/notes", count=9)
    await pusher.puller.run(
        """UPDATE purchase_orders SET metadata = metadata || '{"notes": [{"text": "Parcel 7"}]}'"""
        f" WHERE id = {noted}"
    )
    await pusher.puller.run(f"UPDATE purchase_orders SET status = 'completed' WHERE id = {other}")
    report = await pusher(hold=timedelta(minutes=2))
    assert report.counts["order"]["waiting"] == 1
    assert pusher.there("order", int(str(woo_other)))["status"] == "completed"
    waits = "SELECT local_id, available_at > now() + interval '1 minute' FROM outbox"
    assert await pusher.puller.rows(f"{waits} WHERE entity = 'order'") == [(noted, True)]


@pytest.mark.parametrize("lost", [False, True])
async def test_a_refund_is_made_once_and_touches_neither_gateway_nor_stock_unasked(
    pusher: Pusher,
    lost: bool,  # noqa: FBT001 - a parametrized flag
) -> None:
    _, woo_id = await pusher.linked("order", PROCESSING)
    running = pusher.puller.running
    line = pusher.there("order", woo_id)["line_items"][0]
    if lost:
        running.front.faults.inject("cut_json", method="POST", path="*/refunds", after_write=True)
    wanted = refunding.Refund(
        amount=Decimal("1.50"),
        reason="return 7",
        restock=False,
        lines=[refunding.RefundLine(line=line["id"], quantity=1, total=Decimal("1.50"))],
    )
    job = refunds_of(pusher)
    found = await refunding.refund(job, woo_id, wanted)
    assert await refunding.refund(job, woo_id, wanted) == found
    (body,) = [body for method, _, body in pusher.sent if method == "POST"]
    assert (body["api_refund"], body["api_restock"], body["amount"]) == (False, False, "1.50")
    assert len(pusher.there("order", woo_id)["refunds"]) == 1
    with pytest.raises(refunding.RefundRefusedError):
        await refunding.refund(
            job,
            woo_id,
            refunding.Refund(amount=Decimal(10**9), reason="too much", restock=False),
        )
    async with pusher.puller.database.transaction() as tx:
        assert await creations.load(tx, pusher.puller.store.id, refunding.ENTITY, [woo_id]) == {}


async def test_a_refund_whose_answer_tells_of_none_is_looked_for(
    pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, woo_id = await pusher.linked("order", PROCESSING)
    client = pusher.puller.client
    send = client.send

    async def odd(*given: Any, **named: Any) -> Any:
        return structs.replace(await send(*given, **named), body=b'{"id": null}')

    monkeypatch.setattr(client, "send", odd)
    wanted = refunding.Refund(amount=Decimal("1.50"), reason="return 7", restock=False)
    found = await refunding.refund(refunds_of(pusher), woo_id, wanted)
    assert [one["id"] for one in pusher.there("order", woo_id)["refunds"]] == [found]


async def test_a_refund_that_may_still_arrive_is_not_sent_again(pusher: Pusher) -> None:
    _, woo_id = await pusher.linked("order", PROCESSING)
    faults = pusher.puller.running.front.faults
    faults.inject("late_write", method="POST", path="*/refunds", options={"seconds": 0.5})
    wanted = refunding.Refund(amount=Decimal("1.50"), reason="return 7", restock=False)
    with pytest.raises(store_errors.OutcomeUnknown):
        await refunding.refund(refunds_of(pusher), woo_id, wanted)
    with pytest.raises(refunding.RefundUnderWayError, match="its answer was lost"):
        await refunding.refund(refunds_of(pusher), woo_id, wanted)
    await faults.finish_late_writes()
    (made,) = pusher.there("order", woo_id)["refunds"]
    assert await refunding.refund(refunds_of(pusher), woo_id, wanted) == made["id"]
    other = refunding.Refund(amount=Decimal("1.50"), reason="return 8", restock=False)
    assert await refunding.refund(refunds_of(pusher), woo_id, other) != made["id"]


@pytest.mark.parametrize("reason", ["Tom &amp; Jerry", "two  blanks", "a\nb", "<b>bold</b>"])
async def test_a_refund_is_recognised_whatever_is_in_its_reason(
    pusher: Pusher, reason: str
) -> None:
    _, woo_id = await pusher.linked("order", PROCESSING)
    wanted = refunding.Refund(amount=Decimal("1.50"), reason=reason, restock=False)
    found = await refunding.refund(refunds_of(pusher), woo_id, wanted)
    assert await refunding.refund(refunds_of(pusher), woo_id, wanted) == found
    assert len(pusher.there("order", woo_id)["refunds"]) == 1
    nothing = refunding.Refund(amount=Decimal("1.50"), reason=" <br> ", restock=False)
    with pytest.raises(refunding.RefundRefusedError, match="a reason"):
        await refunding.refund(refunds_of(pusher), woo_id, nothing)


async def test_a_refund_that_never_arrived_is_sent_again_after_a_while(pusher: Pusher) -> None:
    _, woo_id = await pusher.linked("order", PROCESSING)
    pusher.puller.running.front.faults.inject("reset", method="POST", path="*/refunds")
    wanted = refunding.Refund(amount=Decimal("1.50"), reason="return 7", restock=False)
    with pytest.raises(store_errors.OutcomeUnknown):
        await refunding.refund(refunds_of(pusher), woo_id, wanted)
    later = await refunding.refund(refunds_of(pusher, ahead=121), woo_id, wanted)
    assert [one["id"] for one in pusher.there("order", woo_id)["refunds"]] == [later]


async def test_the_same_refund_asked_for_twice_at_once_is_made_once(pusher: Pusher) -> None:
    _, woo_id = await pusher.linked("order", PROCESSING)
    wanted = refunding.Refund(amount=Decimal("1.50"), reason="return 7", restock=False)
    first, second = await asyncio.gather(
        *(refunding.refund(refunds_of(pusher), woo_id, wanted) for _ in range(2))
    )
    assert first == second
    assert len(pusher.there("order", woo_id)["refunds"]) == 1
