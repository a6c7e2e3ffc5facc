"""Custom fields that a run changed are put back, here and in the store."""

from datetime import UTC, datetime
from typing import Any

import pytest

from flows.pushing import Pusher
from flows.test_push_custom import RULES, here, there, use
from woosync.domain import conflict_policy
from woosync.flows import undo
from woosync.postgres import stores

NOW = datetime(2026, 12, 1, tzinfo=UTC)
CODE, NOTE = "metadata.erp.code", "metadata.note"


async def edit_here(pusher: Pusher, local_id: int, metadata: str) -> None:
    await pusher.puller.run(
        f"UPDATE products SET metadata = metadata || '{metadata}' WHERE id = {local_id}"
    )


def edit_there(pusher: Pusher, woo_id: int, code: str | None, **plain: str) -> None:
    record = pusher.there("product", woo_id)
    kept = [one for one in record["meta_data"] if one["key"] != "_erp_code"]
    if code is not None:
        kept.append({"id": 7001, "key": "_erp_code", "value": code})
    pusher.puller.running.shop.save("product", record | {"meta_data": kept} | plain)


async def taken_back(pusher: Pusher, run_id: int, **options: Any) -> undo.Report:
    chosen = undo.Options(**options)
    return await undo.undo(pusher.puller.database, run_id, chosen, actor="ann", now=NOW)


def fields_of(report: undo.Report) -> dict[str, tuple[object, object]]:
    return {name: pair for one in report.restored for name, pair in one.fields.items()}


@pytest.fixture
async def agreed(pusher: Pusher) -> tuple[int, int]:
    """Give a product whose custom fields both sides know."""
    await use(pusher, conflict_policy.Policy.NEWEST)
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    await edit_here(pusher, local_id, '{"erp": {"code": "old"}, "note": "Old"}')
    await pusher()
    return local_id, woo_id


async def test_what_a_push_sent_is_put_back_on_both_sides(
    pusher: Pusher, agreed: tuple[int, int]
) -> None:
    local_id, woo_id = agreed
    await edit_here(pusher, local_id, '{"erp": {"code": "bad"}, "note": "Bad"}')
    run_id = (await pusher()).run_id
    foreseen = await taken_back(pusher, run_id, dry_run=True)
    assert await here(pusher, local_id) == ("bad", "Bad")
    assert await pusher.waiting() == 0
    report = await taken_back(pusher, run_id)
    assert (report.restored, report.left) == (foreseen.restored, [])
    assert fields_of(report) == {CODE: ("bad", "OLD"), NOTE: ("Bad", "Old")}
    assert await here(pusher, local_id) == ("OLD", "Old")
    await pusher()
    assert there(pusher, woo_id) == ("OLD", "Old")
    again = await taken_back(pusher, run_id)
    assert again.restored == []
    assert {one.field for one in again.left} == {CODE, NOTE}


async def test_what_a_pull_took_over_is_put_back_on_both_sides(
    pusher: Pusher, agreed: tuple[int, int]
) -> None:
    local_id, woo_id = agreed
    edit_there(pusher, woo_id, "vandal", purchase_note="Vandal")
    run_id = (await pusher.puller()).run_id
    assert await here(pusher, local_id) == ("VANDAL", "Vandal")
    report = await taken_back(pusher, run_id)
    assert fields_of(report) == {CODE: ("VANDAL", "old"), NOTE: ("Vandal", "Old")}
    await pusher()
    assert there(pusher, woo_id) == ("OLD", "Old")
    assert await here(pusher, local_id) == ("old", "Old")


@pytest.mark.parametrize("by", ["push", "pull"])
async def test_a_field_that_was_not_there_before_is_taken_away_on_both_sides(
    pusher: Pusher, by: str
) -> None:
    await use(pusher, conflict_policy.Policy.NEWEST)
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    kept = there(pusher, woo_id)[1] or None
    if by == "push":
        await edit_here(pusher, local_id, '{"erp": {"code": "new"}}')
        run_id = (await pusher()).run_id
    else:
        edit_there(pusher, woo_id, "NEW")
        run_id = (await pusher.puller()).run_id
    report = await taken_back(pusher, run_id)
    assert fields_of(report)[CODE][1] is None
    await pusher()
    assert there(pusher, woo_id)[0] is None
    keys = [one["key"] for one in pusher.there("product", woo_id)["meta_data"]]
    assert "_erp_code" not in keys
    assert (there(pusher, woo_id)[1] or None) == kept
    await pusher.puller()
    assert (await here(pusher, local_id))[0] is None
    assert await pusher.waiting() == 0


async def test_a_field_that_the_shop_emptied_comes_back(
    pusher: Pusher, agreed: tuple[int, int]
) -> None:
    local_id, woo_id = agreed
    edit_there(pusher, woo_id, None)
    run_id = (await pusher.puller()).run_id
    assert (await here(pusher, local_id))[0] is None
    await taken_back(pusher, run_id)
    await pusher()
    assert there(pusher, woo_id)[0] == "OLD"


@pytest.mark.parametrize("side", ["here", "store"])
async def test_what_was_changed_since_on_either_side_is_left(
    pusher: Pusher, agreed: tuple[int, int], side: str
) -> None:
    local_id, woo_id = agreed
    await edit_here(pusher, local_id, '{"erp": {"code": "bad"}, "note": "Bad"}')
    run_id = (await pusher()).run_id
    if side == "here":
        await edit_here(pusher, local_id, '{"erp": {"code": "later"}}')
    else:
        # Seen, and decided otherwise here: only the store's last word differs.
        edit_there(pusher, woo_id, "LATER", purchase_note="Bad")
        await pusher.puller()
        await edit_here(pusher, local_id, '{"erp": {"code": "bad"}}')
    report = await taken_back(pusher, run_id)
    [left] = report.left
    assert left.field == CODE
    assert "later" in left.reason.lower()
    assert ("here since" in left.reason) == (side == "here")
    assert fields_of(report) == {NOTE: ("Bad", "Old")}


async def test_a_rule_that_only_takes_over_is_put_back_here_alone(
    pusher: Pusher, agreed: tuple[int, int]
) -> None:
    local_id, woo_id = agreed
    async with pusher.puller.database.transaction() as tx:
        settings = {"mapping": [RULES[0] | {"direction": "pull"}]}
        await stores.save(tx, pusher.puller.store.id, {"settings": settings})
    edit_there(pusher, woo_id, "VANDAL")
    run_id = (await pusher.puller()).run_id
    report = await taken_back(pusher, run_id)
    assert fields_of(report) == {CODE: ("VANDAL", "old")}
    assert [one.reason for one in report.left] == [
        "put back here alone: its rule tells the store nothing"
    ]
    await pusher()
    assert there(pusher, woo_id)[0] == "VANDAL"
    assert (await here(pusher, local_id))[0] == "old"


async def test_a_field_without_a_rule_is_left(pusher: Pusher, agreed: tuple[int, int]) -> None:
    local_id, _ = agreed
    await edit_here(pusher, local_id, '{"note": "Bad"}')
    run_id = (await pusher()).run_id
    async with pusher.puller.database.transaction() as tx:
        await stores.save(tx, pusher.puller.store.id, {"settings": {}})
    report = await taken_back(pusher, run_id)
    assert report.restored == []
    assert [one.field for one in report.left] == [NOTE]


async def test_a_value_that_no_longer_fits_its_rule_is_left(
    pusher: Pusher, agreed: tuple[int, int]
) -> None:
    local_id, woo_id = agreed
    edit_there(pusher, woo_id, "OLD", purchase_note="odd")
    await pusher.puller()
    rule = RULES[1] | {"transform": "values", "values": {"a": "A", "b": "B"}}
    async with pusher.puller.database.transaction() as tx:
        await stores.save(tx, pusher.puller.store.id, {"settings": {"mapping": [rule]}})
    await edit_here(pusher, local_id, '{"note": "a"}')
    run_id = (await pusher()).run_id
    assert there(pusher, woo_id)[1] == "A"
    [left] = (await taken_back(pusher, run_id)).left
    assert left.reason.startswith("what it was does not fit its rule")


async def test_null_here_takes_a_value_away_and_nothing_said_does_not(
    pusher: Pusher, agreed: tuple[int, int]
) -> None:
    local_id, woo_id = agreed
    await edit_here(pusher, local_id, '{"erp": {}, "note": null}')
    await pusher()
    assert there(pusher, woo_id) == ("OLD", "")
    await pusher.puller()
    assert (await here(pusher, local_id))[1] is None
