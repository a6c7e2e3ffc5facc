import functools
from datetime import UTC, datetime, timedelta

import pytest

from woosync.domain import conflict_policy, merge
from woosync.domain.conflict_policy import Policy, Rules, Times
from woosync.domain.ids import Entity
from woosync.domain.merge import FieldChange, Side

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
LATER = NOON + timedelta(seconds=1)
CHANGE = FieldChange("name", "base", "ours", "theirs")


def decide(
    change: FieldChange = CHANGE,
    *,
    rules: Rules | None = None,
    times: Times | None = None,
    force: Side | None = None,
) -> merge.Decision:
    return conflict_policy.decide(
        change,
        entity=Entity.PRODUCT,
        rules=rules or Rules(),
        times=times or Times(),
        force=force,
    )


@pytest.mark.parametrize(
    ("policy", "side", "is_open"),
    [
        (Policy.WOOCOMMERCE, Side.THEIRS, False),
        (Policy.LOCAL, Side.OURS, False),
        (Policy.MANUAL, Side.OURS, True),
    ],
)
def test_a_fixed_policy_does_not_look_at_times(
    policy: Policy, side: Side, *, is_open: bool
) -> None:
    times = Times(ours_at=NOON, theirs_at=LATER), Times(ours_at=LATER, theirs_at=NOON)
    for known in times:
        decision = decide(rules=Rules(default=policy), times=known)
        assert (decision.side, decision.is_open) == (side, is_open)
        assert policy.value in decision.reason


@pytest.mark.parametrize(
    ("ours_at", "theirs_at", "side"),
    [
        (NOON, LATER, Side.THEIRS),
        (LATER, NOON, Side.OURS),
        (NOON, NOON, Side.THEIRS),
        (NOON + timedelta(milliseconds=900), NOON, Side.THEIRS),
        (None, None, Side.THEIRS),
        (NOON, None, Side.OURS),
        (None, NOON, Side.THEIRS),
    ],
)
def test_newest_takes_the_later_whole_second_and_the_store_in_a_tie(
    ours_at: datetime | None, theirs_at: datetime | None, side: Side
) -> None:
    decision = decide(times=Times(ours_at=ours_at, theirs_at=theirs_at))
    assert decision.side is side
    assert not decision.is_open
    assert decision.reason.startswith("policy newest: ")


def test_newest_says_when() -> None:
    decision = decide(times=Times(ours_at=NOON, theirs_at=LATER))
    assert "2026-11-22 12:00:01 UTC" in decision.reason


@pytest.mark.parametrize("side", Side)
def test_force_overrides_every_policy(side: Side) -> None:
    decision = decide(rules=Rules(default=Policy.MANUAL), force=side)
    assert (decision.side, decision.is_open) == (side, False)
    assert "forced" in decision.reason


def test_the_most_particular_rule_counts() -> None:
    rules = Rules(
        default=Policy.WOOCOMMERCE,
        entities={Entity.CUSTOMER: Policy.LOCAL},
        fields={
            (Entity.CUSTOMER, "billing"): Policy.MANUAL,
            (Entity.CUSTOMER, "billing.city"): Policy.NEWEST,
        },
    )
    assert rules.policy_for(Entity.CUSTOMER, "billing.city") is Policy.NEWEST
    assert rules.policy_for(Entity.CUSTOMER, "billing.phone") is Policy.MANUAL
    assert rules.policy_for(Entity.CUSTOMER, "email") is Policy.LOCAL
    assert rules.policy_for(Entity.PRODUCT, "billing.city") is Policy.WOOCOMMERCE


def test_the_suggestion_prefers_the_side_that_says_something() -> None:
    decision = decide(FieldChange("sku", "A", None, "B"), rules=Rules(default=Policy.MANUAL))
    assert decision.suggestion is Side.THEIRS
    decision = decide(FieldChange("sku", "A", "B", ""), rules=Rules(default=Policy.MANUAL))
    assert decision.suggestion is Side.OURS
    assert "the store has nothing" in decision.suggestion_reason


def test_the_suggestion_sees_that_two_texts_differ_in_capitals_and_blanks_only() -> None:
    times = Times(ours_at=LATER, theirs_at=NOON)
    decision = decide(FieldChange("name", "x", "BLUE  mug", "Blue Mug "), times=times)
    assert (decision.side, decision.suggestion) == (Side.OURS, Side.THEIRS)


def test_it_fits_the_merge() -> None:
    Record = merge.FieldConflict  # noqa: N806 - any struct will do
    base, ours, theirs = (Record(name, 1, 2, 3, None) for name in "abc")
    judge = functools.partial(
        conflict_policy.decide, entity=Entity.ORDER, rules=Rules(), times=Times()
    )
    merged = merge.three_way(base, ours, theirs, decide=judge)
    assert merged.value == theirs
    assert [conflict.field for conflict in merged.conflicts] == ["field"]
