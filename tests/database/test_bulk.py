"""Set-based writes by COPY."""

import pytest

from database import rows
from woosync import errors
from woosync.postgres import bulk, engine

PRODUCTS = "products"
ODD = [
    "tab\there",
    "line\nbreak\r",
    "back\\slash \\N \\.",
    "ü 漢 🎉 e\u0301",
    '"quoted", ;',
    "",
    "NULL",
]


async def test_drawn_ids_are_never_drawn_again(tx: engine.Transaction) -> None:
    first = await bulk.next_ids(tx, "products", 3)
    second = await bulk.next_ids(tx, "products", 2)
    assert len({*first, *second}) == 5
    assert await bulk.next_ids(tx, "products", 0) == []


async def test_drawn_ids_stay_drawn_when_the_transaction_is_rolled_back(
    database: engine.Database,
) -> None:
    async with (
        database.session() as connection,
        connection.transaction(force_rollback=True),
    ):
        [lost] = await bulk.next_ids(connection, "products", 1)
    async with database.transaction() as tx:
        assert await bulk.next_ids(tx, "products", 1) != [lost]


async def test_copied_text_arrives_unchanged(tx: engine.Transaction) -> None:
    await bulk.copy(tx, "products", ("name", "sku"), [(text, text or None) for text in ODD])
    found = await rows.ask(tx, "SELECT name, sku FROM products ORDER BY id")
    assert found == [(text, text or None) for text in ODD]


async def test_copied_json_text_becomes_a_document(tx: engine.Transaction) -> None:
    await bulk.copy(tx, "products", ("name", "details"), [("a", b'{"slug": "b", "n": [1, null]}')])
    assert await rows.ask(tx, "SELECT details->>'slug', details->'n' FROM products") == [
        ("b", [1, None])
    ]


async def test_a_copy_that_fails_leaves_nothing(database: engine.Database) -> None:
    with pytest.raises(errors.RecordError):
        async with database.transaction() as tx:
            await bulk.copy(tx, "products", ("name",), [("good",), (None,)])
    async with database.transaction() as tx:
        assert await rows.value(tx, "SELECT count(*) FROM products") == 0


async def test_an_update_changes_the_rows_it_names_and_no_others(tx: engine.Transaction) -> None:
    first, second, third = await rows.add_products(tx, "a", "b", "c")
    changed = [(first, "one", None), (third, "three", "sku")]
    await bulk.update(tx, PRODUCTS, ("id", "name", "sku"), changed, keys=("id",))
    assert await rows.ask(tx, "SELECT id, name, sku FROM products ORDER BY id") == [
        (first, "one", None),
        (second, "a thing", "b"),
        (third, "three", "sku"),
    ]


async def test_an_update_of_a_row_that_is_not_there_adds_none(tx: engine.Transaction) -> None:
    await bulk.update(tx, PRODUCTS, ("id", "name"), [(12345, "x")], keys=("id",))
    assert await rows.value(tx, "SELECT count(*) FROM products") == 0


async def test_expressions_see_the_old_and_the_new_row(tx: engine.Transaction) -> None:
    [product] = await rows.add_products(tx, "a")
    await bulk.update(
        tx,
        PRODUCTS,
        ("id", "name"),
        [(product, "new")],
        keys=("id",),
        expressions={"name": "old.name || ' and ' || new.name", "status": "'draft'"},
    )
    assert await rows.ask(tx, "SELECT name, status FROM products") == [("a thing and new", "draft")]


async def test_one_transaction_may_update_the_same_table_again_and_again(
    tx: engine.Transaction,
) -> None:
    [product] = await rows.add_products(tx, "a")
    for name in ("one", "two"):
        await bulk.update(tx, PRODUCTS, ("id", "name"), [(product, name)], keys=("id",))
    await bulk.update(tx, PRODUCTS, ("id", "sku"), [(product, "z")], keys=("id",))
    await bulk.update(tx, PRODUCTS, ("id", "sku"), [], keys=("id",))
    assert await rows.ask(tx, "SELECT name, sku FROM products") == [("two", "z")]


async def test_staged_rows_are_gone_after_the_transaction(database: engine.Database) -> None:
    async with database.transaction() as tx:
        name = await bulk.stage(tx, PRODUCTS, ("id", "name"), [(1, "a"), (2, "b")])
        assert await rows.ask(tx, f"SELECT id, name FROM {name} ORDER BY id") == [
            (1, "a"),
            (2, "b"),
        ]
    async with database.transaction() as tx:
        assert await rows.value(tx, f"SELECT to_regclass('pg_temp.{name}')::text") is None
