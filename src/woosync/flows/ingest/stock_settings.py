"""Read a store's rules of stock from its settings."""

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from woosync import errors
from woosync.domain import stock_rules
from woosync.postgres import stores
from woosync.postgres.engine import Transaction

#: What the database can hold in a whole number.
MOST = 2**31 - 1
REMEDY = "Correct them: `woosync stores show` prints the settings, docs/stock.md explains them."


class BadStockRulesError(errors.PermanentError):
    """The store's rules of stock cannot be read."""

    exit_code = 78


def rules_of(settings: Mapping[str, object]) -> stock_rules.Rules:
    """Read the rules under "stock"; every part may be left out. Times are in seconds.

    Form: {"stock": {"warehouses": [1, 2], "order_warehouse": "first", "buffer": 0, "share": 1,
    "edits": "adopt", "first_link": "store", "brake": {"share": 0.3, "products": 10},
    "patience": 120}}. Raises BadStockRulesError.
    """
    given = settings.get("stock") or {}
    try:
        rules = msgspec.convert(given, stock_rules.Rules, strict=False)
        _check(rules, given if isinstance(given, Mapping) else {})
    except ValueError as error:
        raise BadStockRulesError(
            f"The store's rules of stock cannot be read: {error}.", remedy=REMEDY
        ) from error
    return rules


async def check_warehouses(tx: Transaction, settings: Mapping[str, object]) -> None:
    """Raise BadStockRulesError where a warehouse is named that there is not.

    Nothing would be on hand in it, and the next push would sell out the shop.
    """
    named = rules_of(settings).warehouses
    known = await stores.load_warehouses(tx)
    unknown = [one for one in named if one not in known]
    if unknown:
        told = ", ".join(f"{number} ({name})" for number, name in known.items())
        raise BadStockRulesError(
            f"The store's rules of stock cannot be read: there is no warehouse {unknown[0]}.",
            remedy=f"There are: {told or 'none yet'}.",
        )


def _check(rules: stock_rules.Rules, given: Mapping[str, object]) -> None:
    """Raise ValueError for what only looks right: a typing error must not switch a rule off."""
    unknown = sorted(set(given) - set(rules.__struct_fields__))
    if unknown:
        raise ValueError(f"there is no rule {unknown[0]!r}")
    if rules.buffer < 0 or rules.share < 0 or rules.brake.products < 0:
        raise ValueError("buffer, share and brake.products are not below 0")
    if max(rules.buffer, rules.share, rules.brake.products) > MOST:
        raise ValueError(f"buffer, share and brake.products are not above {MOST}")
    if len({*rules.warehouses}) < len(rules.warehouses):
        raise ValueError("a warehouse is named twice")
    if not all(0 < one <= MOST for one in rules.warehouses):
        raise ValueError("warehouses are named by their ids")
    if not 0 <= rules.brake.share <= 1:
        raise ValueError("brake.share is a share between 0 and 1")
    if min(rules.patience, rules.cut_patience, rules.pause) < timedelta():
        raise ValueError("times are not below 0")
