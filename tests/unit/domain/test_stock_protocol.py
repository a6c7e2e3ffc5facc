"""What the stock protocol decides, without a store."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from woosync.domain import stock
from woosync.domain.stock import Cause, Change, Evidence, Next, OpState
from woosync.domain.stock_rules import Brake, Rules

NOW = datetime(2026, 1, 2, tzinfo=UTC)
RULES = Rules()


def op(delta: int, **changes: object) -> stock.Op:
    values: dict[str, object] = {
        "op_id": 9,
        "product_id": 1,
        "seq": 7,
        "delta": Decimal(delta),
        "attempt": 1,
        "state": OpState.CONFIRMED,
        "sent_at": NOW,
    }
    return stock.Op(**(values | changes))  # type: ignore[arg-type] # checked by the class


@pytest.mark.parametrize(
    ("available", "buffer", "ceiling", "shown"),
    [(10, 0, None, 10), (10, 3, None, 7), (2, 3, None, 0), (-2, 3, None, -2), (10, 0, 4, 4)],
)
def test_a_store_shows_what_is_available(
    available: int, buffer: int, ceiling: int | None, shown: int
) -> None:
    limit = None if ceiling is None else Decimal(ceiling)
    assert stock.target(Decimal(available), buffer=Decimal(buffer), ceiling=limit) == shown


def test_parts_of_a_piece_are_offered_only_where_the_rules_say_so() -> None:
    assert stock.target(Decimal("7.5")) == 7
    assert stock.target(Decimal("7.5"), fractions=True) == Decimal("7.5")


def test_a_marker_names_its_operation_whatever_the_attempt() -> None:
    assert op(-3).marker == "7:9:1:-3"
    assert op(-3, attempt=2).is_named_by("7:9:1:-3")
    assert not op(-3).is_named_by("7:8:1:-3")
    assert not op(-3).is_named_by(None)


@pytest.mark.parametrize(
    ("delta", "seconds", "what"),
    [(-1, 4, Next.WAIT), (-1, 5, Next.RESEND), (1, 119, Next.WAIT), (1, 120, Next.RESEND)],
)
def test_cuts_are_sent_again_soon_and_rises_late(delta: int, seconds: int, what: Next) -> None:
    at = NOW + timedelta(seconds=seconds)
    assert stock.after_look(op(delta), "6:1:1:2", now=at, rules=RULES) is what
    assert stock.after_look(op(delta), op(delta).marker, now=at, rules=RULES) is Next.BOOK


@pytest.mark.parametrize(
    ("gap", "evidence", "cause"),
    [
        (-3, Evidence(ops=(op(3, state=OpState.MARKER_ONLY),)), Cause.NOT_APPLIED),
        (3, Evidence(ops=(op(3, attempt=2),)), Cause.APPLIED_TWICE),
        (2, Evidence(ops=(op(5),), taken=(Decimal(2), Decimal(4))), Cause.LOST_RACE),
        (6, Evidence(ops=(op(5),), taken=(Decimal(2), Decimal(4))), Cause.LOST_RACE),
        (-1, Evidence(ops=(op(5),), taken=(Decimal(-1),)), Cause.LOST_RACE),
        (
            -1,
            Evidence(ops=(op(3, state=OpState.MARKER_ONLY),), taken=(Decimal(2),)),
            Cause.SEVERAL,
        ),
        (1, Evidence(ops=(op(5),)), None),
        (5, Evidence(ops=(op(5),)), None),
        (3, Evidence(), None),
    ],
)
def test_a_gap_is_explained_by_what_went_wrong(
    gap: int, evidence: Evidence, cause: Cause | None
) -> None:
    assert stock.explain(Decimal(gap), evidence) is cause


def test_evidence_is_clean_when_every_answer_came_the_first_time() -> None:
    assert Evidence(ops=(op(1), op(2))).is_clean
    for risky in (op(1, attempt=2), op(1, doubtful=True), op(1, state=OpState.MARKER_ONLY)):
        assert not Evidence(ops=(op(1), risky)).is_clean


def test_a_risky_write_stays_in_doubt_as_long_as_it_may_still_arrive() -> None:
    ops = [op(1, seq=3), op(1, seq=4, attempt=2), op(1, seq=5)]

    def through(seconds: int) -> int:
        at = NOW + timedelta(seconds=seconds)
        return stock.agreed_through(ops, 2, now=at, patience=RULES.patience)

    assert through(60) == 3
    assert through(121) == 5


def test_the_brake_counts_units_and_products_but_lets_small_runs_go() -> None:
    def told(cuts: int, by: int, *, units: int, products: int) -> str | None:
        changes = [Change(Decimal(10), Decimal(10 - by))] * cuts
        return stock.trips(changes, units=Decimal(units), products=products, brake=Brake())

    assert told(9, 10, units=90, products=9) is None
    assert told(10, 1, units=100, products=100) is None
    assert told(10, 10, units=200, products=100) == "take 100 of the 200 units that the store sells"
    assert told(10, 10, units=9999, products=20) == (
        "sell out 10 of the 20 products that the store sells"
    )
