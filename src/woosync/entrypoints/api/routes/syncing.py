"""Whole syncs: everything in one or both directions, a batch of each collection, an audit."""

import enum
from http import HTTPStatus
from typing import Annotated, Any

import fastapi
import pydantic

from woosync import jobs
from woosync.entrypoints.api import access, problems, routing, schemas, starting
from woosync.entrypoints.api.routes import pulling, pushing
from woosync.flows import pull

router = routing.guarded("/sync", "sync", role=access.OPERATOR)


class Direction(enum.StrEnum):
    """Which way."""

    PULL = "pull"
    PUSH = "push"
    BOTH = "both"


class Full(schemas.Body):
    """A sync of everything; `force` lets the side that is read win every conflict."""

    direction: Direction = Direction.BOTH
    force: bool = False
    batch_size: Annotated[int, pydantic.Field(ge=1, le=100)] = 100


class Batch(schemas.Body):
    """A page of each chosen collection, and the stock levels that wait."""

    customers: bool = True
    products: bool = True
    orders: bool = True
    inventory: bool = True
    force: bool = False
    limit: pulling.Limit = 50


@router.post("/full", responses=starting.ANSWERS, status_code=202)
async def sync_full(
    starter: starting.AtOnce,
    body: Full | None = None,
) -> fastapi.Response:
    """Read the whole store, send what differs here, or both, one after the other."""
    body = body or Full()
    works = []
    if body.direction is not Direction.PUSH:
        options: dict[str, Any] = {"full": True, "force": body.force}
        options["page_size"] = body.batch_size
        entities = tuple(pull.ENTITIES)
        works.append(jobs.Work(direction="pull", mode="full", entities=entities, options=options))
    if body.direction is not Direction.PULL:
        options = {"everything": True, "force": body.force, "size": body.batch_size}
        works.append(pushing.records(("customers", "products", "orders"), options))
        works.append(pushing.levels(everything=True))
    return await starter.start(*works)


@router.post("/batch", responses=starting.ANSWERS, status_code=202)
async def sync_batch(
    starter: starting.AtOnce,
    body: Batch | None = None,
) -> fastapi.Response:
    """Pull the newest records of the chosen collections, then send the stock levels that wait."""
    body = body or Batch()
    chosen = tuple(name for name in pull.ENTITIES if getattr(body, name))
    works = []
    if chosen:
        options = {"force": body.force, "part": {"limit": body.limit}}
        works.append(jobs.Work(direction="pull", mode="part", entities=chosen, options=options))
    if body.inventory:
        works.append(pushing.levels())
    if not works:
        raise problems.ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Nothing was chosen.",
            remedy="Set one of the collections to true.",
        )
    return await starter.start(*works)


@router.post("/audit", responses=starting.ANSWERS, status_code=202)
async def audit(
    starter: starting.AtOnce,
) -> fastapi.Response:
    """Compare every record of the store with the one here; the counts say where they differ."""
    work = jobs.Work(direction="audit", mode="full")
    return await starter.start(work)
