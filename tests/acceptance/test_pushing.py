"""The commands that write to a store, as a user runs them."""

import asyncio
import json
from collections.abc import Iterator

import psycopg
import pytest

import woosim
from acceptance import inside
from acceptance.commands import Workplace
from woosync.postgres import locks, stock_ops


@pytest.fixture
def shop() -> Iterator[woosim.Running]:
    with inside.serve(products=40, variable=4, customers=15, orders=20, seed=7) as running:
        yield running


@pytest.fixture
def pulled(work: Workplace, shop: woosim.Running) -> inside.Inside:
    """Give the commands of a folder whose store has been pulled."""
    work.connect(shop)
    commands = inside.Inside(work)
    commands.run("pull", "--json").good()
    return commands


def run_sql(pulled: inside.Inside, statement: str) -> list[tuple[object, ...]]:
    address = pulled.work.environment["DATABASE_URL"]
    with psycopg.connect(address, autocommit=True) as connection:
        cursor = connection.execute(statement)  # type: ignore[call-overload] # the test's own
        return list(cursor.fetchall()) if cursor.description else []


def some_product(pulled: inside.Inside) -> tuple[int, int]:
    ((local_id, woo_id),) = run_sql(
        pulled,
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


def test_a_change_is_shown_sent_and_taken_back(pulled: inside.Inside, shop: woosim.Running) -> None:
    local_id, woo_id = some_product(pulled)
    old = named(shop, woo_id)
    run_sql(pulled, f"UPDATE products SET name = 'Changed' WHERE id = {local_id}")
    plan = (pulled.run("push", "--dry-run", "--json")).good().document
    assert plan["plan"][0]["fields"] == {"name": {"store": old, "becomes": "Changed"}}
    assert named(shop, woo_id) == old
    shown = (pulled.run("push", "--dry-run")).good().out
    assert "Changed" in shown
    assert "dry run" in shown
    sent = asyncio.run(pulled.work.run("sync", "--json")).good().document
    assert sent["push"]["counts"]["products"]["pushed"] == 1
    assert named(shop, woo_id) == "Changed"
    run = str(sent["push"]["run_id"])
    undone = (pulled.run("undo", run, "--json")).good().document
    assert [(one["field"], one["becomes"]) for one in undone["restored"]] == [("name", old)]
    assert named(shop, woo_id) == old
    assert "Nothing waits" in (pulled.run("push", "products")).good().out


def test_an_hour_of_automatic_pushes_wants_a_span_of_time_or_a_yes(
    pulled: inside.Inside, shop: woosim.Running
) -> None:
    local_id, woo_id = some_product(pulled)
    old = named(shop, woo_id)
    run_sql(pulled, f"UPDATE products SET name = 'Changed' WHERE id = {local_id}")
    run = str(pulled.run("push", "--json").good().document["run_id"])
    run_sql(pulled, f"UPDATE sync_runs SET mode = 'automatic' WHERE id = {run}")
    pulled.failing("undo", run, code=64, says="1 record from")
    ((first, last),) = run_sql(
        pulled,
        "SELECT min(at) AT TIME ZONE 'UTC', max(at) AT TIME ZONE 'UTC'"
        f" FROM woocommerce_sync_log WHERE run_id = {run}",
    )
    since, until = (f"{at:%Y-%m-%dT%H:%M:%S}" for at in (first, last))
    pulled.failing("undo", run, "--until", "2026-01-02", code=64, says="changed nothing then")
    pulled.run("undo", run, "--since", since, "--until", until).good()
    assert named(shop, woo_id) == old


def test_an_undo_is_told_also_while_another_process_pushes(
    pulled: inside.Inside, shop: woosim.Running
) -> None:
    local_id, woo_id = some_product(pulled)
    old = named(shop, woo_id)
    run_sql(pulled, f"UPDATE products SET name = 'Changed' WHERE id = {local_id}")
    run = str(pulled.run("push", "--json").good().document["run_id"])
    with psycopg.connect(pulled.work.environment["DATABASE_URL"]) as other:
        other.execute("SELECT pg_advisory_lock(%s, id::int) FROM stores", (locks.PUSH,))
        undone = pulled.run("undo", run, "--json").good().document
    assert [(one["field"], one["becomes"]) for one in undone["restored"]] == [("name", old)]
    pulled.run("push").good()
    assert named(shop, woo_id) == old


def test_an_undo_is_told_also_while_the_store_cannot_be(
    pulled: inside.Inside, shop: woosim.Running
) -> None:
    local_id, woo_id = some_product(pulled)
    old = named(shop, woo_id)
    run_sql(pulled, f"UPDATE products SET name = 'Changed' WHERE id = {local_id}")
    run = str(pulled.run("push", "--json").good().document["run_id"])
    pulled.run("stores", "pause", "default").good()
    undone = pulled.run("undo", run).good()
    assert old in undone.out
    said = " ".join(undone.err.split())  # a terminal wraps it where it likes
    assert "told by the next push: The store default is paused." in said
    pulled.run("stores", "resume", "default").good()
    pulled.run("push").good()
    assert named(shop, woo_id) == old


def test_a_conflict_is_settled_and_mistakes_are_explained(
    pulled: inside.Inside, shop: woosim.Running
) -> None:
    (pulled.run("stores", "update", "default", "--policy", "default=manual")).good()
    local_id, woo_id = some_product(pulled)
    run_sql(pulled, f"UPDATE products SET name = 'Ours' WHERE id = {local_id}")
    record = shop.shop.read("product", woo_id)
    assert record
    shop.shop.save("product", dict(record) | {"name": "Theirs"})
    (pulled.run("push", "products", "--json")).good()
    listed = (pulled.run("conflicts", "list", "--state", "open", "--json")).good().document
    number = str(listed["conflicts"][0]["id"])
    assert (pulled.run("conflicts", "resolve", number)).code == 2
    settled = (
        (pulled.run("conflicts", "resolve", number, "--value", "Both", "--json")).good().document
    )
    assert settled["resolved"][0]["value"] == "Both"
    (pulled.run("push", "--json")).good()
    assert named(shop, woo_id) == "Both"
    pulled.failing("conflicts", "resolve", number, "--take", "ours", code=64, says="settled")
    pulled.failing("conflicts", "resolve", "99", "--take", "ours", code=64, says="no conflict")
    pulled.failing("undo", "4711", code=64, says="no such run")
    span = ("--since", "2026-02-01", "--until", "2026-01-01")
    pulled.failing("undo", "1", *span, code=64, says="since is after until")
    pulled.failing("push", "products", "--id", "4711", code=64, says="no live record")
    every = (pulled.run("conflicts", "resolve", "--all", "--take", "theirs", "--json")).good()
    assert every.document == {"resolved": [], "refused": []}


def test_rules_of_custom_fields_are_tried_on_real_records(pulled: inside.Inside) -> None:
    local_id, _ = some_product(pulled)
    run_sql(
        pulled,
        f"""UPDATE products SET metadata = metadata || '{{"code": "ab"}}' WHERE id = {local_id}""",
    )
    rule = {"entity": "product", "source": "metadata.code", "target": "meta_data._code"}
    pulled.work.write(json.dumps([rule | {"transform": "upper"}]), "rules.json")
    ended = pulled.run("mapping", "preview", "--rules", "rules.json", "--json")
    (line,) = [one for one in ended.good().document["lines"] if one["local_id"] == local_id]
    assert (line["here"], line["store"], line["sends"]) == ("ab", None, "AB")
    pulled.work.write(json.dumps({"mapping": [rule], "push": {"create": ["products"]}}), "set.json")
    ended = pulled.run("mapping", "preview", "--rules", "set.json", "--json")
    assert "ab" in [one["sends"] for one in ended.good().document["lines"]]
    (pulled.run("settings", "set", "set.json")).good()
    shown = (pulled.run("settings", "show")).good().document
    assert shown["push"] == {"create": ["products"]}
    pulled.work.write(json.dumps({"push": {"create": ["orders"]}}), "set.json")
    pulled.failing("settings", "set", "set.json", code=78, says="settings for pushing")
    pulled.work.write(json.dumps([rule, rule | {"source": "code"}]), "rules.json")
    pulled.failing(
        "mapping", "preview", "--rules", "rules.json", code=78, says="Rule 2 of the mapping"
    )


def test_custom_fields_and_stock_are_taken_back_and_told_at_once(
    pulled: inside.Inside, shop: woosim.Running
) -> None:
    rule = {"entity": "product", "source": "metadata.code", "target": "meta_data._code"}
    pulled.work.write(json.dumps({"mapping": [rule], "stock": {"pause": 0}}), "set.json")
    pulled.run("settings", "set", "set.json").good()
    ((local_id, woo_id, units),) = run_sql(
        pulled,
        "SELECT product_id, woo_id, expected::int FROM stock_links JOIN products AS p"
        " ON p.id = product_id WHERE expected > 5 AND p.kind = 'simple' ORDER BY 1 LIMIT 1",
    )
    assert isinstance(woo_id, int)
    assert isinstance(units, int)
    old = dict(shop.shop.read("product", woo_id) or {})
    entry = {"id": 9001, "key": "_code", "value": "vandal"}
    changed = {"stock_quantity": units + 9, "meta_data": [*old["meta_data"], entry]}
    shop.shop.save("product", old | changed)
    run = str(pulled.run("pull", "--json").good().document["run_id"])
    code = f"SELECT metadata->>'code' FROM products WHERE id = {local_id}"
    assert run_sql(pulled, code) == [("vandal",)]
    foreseen = pulled.run("undo", run, "--dry-run", "--json").good().document
    assert run_sql(pulled, code) == [("vandal",)]
    undone = pulled.run("undo", run, "--json").good().document
    assert undone["restored"] == foreseen["restored"]
    told = {one["field"]: (one["was"], one["becomes"]) for one in undone["restored"]}
    assert told["metadata.code"] == ("vandal", None)
    assert told["on_hand"] == (units + 9, units)
    assert run_sql(pulled, code) == [(None,)]
    now = dict(shop.shop.read("product", woo_id) or {})
    assert now["stock_quantity"] == units
    assert "_code" not in [one["key"] for one in now["meta_data"]]
    assert "it was put back before" in pulled.run("undo", run, "--no-push").good().out


def test_an_undo_tells_of_records_while_another_process_writes_stock(
    pulled: inside.Inside, shop: woosim.Running
) -> None:
    ((woo_id,),) = run_sql(
        pulled,
        "SELECT woo_id FROM stock_links JOIN products AS p ON p.id = product_id"
        " WHERE expected > 5 AND p.kind = 'simple' ORDER BY 1 LIMIT 1",
    )
    assert isinstance(woo_id, int)
    old = dict(shop.shop.read("product", woo_id) or {})
    more = {"name": "Vandal", "stock_quantity": old["stock_quantity"] + 9}
    shop.shop.save("product", old | more)
    run = str(pulled.run("pull", "--json").good().document["run_id"])
    with psycopg.connect(pulled.work.environment["DATABASE_URL"]) as other:
        other.execute("SELECT pg_advisory_lock(%s, id::int) FROM stores", (stock_ops.STOCK_LOCK,))
        assert "on_hand" in pulled.run("undo", run).good().out
    assert named(shop, woo_id) == old["name"]


def test_a_dry_run_shows_what_becomes_of_a_level_and_sync_tells_of_levels_too(
    pulled: inside.Inside,
) -> None:
    ((local_id, woo_id, units),) = run_sql(
        pulled,
        "SELECT product_id, woo_id, expected::int FROM stock_links JOIN products AS p"
        " ON p.id = product_id WHERE expected > 5 AND p.kind = 'simple' ORDER BY 1 LIMIT 1",
    )
    assert isinstance(units, int)
    run_sql(
        pulled,
        "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref, actor)"
        f" VALUES ({local_id}, 1, -3, 'damage', 'damage:1', 'anna')",
    )
    level = f'{{"stock":{{"store":{units}.0,"becomes":{units - 3}.0}}}}'
    shown = pulled.run("push", "--dry-run").good().out
    assert f"stock stock {woo_id} {level}" in " ".join(shown.split())
    foreseen = pulled.run("sync", "--dry-run", "--json").good().document["push"]
    assert [(one["woo_id"], one["becomes"]) for one in foreseen["plan"]] == [(woo_id, units - 3)]
    done = pulled.run("sync", "--json").good().document["push"]
    assert done["stock"]["confirmed"] == 1


def test_a_full_sync_compares_levels_that_nobody_marked(pulled: inside.Inside) -> None:
    ((local_id, units),) = run_sql(
        pulled,
        "SELECT product_id, expected::int FROM stock_links JOIN products AS p"
        " ON p.id = product_id WHERE expected > 5 AND p.kind = 'simple' ORDER BY 1 LIMIT 1",
    )
    run_sql(
        pulled,
        "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref, actor)"
        f" VALUES ({local_id}, 1, -2, 'damage', 'damage:2', 'anna')",
    )
    run_sql(pulled, "DELETE FROM outbox")  # as if the mark had been lost
    done = pulled.run("sync", "--full", "--json").good().document["push"]
    assert done["stock"]["confirmed"] == 1, units


def test_why_a_field_was_not_sent_is_in_the_list_that_the_push_names(
    pulled: inside.Inside,
) -> None:
    local_id, _ = some_product(pulled)
    run_sql(pulled, f"UPDATE products SET regular_price = -1 WHERE id = {local_id}")
    assert "conflicts list --state open" in pulled.run("push").good().err
    listed = pulled.run("conflicts", "list", "--state", "open")
    (entry,) = (
        pulled.run("conflicts", "list", "--state", "open", "--json").good().document["conflicts"]
    )
    assert entry["reason"] in listed.good().out


def test_every_command_about_stock_answers_programs(pulled: inside.Inside) -> None:
    ((sku,),) = run_sql(
        pulled,
        "SELECT sku FROM stock_links JOIN products AS p ON p.id = product_id WHERE sku <> ''"
        " ORDER BY product_id LIMIT 1",
    )
    assert isinstance(sku, str)
    held = pulled.run("stock", "hold", sku, "--json").good().document
    assert held == {"store": "default", "held": 1}
    released = pulled.run("stock", "release", sku, "--take", "ours", "--json").good().document
    assert released == {"store": "default", "released": 1}


@pytest.mark.parametrize(
    ("part", "value", "says"),
    [
        ("stock", {"warehouses": [999]}, "there is no warehouse 999"),
        ("stock", {"warehouses": [2**63]}, "by their ids"),
        ("stock", {"warehouses": [1, 1]}, "named twice"),
        ("stock", {"buffer": 10**20}, "not above"),
        ("policies", {"product": "local"}, "unknown field `product`"),
        ("schedule", {"pull": -5}, "schedule cannot be read"),
        ("schedule", {"pul": 5}, "schedule cannot be read"),
    ],
)
def test_rules_that_mean_nothing_are_refused(
    pulled: inside.Inside, part: str, value: object, says: str
) -> None:
    pulled.work.write(json.dumps({part: value}), "set.json")
    pulled.failing("settings", "set", "set.json", code=78, says=says)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"product": {"name": "local"}}, '"fields": {"product.name": "manual"}'),
        ({"fields": {"product.nope": "local"}}, "customer.billing.city"),
    ],
)
def test_policies_of_another_form_are_answered_with_the_form(
    pulled: inside.Inside, value: object, shown: str
) -> None:
    pulled.work.write(json.dumps({"policies": value}), "set.json")
    refused = pulled.run("settings", "set", "set.json")
    assert refused.code == 78
    assert shown in refused.err


def test_what_settings_show_prints_can_be_set(pulled: inside.Inside) -> None:
    rules = {
        "stock": {"warehouses": [1], "buffer": 2},
        "schedule": {"pull": 60, "audit": 0},
        "policies": {"default": "newest", "entities": {"product": "local"}},
    }
    pulled.work.write(json.dumps(rules), "set.json")
    pulled.run("settings", "set", "set.json").good()
    shown = pulled.run("settings", "show", "--json").good()
    assert shown.document == rules
    pulled.work.write(shown.out, "set.json")
    pulled.run("settings", "set", "set.json").good()


def test_numbers_that_can_be_none_are_refused(pulled: inside.Inside) -> None:
    for units in ("-4", "99999999999999999999"):
        refused = pulled.run("stock", "limit", "SKU-000001", "--units", units)
        assert (refused.code, "is not in the range" in refused.err) == (2, True)
    for number in ("-1", "99999999999999999999"):
        refused = pulled.run("push", "--id", number)
        assert (refused.code, "is not in the range" in refused.err) == (2, True)
