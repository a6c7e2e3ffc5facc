"""Conflicts as rows."""

import pytest

from database import rows
from woosync.postgres import conflicts, engine, stores


def conflict(field: str = "name", **changes: object) -> conflicts.Conflict:
    values: dict[str, object] = {
        "entity": "product",
        "woo_id": 7,
        "local_id": 1,
        "field": field,
        "base": "base",
        "ours": "ours",
        "theirs": {"any": ["json", 1, None]},
        "ours_at": rows.NOW,
        "theirs_at": None,
        "policy": "manual",
        "decision": "ours",
        "suggestion": "theirs",
        "reason": "because",
        "open": True,
    }
    return conflicts.Conflict(**(values | changes))  # type: ignore[arg-type] # checked by the class


async def test_a_conflict_comes_back_with_its_values(
    tx: engine.Transaction, store: stores.Store
) -> None:
    await conflicts.save(tx, store.id, [conflict()], run_id=None)
    [found] = await conflicts.load(tx, store.id)
    assert (found["base"], found["ours"]) == ("base", "ours")
    assert found["theirs"] == {"any": ["json", 1, None]}
    assert (found["state"], found["ours_at"]) == ("open", rows.NOW)


@pytest.mark.parametrize("value", [None, "", 0, False, "null", [], {}])
async def test_any_json_value_survives(
    tx: engine.Transaction, store: stores.Store, value: object
) -> None:
    await conflicts.save(tx, store.id, [conflict(ours=value, theirs=value)], run_id=None)
    [found] = await conflicts.load(tx, store.id)
    assert found["ours"] == found["theirs"] == value


async def test_an_open_conflict_of_a_field_is_brought_up_to_date_not_doubled(
    tx: engine.Transaction, store: stores.Store
) -> None:
    await conflicts.save(tx, store.id, [conflict()], run_id=None)
    await conflicts.save(tx, store.id, [conflict(theirs="newer"), conflict("sku")], run_id=None)
    found = {row["field"]: row for row in await conflicts.load(tx, store.id)}
    assert set(found) == {"name", "sku"}
    assert (found["name"]["theirs"], found["name"]["base"]) == ("newer", "base")
    assert len(await conflicts.load(tx, store.id, state="open")) == 2


async def test_decided_conflicts_are_history_and_pile_up(
    tx: engine.Transaction, store: stores.Store, other_store: stores.Store
) -> None:
    for _ in range(3):
        await conflicts.save(tx, store.id, [conflict(open=False)], run_id=None)
    await conflicts.save(tx, store.id, [conflict(entity="order")], run_id=None)
    await conflicts.save(tx, other_store.id, [conflict()], run_id=None)
    assert len(await conflicts.load(tx, store.id, state="decided")) == 3
    assert len(await conflicts.load(tx, None)) == 5
    assert len(await conflicts.load(tx, None, limit=2)) == 2
    assert [row["entity"] for row in await conflicts.load(tx, store.id, entity="order")] == [
        "order"
    ]
    assert len(await conflicts.load(tx, store.id, state="open")) == 1
