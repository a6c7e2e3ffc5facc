"""Records are recognised whatever the capitals, and whatever the locale of the database."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from database import rows
from woosync.postgres import customers, engine, products, sql, stores


@pytest.fixture(params=["C", "default"])
async def tx(request: pytest.FixtureRequest, postgres: Any) -> AsyncIterator[engine.Transaction]:
    """Open a transaction in a database of the locale C, which knows no capitals beyond ASCII."""
    name, locale = f"spelling_{request.param.lower()}", ""
    if request.param == "C":
        locale = " LC_COLLATE 'C' LC_CTYPE 'C'"
    postgres.run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'{locale}")
    engine.upgrade(postgres.address(name))
    database = engine.Database(postgres.address(name))
    async with database.transaction() as connection:
        yield connection
    await database.close()
    postgres.drop(name)


async def test_letters_beyond_ascii_are_found_in_either_case(tx: engine.Transaction) -> None:
    store = await stores.save_new(tx, "default", {"url": "https://shop.example"})
    made = await rows.add_products(tx, "Ähre-1", "ähre-2", "ÄHRE-3", "strasse")
    wanted = ["äHRE-1", "ÄHRE-2", "Ähre-3", "Straße"]
    found = await products.load_by_sku(tx, store.id, wanted)
    assert found == {"ähre-1": made[0], "ähre-2": made[1], "ähre-3": made[2]}
    await rows.run(tx, "INSERT INTO customers (id, email) VALUES (7, 'Äwe@example.com')")
    assert await customers.load_known(tx, ["ÄWE@example.com"]) == {"äwe@example.com": 7}
    assert await customers.load_by_email(tx, store.id, ["äwe@example.com"]) == {
        "äwe@example.com": 7
    }


def test_capitals_that_are_other_letters_are_no_spelling() -> None:
    assert sql.spellings(["Straße", "A"]) == (["a", "straße"], ["a", "straße"])
