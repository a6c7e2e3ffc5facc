"""A store arrives in the database by the command line."""

import asyncio
import signal
from pathlib import Path

import woosim
from acceptance.commands import Workplace
from conftest import OpenShop
from woosync.postgres import engine, runs, sql, views

ENTITIES = {"customers", "products", "variations", "orders", "refunds"}


async def test_a_first_pull_brings_everything_and_a_second_finds_nothing_new(
    work: Workplace, shop: woosim.Running
) -> None:
    work.connect(shop)
    first = (await work.run("pull", "all", "--full", "--json")).good().document
    assert (first["run_id"], first["store"]) == (1, "default")
    assert (first["mode"], first["state"]) == ("full", "completed")
    assert set(first["counts"]) == ENTITIES
    assert first["counts"]["products"]["created"] == 120
    assert first["counts"]["orders"]["created"] == 60
    assert first["warnings"] == []
    assert first["records_per_second"] > 0
    again = (await work.run("pull", "all", "--full", "--json")).good().document
    for counts in again["counts"].values():
        assert counts["unchanged"] == counts["seen"]
    poll = (await work.run("pull", "--json")).good().document
    assert poll["mode"] == "incremental"
    assert poll["requests"] <= 5
    assert sum(count["created"] + count["updated"] for count in poll["counts"].values()) == 0
    runs = (await work.run("runs", "--json")).good().document["runs"]
    assert [run["state"] for run in runs] == ["completed"] * 3
    status = (await work.run("status", "--json")).good().document
    assert status["totals"]["products"] == 120
    assert status["stores"][0]["linked"]["order"] == 60
    ended = (await work.run("history", "--event-type", "completed", "--json")).good().document
    assert len(ended["events"]) == 3


async def test_tables_are_printed_for_people(work: Workplace, shop: woosim.Running) -> None:
    work.connect(shop)
    pulled = (await work.run("pull", "products")).good()
    assert "full pull completed" in pulled.out
    assert pulled.err == ""
    for command in ("status", "runs", "history"):
        assert "default" in (await work.run(command)).out or command == "history"
    for command in ("conflicts", "quarantine"):
        assert (await work.run(command, "list")).good().out.startswith("No")
    assert "completed" in (await work.run("runs", "1")).good().out
    await work.failing("runs", "99", code=64, says="no run with the number 99")


async def test_records_that_could_not_be_read_are_spoken_of(
    work: Workplace, shop: woosim.Running
) -> None:
    work.connect(shop)
    values = {"index": 2, "values": {"name": 7}}
    shop.service.front.faults.inject(
        "bad_record", path="/wc/v3/products", count=None, options=values
    )
    tried = (await work.run("pull", "products", "--dry-run")).good().out
    assert "could not be read; a pull puts such into quarantine." in tried
    said = (await work.run("pull", "products")).good().out
    assert "could not be read: `woosync quarantine list` shows them" in said
    assert (await work.run("quarantine", "list", "--json")).good().document["quarantine"]
    shop.service.front.faults.clear()
    mended = (await work.run("pull", "products", "--full")).good().out
    assert "could not be read" not in mended


async def test_a_dry_run_tells_the_difference_and_changes_nothing(
    work: Workplace, shop: woosim.Running, database: engine.Database
) -> None:
    work.connect(shop)
    planned = (await work.run("pull", "products", "--dry-run", "--json")).good().document
    assert planned["run_id"] is None
    made = [step for step in planned["plan"] if step["action"] == "created"]
    assert (
        len(made)
        == planned["plan_total"]
        == planned["counts"]["products"]["seen"] + (planned["counts"]["variations"]["seen"])
    )
    assert "dry run" in (await work.run("pull", "customers", "--dry-run")).good().out
    for table in ("stores", "warehouses", "suppliers", "api_calls", "cursors", "sync_runs"):
        async with database.transaction() as tx:
            assert await sql.value(tx, f"SELECT count(*) FROM {table}") == 0, table
    status = (await work.run("status", "--json")).good().document
    assert set(status["totals"].values()) == {0}
    assert (await work.run("runs", "--json")).good().document == {"runs": []}


async def test_a_dry_run_of_a_new_store_foresees_its_refunds(
    work: Workplace, shop: woosim.Running
) -> None:
    work.connect(shop)
    foreseen = (await work.run("pull", "--dry-run", "--json")).good().document
    shown = (await work.run("pull", "orders", "--dry-run")).good().out
    assert "[]" not in shown
    assert "{}" not in shown
    assert "refunds" in shown
    done = (await work.run("pull", "--json")).good().document
    assert foreseen["counts"]["refunds"]["created"] > 0
    assert foreseen["counts"] == done["counts"]


async def test_a_newcomer_needs_nothing_but_the_store(
    embedded_work: Workplace, shop: woosim.Running
) -> None:
    work = embedded_work
    started = (
        await work.run(
            *("init", "--url", shop.url, "--key", shop.key, "--secret", shop.secret),
            *("--allow-private", "--json"),
        )
    ).good()
    assert started.document["state"] in {"good", "warning"}
    assert (work.folder / ".env.local").stat().st_mode & 0o077 == 0
    work.secrets += [shop.key, shop.secret]
    pulled = (await work.run("pull", "all", "--full", "--json")).good().document
    assert pulled["counts"]["products"]["created"] == 120
    database = (await work.run("db", "status", "--json")).good().document
    assert (database["kind"], database["products"]) == ("embedded", 120)
    assert (await work.run("db", "upgrade", "--json")).good().document["revision"]
    key_file = Path(work.environment["WOOSYNC_DATA"]) / "secret.key"
    assert key_file.stat().st_mode & 0o077 == 0
    assert (await work.run("db", "url")).good().out.startswith("postgresql://")


async def until_more_is_in(
    work: Workplace, database: engine.Database
) -> asyncio.subprocess.Process:
    """Start a pull and return once it has saved records."""
    before = await count_products(database)
    process = await work.start("pull", "products", "--full", "--batch-size", "10", "--json")
    while process.returncode is None and await count_products(database) == before:  # noqa: ASYNC110 - another process adds the rows
        await asyncio.sleep(0.05)
    return process


async def count_products(database: engine.Database) -> int:
    async with database.transaction() as tx:
        return (await views.load_totals(tx))["products"]


async def test_a_stopped_pull_says_so_and_the_next_one_finishes(
    work: Workplace, open_shop: OpenShop, database: engine.Database
) -> None:
    shop = await open_shop(products=3000, variable=0, customers=1, orders=0)
    shop.service.front.faults.inject(
        "slow", path="/wc/v3/products*", count=None, options={"seconds": 0.2}
    )
    work.connect(shop, WOOSYNC_CONCURRENCY="1")
    ends = {signal.SIGINT: 130, signal.SIGTERM: 143}
    for number, (sent, code) in enumerate(ends.items(), 1):
        ended = await work.stop(await until_more_is_in(work, database), sent)
        assert ended.code == code, ended
        assert "goes on where this one stopped" in ended.err
        assert ended.document["error"]["exit_code"] == code
        async with database.transaction() as tx:
            (run,) = await runs.load(tx, run_id=number)
        assert run["state"] == "interrupted"
    process = await until_more_is_in(work, database)
    await work.failing("pull", "products", code=75, says="is under way in another process")
    shop.service.front.faults.clear()
    report = (await work.end(process)).good().document
    assert report["counts"]["products"]["seen"] < 3000, "it went on where the others stopped"
    assert await count_products(database) == 3000
    async with database.transaction() as tx:
        await tx.execute(
            """UPDATE sync_runs SET progress = '{"products": {"done": 70}}' WHERE id = 1"""
        )
    listed = (await work.run("runs")).good().out.splitlines()
    assert listed[-1].split()[-5] == "70", listed


async def test_a_killed_pull_is_told_at_once_and_not_while_it_lives(
    work: Workplace, open_shop: OpenShop, database: engine.Database
) -> None:
    shop = await open_shop(products=3000, variable=0, customers=1, orders=0)
    shop.service.front.faults.inject(
        "slow", path="/wc/v3/products*", count=None, options={"seconds": 0.2}
    )
    work.connect(shop, WOOSYNC_CONCURRENCY="1")
    process = await until_more_is_in(work, database)
    assert await told(work) == {"running"}
    process.kill()
    await process.wait()
    while (states := await told(work)) == {"running"}:  # PostgreSQL needs a moment to notice
        pass
    assert states == {"interrupted"}


async def told(work: Workplace) -> set[str]:
    """Return how the last run stands according to the commands that tell it."""
    [run] = (await work.run("runs", "--json")).good().document["runs"]
    [store] = (await work.run("status", "--json")).good().document["stores"]
    return {run["state"], store["last_run_state"]}
