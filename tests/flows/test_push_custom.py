"""Custom fields travel both ways as the settings map them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from flows.pushing import Pusher
from flows.stocking import Stocker
from woosync.domain import conflict_policy
from woosync.flows import resolve
from woosync.postgres import stores

RULES = [
    {
        "entity": "product",
        "source": "metadata.erp.code",
        "target": "meta_data._erp_code",
        "transform": "upper",
    },
    {"entity": "product", "source": "metadata.note", "target": "purchase_note"},
]


async def use(pusher: Pusher, policy: conflict_policy.Policy, **push: object) -> None:
    async with pusher.puller.database.transaction() as tx:
        settings = {"mapping": RULES, "policies": {"default": policy.value}, "push": push}
        await stores.save(tx, pusher.puller.store.id, {"settings": settings})


def there(pusher: Pusher, woo_id: int) -> tuple[Any, Any]:
    record = pusher.there("product", woo_id)
    code = [one["value"] for one in record["meta_data"] if one["key"] == "_erp_code"]
    return (code[0] if code else None), record["purchase_note"]


async def here(pusher: Pusher, local_id: int) -> tuple[object, ...]:
    wanted = "SELECT metadata#>>'{erp,code}', metadata->>'note' FROM products WHERE id = "
    return (await pusher.puller.rows(f"{wanted}{local_id}"))[0]


async def test_custom_fields_go_up_and_come_down_and_their_echo_is_silent(pusher: Pusher) -> None:
    await use(pusher, conflict_policy.Policy.NEWEST)
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    await pusher.puller.run(
        """UPDATE products SET metadata = metadata || '{"erp": {"code": "ab-1"}, "note": "Hi"}'"""
        f" WHERE id = {local_id}"
    )
    await pusher()
    assert there(pusher, woo_id) == ("AB-1", "Hi")
    assert await here(pusher, local_id) == ("ab-1", "Hi")
    sent = len(pusher.sent)
    assert (await pusher.puller()).counts["product"]["updated"] == 0
    assert (await pusher()).run_id == 0
    assert len(pusher.sent) == sent
    record = pusher.there("product", woo_id)
    for one in record["meta_data"]:
        if one["key"] == "_erp_code":
            one["value"] = "CD-2"
    pusher.puller.running.shop.save("product", record | {"purchase_note": "Ho"})
    await pusher.puller()
    assert await here(pusher, local_id) == ("CD-2", "Ho")
    assert len(pusher.sent) == sent


async def test_a_custom_field_that_both_changed_waits_for_a_person(pusher: Pusher) -> None:
    await use(pusher, conflict_policy.Policy.MANUAL)
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    edit = """UPDATE products SET metadata = metadata || '{{"note": "{}"}}' WHERE id = {}"""
    await pusher.puller.run(edit.format("First", local_id))
    await pusher()
    await pusher.puller.run(edit.format("Mine", local_id))
    record = pusher.there("product", woo_id)
    pusher.puller.running.shop.save("product", record | {"purchase_note": "Yours"})
    await pusher()
    assert there(pusher, woo_id)[1] == "Yours"
    assert (await here(pusher, local_id))[1] == "Mine"
    found = "SELECT field, base, ours, theirs FROM conflicts WHERE state = 'open'"
    assert await pusher.puller.rows(found) == [("metadata.note", "First", "Mine", "Yours")]
    conflict_id = await pusher.puller.value("SELECT id FROM conflicts WHERE state = 'open'")
    assert isinstance(conflict_id, int)
    decision = resolve.Decision(choice=resolve.Choice.OURS, actor="ann")
    await resolve.resolve(
        pusher.puller.database, conflict_id, decision, now=datetime(2026, 12, 1, tzinfo=UTC)
    )
    await pusher()
    assert there(pusher, woo_id)[1] == "Mine"


async def test_a_new_product_takes_its_custom_fields_along(pusher: Pusher) -> None:
    await use(pusher, conflict_policy.Policy.NEWEST, create=["products"])
    await pusher.puller.run(
        "INSERT INTO products (kind, name, sku, metadata)"
        """ VALUES ('simple', 'With', 'WITH', '{"erp": {"code": "x9"}}')"""
    )
    await pusher()
    woo_id = await pusher.puller.value(
        "SELECT woo_id FROM links JOIN products AS p ON p.id = local_id WHERE p.sku = 'WITH'"
    )
    assert isinstance(woo_id, int)
    assert there(pusher, woo_id)[0] == "X9"


async def test_an_order_that_a_stock_push_reads_brings_its_custom_fields(pusher: Pusher) -> None:
    rule = {"entity": "order", "source": "metadata.gift", "target": "meta_data._gift"}
    async with pusher.puller.database.transaction() as tx:
        settings = {"mapping": [rule], "stock": {"pause": 0}}
        await stores.save(tx, pusher.puller.store.id, {"settings": settings})
    local_id, woo_id = await pusher.linked("order", "status = 'completed'")
    record = pusher.there("order", woo_id)
    record["meta_data"] = [{"id": 9001, "key": "_gift", "value": "yes"}]
    pusher.puller.running.shop.save("order", record)
    stocker = Stocker(pusher.puller)
    await (await stocker.job()).pull_orders()
    gift = f"SELECT metadata->>'gift' FROM purchase_orders WHERE id = {local_id}"
    assert await pusher.puller.value(gift) == "yes"


@pytest.mark.parametrize(
    ("transform", "value", "later"),
    [
        ("upper", "ab", "cd"),
        ("trim", " x ", "y"),
        ("text", 5, "6"),
        ("text", ["a"], "b"),
        ("number", "1.50", "2"),
        ("integer", "007", "8"),
        ("yes_no", "maybe", "yes"),
        ("list", "a,b", "c"),
        ("json", '{"b": 1,"a": 2}', "3"),
        ("json", "NaN", "3"),
        ("json", "1e999", "3"),
        ("copy", "", "x"),
    ],
)
async def test_what_the_store_said_is_never_sent_back_in_another_form(
    pusher: Pusher, transform: str, value: Any, later: str
) -> None:
    rule = {"entity": "product", "source": "metadata.x", "target": "meta_data.x"}
    mapping = {"mapping": [rule | {"transform": transform}], "policies": {"default": "manual"}}
    async with pusher.puller.database.transaction() as tx:
        await stores.save(tx, pusher.puller.store.id, {"settings": mapping})
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    for told in (value, later):
        entry = {"id": 77, "key": "x", "value": told}
        record = pusher.there("product", woo_id) | {"meta_data": [entry]}
        pusher.puller.running.shop.save("product", record)
        await pusher.puller()
        await pusher(everything=True)
        await pusher(local_ids=(local_id,))
        assert pusher.sent == []
    assert await pusher.puller.value("SELECT count(*) FROM conflicts") == 0
    kept = f"SELECT metadata ? 'x' FROM products WHERE id = {local_id}"
    assert await pusher.puller.value(kept) is True


async def test_a_push_of_everything_finds_what_a_new_rule_maps(pusher: Pusher) -> None:
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    await pusher.puller.run(
        f"""UPDATE products SET metadata = metadata || '{{"note": "Hi"}}' WHERE id = {local_id}"""
    )
    await pusher()
    await use(pusher, conflict_policy.Policy.NEWEST)
    await pusher(everything=True)
    assert there(pusher, woo_id)[1] == "Hi"
    sent = len(pusher.sent)
    await pusher(everything=True)
    assert len(pusher.sent) == sent


async def test_a_dry_run_of_a_pull_shows_custom_fields(pusher: Pusher) -> None:
    await use(pusher, conflict_policy.Policy.NEWEST)
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    record = pusher.there("product", woo_id) | {"purchase_note": "Ho"}
    pusher.puller.running.shop.save("product", record)
    before = await here(pusher, local_id)
    await pusher.puller(dry_run=True)
    [step] = [one for one in pusher.puller.plans if one["id"] == woo_id]
    assert step["fields"] == {"metadata.note": {"here": None, "becomes": "Ho"}}
    assert await here(pusher, local_id) == before
    await pusher.puller()
    assert (await here(pusher, local_id))[1] == "Ho"


async def test_a_forced_pull_takes_over_what_a_new_rule_maps(pusher: Pusher) -> None:
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    record = pusher.there("product", woo_id) | {"purchase_note": "Ho"}
    pusher.puller.running.shop.save("product", record)
    await pusher.puller()
    await use(pusher, conflict_policy.Policy.NEWEST)
    await pusher.puller(full=True, force=True)
    assert (await here(pusher, local_id))[1] == "Ho"
