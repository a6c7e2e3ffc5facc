"""A person settles conflicts, takes runs back, and is told when a side has moved on."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from flows.pushing import Pusher
from woosync.domain import conflict_policy
from woosync.flows import resolve, undo
from woosync.mapping import patch

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def taking(choice: str, value: object = None) -> resolve.Decision:
    return resolve.Decision(choice=resolve.Choice(choice), actor="ann", value=value)


async def dispute(pusher: Pusher) -> tuple[int, int, int]:
    """Let both sides change a name; return the conflict, the local id and the store's id."""
    await pusher.set_policy(conflict_policy.Policy.MANUAL)
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    await pusher.puller.run(f"UPDATE products SET name = 'Ours' WHERE id = {local_id}")
    edit_there(pusher, woo_id, name="Theirs")
    await pusher()
    found = await pusher.puller.value("SELECT id FROM conflicts WHERE state = 'open'")
    assert isinstance(found, int)
    return found, local_id, woo_id


def edit_there(pusher: Pusher, woo_id: int, **changes: Any) -> None:
    pusher.puller.running.shop.save("product", pusher.there("product", woo_id) | changes)


async def here(pusher: Pusher, local_id: int) -> object:
    return await pusher.puller.value(f"SELECT name FROM products WHERE id = {local_id}")


@pytest.mark.parametrize(
    ("choice", "value", "becomes"),
    [
        ("ours", None, "Ours"),
        ("theirs", None, "Theirs"),
        ("value", "Both", "Both"),
        ("suggested", None, "Theirs"),
    ],
)
async def test_what_a_person_decides_reaches_both_sides(
    pusher: Pusher, choice: str, value: str | None, becomes: str
) -> None:
    conflict_id, local_id, woo_id = await dispute(pusher)
    database = pusher.puller.database
    settled = await resolve.resolve(database, conflict_id, taking(choice, value), now=NOW)
    assert settled.value == becomes
    await pusher()
    assert await here(pusher, local_id) == becomes
    assert pusher.there("product", woo_id)["name"] == becomes
    assert await pusher.waiting() == 0
    state = "SELECT state, resolved_by, resolution->>'value' FROM conflicts"
    assert await pusher.puller.rows(state) == [("resolved", "ann", becomes)]
    report = await pusher.puller()
    assert report.counts["product"]["updated"] == report.counts["product"]["conflicts"] == 0


def sized(option: str) -> list[dict[str, Any]]:
    return [{"name": "Size", "options": [option], "visible": True, "variation": False}]


@pytest.mark.parametrize(("choice", "becomes"), [("ours", "S"), ("theirs", "L")])
async def test_a_list_that_both_sides_changed_is_decided_too(
    pusher: Pusher, choice: str, becomes: str
) -> None:
    await pusher.set_policy(conflict_policy.Policy.MANUAL)
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    change = f"jsonb_set(details, '{{attributes}}', '{json.dumps(sized('S'))}')"
    await pusher.puller.run(f"UPDATE products SET details = {change} WHERE id = {local_id}")
    edit_there(
        pusher, woo_id, attributes=[{"id": 0, "slug": "Size", "position": 0, **sized("L")[0]}]
    )
    await pusher()
    database = pusher.puller.database
    conflict_id = await pusher.puller.value("SELECT id FROM conflicts WHERE state = 'open'")
    assert isinstance(conflict_id, int)
    settled = await resolve.resolve(database, conflict_id, taking(choice), now=NOW)
    assert settled.value == sized(becomes)
    await pusher()
    assert pusher.there("product", woo_id)["attributes"][0]["options"] == [becomes]
    run = await pusher.puller.value("SELECT max(run_id) FROM woocommerce_sync_log")
    assert isinstance(run, int)
    if choice == "ours":
        report = await undo.undo(database, run, undo.Options(), actor="ann", now=NOW)
        assert report.left == []
        assert [list(one.fields) for one in report.restored] == [["attributes"]]


@pytest.mark.parametrize("side", ["here", "store"])
async def test_a_decision_about_what_is_no_longer_so_is_refused_with_the_new_state(
    pusher: Pusher, side: str
) -> None:
    conflict_id, local_id, woo_id = await dispute(pusher)
    if side == "here":
        await pusher.puller.run(f"UPDATE products SET name = 'Newer' WHERE id = {local_id}")
    else:
        edit_there(pusher, woo_id, name="Newer")
        await pusher.puller.run(
            """UPDATE links SET base = jsonb_set(base, '{name}', '"Newer"')
            WHERE entity = 'product'"""
        )
    database = pusher.puller.database
    with pytest.raises(resolve.StaleResolutionError) as caught:
        await resolve.resolve(database, conflict_id, taking("ours"), now=NOW)
    now = (caught.value.ours, caught.value.theirs)
    assert now == (("Newer", "Theirs") if side == "here" else ("Ours", "Newer"))
    assert (await resolve.resolve(database, conflict_id, taking("ours"), now=NOW)).value == now[0]


async def test_a_value_that_does_not_fit_is_refused(pusher: Pusher) -> None:
    conflict_id, _, _ = await dispute(pusher)
    database = pusher.puller.database
    with pytest.raises(patch.NotAValueError):
        await resolve.resolve(database, conflict_id, taking("value", {"no": 1}), now=NOW)
    settled = await resolve.resolve_all(database, [conflict_id, 999], taking("theirs"), now=NOW)
    assert [one.id for one in settled.resolved] == [conflict_id]
    assert [number for number, _ in settled.refused] == [999]


async def test_an_odd_step_of_an_order_goes_when_a_person_says_so(pusher: Pusher) -> None:
    local_id, woo_id = await pusher.linked("order", "status = 'completed'")
    await pusher.puller.run(
        f"UPDATE purchase_orders SET status = 'cancelled' WHERE id = {local_id}"
    )
    await pusher()
    assert pusher.there("order", woo_id)["status"] == "completed"
    conflict_id = await pusher.puller.value("SELECT id FROM conflicts WHERE state = 'open'")
    assert isinstance(conflict_id, int)
    await resolve.resolve(pusher.puller.database, conflict_id, taking("ours"), now=NOW)
    await pusher()
    assert pusher.there("order", woo_id)["status"] == "cancelled"


async def test_a_push_is_taken_back_where_nothing_has_changed_since(pusher: Pusher) -> None:
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    old = pusher.there("product", woo_id)
    await pusher.puller.run(
        "UPDATE products SET name = 'Wrong', short_description = 'Wrong' WHERE id IN"
        " (SELECT id FROM products WHERE kind = 'simple' ORDER BY id LIMIT 2)"
    )
    run_id = (await pusher()).run_id
    await pusher.puller.run(
        f"UPDATE products SET short_description = 'Later' WHERE id = {local_id}"
    )
    await pusher()
    foreseen = await undo.undo(
        pusher.puller.database, run_id, undo.Options(dry_run=True), actor="ann", now=NOW
    )
    assert await here(pusher, local_id) == "Wrong"
    report = await undo.undo(pusher.puller.database, run_id, undo.Options(), actor="ann", now=NOW)
    assert (report.restored, report.left) == (foreseen.restored, foreseen.left)
    assert [(one.local_id, one.field) for one in report.left] == [(local_id, "short_description")]
    await pusher()
    there = pusher.there("product", woo_id)
    assert (there["name"], there["short_description"]) == (old["name"], "Later")


async def test_a_pull_is_taken_back_too(pusher: Pusher) -> None:
    _, woo_id = await pusher.linked("product", "kind = 'simple'")
    old = pusher.there("product", woo_id)["name"]
    edit_there(pusher, woo_id, name="Vandal")
    run_id = (await pusher.puller()).run_id
    await undo.undo(pusher.puller.database, run_id, undo.Options(), actor="ann", now=NOW)
    await pusher()
    assert pusher.there("product", woo_id)["name"] == old
    with pytest.raises(undo.NothingToUndoError):
        await undo.undo(pusher.puller.database, 4711, undo.Options(), actor="ann", now=NOW)


async def test_what_is_taken_back_is_noted_once_and_for_its_own_store(pusher: Pusher) -> None:
    local_id, _ = await pusher.linked("product", "kind = 'simple'")
    await pusher.puller.run(f"UPDATE products SET name = 'Wrong' WHERE id = {local_id}")
    run_id = (await pusher()).run_id
    await pusher.puller.run(
        "INSERT INTO woocommerce_sync_log (store_id, run_id, at, entity, event, local_id, after)"
        " SELECT store_id + 1, run_id, at + interval '1 s', entity, event, local_id, after"
        f" FROM woocommerce_sync_log WHERE run_id = {run_id} AND entity = 'product'"
    )
    await undo.undo(pusher.puller.database, run_id, undo.Options(), actor="ann", now=NOW)
    noted = "SELECT count(*), min(store_id) FROM woocommerce_sync_log WHERE event = 'undone'"
    mine = "SELECT 1::bigint, id FROM stores"
    assert await pusher.puller.rows(noted) == await pusher.puller.rows(mine)
