"""Bugs to be caught: each takes one thing away that the stock protocol stands on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from woosync.domain import stock as protocol
from woosync.domain import stock_rules
from woosync.flows.ingest import agreeing, levels, looking, news
from woosync.flows.stock import job, planning, recovering, sending
from woosync.mapping import level
from woosync.postgres import outbox, stock, stock_links, stock_ops
from woosync.woo import batch

Patch = Callable[[pytest.MonkeyPatch], None]
MUTANTS: dict[str, Patch] = {}


def mutant(patch: Patch) -> Patch:
    """Register a bug under its name."""
    MUTANTS[patch.__name__] = patch
    return patch


@mutant
def lost_writes_are_sent_again_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(protocol, "after_look", lambda *_, **__: protocol.Next.RESEND)


@mutant
def the_marker_is_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(protocol.Op, "is_named_by", lambda *_: False)


@mutant
def a_marker_of_anybody_will_do(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(protocol.Op, "is_named_by", lambda *_: True)


@mutant
def failures_of_the_store_are_swallowed(patch: pytest.MonkeyPatch) -> None:
    true = batch.send

    async def send(*arguments: Any, **named: Any) -> list[batch.Outcome]:
        found = await true(*arguments, **named)
        return [
            structs.replace(
                one,
                status=batch.Status.DONE,
                record=b'{"id":1,"manage_stock":true,"stock_quantity":1}',
            )
            if one.status is batch.Status.UNKNOWN
            else one
            for one in found
        ]

    patch.setattr(sending.batch, "send", send)


@mutant
def what_failed_counts_as_not_done(patch: pytest.MonkeyPatch) -> None:
    true = batch.send

    async def send(*arguments: Any, **named: Any) -> list[batch.Outcome]:
        found = await true(*arguments, **named)
        return [
            structs.replace(one, status=batch.Status.UNSENT)
            if one.status is batch.Status.UNKNOWN
            else one
            for one in found
        ]

    patch.setattr(sending.batch, "send", send)


@mutant
def every_gap_is_an_edit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(protocol, "explain", lambda *_: None)
    patch.setattr(protocol.Evidence, "is_clean", True)


@mutant
def levels_are_taken_as_they_come(patch: pytest.MonkeyPatch) -> None:
    """The payload is applied directly, as a delivery of a webhook shows it."""
    true = stock_links.observe

    async def observe(tx: Any, store_id: int, seen: Any) -> None:
        links = await stock_links.load(tx, store_id, list(seen))
        await stock_links.save(
            tx, [structs.replace(o, expected=seen[i][0]) for i, o in links.items()]
        )
        await true(tx, store_id, seen)

    patch.setattr(levels.stock_links, "observe", observe)


@mutant
def lines_are_counted_at_every_sight(patch: pytest.MonkeyPatch) -> None:
    true = stock.load_effects

    async def load_effects(*arguments: Any) -> Any:
        found = await true(*arguments)
        return {
            key: structs.replace(one, reduced_qty=one.reduced_qty - 1) for key, one in found.items()
        }

    patch.setattr(stock, "load_effects", load_effects)


@mutant
def lines_that_are_gone_keep_their_stock(patch: pytest.MonkeyPatch) -> None:
    true = stock.load_effects

    async def load_effects(*arguments: Any) -> Any:
        found = await true(*arguments)
        return {key: structs.replace(one, reduced_qty=0) for key, one in found.items()}

    patch.setattr(stock, "load_effects", load_effects)


@mutant
def orders_are_not_read(patch: pytest.MonkeyPatch) -> None:
    async def pull(_: Any) -> int:
        return 0

    patch.setattr(news, "pull", pull)


@mutant
def orders_are_read_in_another_time_zone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(news, "OVERLAP", timedelta(hours=-5))
    patch.setattr(job.news, "News", lambda **named: _NEWS(overlap=timedelta(hours=-5), **named))


@mutant
def orders_are_read_without_an_overlap(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(job.news, "News", lambda **named: _NEWS(overlap=timedelta(), **named))


_NEWS = news.News


@mutant
def sales_do_not_move_what_is_expected(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stock_links.StockLink, "moved", lambda self, _: self)


@mutant
def whole_levels_are_sent(patch: pytest.MonkeyPatch) -> None:
    true = level.body_of

    def body_of(op: protocol.Op) -> dict[str, Any]:
        return true(op) | {"stock_quantity": 20 + int(op.delta)}

    patch.setattr(sending.level, "body_of", body_of)


@mutant
def nothing_is_noted_before_sending(patch: pytest.MonkeyPatch) -> None:
    """The attempt is not committed: after a kill it looks as if nothing had been sent."""

    async def take_over(given: Any) -> list[protocol.Op]:
        async with given.database.transaction() as tx:
            found = await stock_ops.load_open(tx, given.store_id)
            await tx.execute("UPDATE stock_ops SET state = 'planned' WHERE state = 'sent'")
        return [op for op in found if op.state in {"planned", "sent"}]

    patch.setattr(recovering, "take_over", take_over)


@mutant
def what_a_dead_process_sent_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    async def take_over(_: Any) -> list[protocol.Op]:
        return []

    patch.setattr(recovering, "take_over", take_over)


@mutant
def the_level_is_not_looked_at_again(patch: pytest.MonkeyPatch) -> None:
    async def judge(*_: Any, **__: Any) -> agreeing.Judged:
        return agreeing.Judged()

    patch.setattr(agreeing, "judge", judge)


@mutant
def stores_are_mixed_up(patch: pytest.MonkeyPatch) -> None:
    """The store is missing in a condition."""
    patch.setattr(
        stock_links,
        "SAVE",
        stock_links.SAVE.replace("old.store_id = new.store_id AND ", ""),
    )


@mutant
def marks_are_taken_away_unseen(patch: pytest.MonkeyPatch) -> None:
    """The outbox is emptied before the work is saved."""
    true = planning._claimed

    async def claimed(tx: Any, given: Any) -> Any:
        found = await true(tx, given)
        async with given.database.transaction() as other:
            await outbox.acknowledge(other, found)
        return found

    patch.setattr(planning, "_claimed", claimed)


@mutant
def refusals_are_tried_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sending, "after", lambda link, *_: structs.replace(link, state="clean"))


@mutant
def rises_are_sent_again_at_once(patch: pytest.MonkeyPatch) -> None:
    true = protocol.after_look

    def after_look(op: protocol.Op, marker: object, **named: Any) -> protocol.Next:
        rules = structs.replace(stock_rules.DEFAULT, patience=timedelta())
        return true(op, marker, now=named["now"], rules=rules)

    patch.setattr(protocol, "after_look", after_look)


@mutant
def meta_data_is_not_asked_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(looking.wire, "FIELDS", "id,manage_stock,stock_quantity,date_modified_gmt")


#: The audit mends what most of these do, so both sides agree in the end all the same: they show in
#: how often the store is written to, and in what it sells meanwhile.
BY_SCENARIO = {
    "lost_writes_are_sent_again_at_once",
    "the_marker_is_not_looked_at",
    "a_marker_of_anybody_will_do",
    "rises_are_sent_again_at_once",
    "nothing_is_noted_before_sending",
    "meta_data_is_not_asked_for",
    "levels_are_taken_as_they_come",
}
