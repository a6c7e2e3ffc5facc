"""Suppliers of the back office."""

from typing import Annotated, Any

import fastapi
import pydantic

from woosync.entrypoints.api import access, dependencies, records, routing, schemas, values
from woosync.postgres.nouns import suppliers

router = routing.guarded("/api/suppliers", "suppliers")
NOUN = suppliers.NOUN
EXAMPLE = {"name": "Tea traders"}


class Supplier(records.Record):
    """Where products come from."""

    name: str


class Changes(schemas.Body):
    """What to change; what is left out stays. A metadata key set to null goes away."""

    name: values.Text = pydantic.Field("", min_length=1)
    metadata: values.Free | None = None


class NewSupplier(Changes):
    """A supplier to add."""

    name: values.Text = pydantic.Field(min_length=1)


class Asked(records.Searching):
    """Which suppliers, in which order."""

    sort: str = records.sorted_by(NOUN.listing, "name")


@router.get("", response_model=records.Page[Supplier])
async def list_suppliers(
    request: fastapi.Request,
    response: fastapi.Response,
    opened: dependencies.Opened,
    asked: Annotated[Asked, fastapi.Query()],
) -> Any:
    """List suppliers, a page at a time; `q` searches the name."""
    return await records.load_page(request, opened, NOUN.listing, asked, response)


@router.get("/{record_id}", response_model=Supplier)
async def get_supplier(
    record_id: schemas.Id, response: fastapi.Response, opened: dependencies.Opened
) -> Any:
    """Show a supplier; the `ETag` is the version to change it from."""
    return await records.load(opened, NOUN, record_id, response)


@router.post("", response_model=Supplier, status_code=201, dependencies=[access.OPERATOR])
async def add_supplier(
    body: Annotated[NewSupplier, fastapi.Body(examples=[EXAMPLE])],
    desk: records.Desk,
) -> Any:
    """Add a supplier; 409 when the name is taken."""
    return await desk.add(suppliers, router.prefix, body)


@router.patch(
    "/{record_id}",
    response_model=Supplier,
    responses=records.VERSIONED,
    dependencies=[access.OPERATOR],
)
async def change_supplier(
    held: records.Held,
    body: Annotated[Changes, fastapi.Body(examples=[{"name": "Tea traders Ltd"}])],
    desk: records.Desk,
) -> Any:
    """Change a supplier that is still at the version of `If-Match`."""
    return await desk.change(suppliers, held, body)


@router.delete(
    "/{record_id}",
    status_code=204,
    responses=records.VERSIONED,
    dependencies=[access.OPERATOR],
)
async def delete_supplier(
    held: records.Held, opened: dependencies.Opened, who: access.Who
) -> fastapi.Response:
    """Delete a supplier that no product and no order names; it stays in the database."""
    return await records.delete(opened, NOUN, held, who)
