"""Webhook topics: the WordPress actions behind them, and the topics an event fires."""

import re

from woosim import options

TRASH = ("wp_trash_post",)
UNTRASH = ("untrashed_post",)
HOOKS: dict[str, tuple[str, ...]] = {
    "coupon.created": ("woocommerce_process_shop_coupon_meta", "woocommerce_new_coupon"),
    "coupon.updated": ("woocommerce_process_shop_coupon_meta", "woocommerce_update_coupon"),
    "coupon.deleted": TRASH,
    "coupon.restored": UNTRASH,
    "customer.created": ("user_register", "woocommerce_created_customer"),
    "customer.updated": ("profile_update", "woocommerce_update_customer"),
    "customer.deleted": ("delete_user",),
    "order.created": ("woocommerce_new_order",),
    "order.updated": ("woocommerce_update_order", "woocommerce_order_refunded"),
    "order.deleted": (*TRASH, "woocommerce_trash_order"),
    "order.restored": (*UNTRASH, "woocommerce_untrash_order"),
    "product.created": (
        "woocommerce_process_product_meta",
        "woocommerce_new_product",
        "woocommerce_new_product_variation",
    ),
    "product.updated": (
        "woocommerce_process_product_meta",
        "woocommerce_update_product",
        "woocommerce_update_product_variation",
    ),
    "product.deleted": TRASH,
    "product.restored": UNTRASH,
    "product.published": ("woocommerce_product_published",),
}
_ACTION = re.compile(r"action\.(woocommerce|wc)_\w+")


def hooks_of(topic: str, chosen: options.Options) -> list[str] | None:
    """Return the actions a topic listens to, or None if the shop's version has no such topic."""
    if topic == "product.published" and not chosen.at_least(11, 0):
        return None
    if topic in HOOKS:
        return list(HOOKS[topic])
    return [topic.partition(".")[2]] if _ACTION.fullmatch(topic) else None


def fired_by(event: str, kind: str) -> tuple[str, ...]:
    """Return the topics an event fires.

    WordPress' trash action does not say what was trashed, so whatever is trashed fires the topics
    of products and coupons.
    """
    if (event, kind) == ("deleted", "post"):
        return ("coupon.deleted", "product.deleted")
    topic = f"{kind}.{event}"
    return (topic,) if topic in HOOKS else ()
