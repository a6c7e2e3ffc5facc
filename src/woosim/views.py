"""What records look like in answers: the views of each kind, with links and derived values.

Untouched records go straight from drawn values to text; touched ones are dressed as dicts.
"""

from collections.abc import Callable, Iterable
from typing import Any

from woosim import php_json, rendering, shop

Record = dict[str, Any]
_REMEMBERED = 500
_INHERITED = ("stock_quantity", "stock_status", "backorders", "backorders_allowed", "backordered")
_ALL = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Views:
    """The views of one store, by name; a view is a kind and a way of linking."""

    def __init__(self, chosen: shop.Shop) -> None:
        self._shop = chosen
        self._renderers: dict[tuple[str, str], rendering.Renderer] = {}
        self._home = ""

    def one(self, view: str, record: Record, wanted: rendering.Wanted | None) -> Record:
        """Return a single record's answer; links stay whatever `_fields` asks for."""
        dressed = self.dress(view, record)
        links = dressed["_links"]
        picked = rendering.pick(dressed, wanted)
        shown = picked if isinstance(picked, dict) else {}
        shown["_links"] = links
        return shown

    def text(self, view: str, record: Record, wanted: rendering.Wanted | None) -> str:
        """Return one record of a list as JSON."""
        return php_json.dumps(rendering.pick(self.dress(view, record), wanted))

    def many(self, view: str, ids: Iterable[int], wanted: rendering.Wanted | None) -> list[str]:
        """Return the JSON texts of a list's records; ids that are gone are left out."""
        kind = KINDS[view]
        catalog = self._shop.catalogs[kind]
        draw = catalog.base.draw
        render = self._renderer(view, wanted)
        texts = []
        for record_id in ids:
            index = catalog.untouched_index(record_id)
            if index is not None and not self._depends_on_touched(kind, index):
                texts.append(render(draw(index)))
                continue
            record = catalog.read(record_id)
            if record is not None:
                texts.append(self.text(view, record, wanted))
        return texts

    def _depends_on_touched(self, kind: str, index: int) -> bool:
        if kind != "variation" or not self._shop.catalogs["product"].touched:
            return False
        parent = self._shop.base.variations.parent_id(index)
        return parent in self._shop.catalogs["product"].touched

    def _renderer(self, view: str, wanted: rendering.Wanted | None) -> rendering.Renderer:
        if self._home != self._shop.home or len(self._renderers) > _REMEMBERED:
            self._renderers.clear()
            self._home = self._shop.home
        key = (view, repr(wanted))
        renderer = self._renderers.get(key)
        if renderer is None:
            renderer = self._compile(view, wanted, customer="«customer»")
            if view == "order":
                renderer = self._either(renderer, self._compile(view, wanted, customer=""))
            self._renderers[key] = renderer
        return renderer

    def _compile(
        self, view: str, wanted: rendering.Wanted | None, *, customer: str
    ) -> rendering.Renderer:
        kind = KINDS[view]
        marks = {"id": "«id»", "parent_id": "«parent»", "customer_id": customer}
        links = php_json.dumps(LINKS[view](f"{self._shop.home}/wp-json/wc/v3", marks))
        links = links.replace("\\u00ab", "«").replace("\\u00bb", "»")
        schema = _reshape(view, self._shop.base.schema(kind, self._shop.home)) | {"_links": links}
        return rendering.compile_renderer(schema, self._shop.base.by_kind[kind].slots, wanted)

    def _either(self, known: rendering.Renderer, guest: rendering.Renderer) -> rendering.Renderer:
        """Return the renderer of orders: only those of a customer link to one."""
        place = self._shop.base.orders.slots.index("customer")
        return lambda drawn: guest(drawn) if drawn[place] == "0" else known(drawn)

    def dress(self, view: str, record: Record) -> Record:
        """Return a stored record as the API shows it, with `_links`."""
        shown = {key: value for key, value in record.items() if not key.startswith("_")}
        if KINDS[view] == "variation":
            shown = self._dress_variation(view, shown)
        shown = _reshape(view, shown)
        shown["_links"] = LINKS[view](f"{self._shop.home}/wp-json/wc/v3", record)
        return shown

    def _dress_variation(self, view: str, shown: Record) -> Record:
        parent = self._shop.read("product", shown["parent_id"]) or {}
        shown["name"] = ", ".join(a["option"] for a in shown.get("attributes", []))
        if shown["manage_stock"] is not True and parent.get("manage_stock") is True:
            shown["manage_stock"] = "parent"
            shown |= {name: parent[name] for name in _INHERITED}
        elif shown["manage_stock"] is not True:
            shown |= {"manage_stock": False, "stock_quantity": None}
        if not shown.get("image") and parent.get("images"):
            shown["image"] = parent["images"][0]
        if view == "product_variation":
            shown = _as_product(shown, parent)
        return shown


def _as_product(shown: Record, parent: Record) -> Record:
    """Return a variation in the shape that /products gives it."""
    name = f"{parent.get('name', '')} - {shown['name']}"
    managed = shown["manage_stock"] is not False
    filled = _PRODUCT_ONLY | shown
    filled |= {"name": name, "manage_stock": managed, "slug": parent.get("slug", "")}
    filled["images"] = [shown["image"]] if shown.get("image") else []
    return {key: filled[key] for key in _PRODUCT_KEYS}


_PRODUCT_ONLY: Record = {
    "featured": False,
    "catalog_visibility": "visible",
    "short_description": "",
    "total_sales": "0",
    "external_url": "",
    "button_text": "",
    "sold_individually": False,
    "shipping_required": True,
    "shipping_taxable": True,
    "reviews_allowed": False,
    "average_rating": "0.00",
    "rating_count": 0,
    "purchase_note": "",
    "price_html": "",
    "has_options": False,
    "post_password": "",
    **{key: [] for key in ("upsell_ids", "cross_sell_ids", "categories", "brands", "tags")},
    **{key: [] for key in ("images", "default_attributes", "variations", "grouped_products")},
    "related_ids": [],
}
_PRODUCT_KEYS = (
    *("id", "name", "slug", "permalink", "date_created", "date_created_gmt", "date_modified"),
    *("date_modified_gmt", "type", "status", "featured", "catalog_visibility", "description"),
    *("short_description", "sku", "price", "regular_price", "sale_price", "date_on_sale_from"),
    *("date_on_sale_from_gmt", "date_on_sale_to", "date_on_sale_to_gmt", "on_sale"),
    *("purchasable", "total_sales", "virtual", "downloadable", "downloads", "download_limit"),
    *("download_expiry", "external_url", "button_text", "tax_status", "tax_class"),
    *("manage_stock", "stock_quantity", "backorders", "backorders_allowed", "backordered"),
    *("low_stock_amount", "sold_individually", "weight", "dimensions", "shipping_required"),
    *("shipping_taxable", "shipping_class", "shipping_class_id", "reviews_allowed"),
    *("average_rating", "rating_count", "upsell_ids", "cross_sell_ids", "parent_id"),
    *("purchase_note", "categories", "brands", "tags", "images", "attributes"),
    *("default_attributes", "variations", "grouped_products", "menu_order", "price_html"),
    *("related_ids", "meta_data", "stock_status", "has_options", "post_password"),
    "global_unique_id",
)


def _reshape(view: str, mapping: dict[str, Any]) -> dict[str, Any]:
    """Return the mapping without what a view leaves out: a refund under its order has no parent."""
    if view != "refund":
        return mapping
    return {key: value for key, value in mapping.items() if key != "parent_id"}


def _self(href: str, allow: list[str] | None = None) -> list[Record]:
    return [{"href": href, "targetHints": {"allow": allow or _ALL}}]


def _plain(noun: str) -> Callable[[str, Record], Record]:
    def links(root: str, record: Record) -> Record:
        return {
            "self": _self(f"{root}/{noun}/{record['id']}"),
            "collection": [{"href": f"{root}/{noun}"}],
        }

    return links


def _variation_links(root: str, record: Record) -> Record:
    parent = f"{root}/products/{record['parent_id']}"
    return {
        "self": _self(f"{parent}/variations/{record['id']}"),
        "collection": [{"href": f"{parent}/variations"}],
        "up": [{"href": parent}],
    }


def _global_variation_links(root: str, record: Record) -> Record:
    return {
        "self": [{"href": f"{root}/variations/{record['id']}"}],
        "collection": [{"href": f"{root}/variations"}],
        "up": [{"href": f"{root}/products/0"}],
    }


def _product_variation_links(root: str, record: Record) -> Record:
    links = _plain("products")(root, record)
    return {**links, "up": [{"href": f"{root}/products/{record['parent_id']}"}]}


def _order_links(root: str, record: Record) -> Record:
    templates = f"{root}/orders/{record['id']}/actions/email_templates"
    links = _plain("orders")(root, record)
    return {**links, "email_templates": [{"embeddable": True, "href": templates}]} | (
        {"customer": [{"href": f"{root}/customers/{record['customer_id']}"}]}
        if record["customer_id"]
        else {}
    )


def _refund_links(root: str, record: Record) -> Record:
    parent = f"{root}/orders/{record['parent_id']}"
    return {
        "self": _self(f"{parent}/refunds/{record['id']}", ["GET", "DELETE"]),
        "collection": [{"href": f"{parent}/refunds"}],
        "up": [{"href": parent}],
    }


KINDS = {
    "product": "product",
    "variation": "variation",
    "global_variation": "variation",
    "product_variation": "variation",
    "customer": "customer",
    "order": "order",
    "refund": "refund",
    "global_refund": "refund",
    "webhook": "webhook",
}
LINKS: dict[str, Callable[[str, Record], Record]] = {
    "product": _plain("products"),
    "variation": _variation_links,
    "global_variation": _global_variation_links,
    "product_variation": _product_variation_links,
    "customer": _plain("customers"),
    "order": _order_links,
    "refund": _refund_links,
    "global_refund": _refund_links,
    "webhook": _plain("webhooks"),
}
