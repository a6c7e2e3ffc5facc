import pytest

from woosync.domain import conflict_policy
from woosync.domain.ids import Entity
from woosync.entrypoints.cli import stores
from woosync.flows.pull import prepare

POLICY = conflict_policy.Policy


def test_policies_given_on_the_command_line_are_what_the_merge_follows() -> None:
    given = ["default=local", "order=woocommerce", "product.name=manual"]
    rules = prepare.rules_of(stores._policies({"other": 1}, given))
    assert rules.policy_for(Entity.CUSTOMER, "email") is POLICY.LOCAL
    assert rules.policy_for(Entity.ORDER, "status") is POLICY.WOOCOMMERCE
    assert rules.policy_for(Entity.PRODUCT, "name") is POLICY.MANUAL


def test_policies_add_to_those_that_are_set_and_leave_other_settings() -> None:
    before = stores._policies({"other": 1}, ["product=local"])
    after = stores._policies(before, ["order=local"])
    assert after == {"other": 1, "policies": {"entities": {"product": "local", "order": "local"}}}
    assert stores._policies({}, None) == {}


def test_no_policies_mean_the_newest_wins() -> None:
    assert prepare.rules_of({}).policy_for(Entity.PRODUCT, "name") is POLICY.NEWEST


@pytest.mark.parametrize(
    "given", ["default=mine", "shoe=local", "shoe.size=local", "product", "product.name="]
)
def test_a_policy_that_means_nothing_is_refused(given: str) -> None:
    with pytest.raises(prepare.BadPolicyError) as caught:
        stores._policies({}, [given])
    assert caught.value.remedy
