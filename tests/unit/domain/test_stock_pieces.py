from decimal import Decimal

from woosync.domain import order, stock
from woosync.domain.ids import LineId, WooId
from woosync.domain.stock import LineEffect


def line(number: int, product: int, held: int, variation: int | None = None) -> order.Line:
    return order.Line(
        id=LineId(number),
        product=WooId(product),
        variation=WooId(variation) if variation else None,
        reduced_stock=Decimal(held),
    )


def test_an_order_holds_what_its_lines_hold_of_the_variation_where_there_is_one() -> None:
    sale = order.Order(lines=(line(1, 10, 2), line(2, 20, 0, variation=21)))
    assert stock.effects_of(sale) == {
        1: LineEffect(WooId(10), Decimal(2)),
        2: LineEffect(WooId(21), Decimal(0)),
    }


def test_only_changes_are_booked_and_a_replay_books_nothing() -> None:
    held = {
        LineId(1): LineEffect(WooId(10), Decimal(2)),
        LineId(2): LineEffect(WooId(20), Decimal(1)),
    }
    assert stock.effect_changes({}, held) == held
    assert stock.effect_changes(held, held) == {}


def test_a_restocked_line_gives_back_the_difference() -> None:
    before = {LineId(1): LineEffect(WooId(10), Decimal(2))}
    now = {LineId(1): LineEffect(WooId(10), Decimal(1))}
    assert stock.effect_changes(before, now) == {1: LineEffect(WooId(10), Decimal(-1))}


def test_a_line_that_is_gone_gives_back_all_it_held() -> None:
    before = {LineId(1): LineEffect(WooId(10), Decimal(2))}
    assert stock.effect_changes(before, {}) == {1: LineEffect(WooId(10), Decimal(-2))}
