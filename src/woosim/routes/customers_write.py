"""Writing customers, singly and in batches."""

from typing import Any

from woosim import bodies, errors, gap, params, rest
from woosim.commerce import customers
from woosim.routes import write_schemas, writing

routes = rest.Routes()
Record = dict[str, Any]


class Customers:
    """The writes of customers."""

    async def create(self, call: rest.Call, values: writing.Values) -> Record:
        """Make an account: look, pick a name, insert. Parallel requests can meet in between."""
        if values.get("id"):
            message = "Cannot create existing resource."
            raise errors.RestError(400, "woocommerce_rest_customer_exists", message)
        customers.check_new(call.shop, values)
        await gap.pause("customer", 0)
        username = customers.pick_username(call.shop, values)
        await gap.pause("customer", 0)
        return call.views.dress("customer", customers.insert(call.shop, values, username))

    async def update(self, call: rest.Call, record_id: int, values: writing.Values) -> Record:
        """Change a customer; addresses are merged."""
        if call.shop.read("customer", record_id) is None:
            raise customers.unknown()
        await gap.pause("customer", record_id)
        return call.views.dress("customer", customers.update(call.shop, record_id, values))

    async def delete(self, call: rest.Call, record_id: int, *, force: bool) -> Record:
        """Remove a customer for good; there is no trash."""
        record = call.shop.read("customer", record_id)
        if record is None:
            raise customers.unknown()
        if not force:
            message = "Customers do not support trashing."
            raise errors.RestError(501, "woocommerce_rest_trash_not_supported", message)
        shown = call.views.dress("customer", record)
        for link in shown["_links"]["self"]:
            link.pop("targetHints", None)  # nobody may do anything to a user who is gone
        customers.delete(call.shop, record_id)
        return shown


class _Checks(writing.Checks):
    """An update checks the e-mail's form by schema; a create leaves that to the registration."""

    def of(self, call: rest.Call, schema: params.Schema) -> writing.Values:
        """Return the checked body of a call."""
        values = super().of(call, schema)
        if schema is self.update:
            bodies.check_email(values)
        return values


writing.add(
    routes,
    "/wc/v3/customers",
    Customers(),
    _Checks(write_schemas.NEW_CUSTOMER, write_schemas.CUSTOMER, addresses=True),
)
