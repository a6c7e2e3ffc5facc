"""The commands that write to a store, as a user runs them."""

import json

import psycopg
import pytest

import woosim
from acceptance.commands import Workplace


def run_sql(work: Workplace, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(work.environment["DATABASE_URL"], autocommit=True) as connection:
        cursor = connection.execute(statement)  # type: ignore[call-overload] # the test's own
        return list(cursor.fetchall()) if cursor.description else []


@pytest.fixture
async def pulled(work: Workplace, shop: woosim.Running) -> Workplace:
    work.connect(shop)
    (await work.run("pull", "--json")).good()
    return work


def some_product(work: Workplace) -> tuple[int, int]:
    ((local_id, woo_id),) = run_sql(
        work,
        "SELECT p.id, l.woo_id FROM products p JOIN links l ON l.local_id = p.id"
        " AND l.entity = 'product' WHERE kind = 'simple' ORDER BY 1 LIMIT 1",
    )
    assert isinstance(local_id, int)
    assert isinstance(woo_id, int)
    return local_id, woo_id


def named(shop: woosim.Running, woo_id: int) -> str:
    record = shop.shop.read("product", woo_id)
    assert record
    return str(record["name"])


async def test_a_change_is_shown_sent_and_taken_back(
    pulled: Workplace, shop: woosim.Running
) -> None:
    local_id, woo_id = some_product(pulled)
    old = named(shop, woo_id)
    run_sql(pulled, f"UPDATE products SET name = 'Changed' WHERE id = {local_id}")
    plan = (await pulled.run("push", "--dry-run", "--json")).good().document
    assert plan["plan"][0]["fields"] == {"name": {"store": old, "becomes": "Changed"}}
    assert named(shop, woo_id) == old
    shown = (await pulled.run("push", "--dry-run")).good().out
    assert "Changed" in shown
    assert "dry run" in shown
    sent = (await pulled.run("sync", "--json")).good().document
    assert sent["push"]["counts"]["products"]["pushed"] == 1
    assert named(shop, woo_id) == "Changed"
    run = str(sent["push"]["run_id"])
    undone = (await pulled.run("undo", run, "--json")).good().document
    assert [(one["field"], one["becomes"]) for one in undone["restored"]] == [("name", old)]
    assert named(shop, woo_id) == old
    assert "Nothing waits" in (await pulled.run("push", "products")).good().out


async def test_a_conflict_is_settled_and_mistakes_are_explained(
    pulled: Workplace, shop: woosim.Running
) -> None:
    (await pulled.run("stores", "update", "default", "--policy", "default=manual")).good()
    local_id, woo_id = some_product(pulled)
    run_sql(pulled, f"UPDATE products SET name = 'Ours' WHERE id = {local_id}")
    record = shop.shop.read("product", woo_id)
    assert record
    shop.shop.save("product", dict(record) | {"name": "Theirs"})
    (await pulled.run("push", "products", "--json")).good()
    listed = (await pulled.run("conflicts", "list", "--state", "open", "--json")).good().document
    number = str(listed["conflicts"][0]["id"])
    assert (await pulled.run("conflicts", "resolve", number)).code == 2
    settled = (
        (await pulled.run("conflicts", "resolve", number, "--value", "Both", "--json"))
        .good()
        .document
    )
    assert settled["resolved"][0]["value"] == "Both"
    (await pulled.run("push", "--json")).good()
    assert named(shop, woo_id) == "Both"
    await pulled.failing("conflicts", "resolve", number, "--take", "ours", code=64, says="settled")
    await pulled.failing(
        "conflicts", "resolve", "99", "--take", "ours", code=64, says="no conflict"
    )
    await pulled.failing("undo", "4711", code=64, says="no such run")
    await pulled.failing("push", "products", "--id", "4711", code=64, says="no live record")
    every = (await pulled.run("conflicts", "resolve", "--all", "--take", "theirs", "--json")).good()
    assert every.document == {"resolved": [], "refused": []}


async def test_rules_of_custom_fields_are_tried_on_real_records(pulled: Workplace) -> None:
    local_id, _ = some_product(pulled)
    run_sql(
        pulled,
        f"""UPDATE products SET metadata = metadata || '{{"code": "ab"}}' WHERE id = {local_id}""",
    )
    rule = {"entity": "product", "source": "metadata.code", "target": "meta_data._code"}
    pulled.write(json.dumps([rule | {"transform": "upper"}]), "rules.json")
    ended = await pulled.run("mapping", "preview", "--rules", "rules.json", "--json")
    (line,) = [one for one in ended.good().document["lines"] if one["local_id"] == local_id]
    assert (line["here"], line["store"], line["sends"]) == ("ab", None, "AB")
    pulled.write(json.dumps({"mapping": [rule], "push": {"create": ["products"]}}), "set.json")
    (await pulled.run("settings", "set", "set.json")).good()
    shown = (await pulled.run("settings", "show")).good().document
    assert shown["push"] == {"create": ["products"]}
    pulled.write(json.dumps({"push": {"create": ["orders"]}}), "set.json")
    await pulled.failing("settings", "set", "set.json", code=78, says="settings for pushing")
    pulled.write(json.dumps([rule, rule | {"source": "code"}]), "rules.json")
    await pulled.failing(
        "mapping", "preview", "--rules", "rules.json", code=78, says="Rule 2 of the mapping"
    )
