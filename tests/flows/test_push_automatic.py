"""Pushes that nobody asked for share a row an hour, so that the list of runs stays readable."""

from datetime import UTC, datetime, timedelta

import pytest

from flows.pushing import Pusher
from woosync.flows import undo


async def rows(pusher: Pusher) -> list[tuple[object, ...]]:
    return await pusher.puller.rows(
        "SELECT id, mode, state, counts->'product'->>'pushed' FROM sync_runs"
        " WHERE direction = 'push' ORDER BY id"
    )


async def rename(pusher: Pusher, local_id: int, name: str) -> None:
    await pusher.puller.run(f"UPDATE products SET name = '{name}' WHERE id = {local_id}")


async def test_automatic_pushes_of_an_hour_share_a_run(pusher: Pusher) -> None:
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    old = pusher.there("product", woo_id)["name"]
    for name in ("First", "Second", "Third"):
        await rename(pusher, local_id, name)
        shared = (await pusher(automatic=True)).run_id
    assert await rows(pusher) == [(shared, "automatic", "completed", "3")]
    await rename(pusher, local_id, "Asked")
    asked = (await pusher()).run_id
    await rename(pusher, local_id, "Fourth")
    assert (await pusher(automatic=True)).run_id == shared
    assert await rows(pusher) == [
        (shared, "automatic", "completed", "4"),
        (asked, "incremental", "completed", "1"),
    ]
    await pusher.puller.run("UPDATE sync_runs SET started_at = started_at - interval '61 minutes'")
    await rename(pusher, local_id, "Later")
    assert (await pusher(automatic=True)).run_id > asked
    database, now = pusher.puller.database, datetime.now(UTC) + timedelta(minutes=1)
    report = await undo.undo(database, asked, undo.Options(), actor="ann", now=now)
    assert [one.reason for one in report.left] == ["it has become 'Later' here since"]
    await rename(pusher, local_id, "Fourth")
    await pusher()
    report = await undo.undo(database, shared, undo.Options(yes=True), actor="ann", now=now)
    assert [one.fields["name"] for one in report.restored] == [("Fourth", old)]


async def test_a_run_that_a_dead_process_left_open_is_not_gone_on_with(pusher: Pusher) -> None:
    local_id, _ = await pusher.linked("product", "kind = 'simple'")
    await rename(pusher, local_id, "First")
    left = (await pusher(automatic=True)).run_id
    await pusher.puller.run(f"UPDATE sync_runs SET state = 'running' WHERE id = {left}")
    await rename(pusher, local_id, "Second")
    new = (await pusher(automatic=True)).run_id
    assert await rows(pusher) == [
        (left, "automatic", "interrupted", "1"),
        (new, "automatic", "completed", "1"),
    ]


async def test_an_hour_of_automatic_pushes_is_taken_back_only_on_purpose(pusher: Pusher) -> None:
    found = await pusher.puller.rows("SELECT id, name FROM products WHERE kind = 'simple' LIMIT 2")
    (first, old), (second, other) = found
    assert isinstance(first, int)
    assert isinstance(second, int)
    await rename(pusher, first, "Meant")
    run_id = (await pusher(automatic=True)).run_id
    between = datetime.now(UTC)
    await rename(pusher, second, "Not meant")
    await pusher(automatic=True)
    database, now = pusher.puller.database, datetime.now(UTC)
    with pytest.raises(undo.UndoTooWideError, match=r"2 records from .* to .* UTC"):
        await undo.undo(database, run_id, undo.Options(), actor="ann", now=now)
    whole = await undo.undo(database, run_id, undo.Options(dry_run=True), actor="ann", now=now)
    assert len(whole.restored) == 2
    part = await undo.undo(database, run_id, undo.Options(until=between), actor="ann", now=now)
    assert [one.fields["name"] for one in part.restored] == [("Meant", old)]
    rest = await undo.undo(database, run_id, undo.Options(since=between), actor="ann", now=now)
    assert [one.fields["name"] for one in rest.restored] == [("Not meant", other)]
