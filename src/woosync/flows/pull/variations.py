"""Variations on stores before WooCommerce 10.3, which list them by product only."""

from msgspec import structs

from woosync.domain import ids
from woosync.domain.idset import IdSet
from woosync.flows.ingest.streams import PRODUCTS, VARIATIONS, Stream
from woosync.flows.pull import sweep as sweeping
from woosync.flows.pull.run import Run
from woosync.flows.pull.together import together
from woosync.postgres import links, products
from woosync.woo import paging

#: How many products' variations are asked for at once; the client limits what really runs.
PARALLEL = 8
#: So many changed products are done with at once.
GROUP = 200


async def pull(run: Run) -> None:
    """Pull all variations until that was done once, then those of changed products."""
    cursor = run.cursors[ids.Entity.VARIATION]
    if cursor.watermark is not None and not cursor.last_parent:
        await pull_changed(run)
        return
    resumed = cursor.last_parent > 0
    await pull_all(run)
    if resumed:
        await pull_changed(run)


async def forget(run: Run) -> None:
    """Let the next pull take all variations, however a full scan of the products may end."""
    cursor = run.cursors[ids.Entity.VARIATION]
    await run.save_cursor(
        ids.Entity.VARIATION, structs.replace(cursor, watermark=None, last_parent=0)
    )


async def pull_all(run: Run) -> None:
    """Pull the variations of every variable product; goes on where an earlier scan stopped.

    The watermark says that this was done; a whole scan leaves no product's variations to fetch.
    """
    run.came = None
    resumed = run.cursors[ids.Entity.VARIATION].last_parent > 0
    if resumed:
        run.resumed.add(ids.Entity.VARIATION)
    else:
        run.seen[ids.Entity.VARIATION] = IdSet()
    while True:
        cursor = run.cursors[ids.Entity.VARIATION]
        parents = await _load_variable(run, after=cursor.last_parent)
        if not parents:
            break
        await _pull_of(run, parents)
        current = run.cursors[ids.Entity.VARIATION]
        await run.save_cursor(
            ids.Entity.VARIATION, structs.replace(current, last_parent=parents[-1])
        )
    of_products = run.cursors[PRODUCTS.entity]
    current = run.cursors[ids.Entity.VARIATION]
    done = structs.replace(current, watermark=of_products.watermark, last_parent=0)
    left = of_products.parents if resumed else ()
    await run.save_cursors(
        {
            ids.Entity.VARIATION: done,
            PRODUCTS.entity: structs.replace(of_products, parents=left),
        }
    )


async def pull_changed(run: Run) -> None:
    """Pull the variations of the products that the cursor names as changed.

    A change of a variation moves its product's modified time, so none is missed.
    """
    changed = run.cursors[PRODUCTS.entity].parents
    for start in range(0, len(changed), GROUP):
        async with run.database.transaction() as tx:
            parents = await products.load_variable(
                tx, run.context.store_id, among=changed[start : start + GROUP], limit=GROUP
            )
        for first in range(0, len(parents), PARALLEL):
            await _pull_of(run, parents[first : first + PARALLEL])
        current = run.cursors[PRODUCTS.entity]
        left = structs.replace(current, parents=changed[start + GROUP :])
        await run.save_cursor(PRODUCTS.entity, left)


async def _load_variable(run: Run, *, after: int) -> list[int]:
    async with run.database.transaction() as tx:
        return await products.load_variable(tx, run.context.store_id, after=after, limit=PARALLEL)


async def sweep(run: Run) -> None:
    """Mark the variations that are gone, product by product.

    Those of a product that is gone here go with it; what held the product holds them too.
    """
    seen = run.seen.get(ids.Entity.VARIATION)
    if seen is None:
        seen = IdSet()
        await _read_ids(run, seen)
    async with run.database.transaction() as tx:
        orphans = await links.load_orphans(tx, run.context.store_id)
    for start in range(0, len(orphans), GROUP):
        await sweeping.remove(run, VARIATIONS, orphans[start : start + GROUP], reason="deleted")
    missing, live, _ = await sweeping.compare(run, VARIATIONS, seen)
    if await sweeping.is_held(run, VARIATIONS, len(missing), live):
        return
    async with run.database.transaction() as tx:
        parents = await links.load_parents(tx, run.context.store_id, missing)
    families: dict[int, list[int]] = {}
    for child, parent in parents.items():
        families.setdefault(parent, []).append(child)
    for parent, children in families.items():
        await sweeping.confirm(run, _of(parent), children, None)
    await sweeping.save_done(run, VARIATIONS)


async def _read_ids(run: Run, seen: IdSet) -> None:
    parents = [0]
    while parents := await _load_variable(run, after=parents[-1]):
        await together(sweeping.read_ids(run, _of(parent), seen) for parent in parents)


async def _pull_of(run: Run, parents: list[int]) -> None:
    await together(_pull_one(run, parent) for parent in parents)


async def _pull_one(run: Run, parent: int) -> None:
    """Pull one product's variations; a store answers with none for a product it does not know."""
    stream = _of(parent)
    seen = run.seen.get(ids.Entity.VARIATION)
    async for page in paging.fetch_scan(run.client, stream.route, stream.query):
        await run.save_page(stream, page, run.cursors[ids.Entity.VARIATION])
        if seen is not None:
            for record in page.records:
                seen.add(record.id)


def _of(parent: int) -> Stream:
    return Stream(VARIATIONS.noun, f"products/{parent}/variations", VARIATIONS.query)
