"""Which steps an order's status takes, and what a store does by itself when it takes one."""

from collections.abc import Collection

#: The statuses of WooCommerce itself; plugins add others.
CORE = frozenset(
    {"pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed"}
)
_OPEN = frozenset({"pending", "processing", "on-hold", "completed", "cancelled", "failed"})
#: From each status of WooCommerce's own to where an order may go without anybody wondering.
_STEPS = {
    "pending": _OPEN,
    "on-hold": _OPEN,
    "failed": _OPEN,
    "processing": _OPEN - {"pending"},
    "completed": frozenset({"processing", "on-hold"}),
    "cancelled": frozenset({"processing", "on-hold"}),
    "refunded": frozenset[str](),
    "checkout-draft": _OPEN,
}
_HOLDS_STOCK = frozenset({"processing", "completed", "on-hold"})


def refusal(before: str, after: str, *, known: Collection[str]) -> str:
    """Say why a status is not to be sent; "" where it may be.

    `known` are the statuses that the store has been seen to use: it silently makes "pending" of
    one that it does not know, and puts the stock back.
    """
    if after not in CORE and after not in known:
        return f"the store has no status {after!r}"
    if after == "refunded":
        return "a refund needs its amount and whether goods come back: make a refund instead"
    if before in _STEPS and after in CORE and after not in _STEPS[before]:
        return f"an order does not go from {before} to {after} ({effect(before, after)})"
    return ""


def effect(before: str, after: str) -> str:
    """Say what a store does about stock when an order takes this step."""
    if after in _HOLDS_STOCK and before not in _HOLDS_STOCK:
        return "the store takes the goods out of stock"
    if after in {"cancelled", "pending"} and before in _HOLDS_STOCK:
        return "the store puts the goods back into stock"
    return "the stock stays as it is"
