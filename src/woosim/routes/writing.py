"""What all writing routes share: one noun's three writes behind its single and its batch routes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from woosim import bodies, errors, listings, params, php_json, rendering, rest

Record = dict[str, Any]
Values = Mapping[str, Any]
_LIMIT = 100
_FORCE = {"force": params.Param("boolean", default=False)}


class Noun(Protocol):
    """The writes of one kind of record; each raises RestError for what cannot be."""

    async def create(self, call: rest.Call, values: Values) -> Record:
        """Make a record and return it as it is answered."""

    async def update(self, call: rest.Call, record_id: int, values: Values) -> Record:
        """Change a record and return it as it is answered."""

    async def delete(self, call: rest.Call, record_id: int, *, force: bool) -> Record:
        """Throw a record away and return it as it is answered."""


@dataclass(frozen=True, slots=True)
class Checks:
    """The schemas of single calls."""

    create: params.Schema
    update: params.Schema
    addresses: bool = False
    null_email: bool = False

    def of(self, call: rest.Call, schema: params.Schema) -> Values:
        """Return the checked body of a call."""
        values = bodies.check({**call.query, **call.body}, schema)
        if self.addresses:
            bodies.check_addresses(values, null_email=self.null_email)
        return values


def add(routes: rest.Routes, path: str, noun: Noun, checks: Checks, *, batch: bool = True) -> None:
    """Register a noun's writing routes: POST, PUT/PATCH/POST, DELETE and batch."""

    @routes.on("POST", path, permission="create")
    async def create(call: rest.Call) -> rest.Answer:
        record = await noun.create(call, checks.of(call, checks.create))
        answer = rest.answer(_picked(call, record), 201)
        address = listings.address(call.shop, f"{call.path.rstrip('/')}/{record['id']}")
        answer.headers["Location"] = address
        return answer

    @routes.on("PUT PATCH POST", f"{path}/{{id}}", permission="edit")
    async def update(call: rest.Call) -> rest.Answer:
        values = checks.of(call, checks.update)
        return rest.answer(_picked(call, await noun.update(call, call.number("id"), values)))

    @routes.on("DELETE", f"{path}/{{id}}", schema=_FORCE, permission="delete")
    async def delete(call: rest.Call) -> rest.Answer:
        force = bool(call.params["force"])
        return rest.answer(_picked(call, await noun.delete(call, call.number("id"), force=force)))

    if batch:

        @routes.on("POST PUT PATCH", f"{path}/batch", permission="batch")
        async def run_batch(call: rest.Call) -> rest.Answer:
            return await _run_batch(call, noun)


def _picked(call: rest.Call, record: Record) -> Record:
    """Return the fields asked for; links stay whatever `_fields` asks for."""
    picked = rendering.pick(record, call.wanted)
    shown = dict(picked) if isinstance(picked, dict) else {}
    if "_links" in record:
        shown["_links"] = record["_links"]
    return shown


async def _run_batch(call: rest.Call, noun: Noun) -> rest.Answer:
    """Create, update, then delete, one after another; an item's failure stays its own."""
    sent = {name: _listed(call.body.get(name)) for name in ("create", "update", "delete")}
    if sum(map(len, sent.values())) > _LIMIT:
        raise errors.RestError(
            413,
            "woocommerce_rest_request_entity_too_large",
            f"Unable to accept more than {_LIMIT} items for this request.",
        )
    done: dict[str, list[Any]] = {}
    for name, items in sent.items():
        for item in items:
            done.setdefault(name, []).append(await _do_item(call, noun, name, item))
    return rest.Answer(php_json.dumps(rendering.pick(done, call.wanted) or []))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else []


async def _do_item(call: rest.Call, noun: Noun, name: str, item: Any) -> Record:
    values = item if isinstance(item, Mapping) else {}
    own_id: Any = item if name == "delete" else values.get("id")
    number = int(own_id) if str(own_id).isdecimal() else 0
    try:
        if name == "create":
            return await noun.create(call, values)
        if name == "update":
            return await noun.update(call, number, values)
        return await noun.delete(call, number, force=True)
    except errors.RestError as error:
        shown = 0 if name == "create" else number or own_id
        return {"id": shown, "error": error.body()}
