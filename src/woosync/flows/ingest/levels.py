"""The levels that a store shows: noted at every sight of a product, never taken for the truth.

A product that is seen for the first time begins to be counted here. Later levels are compared
with what is expected by `agreeing`, which knows what may have happened in between.
"""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import structs

from woosync.domain import allocation, stock_rules
from woosync.flows.ingest import booking, common_goods, sharing
from woosync.flows.ingest.context import Context, Settled
from woosync.postgres import outbox, stock, stock_links
from woosync.postgres.engine import Transaction

Shown = Sequence[tuple[Settled[Any], Decimal | None]]


class Elsewhere(msgspec.Struct, frozen=True):
    """Products that other stores sell too: the links of those stores, by local id."""

    goods: common_goods.Goods = msgspec.field(default_factory=common_goods.Goods)
    links: Mapping[int, Sequence[stock_links.StockLink]] = msgspec.field(default_factory=dict)


class First(msgspec.Struct, frozen=True):
    """A product to be counted from now on."""

    product_id: int
    woo_id: int
    level: Decimal


async def save(tx: Transaction, context: Context, shown: Shown) -> None:
    """Note the levels of products that were just saved; None stands for what is not counted."""
    known_ids = [one.local_id for one, _ in shown if one.before is not None]
    links = await stock_links.load(tx, context.store_id, known_ids) if known_ids else {}
    first: list[First] = []
    seen: dict[int, tuple[Decimal, Any]] = {}
    changed: list[stock_links.StockLink] = []
    counted = [
        link.product_id
        for one, level in shown
        if level is not None
        and (link := links.get(one.local_id)) is not None
        and link.state == "unmanaged"
    ]
    elsewhere = await _sold_elsewhere(tx, context, counted) if counted else Elsewhere()
    for one, level in shown:
        link = links.get(one.local_id)
        if level is None:
            if link is not None and link.state in {"clean", "held"}:
                reason = "the store does not count it any more"
                changed.append(structs.replace(link, state="unmanaged", reason=reason))
        elif link is None:
            first.append(First(one.local_id, one.incoming.woo_id, level))
        elif link.state == "unmanaged":
            shared = link.product_id in elsewhere.links
            changed.append(await _count_again(tx, context, link, level, shared=shared))
        else:
            seen[one.local_id] = (level, one.incoming.modified)
    await stock_links.observe(tx, context.store_id, seen)
    await stock_links.save(tx, changed)
    given_up = [one.product_id for one in changed if one.state == "unmanaged"]
    for entity in sharing.GOODS if given_up else ():
        await sharing.free(tx, context, entity, given_up)
    if elsewhere.links:
        await _share(tx, context, elsewhere)
    await _begin(tx, context, first, set(known_ids))


async def _begin(
    tx: Transaction, context: Context, first: Sequence[First], known_ids: set[int]
) -> None:
    """Begin to count products: with the store's level, or as the rules say what is here."""
    if not first:
        return
    old = [one.product_id for one in first if one.product_id in known_ids]
    on_hand = await stock.load_on_hand(tx, context.warehouses, old) if old else {}
    elsewhere = await _sold_elsewhere(tx, context, old) if old else Elsewhere()
    openings = []
    for one in first:
        before = on_hand.get(one.product_id, Decimal(0))
        keeps = one.product_id in elsewhere.links or (
            context.stock.first_link is stock_rules.FirstLink.LOCAL and one.product_id in on_hand
        )
        openings.append(
            stock.Opening(one.product_id, one.woo_id, one.level, one.level if keeps else before)
        )
    await stock.news_of(tx, context.store_id)
    await stock.save_openings(
        tx,
        context.store_id,
        context.warehouses[0],
        openings,
        actor=context.actor,
        now=context.clock(),
    )
    known = [one for one in openings if one.product_id in known_ids and one.level != one.on_hand]
    await booking.tell(tx, context, [_opened(context, one) for one in known])
    if elsewhere.links:
        await _share(tx, context, elsewhere)


def _opened(context: Context, one: stock.Opening) -> booking.Booked:
    """Return what is told of the opening of a product that was here before."""
    return booking.Booked(
        event="stock_opened",
        product_id=one.product_id,
        woo_id=one.woo_id,
        before=Decimal(one.on_hand),
        level=Decimal(one.level),
        source_ref=stock.opening_ref(context.store_id, one.woo_id),
        cause="counted from now on",
    )


async def _sold_elsewhere(
    tx: Transaction, context: Context, product_ids: Sequence[int]
) -> Elsewhere:
    """Return what other stores sell of products that this one shares, be it through others."""
    if not await common_goods.has_neighbours(tx, context.store_id):
        return Elsewhere()
    goods = await common_goods.load(tx, context.store_id, product_ids)
    others = {one: goods.others(one, context.store_id) for one in product_ids}
    return Elsewhere(goods, {product_id: links for product_id, links in others.items() if links})


async def _share(tx: Transaction, context: Context, elsewhere: Elsewhere) -> None:
    """Let this store share goods: the others go on with what they show until they are cut."""
    mine = await stock_links.load(tx, context.store_id, list(elsewhere.links))
    changed: list[stock_links.StockLink] = []
    told: list[tuple[int, int]] = []
    for product_id, others in elsewhere.links.items():
        links = [structs.replace(mine[product_id], allocation=Decimal(0)), *others]
        limits = elsewhere.goods.limits(product_id, links)
        holders = [_holder(one, elsewhere.goods.sellers) for one in links]
        # One may still show units that are gone: they hold no more than there is.
        units = allocation.fitted(limits, holders)
        parts = allocation.parts_of(limits, holders)
        after = [_held(one, units[one.store_id], parts[one.store_id]) for one in links]
        changed += after
        # Whoever is to be cut goes first; its plan tells those who get more what they may show.
        anybody_cut = any(one.wanted is not None for one in after)
        told += [
            (one, product_id)
            for one, part in parts.items()
            if not (anybody_cut and part > units[one])
        ]
    await stock_links.save(tx, changed)
    for store_id, product_id in told:
        await outbox.mark(tx, store_id, outbox.STOCK, [product_id])


def _held(link: stock_links.StockLink, units: int, part: int) -> stock_links.StockLink:
    """Return the link with what it holds of shared goods, and where it is to be cut."""
    wanted = Decimal(part) if part < units else None
    return structs.replace(link, allocation=Decimal(units), wanted=wanted)


def _holder(
    link: stock_links.StockLink, sellers: Mapping[int, stock_links.Seller]
) -> allocation.Holder:
    shown = math.floor(link.expected if link.allocation is None else link.allocation)
    return allocation.Holder(
        store_id=link.store_id,
        allocation=max(shown, 0),
        expected=math.ceil(link.expected),
        share=sellers[link.store_id].share,
    )


async def _count_again(
    tx: Transaction,
    context: Context,
    link: stock_links.StockLink,
    level: Decimal,
    *,
    shared: bool,
) -> stock_links.StockLink:
    """Count a product again that the store did not count for a while: with the store's level.

    Of goods that other stores sell meanwhile, that level is no news: it gets its share of them.
    """
    gap = level - link.expected
    if gap and not shared and context.stock.first_link is stock_rules.FirstLink.STORE:
        movement = stock.Movement(
            product_id=link.product_id,
            warehouse_id=context.warehouses[0],
            qty=gap,
            kind="opening_balance",
            source_ref=f"store:{context.store_id}:product:{link.woo_id}:{link.seq + 1}",
            note="the level of the store when it counted the product again",
        )
        await stock.news_of(tx, context.store_id)
        await stock.save_movements(tx, [movement], actor=context.actor, now=context.clock())
        booked = booking.Booked(
            event="stock_opened",
            product_id=link.product_id,
            woo_id=link.woo_id,
            before=link.expected,
            level=level,
            source_ref=movement.source_ref,
            cause="counted again",
        )
        await booking.tell(tx, context, [booked])
    return structs.replace(
        link, expected=level, observed=level, seq=link.seq + 1, state="clean", reason=""
    )
