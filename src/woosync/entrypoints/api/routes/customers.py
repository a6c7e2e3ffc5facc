"""Customers of the back office: registered ones and guests."""

from typing import Annotated, Any, Literal

import fastapi
import pydantic

from woosync.entrypoints.api import access, dependencies, records, routing, schemas, values
from woosync.postgres.nouns import customers

router = routing.guarded("/api/customers", "customers")
NOUN = customers.NOUN
EXAMPLE = {
    "email": "ada@example.com",
    "firstName": "Ada",
    "lastName": "Lovelace",
    "billing": {"city": "London", "country": "GB"},
    "metadata": {"tier": "gold"},
}


class Address(schemas.Answer):
    """An address as typed; country and state are usually codes."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    address_1: str = ""
    address_2: str = ""
    city: str = ""
    state: str = ""
    postcode: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""


class NewAddress(schemas.Body):
    """An address to write; it replaces the one before."""

    first_name: values.Text = ""
    last_name: values.Text = ""
    company: values.Text = ""
    address_1: values.Text = ""
    address_2: values.Text = ""
    city: values.Text = ""
    state: values.Text = ""
    postcode: values.Text = ""
    country: values.Text = ""
    email: values.Text = ""
    phone: values.Text = ""


class Customer(records.Shared):
    """A customer; guests have the role "guest" and no username."""

    email: str
    first_name: str
    last_name: str
    username: str
    role: str
    is_paying: bool
    billing: Address
    shipping: Address


class Changes(schemas.Body):
    """What to change; what is left out stays. A metadata key set to null goes away."""

    email: values.Text = ""
    first_name: values.Text = ""
    last_name: values.Text = ""
    username: values.Text = ""
    billing: NewAddress = NewAddress()
    shipping: NewAddress = NewAddress()
    metadata: values.Free | None = None


class NewCustomer(Changes):
    """A customer to add."""

    email: values.Text = pydantic.Field(min_length=3)
    role: Literal["customer", "guest"] = "customer"


class Asked(records.OfStores):
    """Which customers, in which order."""

    sort: str = records.sorted_by(NOUN.listing, "-updatedAt")
    email: values.Text | None = None
    role: values.Word | None = None
    is_paying: bool | None = None


@router.get("", response_model=records.Page[Customer])
async def list_customers(
    request: fastapi.Request,
    response: fastapi.Response,
    opened: dependencies.Opened,
    asked: Annotated[Asked, fastapi.Query()],
) -> Any:
    """List customers, a page at a time; `q` searches name, e-mail and username."""
    return await records.load_page(request, opened, NOUN.listing, asked, response)


@router.get("/{record_id}", response_model=Customer)
async def get_customer(
    record_id: schemas.Id, response: fastapi.Response, opened: dependencies.Opened
) -> Any:
    """Show a customer with all metadata; the `ETag` is the version to change it from."""
    return await records.load(opened, NOUN, record_id, response)


@router.post("", response_model=Customer, status_code=201, dependencies=[access.OPERATOR])
async def add_customer(
    body: Annotated[NewCustomer, fastapi.Body(examples=[EXAMPLE])],
    desk: records.Desk,
) -> Any:
    """Add a customer; 409 when the e-mail address is known."""
    return await desk.add(customers, router.prefix, body)


@router.patch(
    "/{record_id}",
    response_model=Customer,
    responses=records.VERSIONED,
    dependencies=[access.OPERATOR],
)
async def change_customer(
    held: records.Held,
    body: Annotated[Changes, fastapi.Body(examples=[{"firstName": "Augusta"}])],
    desk: records.Desk,
) -> Any:
    """Change a customer that is still at the version of `If-Match`."""
    return await desk.change(customers, held, body)


@router.delete(
    "/{record_id}",
    status_code=204,
    responses=records.VERSIONED,
    dependencies=[access.OPERATOR],
)
async def delete_customer(
    held: records.Held, opened: dependencies.Opened, who: access.Who
) -> fastapi.Response:
    """Delete a customer that is still at the version of `If-Match`; it stays in the database."""
    return await records.delete(opened, NOUN, held, who)
