"""Compare the levels that a store shows with those expected, and say where a gap comes from.

What our own writes and the store's races did is booked as expected, so that the next plan mends
it. What is left was edited in the shop: the store's rules say what to do, and where the evidence
is not clean a person does. `judge` looks and decides; it never writes to the store.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import structs

from woosync.domain import stock as protocol
from woosync.domain import stock_rules
from woosync.flows.ingest import booking
from woosync.flows.ingest.context import Context
from woosync.mapping.level import Look
from woosync.postgres import conflicts, log, outbox, stock, stock_links, stock_ops
from woosync.postgres.engine import Transaction

Verdict = Literal["agreed", "repaired", "adopted", "reverted", "held", "unmanaged", "open"]
ENTITY = outbox.STOCK
FIELD = booking.FIELD
Looks = Mapping[int, Look]
Expected = Mapping[int, Decimal]


class Judged(msgspec.Struct):
    """What became of products: counts by verdict, and those to be looked at once more."""

    counts: dict[str, int] = msgspec.field(default_factory=dict)
    again: list[int] = msgspec.field(default_factory=list)
    unequal: list[int] = msgspec.field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """Count a verdict."""
        self.counts[verdict] = self.counts.get(verdict, 0) + 1


class Case(msgspec.Struct, frozen=True):
    """A product whose level was looked at, and what is known of it."""

    link: stock_links.StockLink
    level: Decimal
    modified: datetime | None
    evidence: protocol.Evidence

    @property
    def gap(self) -> Decimal:
        """Return how many units more the store shows than expected."""
        return self.level - self.link.expected


def unchanged(first: Looks, second: Looks) -> dict[int, Look]:
    """Return what two looks show alike: nothing happened to these products in between."""
    return {
        product_id: look
        for product_id, look in second.items()
        if (before := first.get(product_id)) is not None
        and (before.level, before.modified) == (look.level, look.modified)
    }


async def judge(
    tx: Transaction, context: Context, looks: Looks, expected: Expected, *, final: bool
) -> Judged:
    """Decide about products that two looks showed alike; `expected` was loaded between them.

    Only with `final` a level is taken for an edit: an order of which the store has not told yet
    may still explain it. Products where that is so are in `again`, as are those of which an
    order came in meanwhile; `unequal` are those whose level is to be changed in the store.
    """
    judged = Judged()
    links = await stock_links.load(tx, context.store_id, list(looks))
    evidence = await stock_ops.load_evidence(tx, context.store_id, list(links))
    changed: list[stock_links.StockLink] = []
    for product_id, link in links.items():
        look = looks[product_id]
        if link.state in {"op", "unknown", "unmanaged"} or look.level is None:
            judged.add("open" if link.state in {"op", "unknown"} else "unmanaged")
            continue
        if expected.get(product_id) != link.expected:
            judged.again.append(product_id)
            continue
        case = Case(link, look.level, look.modified, evidence.get(product_id, protocol.Evidence()))
        settled = await _settle(tx, context, case, final=final)
        if settled is None:
            judged.again.append(product_id)
            continue
        verdict, after = settled
        judged.add(verdict)
        changed.append(after)
        if verdict in {"repaired", "reverted"} or _waits(link, after):
            judged.unequal.append(product_id)
    await stock_links.save(tx, changed)
    await outbox.mark(tx, context.store_id, outbox.STOCK, judged.unequal)
    return judged


def _waits(link: stock_links.StockLink, after: stock_links.StockLink) -> bool:
    """Tell whether something was put off until both sides agreed: a write, or units to move."""
    return after.state == "clean" and (link.state == "held" or after.wanted is not None)


async def _settle(
    tx: Transaction, context: Context, case: Case, *, final: bool
) -> tuple[Verdict, stock_links.StockLink] | None:
    """Return the verdict about one product and its link after it; None: look once more."""
    if case.gap == 0:
        return "agreed", await _agree(tx, context, case, "clean")
    cause = protocol.explain(case.gap, case.evidence)
    if cause is not None:
        after = await _agree(tx, context, case, "clean")
        await _log(tx, context, case, "stock_repaired", cause.value)
        return "repaired", structs.replace(after, expected=case.level)
    if not final:
        return None
    return await _edited(tx, context, case)


async def _edited(
    tx: Transaction, context: Context, case: Case
) -> tuple[Verdict, stock_links.StockLink]:
    """Deal with a level that somebody changed in the shop."""
    policy = context.stock.edits
    if case.link.state == "held":
        return "held", structs.replace(case.link, observed=case.level)
    if not case.evidence.is_clean:
        return "held", await hold(tx, context, case, "an edit in the shop, or a write gone wrong")
    if policy is stock_rules.Edits.HOLD and case.link.audited_at is not None:
        return "held", await hold(tx, context, case, "somebody changed the level in the shop")
    after = await _agree(tx, context, case, "clean")
    if policy is stock_rules.Edits.REVERT and case.link.audited_at is not None:
        await _log(tx, context, case, "stock_reverted", "changed in the shop")
        return "reverted", structs.replace(after, expected=case.level)
    return "adopted", await adopt(tx, context, case)


async def adopt(tx: Transaction, context: Context, case: Case) -> stock_links.StockLink:
    """Book the store's level as right: a movement, and the level is what is expected now."""
    link = case.link
    kind = "shop_edit" if link.audited_at is not None else "store_change"
    movement = stock.Movement(
        product_id=link.product_id,
        warehouse_id=context.warehouses[0],
        qty=case.gap,
        kind=kind,
        source_ref=f"store:{context.store_id}:product:{link.woo_id}:{link.seq + 1}",
        note=f"the store's level was {case.level:f} instead of {link.expected:f}",
    )
    await stock.news_of(tx, context.store_id)
    await stock.save_movements(tx, [movement], actor=context.actor, now=context.clock())
    booked = booking.Booked(
        event="stock_adopted",
        product_id=link.product_id,
        woo_id=link.woo_id,
        before=link.expected,
        level=case.level,
        source_ref=movement.source_ref,
        cause="changed in the shop",
    )
    await booking.tell(tx, context, [booked])
    agreed = await _agree(tx, context, case, "clean")
    moved = agreed.moved(case.gap)
    return structs.replace(moved, seq=link.seq + 1)


async def hold(tx: Transaction, context: Context, case: Case, reason: str) -> stock_links.StockLink:
    """Stop writing this level until a person decides, and ask."""
    link = case.link
    await conflicts.save(
        tx,
        context.store_id,
        [
            conflicts.Conflict(
                entity=ENTITY,
                woo_id=link.woo_id,
                local_id=link.product_id,
                field=FIELD,
                base=float(link.expected),
                ours=float(link.expected),
                theirs=float(case.level),
                ours_at=link.audited_at,
                theirs_at=case.modified,
                policy=context.stock.edits.value,
                decision="manual",
                suggestion="theirs" if case.evidence.is_clean else "ours",
                reason=f"{reason}: the store shows {case.level:f}, expected {link.expected:f}",
                open=True,
            )
        ],
        run_id=context.run_id,
    )
    await _log(tx, context, case, "stock_held", reason)
    return structs.replace(
        link,
        state="held",
        reason=reason,
        observed=case.level,
        observed_modified=case.modified,
    )


async def _agree(
    tx: Transaction, context: Context, case: Case, state: str
) -> stock_links.StockLink:
    """Return the link with nothing left to be explained, but what may still come of lost writes.

    A level that was held because of a gap is free again; one that a person holds, or that the
    store refuses to change, waits for a person.
    """
    link, now = case.link, context.clock()
    reason = ""
    if link.state == "held" and not await stock.close_conflict(
        tx, context.store_id, link.product_id, by="agreed again"
    ):
        state, reason = link.state, link.reason
    through = protocol.agreed_through(
        case.evidence.ops, link.agreed_seq, now=now, patience=context.stock.patience
    )
    return structs.replace(
        link,
        state=state,
        reason=reason,
        observed=case.level,
        observed_modified=case.modified,
        agreed_seq=through,
        audited_at=now,
    )


async def _log(tx: Transaction, context: Context, case: Case, event: str, cause: str) -> None:
    told = log.Event(
        entity=ENTITY,
        event=event,
        woo_id=case.link.woo_id,
        local_id=case.link.product_id,
        before={FIELD: float(case.link.expected)},
        after={FIELD: float(case.level)},
        cause=cause,
    )
    await log.save(
        tx,
        context.store_id,
        [told],
        run_id=context.run_id,
        actor=context.actor,
        now=context.clock(),
    )


#: How often a product is looked at before it is left to the next audit.
LOOKS = 4


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """How to see a store: its levels, its orders, our transactions, and a moment's pause."""

    context: Context
    fetch: Callable[[Sequence[int]], Awaitable[dict[int, Look]]]
    pull_orders: Callable[[], Awaitable[object]]
    transaction: Callable[[], contextlib.AbstractAsyncContextManager[Transaction]]
    sleep: Callable[[float], Awaitable[None]]


async def settle(sight: Sight, product_ids: Sequence[int], *, first: Looks | None = None) -> Judged:
    """Look, ingest orders, look again; decide about what stood still; a few times at most.

    A level is taken for an edit at the second look after a pause, so that a sale under way has
    time to show its order. What does not stand still is left in `again` for the next audit.
    `first` is a look that the caller has had already.
    """
    total = Judged()
    waiting = list(product_ids)
    if first is None:
        first = await sight.fetch(waiting)
    for number in range(1, LOOKS):
        await sight.pull_orders()
        async with sight.transaction() as tx:
            expected = await stock_links.load_expected(tx, sight.context.store_id, waiting)
        second = await sight.fetch(waiting)
        async with sight.transaction() as tx:
            judged = await judge(
                tx, sight.context, unchanged(first, second), expected, final=number > 1
            )
        for verdict, count in judged.counts.items():
            total.counts[verdict] = total.counts.get(verdict, 0) + count
        total.unequal += judged.unequal
        moving = [i for i in waiting if i in second and i not in unchanged(first, second)]
        waiting = judged.again + moving
        if not waiting:
            break
        first = {i: second[i] for i in waiting}
        await sight.sleep(sight.context.stock.pause.total_seconds())
    total.again = waiting
    return total
