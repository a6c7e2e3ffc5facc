"""The rules of a store: what is pushed, which custom fields go where, how stock is shared."""

from typing import Annotated, Any, Literal

import fastapi
import pydantic

from woosync.entrypoints.api import access, dependencies, routing, schemas, values
from woosync.flows.push import rules as push_rules

router = routing.guarded("", "rules")

MAPPING = [
    {
        "entity": "product",
        "source": "metadata.erp.code",
        "target": "meta_data._erp_code",
        "transform": "upper",
    }
]
RULES = {"push": {"create": ["products"], "never": ["product.description"]}}
Kind = Literal["customers", "products"]
Mapping = Annotated[list[values.Free], pydantic.Field(max_length=500)]


class Push(schemas.Body):
    """What is made in the store, what is never sent there, and when a tug of war ends."""

    create: Annotated[tuple[Kind, ...], pydantic.Field(max_length=2)] = ()
    never: Annotated[tuple[values.Text, ...], pydantic.Field(max_length=200)] = push_rules.NEVER
    statuses: Annotated[tuple[values.Word, ...], pydantic.Field(max_length=200)] = ()
    flips: Annotated[int, pydantic.Field(ge=1, le=1000)] = 3


class Rules(schemas.Body):
    """The parts to replace; what is left out stays."""

    push: Push | None = None
    mapping: Mapping | None = None
    stock: values.Free | None = None


class Set(schemas.Answer):
    """The rules of a store; a part that nobody has set is empty, and its defaults hold."""

    store: str
    push: dict[str, Any]
    mapping: list[Any]
    stock: dict[str, Any]


class Preview(schemas.Body):
    """Rules of custom fields to try (without any those of the store), on so many records a kind."""

    rules: Mapping | None = None
    limit: Annotated[int, pydantic.Field(ge=1, le=100)] = 10


class Line(schemas.Answer):
    """A rule on a record: what either side has, what would be sent or taken, or why neither can."""

    entity: str
    local_id: int
    woo_id: int
    source: str
    target: str
    here: Any
    store: Any
    sends: Any
    takes: Any
    problem: str


class Lines(schemas.Answer):
    """What rules make of real records."""

    lines: list[Line]


@router.get("/rules")
async def get_rules(store: dependencies.Store) -> Set:
    """Show the rules of a store for pushing, custom fields and stock."""
    return _shown(store.key, store.settings)


@router.put("/rules", dependencies=[access.ADMIN])
async def set_rules(
    opened: dependencies.Opened,
    store: dependencies.Store,
    body: Annotated[Rules, fastapi.Body(examples=[RULES])],
) -> Set:
    """Replace the parts that the body names; nothing is saved where one of them is no rule."""
    parts = {
        name: part
        for name, part in body.model_dump(mode="json", exclude_unset=True).items()
        if part is not None
    }
    return _shown(store.key, await opened.change_settings(store.key, parts))


@router.post("/mapping/preview", dependencies=[access.OPERATOR])
async def preview_mapping(
    opened: dependencies.Opened,
    store: dependencies.Store,
    body: Annotated[Preview, fastapi.Body(examples=[{"rules": MAPPING, "limit": 10}])],
) -> Lines:
    """Show what rules of custom fields make of the records edited last; sends and saves nothing."""
    rules: list[object] | None = None if body.rules is None else [*body.rules]
    found = await opened.preview_mapping(store.key, rules, limit=body.limit)
    return Lines(lines=[Line.model_validate(one, from_attributes=True) for one in found])


def _shown(key: str, settings: Any) -> Set:
    return Set(
        store=key,
        push=settings.get("push") or {},
        mapping=settings.get("mapping") or [],
        stock=settings.get("stock") or {},
    )
