"""Edits by anybody while a store's records are saved: neither side overwrites what it has not seen.

The edit holds its row until whoever saves the store's record waits for it.
"""

import asyncio
from collections.abc import Awaitable, Callable

from flows.pulling import Puller
from flows.pushing import Pusher
from woosim.admin import actions

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
