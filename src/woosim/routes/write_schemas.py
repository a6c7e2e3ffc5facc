"""What single writing calls accept, per noun."""

from woosim.bodies import INTEGER, OBJECT, OBJECTS, SWITCH, TEXT
from woosim.commerce import statuses
from woosim.params import INTEGERS, Param, Schema

_STOCK: Schema = {
    "manage_stock": SWITCH,
    "stock_quantity": INTEGER,
    "low_stock_amount": Param("integer"),
    "stock_status": Param(enum=("instock", "outofstock", "onbackorder")),
    "backorders": Param(enum=("no", "notify", "yes")),
}
_GOODS: Schema = {
    **dict.fromkeys(
        (
            *("description", "sku", "global_unique_id", "regular_price", "sale_price", "tax_class"),
            *("weight", "shipping_class"),
        ),
        TEXT,
    ),
    "status": Param(
        enum=("draft", "pending", "private", "publish", "future", "auto-draft", "trash")
    ),
    "tax_status": Param(enum=("taxable", "shipping", "none")),
    **dict.fromkeys(("virtual", "downloadable"), SWITCH),
    **dict.fromkeys(("download_limit", "download_expiry", "menu_order"), INTEGER),
    **dict.fromkeys(("attributes", "downloads", "meta_data"), OBJECTS),
    "dimensions": OBJECT,
    **_STOCK,
}
PRODUCT: Schema = {
    **_GOODS,
    **dict.fromkeys(("name", "slug", "short_description", "purchase_note"), TEXT),
    **dict.fromkeys(("button_text", "external_url", "post_password"), TEXT),
    "type": Param(enum=("simple", "grouped", "external", "variable")),
    "catalog_visibility": Param(enum=("visible", "catalog", "search", "hidden")),
    **dict.fromkeys(("featured", "sold_individually", "reviews_allowed"), SWITCH),
    "parent_id": INTEGER,
    **dict.fromkeys(("upsell_ids", "cross_sell_ids", "grouped_products"), INTEGERS),
    **dict.fromkeys(("categories", "tags", "images", "default_attributes"), OBJECTS),
}
VARIATION: Schema = {**_GOODS, "image": OBJECT}
CUSTOMER: Schema = {
    **dict.fromkeys(("email", "first_name", "last_name", "username", "password"), TEXT),
    **dict.fromkeys(("billing", "shipping"), OBJECT),
    "meta_data": OBJECTS,
}
NEW_CUSTOMER: Schema = {**CUSTOMER, "email": Param(required=True)}
ORDER: Schema = {
    "status": Param(enum=statuses.ALL),
    **dict.fromkeys(("currency", "customer_note", "transaction_id", "created_via"), TEXT),
    **dict.fromkeys(("payment_method", "payment_method_title"), TEXT),
    "customer_id": INTEGER,
    "set_paid": SWITCH,
    **dict.fromkeys(("billing", "shipping"), OBJECT),
    **dict.fromkeys(("line_items", "shipping_lines", "fee_lines", "coupon_lines"), OBJECTS),
    "meta_data": OBJECTS,
}
REFUND: Schema = {
    **dict.fromkeys(("amount", "reason"), TEXT),
    **dict.fromkeys(("api_refund", "api_restock"), SWITCH),
    **dict.fromkeys(("line_items", "meta_data"), OBJECTS),
}
NOTE: Schema = {"note": TEXT, "customer_note": SWITCH, "added_by_user": SWITCH}
WEBHOOK: Schema = {
    **dict.fromkeys(("name", "topic", "delivery_url", "secret"), TEXT),
    "status": Param(enum=("active", "paused", "disabled")),
}
NEW_WEBHOOK: Schema = {
    **WEBHOOK,
    "topic": Param(required=True),
    "delivery_url": Param(required=True),
}
