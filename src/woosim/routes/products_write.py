"""Writing products and variations, singly and in batches."""

from typing import Any

from woosim import errors, gap, rest, slugs
from woosim.commerce import products, trashing
from woosim.routes import write_schemas, writing

routes = rest.Routes()
Record = dict[str, Any]


class Products:
    """The writes of products."""

    async def create(self, call: rest.Call, values: writing.Values) -> Record:
        """Make a product."""
        if values.get("id"):
            message = "Cannot create existing product."
            raise errors.RestError(400, "woocommerce_rest_product_exists", message)
        await gap.pause("product", 0)
        return _shown(call, products.create(call.shop, "product", values))

    async def update(self, call: rest.Call, record_id: int, values: writing.Values) -> Record:
        """Change a product: read, plan, and after the gap write what was planned."""
        _refuse_variation(call, record_id)
        loaded = call.shop.read("product", record_id)
        if loaded is None:
            raise _unknown(400)
        changes = products.plan(call.shop, loaded, values)
        if await gap.pause("product", record_id):
            _die_halfway(call, "product", record_id, changes)
        try:
            record = products.update(call.shop, "product", record_id, changes)
        except LookupError as error:
            raise _unknown(400) from error
        return _shown(call, record)

    async def delete(self, call: rest.Call, record_id: int, *, force: bool) -> Record:
        """Trash a product, or remove it with its variations; the answer shows it as it was."""
        _refuse_variation(call, record_id)
        record = call.shop.read("product", record_id)
        if record is None:
            raise _unknown(404)
        shown = _shown(call, record)
        _remove(call, "product", record, force=force)
        return shown


class Variations:
    """The writes of variations, under their own product."""

    async def create(self, call: rest.Call, values: writing.Values) -> Record:
        """Make a variation."""
        parent_id = call.number("product_id")
        if call.shop.read("product", parent_id) is None:
            code = "woocommerce_rest_product_variation_invalid_parent"
            raise errors.RestError(
                404, code, "Cannot set attributes due to invalid parent product."
            )
        await gap.pause("variation", 0)
        record = products.create(call.shop, "variation", values, parent_id=parent_id)
        return call.views.dress("variation", record)

    async def update(self, call: rest.Call, record_id: int, values: writing.Values) -> Record:
        """Change a variation; where the parent keeps the stock, a level is taken and ignored."""
        loaded = self._read(call, record_id)
        changes = products.plan(call.shop, loaded, values)
        if await gap.pause("variation", record_id):
            _die_halfway(call, "variation", record_id, changes)
        try:
            record = products.update(call.shop, "variation", record_id, changes)
        except LookupError as error:
            raise _unknown_variation() from error
        return call.views.dress("variation", record)

    async def delete(self, call: rest.Call, record_id: int, *, force: bool) -> Record:
        """Trash a variation, or remove it."""
        record = self._read(call, record_id)
        shown = call.views.dress("variation", record)
        _remove(call, "variation", record, force=force)
        return shown

    def _read(self, call: rest.Call, record_id: int) -> Record:
        record = call.shop.read("variation", record_id)
        if record is None or record["parent_id"] != call.number("product_id"):
            raise _unknown_variation()
        return record


def _die_halfway(call: rest.Call, kind: str, record_id: int, changes: Record) -> None:
    """Save the meta_data, which WooCommerce saves first, and fail as a PHP fatal error does."""
    record = call.shop.edit(kind, record_id)
    if record is not None and "meta_data" in changes:
        call.shop.save(kind, record | {"meta_data": changes["meta_data"]}, bump=False)
    message = "<p>There has been a critical error on this website.</p>"
    raise errors.RestError(500, "internal_server_error", message)


def _unknown(status: int) -> errors.RestError:
    return errors.RestError(status, "woocommerce_rest_product_invalid_id", "Invalid ID.")


def _unknown_variation() -> errors.RestError:
    return errors.RestError(404, "woocommerce_rest_product_variation_invalid_id", "Invalid ID.")


def _refuse_variation(call: rest.Call, record_id: int) -> None:
    if call.shop.read("variation", record_id) is not None:
        raise errors.RestError(
            404,
            "woocommerce_rest_invalid_product_id",
            "To manipulate product variations you should use the"
            " /products/&lt;product_id&gt;/variations/&lt;id&gt; endpoint.",
        )


def _shown(call: rest.Call, record: Record) -> Record:
    """Return a product as answers to writes show it: with the keys of the edit context."""
    dressed = call.views.dress("product", record)
    links = dressed.pop("_links")
    return {
        **dressed,
        "permalink_template": f"{call.shop.home}/product/%pagename%/",
        "generated_slug": slugs.slug(record["name"]),
        "_links": links,
    }


def _remove(call: rest.Call, kind: str, record: Record, *, force: bool) -> None:
    if force:
        trashing.delete(call.shop, kind, record["id"])
    elif record["status"] == "trash":
        raise errors.RestError(
            410,
            "woocommerce_rest_already_trashed",
            f"The {kind} has already been deleted.",
        )
    else:
        trashing.trash(call.shop, kind, record["id"])


writing.add(
    routes,
    "/wc/v3/products",
    Products(),
    writing.Checks(write_schemas.PRODUCT, write_schemas.PRODUCT),
)
writing.add(
    routes,
    "/wc/v3/products/{product_id}/variations",
    Variations(),
    writing.Checks(write_schemas.VARIATION, write_schemas.VARIATION),
)
