"""What a store's settings say about pushing; they are read here and nowhere else."""

from collections.abc import Mapping

import msgspec

from woosync import errors
from woosync.domain import ids

#: New addresses make a store calculate an order's taxes and totals anew.
NEVER = ("order.billing", "order.shipping")
CREATES = ("customers", "products")


class BadRulesError(errors.PermanentError):
    """The store's rules for pushing cannot be read."""

    exit_code = 78


class Rules(msgspec.Struct, frozen=True):
    """Which fields a store never gets, what may be made there, and when a tug of war ends.

    `never` holds "product", "product.description" or "customer.billing.phone"; `statuses` are those
    that plugins have given the store's orders; `flips` is how often one value may be sent in vain.
    """

    create: frozenset[str] = frozenset()
    never: tuple[str, ...] = NEVER
    statuses: frozenset[str] = frozenset()
    flips: int = 3

    def allows(self, entity: ids.Entity, name: str) -> bool:
        """Tell whether a field may be sent; variations follow the rules of products too."""
        entities = {entity.value}
        if entity is ids.Entity.VARIATION:
            entities.add(ids.Entity.PRODUCT.value)
        paths = [f"{one}.{name}" for one in entities]
        return not any(
            path == rule or path.startswith(f"{rule}.") for path in paths for rule in self.never
        )

    def creates(self, entity: ids.Entity) -> bool:
        """Tell whether records that the store does not have are made there."""
        noun = "customers" if entity is ids.Entity.CUSTOMER else "products"
        return entity is not ids.Entity.ORDER and noun in self.create


class _Push(msgspec.Struct, forbid_unknown_fields=True):
    create: list[str] | dict[str, bool] = []
    never: tuple[str, ...] = NEVER
    statuses: list[str] = []
    flips: int = 3


def rules_of(settings: Mapping[str, object]) -> Rules:
    """Read `settings["push"]`; every part may be left out. Raises BadRulesError.

    Form: {"create": ["products"], "never": ["product.description"], "statuses": ["shipped"],
    "flips": 3}.
    """
    try:
        given = msgspec.convert(settings.get("push") or {}, _Push)
        wanted = given.create
        chosen = [k for k, v in wanted.items() if v] if isinstance(wanted, dict) else wanted
        _check(given, chosen)
    except (ValueError, TypeError) as error:
        raise BadRulesError(
            f"The store's settings for pushing cannot be read: {error}.",
            remedy='Mend "push" in the settings of the store: see docs/guide/pushing.md.',
        ) from error
    return Rules(frozenset(chosen), given.never, frozenset(given.statuses), given.flips)


def _check(given: _Push, chosen: list[str]) -> None:
    """Raise ValueError for what only looks right."""
    if set(chosen) - set(CREATES):
        raise ValueError(f"create may hold {' and '.join(CREATES)}")
    if given.flips < 1:
        raise ValueError("flips is a number above 0")
    for rule in given.never:
        ids.Entity(rule.partition(".")[0])
