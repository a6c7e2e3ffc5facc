"""Products of the back office; a variation is a product of type variation with a `parentId`."""

from typing import Annotated, Any, Literal

import fastapi
import pydantic

from woosync.entrypoints.api import (
    access,
    dependencies,
    product_models,
    records,
    routing,
    schemas,
    values,
)
from woosync.postgres.nouns import products

router = routing.guarded("/api/products", "products")
NOUN = products.NOUN
EXAMPLE = {
    "name": "Green tea",
    "sku": "TEA-G",
    "regularPrice": "12.50",
    "manageStock": "yes",
    "categories": [{"name": "Tea"}],
}


class Asked(records.OfStores):
    """Which products, in which order; `topLevel=true` leaves variations out."""

    sort: str = records.sorted_by(NOUN.listing, "-updatedAt")
    sku: values.Text | None = None
    kind: values.Word | None = pydantic.Field(None, alias="type")
    status: values.Word | None = None
    parent_id: schemas.Id | None = None
    top_level: bool | None = None
    supplier_id: schemas.Id | None = None
    manage_stock: Literal["yes", "no", "parent"] | None = None


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as the answer has it: what lies in `details` beside the columns."""
    return {**row["details"], **row}


@router.get("", response_model=records.Page[product_models.Product])
async def list_products(
    request: fastapi.Request,
    response: fastapi.Response,
    opened: dependencies.Opened,
    asked: Annotated[Asked, fastapi.Query()],
) -> Any:
    """List products and variations, a page at a time; `q` searches name and SKU."""
    page = await records.load_page(request, opened, NOUN.listing, asked, response)
    return page | {"items": [_shown(row) for row in page["items"]]}


@router.get("/{record_id}", response_model=product_models.Product)
async def get_product(
    record_id: schemas.Id, response: fastapi.Response, opened: dependencies.Opened
) -> Any:
    """Show a product with all metadata; the `ETag` is the version to change it from."""
    return _shown(await records.load(opened, NOUN, record_id, response))


class VariationsAsked(records.Paging):
    """Which page of the variations."""

    sort: str = records.sorted_by(NOUN.listing, "id")


@router.get("/{record_id}/variations", response_model=records.Page[product_models.Product])
async def list_variations(
    record_id: schemas.Id,
    request: fastapi.Request,
    response: fastapi.Response,
    opened: dependencies.Opened,
    asked: Annotated[VariationsAsked, fastapi.Query()],
) -> Any:
    """List the variations of a product."""
    await records.load(opened, NOUN, record_id, fastapi.Response())
    page = await records.load_page(
        request, opened, NOUN.listing, asked, response, parent_id=record_id, live=True
    )
    return page | {"items": [_shown(row) for row in page["items"]]}


@router.post(
    "", response_model=product_models.Product, status_code=201, dependencies=[access.OPERATOR]
)
async def add_product(
    body: Annotated[product_models.NewProduct, fastapi.Body(examples=[EXAMPLE])],
    desk: records.Desk,
) -> Any:
    """Add a product, or with `parentId` and type "variation" a variation; 409 for a known SKU.

    Stock is not part of it: `/api/inventory/adjust` and `/api/inventory/count` move it.
    """
    return _shown(await desk.add(products, router.prefix, body))


@router.patch(
    "/{record_id}",
    response_model=product_models.Product,
    responses=records.VERSIONED,
    dependencies=[access.OPERATOR],
)
async def change_product(
    held: records.Held,
    body: Annotated[product_models.Changes, fastapi.Body(examples=[{"salePrice": "9.90"}])],
    desk: records.Desk,
) -> Any:
    """Change a product that is still at the version of `If-Match`; its parent stays."""
    return _shown(await desk.change(products, held, body))


@router.delete(
    "/{record_id}",
    status_code=204,
    responses=records.VERSIONED,
    dependencies=[access.OPERATOR],
)
async def delete_product(
    held: records.Held, opened: dependencies.Opened, who: access.Who
) -> fastapi.Response:
    """Delete a product that has neither stock nor variations; it stays in the database."""
    return await records.delete(opened, NOUN, held, who)
