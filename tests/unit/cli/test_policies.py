import pytest

from woosync.domain import conflict_policy
from woosync.domain.ids import Entity
from woosync.entrypoints.cli import store_options
from woosync.flows.pull import prepare

POLICY = conflict_policy.Policy


def test_policies_given_on_the_command_line_are_what_the_merge_follows() -> None:
    given = ["default=local", "order=woocommerce", "product.name=manual"]
    rules = prepare.rules_of(store_options.policies({"other": 1}, given))
    assert rules.policy_for(Entity.CUSTOMER, "email") is POLICY.LOCAL
    assert rules.policy_for(Entity.ORDER, "status") is POLICY.WOOCOMMERCE
    assert rules.policy_for(Entity.PRODUCT, "name") is POLICY.MANUAL


def test_policies_add_to_those_that_are_set_and_leave_other_settings() -> None:
    before = store_options.policies({"other": 1}, ["product=local"])
    after = store_options.policies(before, ["order=local"])
    assert after == {"other": 1, "policies": {"entities": {"product": "local", "order": "local"}}}
    assert store_options.policies({}, None) == {}


def test_no_policies_mean_the_newest_wins() -> None:
    assert prepare.rules_of({}).policy_for(Entity.PRODUCT, "name") is POLICY.NEWEST


@pytest.mark.parametrize(
    "given",
    [
        *("default=mine", "shoe=local", "shoe.size=local", "product", "product.name="),
        *("product.nope=newest", "customer.billing.town=local", "product.=local"),
        "refund.name=local",
    ],
)
def test_a_policy_that_means_nothing_is_refused(given: str) -> None:
    with pytest.raises(prepare.BadPolicyError) as caught:
        store_options.policies({}, [given])
    assert caught.value.remedy


@pytest.mark.parametrize("given", ["customer.billing", "customer.billing.city", "order.metadata.x"])
def test_parts_of_a_record_and_custom_fields_have_policies(given: str) -> None:
    changed = store_options.policies({}, [f"{given}=local"])
    assert changed == {"policies": {"fields": {given: "local"}}}


def test_one_field_cannot_have_two_policies() -> None:
    assert store_options.policies({}, ["product=local", "product=local"])
    with pytest.raises(prepare.BadPolicyError, match="given twice: local and newest"):
        store_options.policies({}, ["product=local", "product=newest"])


def test_a_field_that_was_set_before_is_left_alone() -> None:
    before = {"policies": {"fields": {"product.old": "local"}}}
    after = store_options.policies(before, ["product.name=manual"])["policies"]["fields"]
    assert after == {"product.old": "local", "product.name": "manual"}
