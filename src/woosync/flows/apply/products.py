"""Products and variations: both come under the topics of products."""

from collections.abc import Collection, Mapping
from typing import Any

from woosync.domain import ids
from woosync.flows import ingest
from woosync.flows.apply.hints import Hint
from woosync.flows.apply.work import DELETED, Fate, Found, Work, arrived
from woosync.flows.ingest.streams import PRODUCTS, VARIATIONS, Stream
from woosync.postgres import belongings, deliveries, links

VARIATION = "variation"
UNKNOWN: Fate = (
    deliveries.IGNORED,
    "no product of this id is known here, and a deletion adds none",
)


async def apply(work: Work, hints: Mapping[int, Hint]) -> dict[int, Fate]:
    """Bring the products and variations that hints tell of up to date.

    A shop tells `product.deleted` of pages and coupons too: an id that is not known here is no
    product of ours.
    """
    as_products = await work.load_links(ids.Entity.PRODUCT, hints)
    as_variations = await work.load_links(ids.Entity.VARIATION, hints)
    fates: dict[int, Fate] = {}
    products: set[int] = set()
    variations: dict[int, int | None] = {}
    for woo_id, hint in hints.items():
        known_as = woo_id in as_variations if hint.is_variation is None else hint.is_variation
        if hint.only_deleted and woo_id not in as_products and woo_id not in as_variations:
            fates[woo_id] = UNKNOWN
        elif known_as:
            variations[woo_id] = hint.parent
        else:
            products.add(woo_id)
    known = as_products.keys() | as_variations.keys()
    return fates | await bring(work, products, variations, known=known)


async def bring(
    work: Work,
    products: Collection[int],
    variations: Mapping[int, int | None],
    *,
    known: Collection[int] = (),
) -> dict[int, Fate]:
    """Look up and save products, and variations (with their parents where those are known)."""
    if not products and not variations:
        return {}
    found = await work.look_up(PRODUCTS, products)
    families = dict(variations)
    for woo_id, single in list(found.unlisted.items()):
        if single.type == VARIATION:
            families[woo_id] = single.parent_id
            del found.unlisted[woo_id]
    of_families = await _look_up_variations(work, families) if families else Found()
    children = await work.prepare(VARIATIONS, of_families)
    parents = await _missing_parents(work, children, found)
    fates = work.fates(PRODUCTS, found, known)
    if parents:
        found.add(await work.look_up(PRODUCTS, parents))
    await _save(work, found, children)
    await work.remove_gone(PRODUCTS, found.gone)
    await work.remove_gone(VARIATIONS, of_families.gone)
    fates |= _failures(work, found)
    fates |= work.fates(VARIATIONS, of_families, known)
    await _look_after_children(work, [woo_id for woo_id in found.gone if woo_id in known])
    return {woo_id: fate for woo_id, fate in fates.items() if woo_id not in parents}


def _failures(work: Work, found: Found) -> dict[int, Fate]:
    """Return the fates of products that turned out bad while they were saved."""
    return {
        record.id: (deliveries.PARKED, reason)
        for record in found.records
        if (reason := work.failed.get((ids.Entity.PRODUCT.value, str(record.id))))
    }


async def _save(work: Work, found: Found, children: ingest.Prepared[Any]) -> None:
    """Save products, then variations, and join them with what waited for them."""
    new = arrived(await work.save(PRODUCTS, await work.prepare(PRODUCTS, found)))
    new += arrived(await work.save(VARIATIONS, children))
    if new:
        async with work.database.transaction(relaxed=True) as tx:
            await belongings.save_of_products(tx, work.context.store_id, new)


async def _missing_parents(work: Work, children: ingest.Prepared[Any], found: Found) -> set[int]:
    """Return the products of variations that are neither here nor among those found."""
    wanted = {one.parent_id for one in children.incoming if one.parent_id}
    wanted -= {record.id for record in found.records}
    known = await work.load_links(ids.Entity.PRODUCT, wanted) if wanted else {}
    return {woo_id for woo_id in wanted if woo_id not in known or known[woo_id].tombstoned}


async def _look_after_children(work: Work, gone: Collection[int]) -> None:
    """Look at the variations of products that are gone: most often they went with them."""
    if not gone:
        return
    async with work.database.transaction() as tx:
        children = await belongings.load_children(tx, work.context.store_id, sorted(gone))
    if children:
        await bring(work, (), children, known=children)


async def _look_up_variations(work: Work, families: Mapping[int, int | None]) -> Found:
    """Look variations up; stores before WooCommerce 10.3 list them by product only."""
    if work.capabilities.variations_route:
        return await work.look_up(VARIATIONS, families)
    found = Found()
    async with work.database.transaction() as tx:
        linked = await links.load_parents(tx, work.context.store_id, sorted(families))
    by_parent: dict[int, list[int]] = {}
    for woo_id, said in families.items():
        parent = said or linked.get(woo_id)
        if parent is None:
            single = await work.type_of(woo_id)
            if single is None:
                found.gone[woo_id] = DELETED
                continue
            parent = single.parent_id or 0
        by_parent.setdefault(parent, []).append(woo_id)
    for parent, children in by_parent.items():
        stream = Stream(VARIATIONS.noun, f"products/{parent}/variations", VARIATIONS.query)
        found.add(await work.look_up(stream, children))
    return found
