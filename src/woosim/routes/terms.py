"""Categories and tags of products: list, show, make."""

from typing import Any

from woosim import errors, listings, params, rendering, rest, terms
from woosim.bodies import INTEGER, TEXT, check

routes = rest.Routes()
_LIST = {
    **listings.paging(("id", "include", "name", "slug", "count"), default="name", order="asc"),
    "slug": params.Param(),
    "hide_empty": params.Param("boolean", default=False),
    "parent": params.Param("integer"),
}
_NEW = {
    "name": params.Param(required=True),
    **dict.fromkeys(("slug", "description"), TEXT),
    "parent": INTEGER,
}


def _add(kind: str) -> None:
    path = f"/wc/v3/products/{kind}"

    @routes.on("GET", path, schema=_LIST, permission="list")
    async def list_terms(call: rest.Call) -> rest.Answer:
        found = [one for one in call.shop.terms.all(kind) if _is_asked(call, one)]
        if call.params["order"] == "desc":
            found.reverse()
        size, page = call.params["per_page"], call.params["page"]
        part = found[(page - 1) * size : page * size]
        shown = [rendering.pick(_shown(call, kind, one), call.wanted) for one in part]
        answer = rest.answer(shown)
        answer.headers["X-WP-Total"] = str(len(found))
        answer.headers["X-WP-TotalPages"] = str(-(-len(found) // size))
        answer.rows = len(part)
        return answer

    @routes.on("GET", f"{path}/{{id}}")
    async def view_term(call: rest.Call) -> rest.Answer:
        term = call.shop.terms.read(kind, call.number("id"))
        if term is None:
            message = "Resource does not exist."
            raise errors.RestError(404, "woocommerce_rest_term_invalid", message)
        return rest.answer(rendering.pick(_shown(call, kind, term), call.wanted))

    @routes.on("POST", path, permission="create")
    async def create_term(call: rest.Call) -> rest.Answer:
        made = call.shop.terms.create(kind, check({**call.query, **call.body}, _NEW))
        answer = rest.answer(rendering.pick(_shown(call, kind, made), call.wanted), 201)
        answer.headers["Location"] = listings.address(call.shop, f"{path}/{made['id']}")
        return answer


def _is_asked(call: rest.Call, term: dict[str, Any]) -> bool:
    """Tell whether a list shows a term: by slug, part of the name, ids, parent."""
    given = call.params
    if given["slug"] and term["slug"] not in given["slug"].split(","):
        return False
    if given["search"] and given["search"].casefold() not in str(term["name"]).casefold():
        return False
    if given["include"] and term["id"] not in given["include"]:
        return False
    if given["exclude"] and term["id"] in given["exclude"]:
        return False
    return given["parent"] is None or term["parent"] == given["parent"]


def _shown(call: rest.Call, kind: str, term: dict[str, Any]) -> dict[str, Any]:
    """Return a term as it is answered; categories have a place and a picture beside."""
    shown = {key: term[key] for key in ("id", "name", "slug")}
    if kind == "categories":
        shown |= {"parent": term["parent"]}
    shown |= {"description": term["description"]}
    if kind == "categories":
        shown |= {"display": "default", "image": None, "menu_order": 0}
    address = f"/wc/v3/products/{kind}"
    links = {
        "self": [{"href": listings.address(call.shop, f"{address}/{term['id']}")}],
        "collection": [{"href": listings.address(call.shop, address)}],
    }
    return shown | {"count": 0, "_links": links}


for _kind in terms.KINDS:
    _add(_kind)
