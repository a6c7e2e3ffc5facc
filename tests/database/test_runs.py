"""Sync runs and the lock that lets one process at a time work on a store."""

import pytest
from msgspec import structs

from database import rows
from woosync.postgres import engine, locks, pushing, runs, stores, views

NEW = runs.NewRun(
    direction="pull", mode="full", entities=("products",), options={"page_size": 7}, actor="test"
)


async def test_a_second_run_of_a_store_is_refused_with_a_remedy(
    database: engine.Database, store: stores.Store
) -> None:
    async with runs.alone(database, store.id, store.key):
        with pytest.raises(runs.RunUnderWayError, match="default") as caught:
            async with runs.alone(database, store.id, store.key):
                pytest.fail("two runs at once")
        assert caught.value.remedy
        assert caught.value.exit_code == 75
    async with runs.alone(database, store.id, store.key):
        pass


async def test_other_stores_and_other_processes_pools_matter_not_and_do(
    database: engine.Database, store: stores.Store, other_store: stores.Store
) -> None:
    elsewhere = engine.Database(database.url)
    async with runs.alone(database, store.id, store.key):
        async with runs.alone(database, other_store.id, other_store.key):
            pass
        with pytest.raises(runs.RunUnderWayError):
            async with runs.alone(elsewhere, store.id, store.key):
                pytest.fail("two runs at once")
    await elsewhere.close()


async def test_an_exception_gives_the_lock_back(
    database: engine.Database, store: stores.Store
) -> None:
    with pytest.raises(LookupError):
        async with runs.alone(database, store.id, store.key):
            raise LookupError
    async with runs.alone(database, store.id, store.key):
        pass


async def test_the_lock_goes_with_the_process_that_held_it(
    database: engine.Database, store: stores.Store
) -> None:
    dying = engine.Database(database.url)
    held = runs.alone(dying, store.id, store.key)
    await held.__aenter__()
    kill = (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
        f" AND classid = {locks.PULL} AND objid = {store.id} AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    async with database.transaction() as tx:
        assert await rows.ask(tx, kill) == [(True,)]
    async with runs.alone(database, store.id, store.key):
        pass
    await held.__aexit__(None, None, None)
    await dying.close()


async def test_what_holds_the_store_is_relaxed_until_its_transaction_ends(
    tx: engine.Transaction, store: stores.Store
) -> None:
    asked = "SELECT current_setting('synchronous_commit'), current_setting('woosync.actor', true)"
    token = await runs.take(tx, store.id, "pull")
    await runs.hold(tx, store.id, "pull", token)
    assert await rows.ask(tx, asked) == [("off", "sync")]
    await tx.commit()
    assert await rows.ask(tx, asked) == [("on", "")]


async def test_a_run_goes_from_start_to_end(
    tx: engine.Transaction, database: engine.Database, store: stores.Store
) -> None:
    run_id = await runs.start(tx, store.id, NEW)
    async with runs.alone(database, store.id, store.key):
        [run] = await runs.load(tx, run_id=run_id)
    assert (run["state"], run["mode"], run["store"]) == ("running", "full", "default")
    assert (run["entities"], run["options"]) == (["products"], {"page_size": 7})
    assert runs.seconds_of(run) is None
    await runs.save_progress(tx, run_id, {"product": {"done": 3, "total": 9}})
    await runs.finish(tx, run_id, state="completed", counts={"product": {"seen": 9}})
    [run] = await runs.load(tx, run_id=run_id)
    assert (run["state"], run["error"]) == ("completed", "")
    assert run["progress"] == {"product": {"done": 3, "total": 9}}
    assert run["counts"] == {"product": {"seen": 9}}
    assert runs.seconds_of(run) == 0  # one transaction is one moment


async def test_what_a_dead_process_left_is_marked_interrupted(
    tx: engine.Transaction, store: stores.Store, other_store: stores.Store
) -> None:
    dead = await runs.start(tx, store.id, NEW)
    foreign = await runs.start(tx, other_store.id, NEW)
    ended = await runs.start(tx, store.id, NEW)
    await runs.finish(tx, ended, state="failed", counts={}, error="no")
    alive = await runs.start(tx, store.id, NEW)
    marked = "SELECT id, state, finished_at = heartbeat_at FROM sync_runs ORDER BY id"
    assert await rows.ask(tx, marked) == [
        (dead, "interrupted", True),
        (foreign, "running", None),
        (ended, "failed", True),
        (alive, "running", None),
    ]


@pytest.mark.parametrize("direction", ["pull", "push"])
async def test_a_run_whose_process_is_gone_is_shown_as_interrupted_before_the_next_one(
    tx: engine.Transaction,
    database: engine.Database,
    store: stores.Store,
    other_store: stores.Store,
    direction: str,
) -> None:
    new = structs.replace(NEW, direction=direction)
    run_id = await runs.start(tx, store.id, new)
    asked, _ = await runs.request(tx, store.id, new, work="asked for")
    await runs.begin(tx, asked)
    alone = {"pull": runs.alone, "push": pushing.alone}

    async def shown() -> tuple[object, bool, object]:
        [run] = await runs.load(tx, run_id=run_id)
        [now, _] = await views.load_stores_now(tx)
        return run["state"], run["finished_at"] == run["heartbeat_at"], now["runs_under_way"]

    async with alone[direction](database, store.id, store.key):
        assert await shown() == ("running", False, [run_id, asked])
    async with alone[direction](database, other_store.id, other_store.key):
        assert await shown() == ("interrupted", True, [asked])
    [waiting] = await runs.load(tx, run_id=asked)
    assert waiting["state"] == "running", "the worker takes it up again"


async def test_runs_come_newest_first_by_store(
    tx: engine.Transaction, store: stores.Store, other_store: stores.Store
) -> None:
    made = [await runs.start(tx, owner.id, NEW) for owner in (store, other_store, store)]
    assert [run["id"] for run in await runs.load(tx)] == made[::-1]
    assert [run["id"] for run in await runs.load(tx, store_id=store.id, limit=1)] == [made[2]]


async def test_the_lock_holds_no_transaction_open(
    database: engine.Database, store: stores.Store
) -> None:
    async with runs.alone(database, store.id, store.key), database.transaction() as tx:
        idle = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()"
        )
        assert await rows.value(tx, idle) == 0
