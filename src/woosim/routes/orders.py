"""Reading orders and refunds."""

from typing import Any

from woosim import errors, listing, listings, params, rest

routes = rest.Routes()
STATUSES = (
    *("pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed"),
    "checkout-draft",
)
_HIDDEN = frozenset({"trash", "auto-draft", "checkout-draft"})
_LIST = {
    **listings.paging(),
    **listings.DATES,
    "parent": params.INTEGERS,
    "parent_exclude": params.INTEGERS,
    "status": params.Param(
        "array",
        default=["any"],
        items=params.Param(enum=("any", "trash", "auto-draft", *STATUSES)),
    ),
    "customer": params.Param("integer"),
    "product": params.Param("integer"),
    "dp": params.Param("integer", default=2),
    "created_via": params.Param("array", items=params.Param()),
}
_REFUND_LIST = {
    **listings.paging(),
    **listings.DATES,
    "parent": params.INTEGERS,
    "dp": params.Param("integer", default=2),
}


@routes.on("GET", "/wc/v3/orders", schema=_LIST, permission="list")
async def list_orders(call: rest.Call) -> rest.Answer:
    """List orders; past the end HPOS counts none at all."""
    filters, bounds = listings.date_conditions(call, "order")
    conditions = [*listings.id_filters(call), *_filters(call), *filters]
    if call.shop.options.hpos and call.params["orderby"] in {"title", "slug"}:
        call.params["orderby"], call.params["order"] = "id", "asc"  # HPOS then sorts by nothing
    ids, total = listings.find_page(call, "order", conditions, bounds)
    extra: dict[str, Any] = {}
    if "status" not in call.query:
        extra["status"] = ["any"]
    if ids:
        extra |= {name: call.query.get(name, text) for name, text in _REPEATED}
    elif call.shop.options.hpos:
        total = 0
    return listings.list_answer(call, call.views.many("order", ids, call.wanted), total, extra)


_REPEATED = (("dp", "2"), ("context", "view"))


def _filters(call: rest.Call) -> list[listing.Filter]:
    wanted = call.params
    statuses = frozenset(wanted["status"])
    filters = [_status_filter(call, statuses)]
    customer, product, via = wanted["customer"], wanted["product"], wanted["created_via"]
    if customer is not None:
        filters.append(_customer_filter(call, customer))
    if product is not None:
        filters.append(
            listing.Filter(
                f"product={product}",
                lambda r: any(
                    product in (line["product_id"], line["variation_id"])
                    for line in r["line_items"]
                ),
            )
        )
    if via:
        filters.append(listing.Filter(f"via={via}", lambda r: r["created_via"] in via))
    if wanted["search"]:
        filters.append(_search(wanted["search"].casefold(), hpos=call.shop.options.hpos))
    return filters


def _customer_filter(call: rest.Call, customer: int) -> listing.Filter:
    """Return the condition on the customer's id; 0 stands for guests."""
    facts = call.shop.base.orders.facts
    index_of_customer = customer - 1 if customer else 0
    return listing.Filter(
        f"customer={customer}",
        lambda r: bool(r["customer_id"] == customer),
        base=lambda index: facts.customer(index) == index_of_customer,
    )


def _status_filter(call: rest.Call, statuses: frozenset[str]) -> listing.Filter:
    """Return the condition on status: `any` is the registered ones, so never trash or drafts.

    HPOS takes `any` for the order statuses it knows; orders as posts take it for every status
    that is not excluded from search, so those of a plugin that is gone show there only.
    """
    hpos = call.shop.options.hpos
    facts = call.shop.base.orders.facts

    def holds(record: dict[str, Any]) -> bool:
        status = record["status"]
        if status in statuses:
            return True
        if "any" not in statuses or status in _HIDDEN:
            return False
        return not hpos or status in STATUSES

    return listing.Filter(
        f"status={sorted(statuses)}",
        holds,
        all_base="any" in statuses,
        base=lambda index: facts.status(index) in statuses,
    )


def _search(text: str, *, hpos: bool) -> listing.Filter:
    def holds(record: dict[str, Any]) -> bool:
        billing = record["billing"]
        places = [*billing.values(), *record["shipping"].values()]
        if hpos:
            places += [str(record["id"]), record["transaction_id"]]
            places += [line["name"] for line in record["line_items"]]
        return any(text in str(place).casefold() for place in places)

    return listing.Filter(f"search={text}", holds)


@routes.on("GET", "/wc/v3/orders/{id}")
async def view_order(call: rest.Call) -> rest.Answer:
    """Show an order; a refund's id is no order's."""
    return rest.answer(call.views.one("order", read_order(call, "id"), call.wanted))


def read_order(call: rest.Call, name: str) -> dict[str, Any]:
    """Return the order named in the path.

    Raises:
        RestError: 404 if there is none.
    """
    record = call.shop.read("order", call.number(name))
    if record is None:
        raise errors.RestError(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
    return record


@routes.on("GET", "/wc/v3/orders/{order_id}/refunds", schema=_REFUND_LIST, permission="list")
async def list_order_refunds(call: rest.Call) -> rest.Answer:
    """List an order's refunds."""
    order_id = read_order(call, "order_id")["id"]
    mine = listing.Filter(
        f"parent={order_id}",
        lambda r: bool(r["parent_id"] == order_id),
        ids=tuple(call.shop.refund_ids(order_id)),
    )
    return _refunds(call, "refund", [mine])


@routes.on("GET", "/wc/v3/refunds", schema=_REFUND_LIST, permission="list", since=(9, 0))
async def list_all_refunds(call: rest.Call) -> rest.Answer:
    """List the refunds of all orders."""
    return _refunds(call, "global_refund", [])


def _refunds(call: rest.Call, view: str, filters: list[listing.Filter]) -> rest.Answer:
    more, bounds = listings.date_conditions(call, "refund")
    conditions = [*filters, *listings.id_filters(call), *more]
    ids, total = listings.find_page(call, "refund", conditions, bounds)
    extra = {"dp": call.query.get("dp", "2")} if ids else {}
    if not ids and call.shop.options.hpos:
        total = 0
    return listings.list_answer(call, call.views.many(view, ids, call.wanted), total, extra)


@routes.on("GET", "/wc/v3/orders/{order_id}/refunds/{id}")
async def view_refund(call: rest.Call) -> rest.Answer:
    """Show a refund under its own order only."""
    order = call.shop.read("order", call.number("order_id"))
    if order is None:
        code = "woocommerce_rest_invalid_order_id"
        raise errors.RestError(404, code, "Invalid order ID.")
    record = call.shop.read("refund", call.number("id"))
    if record is None or record["parent_id"] != order["id"]:
        code = "woocommerce_rest_invalid_order_refund_id"
        raise errors.RestError(404, code, "Invalid order refund ID.")
    return rest.answer(call.views.one("refund", record, call.wanted))
