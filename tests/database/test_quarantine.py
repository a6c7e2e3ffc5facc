"""Bad records wait with reason, remedy and sample, and leave when they are read well."""

from database import rows
from woosync.postgres import engine, quarantine, runs, stores

NEW = runs.NewRun(direction="pull", mode="full", entities=(), options={}, actor="test")


def entry(record: str, **changes: object) -> quarantine.Entry:
    values: dict[str, object] = {
        "entity": "product",
        "record": record,
        "reason": "no price",
        "remedy": "mend it",
        "sample": b"{}",
    }
    return quarantine.Entry(**(values | changes))  # type: ignore[arg-type] # checked by the class


async def test_a_bad_record_is_kept_once_and_counted(
    tx: engine.Transaction, store: stores.Store
) -> None:
    run_id = await runs.start(tx, store.id, NEW)
    await quarantine.save(tx, store.id, [entry("7"), entry("8")], run_id=None)
    await quarantine.save(tx, store.id, [entry("7", reason="worse")], run_id=run_id)
    found = {row["record"]: row for row in await quarantine.load(tx, store.id)}
    assert found["7"]["times"] == 2
    assert (found["7"]["reason"], found["7"]["run_id"]) == ("worse", run_id)
    assert found["8"]["times"] == 1


async def test_samples_are_bounded_and_hold_any_bytes(
    tx: engine.Transaction, store: stores.Store
) -> None:
    await quarantine.save(tx, store.id, [entry("1", sample=b"\x00\xff" * 9000)], run_id=None)
    size = "SELECT length(sample), substring(sample FROM 1 FOR 2) FROM quarantine"
    assert await rows.ask(tx, size) == [(quarantine.SAMPLE, b"\x00\xff")]


async def test_a_record_that_was_read_well_is_released_and_no_other(
    tx: engine.Transaction, store: stores.Store, other_store: stores.Store
) -> None:
    for owner in (store, other_store):
        await quarantine.save(tx, owner.id, [entry("7"), entry("7", entity="order")], run_id=None)
    await quarantine.release(tx, store.id, "product", ["7", "9"])
    assert await quarantine.load_names(tx, store.id) == {("order", "7")}
    assert await quarantine.load_names(tx, other_store.id) == {("product", "7"), ("order", "7")}


async def test_the_latest_come_first(database: engine.Database, store: stores.Store) -> None:
    for record in ("1", "2", "3", "1"):
        async with database.transaction() as tx:
            await quarantine.save(tx, store.id, [entry(record)], run_id=None)
    async with database.transaction() as tx:
        assert [row["record"] for row in await quarantine.load(tx, store.id)] == ["1", "3", "2"]
        assert [row["record"] for row in await quarantine.load(tx, None, limit=1)] == ["1"]


async def test_a_run_that_looked_at_everything_releases_what_it_did_not_meet(
    tx: engine.Transaction, store: stores.Store
) -> None:
    first, second = [await runs.start(tx, store.id, NEW) for _ in range(2)]
    bad = [entry("7"), entry("unreadable 12ab"), entry("7", entity="order")]
    await quarantine.save(tx, store.id, bad, run_id=first)
    await quarantine.save(tx, store.id, [entry("7")], run_id=second)
    await quarantine.release_unmet(tx, store.id, "product", second)
    assert await quarantine.load_names(tx, store.id) == {("product", "7"), ("order", "7")}
