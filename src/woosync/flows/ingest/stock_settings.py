"""Read a store's rules of stock from its settings."""

from collections.abc import Mapping

import msgspec

from woosync import errors
from woosync.domain import stock_rules


class BadStockRulesError(errors.PermanentError):
    """The store's rules of stock cannot be read."""

    exit_code = 78


def rules_of(settings: Mapping[str, object]) -> stock_rules.Rules:
    """Read the rules under "stock"; every part may be left out. Times are in seconds.

    Form: {"stock": {"warehouses": [1, 2], "order_warehouse": "first", "buffer": 0, "share": 1,
    "edits": "adopt", "first_link": "store", "brake": {"share": 0.3, "products": 10},
    "patience": 120}}. Raises BadStockRulesError.
    """
    try:
        return msgspec.convert(settings.get("stock") or {}, stock_rules.Rules, strict=False)
    except msgspec.ValidationError as error:
        raise BadStockRulesError(
            f"The store's rules of stock cannot be read: {error}.",
            remedy="Correct them: `woosync stores show` prints the settings, docs/stock.md "
            "explains them.",
        ) from error
