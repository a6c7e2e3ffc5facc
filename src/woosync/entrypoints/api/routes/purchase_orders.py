"""Purchase orders of the back office: those of the stores, and those made here."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import fastapi
import pydantic

from woosync.entrypoints.api import access, dependencies, records, routing, schemas, values
from woosync.entrypoints.api.routes.customers import Address, NewAddress
from woosync.postgres.nouns import purchase_orders

router = routing.guarded("/api/purchase-orders", "purchase orders")
NOUN = purchase_orders.NOUN
ZERO = Decimal(0)
EXAMPLE = {
    "currency": "EUR",
    "customerId": 1,
    "items": [{"productId": 1, "name": "Green tea", "quantity": 2, "total": "25.00"}],
    "shippingTotal": "4.90",
}
CHANGE = {"status": "completed", "customerNote": "Leave it at the door."}


class Item(schemas.Answer):
    """A line of an order; amounts are without tax but `tax`."""

    id: int
    product_id: int | None
    name: str
    sku: str | None
    quantity: values.QuantityOut
    subtotal: values.AmountOut
    total: values.AmountOut
    tax: values.AmountOut


class Order(records.Shared):
    """An order with its lines; all amounts are in `currency`."""

    number: str
    status: str
    currency: str
    customer_id: int | None
    supplier_id: int | None
    total: values.AmountOut
    total_tax: values.AmountOut
    shipping_total: values.AmountOut
    discount_total: values.AmountOut
    placed_at: datetime | None
    paid_at: datetime | None
    completed_at: datetime | None
    customer_note: str
    payment_method: str = ""
    payment_method_title: str = ""
    billing: Address
    shipping: Address
    items: list[Item]


class NewItem(schemas.Body):
    """A line to write. `subtotal` is before discounts, and as `total` where it is left out."""

    product_id: schemas.Id | None = None
    name: values.Text = ""
    sku: values.Text | None = None
    quantity: Annotated[values.Quantity, pydantic.Field(gt=0)]
    total: values.Price
    subtotal: values.Price | None = None
    tax: values.Price = ZERO


class Changes(schemas.Body):
    """What to change; what is left out stays. `items` replaces all lines.

    The items and amounts of a store's order are the store's. A metadata key set to null goes away.
    """

    number: values.Text = ""
    status: values.Word = "pending"
    currency: Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Z]{3}$")] = "EUR"
    customer_id: schemas.Id | None = None
    supplier_id: schemas.Id | None = None
    shipping_total: values.Price = ZERO
    placed_at: values.Moment | None = None
    paid_at: values.Moment | None = None
    completed_at: values.Moment | None = None
    customer_note: values.LongText = ""
    payment_method: values.Text = ""
    payment_method_title: values.Text = ""
    billing: NewAddress = NewAddress()
    shipping: NewAddress = NewAddress()
    items: list[NewItem] = pydantic.Field([], max_length=1000)
    metadata: values.Free | None = None


class NewOrder(Changes):
    """An order to add; without a number it gets one."""

    currency: Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Z]{3}$")]
    items: list[NewItem] = pydantic.Field(min_length=1, max_length=1000)


class Asked(records.OfStores):
    """Which orders, in which order."""

    sort: str = records.sorted_by(NOUN.listing, "-updatedAt")
    number: values.Text | None = None
    status: values.Word | None = None
    customer_id: schemas.Id | None = None
    supplier_id: schemas.Id | None = None
    product_id: schemas.Id | None = None
    placed_since: values.Moment | None = None
    placed_before: values.Moment | None = None


#: Fields that lie under another name in the record that stores share.
RENAMED = {"placed_at": "created", "paid_at": "paid", "completed_at": "completed"}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as the answer has it: what lies in `details` beside the columns."""
    return {**row["details"], **row}


def _fields(body: Changes) -> dict[str, Any]:
    found = records.given(body, but=frozenset({"metadata", "items"}))
    return {RENAMED.get(name, name): value for name, value in found.items()}


def _items(body: Changes) -> list[dict[str, Any]]:
    return [
        {
            "product_id": item.product_id,
            "name": item.name,
            "sku": item.sku,
            "quantity": item.quantity,
            "subtotal": item.total if item.subtotal is None else item.subtotal,
            "total": item.total,
            "total_tax": item.tax,
        }
        for item in body.items
    ]


@router.get("", response_model=records.Page[Order])
async def list_orders(
    request: fastapi.Request,
    response: fastapi.Response,
    opened: dependencies.Opened,
    asked: Annotated[Asked, fastapi.Query()],
) -> Any:
    """List orders with their lines, a page at a time; `q` searches number and e-mail."""
    page = await records.load_page(request, opened, NOUN.listing, asked, response)
    return page | {"items": [_shown(row) for row in page["items"]]}


@router.get("/{record_id}", response_model=Order)
async def get_order(
    record_id: schemas.Id, response: fastapi.Response, opened: dependencies.Opened
) -> Any:
    """Show an order with all metadata; the `ETag` is the version to change it from."""
    return _shown(await records.load(opened, NOUN, record_id, response))


@router.post("", response_model=Order, status_code=201, dependencies=[access.OPERATOR])
async def add_order(
    body: Annotated[NewOrder, fastapi.Body(examples=[EXAMPLE])],
    response: fastapi.Response,
    opened: dependencies.Opened,
    who: access.Who,
) -> Any:
    """Add an order; the amounts of the whole are computed from its items and shipping."""
    async with opened.database.transaction() as tx:
        made = await purchase_orders.save_new(
            tx,
            _fields(body),
            _items(body),
            metadata=body.metadata,
            edit=records.edit_of(opened, who),
        )
    response.headers["Location"] = f"{router.prefix}/{made}"
    return _shown(await records.load(opened, NOUN, made, response))


@router.patch(
    "/{record_id}",
    response_model=Order,
    responses=records.VERSIONED,
    dependencies=[access.OPERATOR],
)
async def change_order(
    held: records.Held,
    body: Annotated[Changes, fastapi.Body(examples=[CHANGE])],
    response: fastapi.Response,
    opened: dependencies.Opened,
    who: access.Who,
) -> Any:
    """Change an order that is still at the version of `If-Match`."""
    async with opened.database.transaction() as tx:
        await purchase_orders.save_changed(
            tx,
            held,
            _fields(body),
            _items(body) if "items" in body.model_fields_set else None,
            metadata=body.metadata,
            edit=records.edit_of(opened, who),
        )
    return _shown(await records.load(opened, NOUN, held.id, response))


@router.delete(
    "/{record_id}",
    status_code=204,
    responses=records.VERSIONED,
    dependencies=[access.OPERATOR],
)
async def delete_order(
    held: records.Held, opened: dependencies.Opened, who: access.Who
) -> fastapi.Response:
    """Delete an order that is still at the version of `If-Match`; it stays in the database."""
    return await records.delete(opened, NOUN, held, who)
