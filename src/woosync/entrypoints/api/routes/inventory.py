"""Stock: levels and what they are made of, movements, and the acts that move it.

Nothing writes a level: each act books movements, once for each `Idempotency-Key` or `sourceRef`.
"""

import secrets
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import fastapi
import pydantic

from woosync.entrypoints.api import access, dependencies, records, routing, schemas, values
from woosync.postgres.nouns import inventory, listing, movements

router = routing.guarded("/api/inventory", "inventory")
Positive = Annotated[values.Quantity, pydantic.Field(gt=0)]
IdempotencyKey = Annotated[
    str | None,
    fastapi.Header(
        description="The same key again answers as before and moves nothing.",
        pattern=r"^[\x21-\x7e]{1,200}$",
    ),
]
KINDS = Literal["adjustment", "receipt", "issue", "return", "damage", "loss"]
ADJUSTED = {"productId": 1, "qty": -2, "kind": "damage", "note": "wet"}
TRANSFERRED = {"productId": 1, "qty": 5, "fromWarehouse": "MAIN", "toWarehouse": "NORTH"}
COUNTED = {"productId": 1, "counted": 12, "sourceRef": "stocktaking 2026-03, shelf 7"}


class Level(schemas.Answer):
    """How much of a product a warehouse holds."""

    product_id: int
    sku: str | None
    name: str
    warehouse_id: int
    warehouse: str
    on_hand: values.QuantityOut
    reserved: values.QuantityOut
    available: values.QuantityOut
    updated_at: datetime


class Kind(schemas.Answer):
    """What the movements of one kind add up to."""

    kind: str
    movements: int
    qty: values.QuantityOut
    last_at: datetime


class Derived(schemas.Answer):
    """A level with the movements it is the sum of."""

    warehouse_id: int
    warehouse: str
    on_hand: values.QuantityOut
    reserved: values.QuantityOut
    available: values.QuantityOut
    updated_at: datetime
    movements: list[Kind]


class Published(schemas.Answer):
    """What a store is told. `expected` is what it shows as far as is known here.

    `openDelta` is a change that has been planned or sent and is not confirmed.
    """

    store: str
    wc_id: int
    expected: values.QuantityOut
    allocation: values.QuantityOut | None
    buffer: values.QuantityOut
    state: str
    audited_at: datetime | None
    updated_at: datetime
    open_delta: values.QuantityOut | None
    open_state: str | None


class Derivation(schemas.Answer):
    """Where a product's stock comes from, and what is said of it."""

    product_id: int
    sku: str | None
    name: str
    manage_stock: str
    parent_id: int | None
    levels: list[Derived]
    stores: list[Published]


class Movement(schemas.Answer):
    """A change of stock; movements are never changed or taken away."""

    id: int
    product_id: int
    sku: str | None
    warehouse: str
    qty: values.QuantityOut
    kind: str
    source_ref: str
    actor: str
    note: str
    at: datetime


class Booked(schemas.Answer):
    """The movements of an act; the same again when the act was asked for again."""

    movements: list[Movement]


class Act(schemas.Body):
    """What every act says. `sourceRef` names its cause: a document, a line, a day."""

    product_id: schemas.Id
    note: values.Text = ""
    source_ref: Annotated[values.Text, pydantic.Field(min_length=1)] | None = None


class Adjustment(Act):
    """A change by so much; without `warehouse` in the default one."""

    warehouse: values.Word | None = None
    qty: values.Quantity
    kind: KINDS = "adjustment"
    allow_negative: bool = False

    @pydantic.field_validator("qty")
    @classmethod
    def _moves_something(cls, value: Decimal) -> Decimal:
        if not value:
            raise ValueError("a change by nothing is none")
        return value


class Transfer(Act):
    """So much from one warehouse to another."""

    from_warehouse: values.Word | None = None
    to_warehouse: values.Word
    qty: Positive


class Count(Act):
    """What was counted; without `warehouse` in the default one."""

    warehouse: values.Word | None = None
    counted: Annotated[values.Quantity, pydantic.Field(ge=0)]


class LevelsAsked(records.Paging):
    """Which levels, in which order; `below` compares what is available."""

    sort: str = records.sorted_by(inventory.LEVELS, "productId")
    product_id: schemas.Id | None = None
    sku: values.Text | None = None
    warehouse: values.Word | None = None
    below: float | None = pydantic.Field(None, ge=-values.MOST, le=values.MOST)
    updated_since: values.Moment | None = None
    store: schemas.StoreKey | None = None


class MovementsAsked(records.Paging):
    """Which movements, in which order."""

    sort: str = records.sorted_by(inventory.MOVEMENTS, "-id")
    product_id: schemas.Id | None = None
    warehouse: values.Word | None = None
    kind: values.Word | None = None
    source_ref: values.Text | None = None
    since: values.Moment | None = None
    before: values.Moment | None = None


@router.get("", response_model=records.Page[Level])
async def list_levels(
    request: fastapi.Request,
    response: fastapi.Response,
    opened: dependencies.Opened,
    asked: Annotated[LevelsAsked, fastapi.Query()],
) -> Any:
    """List levels by product and warehouse; `store` shows what that store sells."""
    return await records.load_page(request, opened, inventory.LEVELS, asked, response, live=True)


@router.get("/movements", response_model=records.Page[Movement])
async def list_movements(
    request: fastapi.Request,
    response: fastapi.Response,
    opened: dependencies.Opened,
    asked: Annotated[MovementsAsked, fastapi.Query()],
) -> Any:
    """List the movements that levels are the sum of, newest first."""
    return await records.load_page(request, opened, inventory.MOVEMENTS, asked, response)


@router.get("/{product_id:int}", response_model=Derivation)
async def derive(product_id: schemas.Id, opened: dependencies.Opened) -> Any:
    """Show a product's levels with the movements they come from, and what each store is told."""
    async with listing.reading(opened.database) as tx:
        return await inventory.load_derivation(tx, product_id)


@router.post("/adjust", response_model=Booked, dependencies=[access.OPERATOR])
async def adjust(
    body: Annotated[Adjustment, fastapi.Body(examples=[ADJUSTED])],
    opened: dependencies.Opened,
    who: access.Who,
    idempotency_key: IdempotencyKey = None,
) -> Any:
    """Book a change of stock; 409 when less would be left than nothing, unless `allowNegative`."""
    act = _act(body, body.warehouse, who, idempotency_key)
    async with opened.database.transaction() as tx:
        done = await movements.adjust(
            tx,
            act,
            body.qty,
            kind=body.kind,
            may_go_below_zero=body.allow_negative,
            edit=records.edit_of(opened, who),
        )
    return {"movements": done.movements}


@router.post("/transfer", response_model=Booked, dependencies=[access.OPERATOR])
async def transfer(
    body: Annotated[Transfer, fastapi.Body(examples=[TRANSFERRED])],
    opened: dependencies.Opened,
    who: access.Who,
    idempotency_key: IdempotencyKey = None,
) -> Any:
    """Move stock between warehouses, both sides or none; 409 when there is too little."""
    act = _act(body, body.from_warehouse, who, idempotency_key)
    async with opened.database.transaction() as tx:
        done = await movements.transfer(
            tx,
            act,
            body.qty,
            to_warehouse=body.to_warehouse,
            edit=records.edit_of(opened, who),
        )
    return {"movements": done.movements}


@router.post("/count", response_model=Booked, dependencies=[access.OPERATOR])
async def count(
    body: Annotated[Count, fastapi.Body(examples=[COUNTED])],
    opened: dependencies.Opened,
    who: access.Who,
    idempotency_key: IdempotencyKey = None,
) -> Any:
    """Say what was counted: a movement corrects the level, of 0 where it was right."""
    act = _act(body, body.warehouse, who, idempotency_key)
    async with opened.database.transaction() as tx:
        edit = records.edit_of(opened, who)
        done = await movements.count(tx, act, body.counted, edit=edit)
    return {"movements": done.movements}


def _act(body: Act, warehouse: str | None, who: access.Principal, key: str | None) -> movements.Act:
    """Name the act: by its cause, by its key among the caller's, or by a new name."""
    if body.source_ref is not None:
        ref = f"ref:{body.source_ref}"
    elif key is not None:
        ref = f"key:{who.user_id}:{key}"
    else:
        ref = f"new:{secrets.token_hex(12)}"
    return movements.Act(
        product_id=body.product_id, warehouse=warehouse, source_ref=f"api:{ref}", note=body.note
    )
