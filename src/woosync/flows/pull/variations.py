"""Variations on stores before WooCommerce 10.3, which list them by product only."""

import msgspec

from woosync.domain import ids
from woosync.flows.ingest.streams import PRODUCTS, VARIATIONS, Stream
from woosync.flows.pull.run import Run
from woosync.flows.pull.together import together
from woosync.postgres import products
from woosync.woo import paging

#: How many products' variations are asked for at once; the client limits what really runs.
PARALLEL = 8


async def pull_all(run: Run) -> None:
    """Pull the variations of every variable product; goes on where an earlier scan stopped."""
    while True:
        cursor = run.cursors[ids.Entity.VARIATION]
        async with run.database.transaction() as tx:
            parents = await products.load_variable(
                tx, run.context.store_id, after=cursor.last_parent, limit=PARALLEL
            )
        if not parents:
            break
        await _pull_of(run, parents)
        current = run.cursors[ids.Entity.VARIATION]
        await run.save_cursor(
            ids.Entity.VARIATION, msgspec.structs.replace(current, last_parent=parents[-1])
        )
    current = run.cursors[ids.Entity.VARIATION]
    await run.save_cursor(ids.Entity.VARIATION, msgspec.structs.replace(current, last_parent=0))


async def pull_changed(run: Run) -> None:
    """Pull the variations of the products that the cursor names as changed.

    A change of a variation moves its product's modified time, so none is missed.
    """
    cursor = run.cursors[PRODUCTS.entity]
    for start in range(0, len(cursor.parents), PARALLEL):
        chosen = cursor.parents[start : start + PARALLEL]
        async with run.database.transaction() as tx:
            parents = await products.load_variable(tx, run.context.store_id, among=chosen)
        await _pull_of(run, parents)
    current = run.cursors[PRODUCTS.entity]
    left = tuple(parent for parent in current.parents if parent not in cursor.parents)
    await run.save_cursor(PRODUCTS.entity, msgspec.structs.replace(current, parents=left))


async def _pull_of(run: Run, parents: list[int]) -> None:
    await together(_pull_one(run, parent) for parent in parents)


async def _pull_one(run: Run, parent: int) -> None:
    stream = Stream(VARIATIONS.noun, f"products/{parent}/variations", VARIATIONS.query)
    async for page in paging.fetch_scan(run.client, stream.route, stream.query):
        await run.save_page(stream, page, run.cursors[ids.Entity.VARIATION])
