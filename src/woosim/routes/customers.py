"""Reading customers: users of role customer unless another role is asked for."""

from typing import Any

from woosim import errors, listing, listings, params, rest

routes = rest.Routes()
ROLES = (
    *("all", "administrator", "editor", "author", "contributor", "subscriber", "customer"),
    "shop_manager",
)
_ORDERBY = ("id", "include", "name", "registered_date")
_LIST = {
    **listings.paging(_ORDERBY, default="name", order="asc"),
    "email": params.Param(),
    "role": params.Param(enum=ROLES, default="customer"),
}


@routes.on("GET", "/wc/v3/customers", schema=_LIST, permission="list")
async def list_customers(call: rest.Call) -> rest.Answer:
    """List customers; there is no filter by time of change, as in WooCommerce."""
    wanted = call.params
    filters = listings.id_filters(call)
    role = wanted["role"]
    if role != "all":
        base_role = call.shop.base.customers.role
        filters.append(
            listing.Filter(
                f"role={role}",
                lambda r: bool(r["role"] == role),
                base=lambda index: base_role(index) == role,
            )
        )
    if wanted["email"]:
        filters.append(_email_filter(call))
    if wanted["search"]:
        filters.append(_search(wanted["search"].strip("*").casefold()))
    if wanted["orderby"] == "registered_date":
        wanted["orderby"] = "date"
    ids, total = listings.find_page(call, "customer", filters)
    return listings.list_answer(call, call.views.many("customer", ids, call.wanted), total)


def _email_filter(call: rest.Call) -> listing.Filter:
    email = call.params["email"].lower()
    ids = tuple(call.shop.find_email(email))
    return listing.Filter(
        f"email={email},{ids}", lambda r: bool(r["email"].lower() == email), ids=ids
    )


def _search(text: str) -> listing.Filter:
    def holds(record: dict[str, Any]) -> bool:
        names = ("email", "username", "first_name", "last_name")
        return any(text in str(record[name]).casefold() for name in names)

    return listing.Filter(f"search={text}", holds)


@routes.on("GET", "/wc/v3/customers/{id}")
async def view_customer(call: rest.Call) -> rest.Answer:
    """Show a user of any role."""
    record = call.shop.read("customer", call.number("id"))
    if record is None:
        raise errors.RestError(404, "wc_user_invalid_id", "Invalid user ID.", allow=False)
    return rest.answer(call.views.one("customer", record, call.wanted))
