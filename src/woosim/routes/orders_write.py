"""Writing orders, their refunds and their notes."""

from typing import Any

from woosim import bodies, errors, gap, listings, rest
from woosim.commerce import orders, refunds, trashing
from woosim.params import Param
from woosim.routes import orders as orders_read
from woosim.routes import write_schemas, writing

routes = rest.Routes()
Record = dict[str, Any]
_FORCE = {"force": Param("boolean", default=False)}


class Orders:
    """The writes of orders."""

    async def create(self, call: rest.Call, values: writing.Values) -> Record:
        """Make an order."""
        if values.get("id"):
            message = "Cannot create existing shop_order."
            raise errors.RestError(400, "woocommerce_rest_shop_order_exists", message)
        await gap.pause("order", 0)
        return call.views.dress("order", orders.create(call.shop, values))

    async def update(self, call: rest.Call, record_id: int, values: writing.Values) -> Record:
        """Change an order, with all that follows from it."""
        await gap.pause("order", record_id)
        try:
            record = orders.update(call.shop, record_id, values)
        except LookupError as error:
            code = "woocommerce_rest_shop_order_invalid_id"
            raise errors.RestError(400, code, "ID is invalid.") from error
        return call.views.dress("order", record)

    async def delete(self, call: rest.Call, record_id: int, *, force: bool) -> Record:
        """Trash an order, or remove it with its refunds; stock stays as it is."""
        record = call.shop.read("order", record_id)
        if record is None:
            raise errors.RestError(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
        shown = call.views.dress("order", record)
        if force:
            trashing.delete(call.shop, "order", record_id)
        elif record["status"] == "trash":
            message = "The order has already been deleted."
            raise errors.RestError(410, "woocommerce_rest_already_trashed", message)
        else:
            trashing.trash(call.shop, "order", record_id)
        return shown


@routes.on("POST", "/wc/v3/orders/{order_id}/refunds", permission="create")
async def create_refund(call: rest.Call) -> rest.Answer:
    """Refund an order."""
    values = bodies.check(call.body, write_schemas.REFUND)
    record = refunds.create(call.shop, call.number("order_id"), values)
    return _created(call, call.views.one("refund", record, call.wanted), record["id"])


@routes.on("DELETE", "/wc/v3/orders/{order_id}/refunds/{id}", schema=_FORCE, permission="delete")
async def delete_refund(call: rest.Call) -> rest.Answer:
    """Remove a refund for good; there is no trash."""
    order_id, refund_id = call.number("order_id"), call.number("id")
    record = call.shop.read("refund", refund_id)
    if record is None or record["parent_id"] != order_id:
        code = "woocommerce_rest_invalid_order_refund_id"
        raise errors.RestError(404, code, "Invalid order refund ID.")
    if not call.params["force"]:
        message = "Refunds do not support trashing."
        raise errors.RestError(501, "woocommerce_rest_trash_not_supported", message)
    refunds.delete(call.shop, order_id, refund_id)
    return rest.answer(call.views.one("refund", record, call.wanted))


@routes.on("GET", "/wc/v3/orders/{order_id}/notes", permission="list")
async def list_notes(call: rest.Call) -> rest.Answer:
    """List an order's notes, newest first."""
    order = orders_read.read_order(call, "order_id")
    return rest.answer([_dress_note(call, note) for note in reversed(order.get("_notes", []))])


@routes.on("POST", "/wc/v3/orders/{order_id}/notes", permission="create")
async def create_note(call: rest.Call) -> rest.Answer:
    """Add a note: the order's modified time stays, no webhook fires."""
    values = bodies.check(call.body, write_schemas.NOTE)
    orders_read.read_order(call, "order_id")
    order = call.shop.edit("order", call.number("order_id")) or {}
    note: Record = {"id": call.shop.next_id("note"), "author": "WooCommerce"}
    call.shop.stamp(note, "date_created")
    note |= {"note": values.get("note", ""), "customer_note": values.get("customer_note", False)}
    order["_notes"] = [*order.get("_notes", []), note]
    call.shop.save("order", order, bump=False)
    return _created(call, _dress_note(call, note), note["id"])


@routes.on("GET", "/wc/v3/orders/{order_id}/notes/{id}")
async def view_note(call: rest.Call) -> rest.Answer:
    """Show one note."""
    return rest.answer(_dress_note(call, _find_note(call)))


@routes.on("DELETE", "/wc/v3/orders/{order_id}/notes/{id}", schema=_FORCE, permission="delete")
async def delete_note(call: rest.Call) -> rest.Answer:
    """Remove a note for good; there is no trash."""
    note = _find_note(call)
    if not call.params["force"]:
        message = "Webhooks do not support trashing."  # WooCommerce's own slip, kept
        raise errors.RestError(501, "woocommerce_rest_trash_not_supported", message)
    order = call.shop.edit("order", call.number("order_id")) or {}
    order["_notes"] = [one for one in order["_notes"] if one["id"] != note["id"]]
    call.shop.save("order", order, bump=False)
    return rest.answer(_dress_note(call, note))


def _find_note(call: rest.Call) -> Record:
    order = orders_read.read_order(call, "order_id")
    notes = {note["id"]: note for note in order.get("_notes", [])}
    if call.number("id") not in notes:
        raise errors.RestError(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")
    found: Record = notes[call.number("id")]
    return found


def _dress_note(call: rest.Call, note: Record) -> Record:
    order = listings.address(call.shop, f"/wc/v3/orders/{call.number('order_id')}")
    own = {"href": f"{order}/notes/{note['id']}", "targetHints": {"allow": ["GET", "DELETE"]}}
    links = {"self": [own], "collection": [{"href": f"{order}/notes"}], "up": [{"href": order}]}
    return {**note, "_links": links}


def _created(call: rest.Call, shown: Record, record_id: int) -> rest.Answer:
    answer = rest.answer(shown, 201)
    address = listings.address(call.shop, f"{call.path.rstrip('/')}/{record_id}")
    answer.headers["Location"] = address
    return answer


writing.add(
    routes,
    "/wc/v3/orders",
    Orders(),
    writing.Checks(write_schemas.ORDER, write_schemas.ORDER, addresses=True, null_email=True),
)
