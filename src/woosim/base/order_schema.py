"""What an order looks like: its keys in WooCommerce's order, constant or drawn."""

from typing import Any

SLOTS = (
    *("id", "status", "currency", "created", "created_gmt", "modified", "modified_gmt", "paid"),
    *("paid_gmt", "completed", "completed_gmt", "discount", "discount_tax", "shipping"),
    *("shipping_tax", "cart_tax", "total", "total_tax", "customer", "key", "first", "last"),
    *("street", "city", "postcode", "country", "state", "phone", "email", "method", "title"),
    *("transaction", "via", "note", "meta_data", "line_items", "tax_lines", "shipping_lines"),
    *("fee_lines", "coupon_lines", "refunds", "editable", "needs_payment", "symbol"),
)
_PERSON = {
    "first_name": '"«first»"',
    "last_name": '"«last»"',
    "company": '""',
    "address_1": '"«street»"',
    "address_2": '""',
    "city": '"«city»"',
    "state": '"«state»"',
    "postcode": '"«postcode»"',
    "country": '"«country»"',
}
_MONEY = {
    "discount_total": '"«discount»"',
    "discount_tax": '"«discount_tax»"',
    "shipping_total": '"«shipping»"',
    "shipping_tax": '"«shipping_tax»"',
    "cart_tax": '"«cart_tax»"',
    "total": '"«total»"',
    "total_tax": '"«total_tax»"',
}
_LINES = ("line_items", "tax_lines", "shipping_lines", "fee_lines", "coupon_lines", "refunds")


def schema(home: str) -> dict[str, Any]:
    """Return what an order looks like, without `_links`; `home` is the address as JSON text."""
    pay = f'"{home}\\/checkout\\/order-pay\\/«id»\\/?pay_for_order=true&key=wc_order_«key»"'
    return {
        "id": "«id»",
        "parent_id": "0",
        "status": '"«status»"',
        "currency": '"«currency»"',
        "version": '"11.0.1"',
        "prices_include_tax": "false",
        "date_created": '"«created»"',
        "date_modified": '"«modified»"',
        **_MONEY,
        "customer_id": "«customer»",
        "order_key": '"wc_order_«key»"',
        "billing": {**_PERSON, "email": '"«email»"', "phone": '"«phone»"'},
        "shipping": {**_PERSON, "phone": '""'},
        "payment_method": '"«method»"',
        "payment_method_title": '"«title»"',
        "transaction_id": '"«transaction»"',
        "customer_ip_address": '"127.0.0.1"',
        "customer_user_agent": '""',
        "created_via": '"«via»"',
        "customer_note": '"«note»"',
        "date_completed": "«completed»",
        "date_paid": "«paid»",
        "cart_hash": '""',
        "number": '"«id»"',
        "meta_data": "«meta_data»",
        **{name: f"«{name}»" for name in _LINES},
        "payment_url": pay,
        "is_editable": "«editable»",
        "needs_payment": "«needs_payment»",
        "needs_processing": "true",
        "date_created_gmt": '"«created_gmt»"',
        "date_modified_gmt": '"«modified_gmt»"',
        "date_completed_gmt": "«completed_gmt»",
        "date_paid_gmt": "«paid_gmt»",
        "currency_symbol": '"«symbol»"',
    }
