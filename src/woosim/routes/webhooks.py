"""Reading webhooks."""

from woosim import errors, listing, listings, params, rest

routes = rest.Routes()
_LIST = {
    **listings.paging(("date", "id", "include", "title", "slug")),
    "after": params.DATE,
    "before": params.DATE,
    "status": params.Param(enum=("all", "active", "paused", "disabled"), default="all"),
}


@routes.on("GET", "/wc/v3/webhooks", schema=_LIST, permission="list")
async def list_webhooks(call: rest.Call) -> rest.Answer:
    """List webhooks; WooCommerce does not look at `offset` here."""
    call.params |= {"offset": None, "dates_are_gmt": False}
    filters, bounds = listings.date_conditions(call, "webhook")
    status = call.params["status"]
    if status != "all":
        filters.append(listing.Filter(f"status={status}", lambda r: bool(r["status"] == status)))
    if call.params["orderby"] in {"title", "slug"}:
        call.params["orderby"] = "name"
    conditions = [*filters, *listings.id_filters(call)]
    ids, total = listings.find_page(call, "webhook", conditions, bounds)
    return listings.list_answer(call, call.views.many("webhook", ids, call.wanted), total)


@routes.on("GET", "/wc/v3/webhooks/{id}")
async def view_webhook(call: rest.Call) -> rest.Answer:
    """Show a webhook; its secret is never shown."""
    record = call.shop.read("webhook", call.number("id"))
    if record is None:
        code = "woocommerce_rest_shop_webhook_invalid_id"
        raise errors.RestError(404, code, "Invalid ID.")
    return rest.answer(call.views.one("webhook", record, call.wanted))
