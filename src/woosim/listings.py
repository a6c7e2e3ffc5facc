"""What all list routes share: paging parameters, date bounds, totals and the Link header."""

from collections.abc import Iterable
from typing import Any

from woosim import dates, listing, params, rest, shop, urls

ORDERBY = ("date", "id", "include", "title", "slug", "modified")
AXES = {
    "after": "date",
    "before": "date",
    "modified_after": "modified",
    "modified_before": "modified",
}
_SLACK = 4 * 3600


def paging(
    orderby: tuple[str, ...] = ORDERBY, *, default: str = "date", order: str = "desc"
) -> dict[str, params.Param]:
    """Return the parameters every list takes."""
    return {
        "context": params.Param(enum=("view", "edit"), default="view"),
        "page": params.Param("integer", minimum=1, default=1),
        "per_page": params.Param("integer", minimum=1, maximum=100, default=10),
        "search": params.Param(),
        "exclude": params.INTEGERS,
        "include": params.INTEGERS,
        "offset": params.Param("integer"),
        "order": params.Param(enum=("asc", "desc"), default=order),
        "orderby": params.Param(enum=orderby, default=default),
    }


DATES: params.Schema = {
    **dict.fromkeys(AXES, params.DATE),
    "dates_are_gmt": params.Param("boolean", default=False),
}


def date_conditions(call: rest.Call, kind: str) -> tuple[list[listing.Filter], list[listing.Bound]]:
    """Return the conditions that after, before, modified_after and modified_before make.

    Values compared with UTC columns are bounds; those compared with wall clocks are filters on
    the local text, beside a bound some hours wider.
    """
    filters, bounds = [], []
    drops = kind == "order" and call.shop.options.hpos
    for name, axis in AXES.items():
        text = call.params.get(name)
        if not text:
            continue
        gmt = bool(call.params["dates_are_gmt"])
        found = dates.DateFilter(text, call.shop.zone, gmt=gmt, fraction_drops_zone=drops)
        late = name.endswith("after")
        if gmt:
            bounds.append(_bound(axis, found.seconds, late=late))
            continue
        moment = call.shop.zone.to_utc(found.seconds) + (-_SLACK if late else _SLACK)
        bounds.append(_bound(axis, moment, late=late))
        filters.append(_local_filter(axis, dates.to_text(found.seconds), late=late))
    return filters, bounds


def _bound(axis: str, seconds: int, *, late: bool) -> listing.Bound:
    return listing.Bound(axis, after=seconds) if late else listing.Bound(axis, before=seconds)


def _local_filter(axis: str, text: str, *, late: bool) -> listing.Filter:
    field = {"date": "date_created", "modified": "date_modified"}[axis]

    def holds(record: dict[str, Any]) -> bool:
        return bool(record[field] > text if late else record[field] < text)

    return listing.Filter(f"{field}{'>' if late else '<'}{text}", holds)


def id_filters(call: rest.Call) -> list[listing.Filter]:
    """Return the conditions that include and exclude make."""
    filters = []
    if call.params.get("include"):
        wanted = tuple(call.params["include"])
        chosen = frozenset(wanted)
        filters.append(
            listing.Filter(f"include={sorted(chosen)}", lambda r: r["id"] in chosen, ids=wanted)
        )
    if call.params.get("exclude"):
        without = frozenset(call.params["exclude"])
        filters.append(
            listing.Filter(f"exclude={sorted(without)}", lambda r: r["id"] not in without)
        )
    return filters


def page_bounds(call: rest.Call) -> tuple[int, int]:
    """Return (offset, limit)."""
    limit = call.params["per_page"]
    offset = call.params.get("offset")
    return (offset or (call.params["page"] - 1) * limit), limit


def find_page(
    call: rest.Call,
    kind: str,
    filters: Iterable[listing.Filter],
    bounds: Iterable[listing.Bound] = (),
) -> tuple[list[int], int]:
    """Return the ids of the page asked for and the length of the whole list.

    Past the end by `offset` WooCommerce counts nothing, except for customers. Shops before 10.4 do
    not sort records of one second, so pages over them repeat and skip.
    """
    offset, limit = page_bounds(call)
    orderby = call.params["orderby"]
    named = call.params.get("include")
    query = listing.Query(
        "id" if orderby == "include" else orderby,
        call.params["order"] == "desc",
        tuple(filters),
        tuple(bounds),
    )
    catalog = call.shop.catalogs[kind]
    if orderby != "include" or not named:
        ids, total = catalog.page(query, offset, limit, shaky=not call.shop.options.at_least(10, 4))
        lost = not ids and call.params.get("offset") and kind != "customer"
        return ids, 0 if lost else total
    found = set(catalog.page(query, 0, len(named))[0])
    ordered = [record_id for record_id in dict.fromkeys(named) if record_id in found]
    return ordered[offset : offset + limit], len(ordered)


def list_answer(
    call: rest.Call, texts: list[str], total: int, extra: dict[str, str] | None = None
) -> rest.Answer:
    """Return a list's answer with its totals and links.

    Args:
        call: the request.
        texts: the records as JSON.
        total: what X-WP-Total says.
        extra: parameters WooCommerce adds to the query it repeats in the Link header.
    """
    limit = call.params["per_page"]
    pages = -(-total // limit)
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
    page = call.params["page"]
    links = []
    if page > 1:
        links.append(_link(call, min(page - 1, pages), extra, "prev"))
    if page < pages:
        links.append(_link(call, page + 1, extra, "next"))
    if links:
        headers["Link"] = ", ".join(links)
    return rest.Answer(f"[{','.join(texts)}]", 200, headers, len(texts))


def _link(call: rest.Call, page: int, extra: dict[str, str] | None, name: str) -> str:
    query = {**call.query, **(extra or {}), "page": str(page)}
    return f'<{address(call.shop, call.path)}?{urls.build_query(query)}>; rel="{name}"'


def address(chosen: shop.Shop, path: str) -> str:
    """Return the full address of a path below /wp-json."""
    return f"{chosen.home}/wp-json{path}"
