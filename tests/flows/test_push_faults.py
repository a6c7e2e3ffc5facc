"""Pushing over a bad line: nothing twice, nothing lost, nothing overwritten."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from flows.pushing import Pusher
from woosync import errors
from woosync.flows.ingest import streams
from woosync.flows.push import current


async def edit(pusher: Pusher, count: int = 3) -> dict[int, str]:
    """Rename some products here; return the new names by store id."""
    await pusher.puller.run(
        "UPDATE products SET name = 'New ' || id WHERE id IN (SELECT p.id FROM products p"
        f" WHERE kind = 'simple' ORDER BY id LIMIT {count})"
    )
    found = await pusher.puller.rows(
        "SELECT l.woo_id, p.name FROM products p JOIN links l ON l.local_id = p.id"
        " AND l.entity = 'product' WHERE p.name LIKE 'New %'"
    )
    return {int(str(woo_id)): str(name) for woo_id, name in found}


def arrived(pusher: Pusher, names: dict[int, str]) -> int:
    return sum(pusher.there("product", woo_id)["name"] == name for woo_id, name in names.items())


@pytest.mark.parametrize("kind", ["hang", "cut_body", "cut_json", "html", "empty", "reset"])
@pytest.mark.parametrize("applied", [True, False])
async def test_an_answer_that_does_not_come_is_looked_for(
    pusher: Pusher,
    kind: str,
    applied: bool,  # noqa: FBT001 - a parametrized flag
) -> None:
    names = await edit(pusher)
    faults = pusher.puller.running.front.faults
    options = {"seconds": 0.01} if kind == "hang" else {}
    named = {"after_write": applied, "options": options}
    faults.inject(kind, method="POST", path="*/products/batch", **named)
    await pusher(hold=timedelta(minutes=2))
    assert len(pusher.sent) == 1
    await pusher.ready()
    await pusher()
    assert arrived(pusher, names) == len(names)
    assert await pusher.waiting() == 0


async def test_a_record_that_cannot_be_read_does_not_stop_the_others(pusher: Pusher) -> None:
    names = await edit(pusher)
    bad, *good = names
    shop = pusher.puller.running.shop
    old = pusher.there("product", bad)
    shop.save("product", old | {"regular_price": "abc"})
    report = await pusher()
    assert arrived(pusher, {woo_id: names[woo_id] for woo_id in good}) == len(good)
    assert await pusher.waiting() == 1
    assert report.counts["product"]["waiting"] == 1
    assert [f"product {bad} cannot" in one for one in report.warnings] == [True]
    shop.save("product", old)
    await pusher.ready()
    await pusher()
    assert arrived(pusher, names) == len(names)


async def test_a_store_that_is_down_ends_the_push_and_the_next_goes_on(pusher: Pusher) -> None:
    names = await edit(pusher)
    fault = pusher.puller.running.front.faults.inject("status", method="GET", count=None)
    with pytest.raises(errors.TemporaryError):
        await pusher()
    state = "SELECT state FROM sync_runs WHERE direction = 'push'"
    assert await pusher.puller.rows(state) == [("failed",)]
    assert await pusher.waiting() == len(names)
    assert pusher.puller.running.front.faults.remove(fault.id)
    await pusher.ready()
    pusher.puller.client.breaker.succeeded()
    await pusher()
    assert arrived(pusher, names) == len(names)


async def test_a_write_that_arrives_late_does_not_undo_a_newer_one(pusher: Pusher) -> None:
    (woo_id,) = await edit(pusher, 1)
    local_id = await pusher.puller.value("SELECT id FROM products WHERE name LIKE 'New %'")
    faults = pusher.puller.running.front.faults
    faults.inject("late_write", method="POST", path="*/products/batch", options={"seconds": 0.5})
    await pusher(hold=timedelta(minutes=2))
    await pusher.puller.run(f"UPDATE products SET description = '<p>x</p>' WHERE id = {local_id}")
    await faults.finish_late_writes()
    await pusher.ready()
    await pusher()
    there = pusher.there("product", woo_id)
    assert (there["name"], there["description"]) == (f"New {local_id}", "<p>x</p>")


async def test_one_bad_item_does_not_keep_the_others(pusher: Pusher) -> None:
    names = await edit(pusher, 3)
    taken = await pusher.puller.value(
        "SELECT sku FROM products WHERE kind = 'simple' AND name NOT LIKE 'New %'"
        " AND sku IS NOT NULL ORDER BY id DESC LIMIT 1"
    )
    await pusher.puller.run(
        f"UPDATE products SET sku = '{taken}' WHERE name LIKE 'New %' AND id ="
        " (SELECT min(id) FROM products WHERE name LIKE 'New %')"
    )
    await pusher()
    assert arrived(pusher, names) == len(names)
    reason = "SELECT field, reason FROM conflicts WHERE state = 'open'"
    ((field, why),) = await pusher.puller.rows(reason)
    assert field == "sku"
    assert "of the store" in str(why)


async def test_a_tug_of_war_is_stopped_and_shown(pusher: Pusher) -> None:
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    for _ in range(5):
        await pusher.puller.run(f"UPDATE products SET name = 'Ours' WHERE id = {local_id}")
        await pusher()
        pusher.puller.running.shop.save(
            "product", pusher.there("product", woo_id) | {"name": "Robot"}
        )
        await pusher.puller()
    sent = [body for _, _, body in pusher.sent if body["update"][0].get("name") == "Ours"]
    assert len(sent) == 3
    ((field, reason),) = await pusher.puller.rows(
        "SELECT field, reason FROM conflicts WHERE state = 'open'"
    )
    assert field == "name"
    assert "put back" in str(reason)


async def test_a_dry_run_shows_every_field_and_writes_nothing_anywhere(pusher: Pusher) -> None:
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    old = pusher.there("product", woo_id)["name"]
    await pusher.puller.run(f"UPDATE products SET name = 'Planned' WHERE id = {local_id}")
    tables = ("products", "links", "outbox", "sync_runs", "woocommerce_sync_log", "conflicts")
    state = [await pusher.puller.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]
    await pusher(dry_run=True)
    assert [
        await pusher.puller.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables
    ] == state
    assert pusher.sent == []
    (step,) = pusher.plans
    assert step["fields"] == {"name": {"store": old, "becomes": "Planned"}}
    assert (step["id"], step["action"]) == (woo_id, "update")


async def test_a_record_that_is_gone_from_the_store_keeps_its_changes_here(
    pusher: Pusher,
) -> None:
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    await pusher.puller.run(f"UPDATE products SET name = 'Late' WHERE id = {local_id}")
    await pusher.puller.client.send("DELETE", f"products/{woo_id}", query={"force": "true"})
    report = await pusher()
    assert any("gone" in warning for warning in report.warnings)
    assert await pusher.waiting() == 0
    name = f"SELECT name FROM products WHERE id = {local_id}"
    assert await pusher.puller.value(name) == "Late"


@pytest.mark.parametrize("broken", [True, False])
async def test_only_a_clear_answer_says_that_a_record_is_gone(
    pusher: Pusher,
    broken: bool,  # noqa: FBT001 - a parametrized flag
) -> None:
    run: Any = SimpleNamespace(client=pusher.puller.client)
    refusal = '{"code": "woocommerce_broken", "message": "Broken.", "data": {"status": 500}}'
    options = {"status": 500, "body": refusal} if broken else {"status": 404, "body": "html"}
    faults = pusher.puller.running.front.faults
    faults.inject("status", method="GET", path="*/products/*", options=options, count=9)
    _, woo_id = await pusher.linked("product")
    assert await current.is_there(run, streams.PRODUCTS, woo_id, None) == ""
    faults.clear()
    assert await current.is_there(run, streams.PRODUCTS, woo_id, None) == ""
    assert await current.is_there(run, streams.PRODUCTS, 999_999, None) == "gone"
