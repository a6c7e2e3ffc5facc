"""Variations between the wire and the domain: products with a parent and chosen options."""

from typing import Any

from woosync.domain.product import Attribute, Image, Product
from woosync.domain.stock import StockLevel
from woosync.mapping import product as products
from woosync.mapping import scalars, store_ids
from woosync.woo.wire import parts
from woosync.woo.wire.variation import WooVariation


def to_domain(wire: WooVariation) -> Product:
    """Turn a variation of the wire into the record that both sides agree on.

    The name is made of the options ("Green, small"): what the store says depends on the route.

    Raises:
        BadValue: A field holds what it cannot mean, such as a price "abc" or a stock level "many".
    """
    try:
        products.refuse_bad_level(wire)
        return _record(wire)
    except scalars.BadValue as bad:
        raise bad.of("variation", wire.id) from bad


def _record(wire: WooVariation) -> Product:
    manages = products.manage_stock(wire.manage_stock)
    size = products.dimensions_of(wire)
    attributes = tuple(map(_attribute_of, parts.each(wire.attributes)))
    return Product(
        kind="variation",
        name=", ".join(option for attribute in attributes for option in attribute.options),
        sku=scalars.nothing_to_none(scalars.text(wire.sku)),
        global_unique_id=scalars.nothing_to_none(scalars.text(wire.global_unique_id)),
        status=wire.status,
        description=wire.description or "",
        regular_price=scalars.amount(wire.regular_price, "regular_price"),
        sale_price=scalars.amount(wire.sale_price, "sale_price"),
        sale_from=scalars.moment(wire.date_on_sale_from_gmt, "date_on_sale_from_gmt"),
        sale_to=scalars.moment(wire.date_on_sale_to_gmt, "date_on_sale_to_gmt"),
        tax_status=wire.tax_status or "taxable",
        tax_class=wire.tax_class or "",
        manage_stock=manages,
        backorders=(wire.backorders or "no") if manages == "yes" else "no",
        low_stock_amount=products.low_stock_amount(wire, manages),
        weight=scalars.amount(wire.weight, "weight"),
        length=scalars.amount(size.length, "length"),
        width=scalars.amount(size.width, "width"),
        height=scalars.amount(size.height, "height"),
        shipping_class=wire.shipping_class or "",
        images=_images(wire),
        attributes=attributes,
        parent=scalars.reference(wire.parent_id, "parent_id"),
        virtual=scalars.flag(wire.virtual),
        downloadable=scalars.flag(wire.downloadable),
        menu_order=scalars.count(wire.menu_order, "menu_order") or 0,
    )


def stock_of(wire: WooVariation) -> StockLevel:
    """Return the level that the store shows: the parent's where the parent counts."""
    return products.stock_of(wire)


def to_wire(variation: Product, ids: store_ids.StoreIds = store_ids.NONE) -> dict[str, Any]:
    """Return what to send to the variation's own route (name, kind and parent follow from it).

    `ids` are those of this store. A picture is never taken away, only exchanged: the store ignores
    an empty one.
    """
    body = products.shared_to_wire(variation)
    body["attributes"] = [_attribute_to_wire(one, ids) for one in variation.attributes]
    if variation.images:
        body["image"] = products.image_to_wire(variation.images[0], ids)
    return body


def _attribute_of(attribute: parts.Attribute) -> Attribute:
    option = scalars.plain(attribute.option)
    return Attribute(
        scalars.plain(attribute.name),
        (option,) if option else (),
        visible=True,
        variation=True,
    )


def _attribute_to_wire(attribute: Attribute, ids: store_ids.StoreIds) -> dict[str, Any]:
    option = attribute.options[0] if attribute.options else ""
    return products.attribute_name(attribute, ids) | {"option": option}


def _images(wire: WooVariation) -> tuple[Image, ...]:
    if isinstance(wire.image, parts.Image):
        image = products.image_of(wire.image)
        return (image,) if image.src or scalars.whole_id(wire.image.id) else ()
    return tuple(map(products.image_of, parts.each(wire.images)))
