"""Back-office records: listed page by page, edited from the version that was read."""

import asyncio
from decimal import Decimal

import pytest

from database import rows
from woosync.domain import ids
from woosync.postgres import engine, links, stores
from woosync.postgres.nouns import (
    customers,
    editing,
    errors,
    listing,
    products,
    purchase_orders,
    suppliers,
    warehouses,
)

EDIT = editing.Edit(actor="ann", now=rows.NOW)


async def add_customer(tx: engine.Transaction, email: str, **fields: object) -> int:
    given = {"email": email, **fields}
    return await customers.save_new(tx, given, metadata=None, edit=EDIT)


async def pages(
    tx: engine.Transaction, what: listing.Listing, sort: str, **filters: object
) -> list[int]:
    found: list[int] = []
    cursor = None
    while True:
        question = listing.Question(sort=sort, filters=filters, limit=3, cursor=cursor)
        page = await listing.load_page(tx, what, question)
        found += [row["id"] for row in page.rows]
        if page.next is None:
            return found
        assert len(page.rows) == 3
        cursor = page.next


@pytest.mark.parametrize("name", customers.LISTING.sorts)
async def test_pages_hold_every_row_once_in_either_direction(
    tx: engine.Transaction, name: str
) -> None:
    made = [await add_customer(tx, f"c{n % 4}.{n}@example.com") for n in range(8)]
    there = await pages(tx, customers.LISTING, name)
    back = await pages(tx, customers.LISTING, f"-{name}")
    assert sorted(there) == made
    assert back == there[::-1]


async def test_a_row_added_before_the_cursor_shifts_nothing(tx: engine.Transaction) -> None:
    made = [await add_customer(tx, f"m{n}@example.com") for n in range(4)]
    question = listing.Question(sort="email", limit=2)
    first = await listing.load_page(tx, customers.LISTING, question)
    await add_customer(tx, "a@example.com")
    question = listing.Question(sort="email", limit=2, cursor=first.next)
    second = await listing.load_page(tx, customers.LISTING, question)
    assert [row["id"] for row in first.rows + second.rows] == made


@pytest.mark.parametrize("name", products.LISTING.sorts)
async def test_products_sort_also_where_they_have_no_sku_and_no_price(
    tx: engine.Transaction, name: str
) -> None:
    made = [await products.save_new(tx, {"name": "x"}, metadata=None, edit=EDIT) for _ in range(5)]
    assert sorted(await pages(tx, products.LISTING, name)) == made


EVERYTHING = {
    "customers": (customers.LISTING, {"email": "x", "role": "x", "is_paying": True}),
    "products": (
        products.LISTING,
        {"sku": "x", "kind": "x", "status": "x", "parent_id": 1, "top_level": True}
        | {"supplier_id": 1, "manage_stock": "no"},
    ),
    "suppliers": (suppliers.LISTING, {}),
    "warehouses": (warehouses.LISTING, {"code": "x"}),
    "orders": (
        purchase_orders.LISTING,
        {"number": "x", "status": "x", "customer_id": 1, "supplier_id": 1, "product_id": 1}
        | {"placed_since": rows.NOW, "placed_before": rows.NOW},
    ),
}
SHARED = {"live": True, "text": "%x%", "updated_since": rows.NOW, "store_id": 1}


@pytest.mark.parametrize("name", EVERYTHING)
async def test_every_filter_can_be_asked_with_every_sort(tx: engine.Transaction, name: str) -> None:
    what, own = EVERYTHING[name]
    known = {*what.filters} | ({"store_id"} if what.known_as else set())
    wanted = {key: value for key, value in (SHARED | own).items() if key in known}
    assert {*wanted} == known
    for sort in what.sorts:
        question = listing.Question(sort=sort, filters=wanted)
        assert (await listing.load_page(tx, what, question)).rows == []


@pytest.mark.parametrize(
    "cursor", ["", "x", "W10", "e30", "ACAB", "4pyT", "A" * 3000, "WyJpZCIsIDEsIDFd"]
)
async def test_a_cursor_from_elsewhere_is_refused(tx: engine.Transaction, cursor: str) -> None:
    question = listing.Question(sort="id", cursor=cursor)
    with pytest.raises(errors.UnfitError):
        await listing.load_page(tx, customers.LISTING, question)


async def test_sorts_are_those_of_the_list(tx: engine.Transaction) -> None:
    for sort in ("password", "id; DROP TABLE customers", "--id", "", "-"):
        with pytest.raises(errors.UnfitError):
            await listing.load_page(tx, customers.LISTING, listing.Question(sort=sort))


async def test_what_is_searched_for_has_no_wildcards(tx: engine.Transaction) -> None:
    wanted = await add_customer(tx, "100%_sure@example.com")
    await add_customer(tx, "100 are sure@example.com")
    found = await pages(tx, customers.LISTING, "id", text=listing.containing("0%_s"))
    assert found == [wanted]


async def test_records_say_which_store_knows_them_as_what(
    tx: engine.Transaction, store: stores.Store, other_store: stores.Store
) -> None:
    first, second = await rows.add_products(tx, "A", "B")
    await rows.link(tx, store.id, ids.Entity.PRODUCT, [(77, first)])
    found = await editing.load(tx, products.NOUN, first)
    assert [(one["store"], one["wc_id"]) for one in found["stores"]] == [("default", 77)]
    assert (await editing.load(tx, products.NOUN, second))["stores"] == []
    assert await pages(tx, products.LISTING, "id", store_id=store.id) == [first]
    assert await pages(tx, products.LISTING, "id", store_id=other_store.id) == []


async def test_a_change_counts_the_version_and_is_logged_with_before_and_after(
    tx: engine.Transaction,
) -> None:
    made = await add_customer(tx, "a@example.com", first_name="Ann")
    held = editing.Held(made, 1)
    await customers.save_changed(tx, held, {"first_name": "Bea"}, metadata={"tier": 1}, edit=EDIT)
    found = await editing.load(tx, customers.NOUN, made)
    assert (found["first_name"], found["version"], found["metadata"]) == ("Bea", 2, {"tier": 1})
    logged = await rows.ask(
        tx,
        "SELECT store_id, entity, event, actor, local_id, before, after FROM woocommerce_sync_log"
        " WHERE event = 'local_updated'",
    )
    assert logged == [
        (
            0,
            "customer",
            "local_updated",
            "ann",
            made,
            {"first_name": "Ann", "metadata": {}},
            {"first_name": "Bea", "metadata": {"tier": 1}},
        )
    ]


async def test_a_change_that_changes_nothing_writes_nothing(tx: engine.Transaction) -> None:
    made = await add_customer(tx, "a@example.com", first_name="Ann")
    held = editing.Held(made, 1)
    await customers.save_changed(tx, held, {"first_name": "Ann"}, metadata=None, edit=EDIT)
    assert (await editing.load(tx, customers.NOUN, made))["version"] == 1


async def test_a_change_from_an_older_version_is_refused(tx: engine.Transaction) -> None:
    made = await add_customer(tx, "a@example.com")
    held = editing.Held(made, 1)
    await customers.save_changed(tx, held, {"first_name": "A"}, metadata=None, edit=EDIT)
    with pytest.raises(errors.StaleError):
        await customers.save_changed(tx, held, {"first_name": "B"}, metadata=None, edit=EDIT)
    with pytest.raises(errors.StaleError):
        await editing.save_deleted(tx, customers.NOUN, held, EDIT)


async def test_of_two_changes_at_once_one_wins(database: engine.Database) -> None:
    async with database.transaction() as tx:
        made = await add_customer(tx, "a@example.com")

    async def change(name: str) -> bool:
        try:
            async with database.transaction() as tx:
                held = editing.Held(made, 1)
                fields = {"first_name": name}
                await customers.save_changed(tx, held, fields, metadata=None, edit=EDIT)
        except errors.StaleError:
            return False
        return True

    assert sorted(await asyncio.gather(change("A"), change("B"))) == [False, True]


async def test_what_stores_say_stays_whatever_else_of_the_metadata_changes(
    tx: engine.Transaction,
) -> None:
    (made,) = await rows.add_products(tx, "A")
    text = '{"woocommerce": {"default": {"price": 1.10, "n": 1e400}}, "mine": 1}'
    await rows.run(tx, f"UPDATE products SET metadata = '{text}'")
    held = editing.Held(made, 2)
    meta = {"mine": None, "new": [1]}
    await products.save_changed(tx, held, {}, metadata=meta, edit=EDIT)
    kept = (
        "SELECT metadata #>> '{woocommerce,default,price}', metadata - 'woocommerce' FROM products"
    )
    assert await rows.ask(tx, kept) == [("1.10", {"new": [1]})]
    meta = {"woocommerce": {}}
    with pytest.raises(errors.UnfitError):
        await products.save_changed(tx, editing.Held(made, 3), {}, metadata=meta, edit=EDIT)


async def test_a_product_keeps_the_details_that_are_not_named(tx: engine.Transaction) -> None:
    fields = {"name": "Tea", "slug": "tea", "weight": Decimal("0.25"), "tags": [{"id": 0}]}
    made = await products.save_new(tx, fields, metadata=None, edit=EDIT)
    changes = {"regular_price": Decimal("9.9"), "featured": True}
    await products.save_changed(tx, editing.Held(made, 1), changes, metadata=None, edit=EDIT)
    found = await editing.load(tx, products.NOUN, made)
    assert found["regular_price"] == Decimal("9.9")
    assert (found["details"]["slug"], found["details"]["featured"]) == ("tea", True)
    assert found["details"]["weight"] == "0.25"


async def test_skus_and_addresses_are_unique_among_live_records(tx: engine.Transaction) -> None:
    first = await products.save_new(tx, {"name": "x", "sku": "Tea"}, metadata=None, edit=EDIT)
    with pytest.raises(errors.TakenError):
        await products.save_new(tx, {"name": "y", "sku": "TEA"}, metadata=None, edit=EDIT)
    await editing.save_deleted(tx, products.NOUN, editing.Held(first, 1), EDIT)
    await products.save_new(tx, {"name": "y", "sku": "TEA"}, metadata=None, edit=EDIT)
    await add_customer(tx, "a@example.com")
    with pytest.raises(errors.TakenError):
        await add_customer(tx, "A@example.com")
    other = await add_customer(tx, "b@example.com")
    with pytest.raises(errors.TakenError):
        await customers.save_changed(
            tx, editing.Held(other, 1), {"email": "A@Example.com"}, metadata=None, edit=EDIT
        )


async def test_variations_have_a_variable_parent_and_hold_it(tx: engine.Transaction) -> None:
    parent = await products.save_new(
        tx, {"name": "Shirt", "kind": "variable"}, metadata=None, edit=EDIT
    )
    fields = {"name": "Shirt, red", "kind": "variation", "parent_id": parent}
    child = await products.save_new(tx, fields, metadata=None, edit=EDIT)
    assert (await editing.load(tx, products.NOUN, parent))["variation_ids"] == [child]
    assert await pages(tx, products.LISTING, "id", parent_id=parent) == [child]
    assert await pages(tx, products.LISTING, "id", top_level=True) == [parent]
    for wrong in (
        {"name": "x", "kind": "variation"},
        {"name": "x", "parent_id": parent},
        {"name": "x", "kind": "variation", "parent_id": child},
        {"name": "x", "kind": "variation", "parent_id": 999},
    ):
        with pytest.raises(errors.UnfitError):
            await products.save_new(tx, wrong, metadata=None, edit=EDIT)
    with pytest.raises(errors.InUseError):
        await editing.save_deleted(tx, products.NOUN, editing.Held(parent, 1), EDIT)
    with pytest.raises(errors.UnfitError):
        await products.save_changed(
            tx, editing.Held(child, 1), {"kind": "simple"}, metadata=None, edit=EDIT
        )


async def test_an_edit_waits_for_a_pull_that_writes_such_records(
    database: engine.Database, store: stores.Store
) -> None:
    """A pull reads, merges and writes back: an edit in between would be lost."""
    async with database.transaction() as tx:
        (made,) = await rows.add_products(tx, "A")
        await rows.link(tx, store.id, ids.Entity.PRODUCT, [(77, made)])

    async def edit() -> None:
        async with database.transaction() as tx:
            fields = {"name": "edited"}
            await products.save_changed(tx, editing.Held(made, 1), fields, metadata=None, edit=EDIT)

    async with database.transaction() as pulling:
        await links.lock(pulling, store.id, (ids.Entity.PRODUCT,))
        task = asyncio.create_task(edit())
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not await rows.value(pulling, waiting):  # noqa: ASYNC110 - only PostgreSQL knows
            await asyncio.sleep(0.01)
        assert not task.done()
    await asyncio.wait_for(task, 10)


async def test_an_edit_is_marked_for_the_stores_that_know_the_record(
    tx: engine.Transaction, store: stores.Store
) -> None:
    known, unknown = await rows.add_products(tx, "A", "B")
    await rows.link(tx, store.id, ids.Entity.PRODUCT, [(77, known)])
    for made in (known, unknown):
        held = editing.Held(made, 1)
        await products.save_changed(tx, held, {"name": "a thing"}, metadata=None, edit=EDIT)
    assert await rows.ask(tx, "SELECT local_id FROM outbox") == []
    for made in (known, unknown):
        held = editing.Held(made, 1)
        await products.save_changed(tx, held, {"name": "edited"}, metadata=None, edit=EDIT)
    marked = "SELECT store_id, entity, local_id FROM outbox"
    assert await rows.ask(tx, marked) == [(store.id, "product", known)]
    edited = "SELECT count(*) FROM products WHERE edited_at IS NOT NULL"
    assert await rows.value(tx, edited) == 2


async def test_suppliers_and_warehouses_in_use_stay(tx: engine.Transaction) -> None:
    maker = await suppliers.save_new(tx, {"name": "Acme"}, metadata=None, edit=EDIT)
    fields = {"name": "x", "supplier_id": maker}
    await products.save_new(tx, fields, metadata=None, edit=EDIT)
    with pytest.raises(errors.InUseError):
        await editing.save_deleted(tx, suppliers.NOUN, editing.Held(maker, 1), EDIT)
    place = await warehouses.save_new(
        tx, {"code": "N", "name": "North", "is_default": True}, metadata=None, edit=EDIT
    )
    with pytest.raises(errors.InUseError):
        await editing.save_deleted(tx, warehouses.NOUN, editing.Held(place, 1), EDIT)
    other = await warehouses.save_new(
        tx, {"code": "S", "name": "South", "is_default": True}, metadata=None, edit=EDIT
    )
    assert await rows.ask(tx, "SELECT id FROM warehouses WHERE is_default") == [(other,)]
    await editing.save_deleted(tx, warehouses.NOUN, editing.Held(place, 2), EDIT)
    with pytest.raises(errors.InUseError):
        await warehouses.save_changed(
            tx, editing.Held(other, 1), {"is_default": False}, metadata=None, edit=EDIT
        )


def item(product_id: int | None, total: str, **more: object) -> dict[str, object]:
    amounts = {"subtotal": Decimal(total), "total": Decimal(total), "total_tax": Decimal("0.5")}
    return {"product_id": product_id, "name": "x", "sku": None, "quantity": 2} | amounts | more


async def test_an_order_adds_up_and_its_items_can_be_replaced(tx: engine.Transaction) -> None:
    (product,) = await rows.add_products(tx, "A")
    fields = {"currency": "EUR", "shipping_total": Decimal(4)}
    lines = [item(product, "10"), item(None, "2.5")]
    made = await purchase_orders.save_new(tx, fields, lines, metadata=None, edit=EDIT)
    found = await editing.load(tx, purchase_orders.NOUN, made)
    assert (found["number"], found["total"]) == (f"PO-{made}", Decimal("17.5"))
    assert [line["total"] for line in found["items"]] == ["10", "2.5"]
    version = found["version"]
    held = editing.Held(made, version)
    await purchase_orders.save_changed(tx, held, {}, [item(product, "1")], metadata=None, edit=EDIT)
    found = await editing.load(tx, purchase_orders.NOUN, made)
    assert (found["total"], len(found["items"])) == (Decimal("5.5"), 1)
    assert found["version"] == version + 1
    held = editing.Held(made, found["version"])
    fields = {"shipping_total": Decimal(0)}
    await purchase_orders.save_changed(tx, held, fields, None, metadata=None, edit=EDIT)
    found = await editing.load(tx, purchase_orders.NOUN, made)
    assert found["total"] == Decimal("1.5")
    lines = [item(999, "1")]
    with pytest.raises(errors.UnfitError):
        await purchase_orders.save_new(tx, {}, lines, metadata=None, edit=EDIT)


async def test_the_items_of_a_stores_order_are_the_stores(
    tx: engine.Transaction, store: stores.Store
) -> None:
    made = await purchase_orders.save_new(tx, {}, [], metadata=None, edit=EDIT)
    await rows.link(tx, store.id, ids.Entity.ORDER, [(9, made)])
    version = int(str(await rows.value(tx, "SELECT version FROM purchase_orders")))
    held = editing.Held(made, version)
    lines = [item(None, "1")]
    with pytest.raises(errors.InUseError):
        await purchase_orders.save_changed(tx, held, {}, lines, metadata=None, edit=EDIT)
    fields = {"status": "completed"}
    await purchase_orders.save_changed(tx, held, fields, None, metadata=None, edit=EDIT)
    assert (await editing.load(tx, purchase_orders.NOUN, made))["status"] == "completed"
