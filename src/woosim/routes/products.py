"""Reading products: the list with its many filters, and one."""

from typing import Any

from woosim import errors, listing, listings, params, rest

routes = rest.Routes()
STATUSES = ("any", "future", "trash", "draft", "pending", "private", "publish")
TYPES = ("simple", "grouped", "external", "variable")
STOCK_STATUSES = ("instock", "outofstock", "onbackorder")
_ORDERBY = (
    *("date", "id", "include", "title", "slug", "modified", "popularity", "rating", "post__in"),
    *("price", "sales", "menu_order", "random", "popularity", "rating", "menu_order", "price"),
    *("popularity", "rating"),
)
_STATUS_LIST = params.Param("array", items=params.Param(enum=STATUSES))
_TYPE_LIST = params.Param("array", items=params.Param(enum=TYPES))
SHARED = {
    **listings.paging(_ORDERBY),
    **listings.DATES,
    "slug": params.Param(),
    "status": params.Param(enum=STATUSES, default="any"),
    "include_status": _STATUS_LIST,
    "exclude_status": _STATUS_LIST,
    "sku": params.Param(),
    "search_sku": params.Param(),
    "global_unique_id": params.Param(),
    "stock_status": params.Param(enum=STOCK_STATUSES),
    "on_sale": params.Param("boolean"),
    "min_price": params.Param(),
    "max_price": params.Param(),
    "virtual": params.Param("boolean"),
    "downloadable": params.Param("boolean"),
}
_LIST = {
    **SHARED,
    "parent": params.INTEGERS,
    "type": params.Param(enum=TYPES),
    "include_types": _TYPE_LIST,
    "exclude_types": _TYPE_LIST,
    "featured": params.Param("boolean"),
    "category": params.Param(),
}


@routes.on("GET", "/wc/v3/products", schema=_LIST, permission="list")
async def list_products(call: rest.Call) -> rest.Answer:
    """List products; a search by SKU finds variations too."""
    filters = [*shared_filters(call), *_own_filters(call)]
    more, bounds = listings.date_conditions(call, "product")
    wide = any(call.params[name] for name in ("sku", "search_sku", "global_unique_id"))
    if wide and not call.params["type"]:
        return _wide_answer(call, [*filters, *more], bounds)
    ids, total = listings.find_page(call, "product", [*filters, *more], bounds)
    return listings.list_answer(call, call.views.many("product", ids, call.wanted), total)


def _wide_answer(
    call: rest.Call, filters: list[listing.Filter], bounds: list[listing.Bound]
) -> rest.Answer:
    """Answer from products and variations together, in the order asked for."""
    descending = call.params["order"] == "desc"
    orderby = "id" if call.params["orderby"] == "include" else call.params["orderby"]
    query = listing.Query(orderby, descending, tuple(filters), tuple(bounds))
    found = []
    for kind in ("product", "variation"):
        catalog = call.shop.catalogs[kind]
        ordering = catalog.ordering(orderby)
        for record_id in catalog.page(query, 0, 10_000)[0]:
            record = catalog.read(record_id)
            if record is not None:
                found.append((ordering.record_key(record), kind, record))
    found.sort(key=lambda item: item[0], reverse=descending)
    offset, limit = listings.page_bounds(call)
    texts = [
        call.views.text(
            "product" if kind == "product" else "product_variation", record, call.wanted
        )
        for _, kind, record in found[offset : offset + limit]
    ]
    return listings.list_answer(call, texts, len(found))


@routes.on("GET", "/wc/v3/products/{id}")
async def view_product(call: rest.Call) -> rest.Answer:
    """Show a product, or a variation by its own id."""
    for kind, view in (("product", "product"), ("variation", "product_variation")):
        record = call.shop.read(kind, call.number("id"))
        if record is not None:
            return rest.answer(call.views.one(view, record, call.wanted))
    raise errors.RestError(404, "woocommerce_rest_product_invalid_id", "Invalid ID.")


def shared_filters(call: rest.Call) -> list[listing.Filter]:
    """Return the conditions that products and variations have in common."""
    wanted = call.params
    filters = [*listings.id_filters(call), _status_filter(wanted)]
    if wanted["sku"]:
        filters.append(_sku_filter(call))
    if wanted["search_sku"]:
        filters.append(_contains("sku", wanted["search_sku"]))
    if wanted["search"]:
        filters.append(_contains("name", wanted["search"]))
    if wanted["slug"]:
        filters.append(equals("slug", wanted["slug"]))
    if wanted["global_unique_id"]:
        codes = frozenset(wanted["global_unique_id"].split(","))
        filters.append(
            listing.Filter(f"guid={sorted(codes)}", lambda r: r["global_unique_id"] in codes)
        )
    exact = ("stock_status", "on_sale", "virtual", "downloadable")
    filters += [equals(name, wanted[name]) for name in exact if wanted[name] is not None]
    for name, low in (("min_price", True), ("max_price", False)):
        if wanted[name]:
            filters.append(_price_filter(float(wanted[name]), low=low))
    return filters


def _own_filters(call: rest.Call) -> list[listing.Filter]:
    wanted = call.params
    filters = []
    types = [wanted["type"]] if wanted["type"] else wanted["include_types"]
    if types:
        filters.append(_type_filter(call, frozenset(types)))
    if wanted["exclude_types"]:
        filters.append(_none_of("type", wanted["exclude_types"]))
    if wanted["featured"] is not None:
        filters.append(equals("featured", wanted["featured"]))
    if wanted["parent"]:
        filters.append(_one_of("parent_id", wanted["parent"]))
    if wanted["category"]:
        numbers = {int(part) for part in wanted["category"].split(",") if part.isdecimal()}
        filters.append(
            listing.Filter(
                f"category={sorted(numbers)}",
                lambda r: any(category["id"] in numbers for category in r["categories"]),
            )
        )
    return filters


def _status_filter(wanted: dict[str, Any]) -> listing.Filter:
    """Return the condition on status: any leaves out trash only."""
    named = wanted["include_status"] or [wanted["status"]]
    refused = frozenset(wanted["exclude_status"] or ())
    chosen = frozenset(named)
    text = f"status={sorted(chosen)}-{sorted(refused)}"
    if "any" in chosen:
        return listing.Filter(
            text,
            lambda r: (r["status"] != "trash" or "trash" in chosen) and r["status"] not in refused,
            all_base=not refused,
        )
    return listing.Filter(text, lambda r: r["status"] in chosen and r["status"] not in refused)


def _sku_filter(call: rest.Call) -> listing.Filter:
    parts = frozenset(part.strip().lower() for part in call.params["sku"].split(","))
    ids = tuple(record_id for part in parts for _, record_id in call.shop.find_sku(part))
    return listing.Filter(f"sku={ids}", lambda r: r["sku"].lower() in parts, ids=ids)


def _type_filter(call: rest.Call, types: frozenset[str]) -> listing.Filter:
    simple = call.shop.base.ids.simple
    return listing.Filter(
        f"type={sorted(types)}",
        lambda r: r["type"] in types,
        base=lambda index: ("simple" if index < simple else "variable") in types,
    )


def _price_filter(amount: float, *, low: bool) -> listing.Filter:
    def holds(record: dict[str, Any]) -> bool:
        price = float(record["price"] or 0)
        return price >= amount if low else price <= amount

    return listing.Filter(f"price{low}{amount}", holds)


def _contains(name: str, text: str) -> listing.Filter:
    words = text.casefold().split() or [""]
    return listing.Filter(
        f"{name}~{words}", lambda r: all(word in str(r[name]).casefold() for word in words)
    )


def equals(name: str, value: Any) -> listing.Filter:
    """Return the condition that a field has a value."""
    return listing.Filter(f"{name}={value}", lambda r: r.get(name) == value)


def _one_of(name: str, values: list[Any]) -> listing.Filter:
    return listing.Filter(f"{name} in {values}", lambda r: r[name] in values)


def _none_of(name: str, values: list[Any]) -> listing.Filter:
    return listing.Filter(f"{name} not in {values}", lambda r: r[name] not in values)
