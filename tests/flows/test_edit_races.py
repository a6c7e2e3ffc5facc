"""Edits by anybody while a store's records are saved: neither side overwrites what it has not seen.

The edit holds its row until whoever saves the store's record waits for it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from flows.pulling import Puller
from flows.pushing import Pusher
from flows.test_resolving import dispute, taking
from woosim.admin import actions
from woosync.domain import ids
from woosync.flows import resolve
from woosync.postgres import links

PATIENCE = 500
WAITERS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


async def while_edited(puller: Puller, edit: str, work: Callable[[], Awaitable[object]]) -> None:
    """Edit with plain SQL; commit only when `work`, begun meanwhile, waits for the row."""
    async with puller.database.transaction() as tx:
        await tx.execute(edit)
        task = asyncio.ensure_future(work())
        for _ in range(PATIENCE):
            if task.done() or await puller.value(WAITERS):
                break
            await asyncio.sleep(0.02)
        assert not task.done(), "nobody waited for the edit"
    await task


async def test_an_edit_here_is_kept_when_a_pull_was_about_to_write_the_record(
    pusher: Pusher,
) -> None:
    puller = pusher.puller
    local_id, woo_id = await pusher.linked("product", "r.kind = 'simple'")
    actions.edit(puller.running.shop, "product", woo_id, {"description": "Theirs"})
    edit = f"UPDATE products SET name = 'Ours' WHERE id = {local_id}"
    await while_edited(puller, edit, puller)
    row = await puller.rows(f"SELECT name, description FROM products WHERE id = {local_id}")
    assert row == [("Ours", "Theirs")]
    await pusher()
    assert pusher.there("product", woo_id)["name"] == "Ours"


async def test_a_person_who_decides_while_records_are_saved_waits_for_that(pusher: Pusher) -> None:
    conflict_id, local_id, _ = await dispute(pusher)
    puller = pusher.puller
    async with puller.database.transaction() as tx:
        await links.lock(tx, puller.store.id, (ids.Entity.PRODUCT,))  # as whoever saves records
        deciding = asyncio.ensure_future(
            resolve.resolve(puller.database, conflict_id, taking("ours"), now=datetime.now(UTC))
        )
        for _ in range(PATIENCE):
            if await puller.value(WAITERS):
                break
            await asyncio.sleep(0.02)
        await tx.execute("UPDATE conflicts SET run_id = NULL WHERE id = %s", (conflict_id,))
    assert (await deciding).local_id == local_id
