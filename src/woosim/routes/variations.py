"""Reading variations: those of a product, and since 10.3 those of all products."""

from woosim import errors, listing, listings, rest
from woosim.routes import products

routes = rest.Routes()
_LIST = {name: param for name, param in products.SHARED.items() if name != "slug"}


@routes.on("GET", "/wc/v3/products/{product_id}/variations", schema=_LIST, permission="list")
async def list_variations(call: rest.Call) -> rest.Answer:
    """List a product's variations; an unknown product has none."""
    parent = call.number("product_id")
    mine = listing.Filter(
        f"parent={parent}",
        lambda r: bool(r["parent_id"] == parent),
        ids=tuple(call.shop.variation_ids(parent)),
    )
    return _answer(call, "variation", [mine])


@routes.on("GET", "/wc/v3/variations", schema=_LIST, permission="list", since=(10, 3))
async def list_all_variations(call: rest.Call) -> rest.Answer:
    """List the variations of all products."""
    return _answer(call, "global_variation", [])


def _answer(call: rest.Call, view: str, filters: list[listing.Filter]) -> rest.Answer:
    call.params["slug"] = None
    more, bounds = listings.date_conditions(call, "variation")
    conditions = [*filters, *products.shared_filters(call), *more]
    ids, total = listings.find_page(call, "variation", conditions, bounds)
    return listings.list_answer(call, call.views.many(view, ids, call.wanted), total)


@routes.on("GET", "/wc/v3/products/{product_id}/variations/{id}")
async def view_variation(call: rest.Call) -> rest.Answer:
    """Show a variation under its own product only."""
    record = call.shop.read("variation", call.number("id"))
    if record is None or record["parent_id"] != call.number("product_id"):
        code = "woocommerce_rest_product_variation_invalid_id"
        raise errors.RestError(404, code, "Invalid ID.", allow=False)
    return rest.answer(call.views.one("variation", record, call.wanted))
