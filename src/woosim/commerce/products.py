"""Writing products and variations: what was sent becomes values, values become a saved record.

Values are taken as PHP takes them (no validation here: single REST calls are checked before, batch
calls are not). A write is planned from the record as it was read and applied to the record as it is
when saved, touching only what was sent: that is where a sale in between is lost or kept.
"""

from collections.abc import Callable, Mapping
from typing import Any

from woosim import dates, errors, shop, slugs
from woosim.commerce import attributes, blank, listed, meta, parents, prices, stock, texts

Record = dict[str, Any]
Values = Mapping[str, Any]
_STATUSES = ("draft", "pending", "private", "publish", "future", "trash", "auto-draft")
_CLEANERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("name", "description", "short_description", "purchase_note"), texts.post_text),
    **dict.fromkeys(("regular_price", "sale_price"), texts.price),
    **dict.fromkeys(("tax_status", "tax_class", "shipping_class", "button_text"), texts.plain),
    **dict.fromkeys(("external_url", "post_password", "catalog_visibility", "type"), texts.plain),
    **dict.fromkeys(("featured", "virtual", "downloadable", "reviews_allowed"), texts.boolean),
    **dict.fromkeys(("sold_individually", "manage_stock"), texts.boolean),
    **dict.fromkeys(
        ("menu_order", "parent_id", "download_limit", "download_expiry"), texts.integer
    ),
    "sku": texts.plain,
    "global_unique_id": texts.global_unique_id,
    "weight": texts.price,
    "backorders": lambda value: value if value in ("yes", "notify") else "no",
}
_LISTS = (
    *("upsell_ids", "cross_sell_ids", "grouped_products", "categories", "tags", "brands", "images"),
    *("attributes", "default_attributes", "downloads"),
)


def plan(chosen: shop.Shop, loaded: Record, values: Values) -> Record:
    """Return the fields that a write changes, worked out from the record as it was read.

    Raises:
        RestError: 400 for a SKU or global unique id that another product has.
    """
    changes: Record = {}
    for name, clean in _CLEANERS.items():
        if name in loaded and values.get(name) is not None:
            changes[name] = clean(values[name])
    for name in _LISTS:
        if name in loaded and isinstance(values.get(name), list):
            changes[name] = _listed(chosen, loaded, name, values[name])
    if "attributes" in changes and loaded.get("parent_id") and "variations" not in loaded:
        changes["attributes"] = attributes.of_parent(
            chosen, loaded["parent_id"], changes["attributes"]
        )
    if "image" in loaded and values.get("image") is not None:
        changes["image"] = _picture(chosen, loaded, values["image"])
    _plan_identity(chosen, loaded, values, changes)
    _plan_dates(chosen, values, changes)
    _plan_stock(loaded, values, changes)
    if isinstance(values.get("dimensions"), Mapping):
        sent = values["dimensions"]
        changes["dimensions"] = loaded["dimensions"] | {
            key: texts.price(sent[key]) for key in ("length", "width", "height") if key in sent
        }
    if values.get("meta_data"):
        changes["meta_data"] = meta.apply(chosen, loaded["meta_data"], values["meta_data"])
    return changes


def _plan_identity(chosen: shop.Shop, loaded: Record, values: Values, changes: Record) -> None:
    if values.get("status") is not None:
        status = str(values["status"])
        changes["status"] = status if status in _STATUSES else "draft"
    if "slug" in loaded and values.get("slug"):
        changes["slug"] = slugs.slug(texts.to_text(values["slug"]))
    own_id = loaded.get("id", 0)
    if changes.get("sku"):
        check_sku(chosen, own_id, changes["sku"])
    if changes.get("global_unique_id"):
        _check_global_id(chosen, own_id, changes["global_unique_id"])


def check_sku(chosen: shop.Shop, own_id: int, sku: str) -> None:
    """Refuse a SKU that another product has; trashed ones count only for new products."""
    for kind, holder in chosen.find_sku(sku):
        record = chosen.read(kind, holder)
        if holder == own_id or record is None:
            continue
        if record["status"] != "trash":
            data = {"resource_id": holder, "unique_sku": _free_sku(chosen, sku)}
            message = "Invalid or duplicated SKU."
            raise errors.RestError(400, "product_invalid_sku", message, data=data)
        if not own_id:
            raise errors.RestError(
                400,
                "woocommerce_rest_product_not_created",
                f"The product with SKU ({sku}) you are trying to insert is already present in the"
                " lookup table",
            )


def _free_sku(chosen: shop.Shop, sku: str) -> str:
    number = 1
    while chosen.find_sku(f"{sku}-{number}"):
        number += 1
    return f"{sku}-{number}"


def _check_global_id(chosen: shop.Shop, own_id: int, text: str) -> None:
    holder = find_global_id(chosen, text)
    if holder is not None and holder != own_id:
        raise errors.RestError(
            400,
            "product_invalid_global_unique_id",
            "Invalid or duplicated GTIN, UPC, EAN or ISBN.",
            data={"resource_id": holder},
        )


def find_global_id(chosen: shop.Shop, text: str) -> int | None:
    """Return the id of a product or variation with this global unique id, or None."""
    for kind in ("product", "variation"):
        catalog = chosen.catalogs[kind]
        for record_id, record in catalog.touched.items():
            if record["global_unique_id"] == text and record["status"] != "trash":
                return record_id
        base_id = _base_holder(chosen, kind, text)
        if base_id is not None and catalog.untouched_index(base_id) is not None:
            return base_id
    return None


def _base_holder(chosen: shop.Shop, kind: str, text: str) -> int | None:
    """Return the id of the base record that may have the id: its number stands in the text."""
    prefix, offset = ("4000000", 1) if kind == "product" else ("4100000", 0)
    if not text.startswith(prefix) or not text[7:].isdecimal():
        return None
    base = chosen.base.by_kind[kind]
    index = int(text[7:]) - offset
    if not 0 <= index < base.size:
        return None
    record_id = base.id_of(index)
    record = chosen.read(kind, record_id)
    return record_id if record is not None and record["global_unique_id"] == text else None


def _plan_dates(chosen: shop.Shop, values: Values, changes: Record) -> None:
    for name in ("date_on_sale_from", "date_on_sale_to", "date_created"):
        local, gmt = values.get(name), values.get(f"{name}_gmt")
        if local == "" or gmt == "":
            changes |= {name: None, f"{name}_gmt": None}
            continue
        text = gmt or local
        if not isinstance(text, str):
            continue
        try:
            wall = dates.to_seconds(text[:19].replace(" ", "T"))
        except ValueError:
            continue
        seconds = wall if gmt else chosen.zone.to_utc(wall)
        changes |= {name: chosen.zone.local_text(seconds), f"{name}_gmt": dates.to_text(seconds)}


def _plan_stock(loaded: Record, values: Values, changes: Record) -> None:
    """Take a level only where the product keeps one; stock_quantity wins over inventory_delta."""
    managed = changes.get("manage_stock", loaded["manage_stock"]) is True
    if values.get("stock_status") is not None and not managed:
        changes["stock_status"] = str(values["stock_status"])
    if loaded["manage_stock"] == "parent" and changes.get("manage_stock") is False:
        del changes["manage_stock"]
    if not managed:
        changes.pop("backorders", None)
        return
    if "low_stock_amount" in values:
        low = values["low_stock_amount"]
        changes["low_stock_amount"] = None if low in (None, "") else texts.integer(low)
    if values.get("stock_quantity") is not None:
        changes["stock_quantity"] = texts.integer(values["stock_quantity"])
    elif values.get("inventory_delta") is not None:
        delta = texts.integer(values["inventory_delta"])
        changes["stock_quantity"] = (loaded["stock_quantity"] or 0) + delta


def apply(chosen: shop.Shop, kind: str, record: Record, changes: Record) -> Record:
    """Put planned changes on a record and derive what follows; the record is not saved yet."""
    record |= changes
    stock.settle(record)
    if record.get("type") == "variable":
        if record.get("id"):
            parents.refresh(chosen, record)
        record["has_options"] = bool(record["attributes"])
    else:
        prices.settle(record, chosen.now())
    if kind == "product":
        if not record["slug"]:
            record["slug"] = slugs.slug(record["name"]) or "product"
        record["permalink"] = f"{chosen.home}/product/{record['slug']}/"
        record["shipping_required"] = record["shipping_taxable"] = not record["virtual"]
    return record


def update(chosen: shop.Shop, kind: str, record_id: int, changes: Record) -> Record:
    """Save planned changes on the record as it now is, and tell it.

    Raises:
        LookupError: the record is gone.
    """
    record = chosen.edit(kind, record_id)
    if record is None:
        raise LookupError(f"no {kind} {record_id}")
    was = record["status"]
    apply(chosen, kind, record, changes)
    chosen.save(kind, record)
    if record["status"] == "publish" != was:
        chosen.emit("published", "product", record_id)
    chosen.emit("updated", "product", record_id)
    if kind == "variation":
        parents.sync(chosen, record["parent_id"])
    return record


def create(chosen: shop.Shop, kind: str, values: Values, *, parent_id: int = 0) -> Record:
    """Save a new product or variation, and tell it.

    Raises:
        RestError: 400 for a SKU or global unique id that another product has.
    """
    record = blank.make(chosen, kind)
    if kind == "product":
        record["name"] = "Product"
    else:
        record["parent_id"] = parent_id
    changes = plan(chosen, record, values)
    if kind == "variation":
        changes["parent_id"] = parent_id
    record = chosen.create(kind, apply(chosen, kind, record, changes))
    if record["status"] == "publish":
        chosen.emit("published", "product", record["id"])
    chosen.emit("created", "product", record["id"])
    if kind == "variation":
        parent = chosen.read("product", parent_id) or {}
        record["permalink"] = parent.get("permalink", "")
        parents.sync(chosen, parent_id)
    return record


def _listed(chosen: shop.Shop, loaded: Record, name: str, sent: list[Any]) -> list[Any]:
    """Return a list as it is stored."""
    match name:
        case "attributes":
            return attributes.shaped(sent)
        case "categories" | "tags":
            return listed.terms(chosen, name, sent)
        case "images":
            return listed.images(chosen, loaded["images"], sent)
        case _:
            return list(sent)


def _picture(chosen: shop.Shop, loaded: Record, sent: Any) -> Record | None:
    """Return a variation's own picture as it is stored; anything but an object takes it away."""
    parent = chosen.read("product", loaded["parent_id"]) or {}
    known = [*parent.get("images", ()), *filter(None, [loaded["image"]])]
    found = listed.images(chosen, known, [sent])
    return found[0] if found else None
