"""Products between the wire and the domain; variations have a file of their own."""

from collections.abc import Mapping
from typing import Any

from woosync.domain.product import Attribute, Image, ManageStock, Product, Term
from woosync.domain.stock import StockLevel
from woosync.mapping import scalars, store_ids
from woosync.woo.wire import parts
from woosync.woo.wire.product import WooProduct
from woosync.woo.wire.variation import WooVariation

#: Kinds whose prices the store itself derives from other products; it blanks what is sent.
PRICED_BY_OTHERS = frozenset({"variable", "grouped"})
#: Statuses that are states of the record and not choices: they cannot be sent.
NOT_SENT = frozenset({"trash", "auto-draft", "inherit"})


def to_domain(wire: WooProduct) -> Product:
    """Turn a product of the wire into the record that both sides agree on.

    Raises:
        BadValue: A field holds what it cannot mean, such as a price "abc" or a stock level "many".
    """
    try:
        _refuse_variation(wire)
        refuse_bad_level(wire)
        return _record(wire)
    except scalars.BadValue as bad:
        raise bad.of("product", wire.id) from bad


def refuse_bad_level(wire: WooProduct | WooVariation) -> None:
    """Refuse a level that is no number, so that `stock_of` a record that was read works."""
    if wire.manage_stock:
        scalars.quantity(wire.stock_quantity, "stock_quantity")


def _refuse_variation(wire: WooProduct) -> None:
    if wire.type == "variation":
        raise scalars.BadValue("it is a variation, to be read as one")


def _record(wire: WooProduct) -> Product:
    manages = manage_stock(wire.manage_stock)
    size = dimensions_of(wire)
    priced = wire.type not in PRICED_BY_OTHERS
    return Product(
        kind=wire.type,
        name=scalars.plain(wire.name),
        slug=wire.slug or "",
        sku=scalars.nothing_to_none(scalars.text(wire.sku)),
        global_unique_id=scalars.nothing_to_none(scalars.text(wire.global_unique_id)),
        status=wire.status,
        catalog_visibility=wire.catalog_visibility or "visible",
        featured=scalars.flag(wire.featured),
        description=wire.description or "",
        short_description=wire.short_description or "",
        regular_price=scalars.amount(wire.regular_price, "regular_price") if priced else None,
        sale_price=scalars.amount(wire.sale_price, "sale_price") if priced else None,
        sale_from=scalars.moment(wire.date_on_sale_from_gmt, "date_on_sale_from_gmt"),
        sale_to=scalars.moment(wire.date_on_sale_to_gmt, "date_on_sale_to_gmt"),
        tax_status=wire.tax_status or "taxable",
        tax_class=wire.tax_class or "",
        manage_stock=manages,
        backorders=(wire.backorders or "no") if manages == "yes" else "no",
        low_stock_amount=low_stock_amount(wire, manages),
        sold_individually=scalars.flag(wire.sold_individually),
        weight=scalars.amount(wire.weight, "weight"),
        length=scalars.amount(size.length, "length"),
        width=scalars.amount(size.width, "width"),
        height=scalars.amount(size.height, "height"),
        shipping_class=wire.shipping_class or "",
        categories=_terms(wire.categories),
        tags=_terms(wire.tags),
        images=tuple(map(image_of, parts.each(wire.images))),
        attributes=tuple(map(attribute_of, parts.each(wire.attributes))),
        parent=scalars.reference(wire.parent_id, "parent_id"),
        external_url=wire.external_url or "",
        virtual=scalars.flag(wire.virtual),
        downloadable=scalars.flag(wire.downloadable),
        menu_order=scalars.count(wire.menu_order, "menu_order") or 0,
    )


def stock_of(wire: WooProduct | WooVariation) -> StockLevel:
    """Return the level that the store shows; the quantity is None where nothing is counted.

    Raises:
        BadValue: The quantity is no number.
    """
    manages = manage_stock(wire.manage_stock)
    status = wire.stock_status or "instock"
    if manages == "no":
        return StockLevel(None, manages, status)
    try:
        return StockLevel(scalars.quantity(wire.stock_quantity, "stock_quantity"), manages, status)
    except scalars.BadValue as bad:
        noun = "product" if isinstance(wire, WooProduct) else "variation"
        raise bad.of(noun, wire.id) from bad


def to_wire(product: Product, ids: store_ids.StoreIds = store_ids.NONE) -> dict[str, Any]:
    """Return what to send so that the store holds the product; the stock level is never part of it.

    `ids` are those of this store. Prices that the store derives and texts that it ignores for the
    kind are left out, and so are categories and tags that the store has no id for.
    """
    body = shared_to_wire(product)
    body |= {
        "type": product.kind,
        "name": scalars.escaped(product.name),
        "catalog_visibility": product.catalog_visibility,
        "featured": product.featured,
        "short_description": product.short_description,
        "sold_individually": product.sold_individually,
        "categories": _terms_to_wire(product.categories, ids.categories),
        "tags": _terms_to_wire(product.tags, ids.tags),
        "images": [image_to_wire(image, ids) for image in product.images],
        "attributes": [
            _attribute_to_wire(attribute, position, ids)
            for position, attribute in enumerate(product.attributes)
        ],
    }
    if product.slug:
        body["slug"] = product.slug
    if product.kind == "external":
        body["external_url"] = product.external_url
    if product.kind in PRICED_BY_OTHERS:
        del body["regular_price"], body["sale_price"]
    return body


def shared_to_wire(product: Product) -> dict[str, Any]:
    """Return the part of the body that products and variations have in common."""
    body: dict[str, Any] = {
        "description": product.description,
        "sku": product.sku or "",
        "global_unique_id": product.global_unique_id or "",
        "regular_price": scalars.amount_text(product.regular_price),
        "sale_price": scalars.amount_text(product.sale_price),
        "date_on_sale_from_gmt": scalars.moment_text(product.sale_from),
        "date_on_sale_to_gmt": scalars.moment_text(product.sale_to),
        "virtual": product.virtual,
        "downloadable": product.downloadable,
        "tax_status": product.tax_status,
        "tax_class": product.tax_class,
        "manage_stock": product.manage_stock == "yes",
        "weight": scalars.measure_text(product.weight),
        "dimensions": {
            "length": scalars.measure_text(product.length),
            "width": scalars.measure_text(product.width),
            "height": scalars.measure_text(product.height),
        },
        "shipping_class": product.shipping_class,
        "menu_order": product.menu_order,
    }
    if product.status not in NOT_SENT:
        body["status"] = product.status
    if product.manage_stock == "yes":
        body["backorders"] = product.backorders
        body["low_stock_amount"] = product.low_stock_amount  # here null does clear
    return body


def manage_stock(value: parts.Flag) -> ManageStock:
    """Read who counts the stock."""
    if value is True:
        return "yes"
    if value == "parent":
        return "parent"
    return "yes" if scalars.flag(value) else "no"


def low_stock_amount(wire: WooProduct | WooVariation, manages: ManageStock) -> int | None:
    """Read the level that warns; the store forgets it where the product counts no stock."""
    if manages != "yes" or wire.low_stock_amount is None:
        return None
    return scalars.count(wire.low_stock_amount, "low_stock_amount")


def dimensions_of(wire: WooProduct | WooVariation) -> parts.Dimensions:
    """Read the measures, which PHP may send as []."""
    return wire.dimensions if isinstance(wire.dimensions, parts.Dimensions) else _NO_DIMENSIONS


def image_of(image: parts.Image) -> Image:
    """Read a picture."""
    return Image(
        image.src if isinstance(image.src, str) else "",
        scalars.plain(image.name),
        scalars.plain(image.alt),
    )


def image_to_wire(image: Image, ids: store_ids.StoreIds) -> dict[str, Any]:
    """Name a picture of the store by its id (its address would be downloaded again)."""
    known = ids.images.get(image.src) or ids.images.get(image.file)
    place: dict[str, Any] = {"id": known} if known else {"src": image.src}
    return place | {"name": scalars.escaped(image.name), "alt": scalars.escaped(image.alt)}


def attribute_of(attribute: parts.Attribute) -> Attribute:
    """Read an attribute of a product."""
    return Attribute(
        scalars.plain(attribute.name),
        tuple(map(scalars.plain, parts.each(attribute.options))),
        visible=scalars.flag(attribute.visible),
        variation=scalars.flag(attribute.variation),
    )


_NO_DIMENSIONS = parts.Dimensions()


def attribute_name(attribute: Attribute, ids: store_ids.StoreIds) -> dict[str, Any]:
    """Name an attribute that the shop's products share by its id, another by its name."""
    known = ids.attributes.get(attribute.name)
    return {"id": known} if known else {"name": attribute.name}


def _attribute_to_wire(
    attribute: Attribute, position: int, ids: store_ids.StoreIds
) -> dict[str, Any]:
    return attribute_name(attribute, ids) | {
        "position": position,
        "visible": attribute.visible,
        "variation": attribute.variation,
        "options": list(attribute.options),
    }


def _terms(terms: parts.Many[parts.Term]) -> tuple[Term, ...]:
    """Read categories or tags in an order that no store decides."""
    found = [Term(store_ids.slug_of(term), scalars.plain(term.name)) for term in parts.each(terms)]
    if len(found) > 1:
        found.sort(key=lambda term: (term.slug, term.name))
    return tuple(found)


def _terms_to_wire(terms: tuple[Term, ...], ids: Mapping[str, int]) -> list[dict[str, int]]:
    return [{"id": ids[term.slug]} for term in terms if term.slug in ids]
