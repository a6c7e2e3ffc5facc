"""Warehouses of the back office; one of them is the default."""

from typing import Annotated, Any

import fastapi
import pydantic

from woosync.entrypoints.api import access, dependencies, records, routing, schemas, values
from woosync.postgres.nouns import warehouses

router = routing.guarded("/api/warehouses", "warehouses")
NOUN = warehouses.NOUN
EXAMPLE = {"code": "NORTH", "name": "Warehouse north"}


class Warehouse(records.Record):
    """Where stock is kept."""

    code: str
    name: str
    is_default: bool


class Changes(schemas.Body):
    """What to change; what is left out stays. A metadata key set to null goes away."""

    code: values.Word = "MAIN"
    name: values.Text = ""
    is_default: bool = False
    metadata: values.Free | None = None


class NewWarehouse(Changes):
    """A warehouse to add."""

    code: values.Word = pydantic.Field()


class Asked(records.Searching):
    """Which warehouses, in which order."""

    sort: str = records.sorted_by(NOUN.listing, "name")
    code: values.Word | None = None


@router.get("", response_model=records.Page[Warehouse])
async def list_warehouses(
    request: fastapi.Request,
    response: fastapi.Response,
    opened: dependencies.Opened,
    asked: Annotated[Asked, fastapi.Query()],
) -> Any:
    """List warehouses, a page at a time; `q` searches the name and the code."""
    return await records.load_page(request, opened, NOUN.listing, asked, response)


@router.get("/{record_id}", response_model=Warehouse)
async def get_warehouse(
    record_id: schemas.Id, response: fastapi.Response, opened: dependencies.Opened
) -> Any:
    """Show a warehouse; the `ETag` is the version to change it from."""
    return await records.load(opened, NOUN, record_id, response)


@router.post("", response_model=Warehouse, status_code=201, dependencies=[access.OPERATOR])
async def add_warehouse(
    body: Annotated[NewWarehouse, fastapi.Body(examples=[EXAMPLE])],
    desk: records.Desk,
) -> Any:
    """Add a warehouse; 409 when the code is taken."""
    return await desk.add(warehouses, router.prefix, body)


@router.patch(
    "/{record_id}",
    response_model=Warehouse,
    responses=records.VERSIONED,
    dependencies=[access.OPERATOR],
)
async def change_warehouse(
    held: records.Held,
    body: Annotated[Changes, fastapi.Body(examples=[{"isDefault": True}])],
    desk: records.Desk,
) -> Any:
    """Change a warehouse that is still at the version of `If-Match`."""
    return await desk.change(warehouses, held, body)


@router.delete(
    "/{record_id}",
    status_code=204,
    responses=records.VERSIONED,
    dependencies=[access.OPERATOR],
)
async def delete_warehouse(
    held: records.Held, opened: dependencies.Opened, who: access.Who
) -> fastapi.Response:
    """Delete a warehouse that is empty, not the default, and that no store sells from."""
    return await records.delete(opened, NOUN, held, who)
