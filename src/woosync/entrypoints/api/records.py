"""What the routes of back-office nouns share: pages with a next link, versions as ETags."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Generic, Protocol, TypeVar
from urllib.parse import urlencode

import fastapi
import pydantic

from woosync import bootstrap
from woosync.entrypoints.api import access, dependencies, problems, schemas, values
from woosync.postgres import engine
from woosync.postgres.nouns import editing, listing

T = TypeVar("T")
ETAG = re.compile(r'"([0-9]{1,9})"')
NOT_FILTERS = frozenset({"limit", "cursor", "sort", "store", "deleted", "q"})


class Linked(schemas.Answer):
    """What a store calls a record; `deletedAt` when the store has it no more."""

    store: str
    wc_id: int
    modified_at: datetime | None
    synced_at: datetime
    deleted_at: datetime | None


class Record(schemas.Answer):
    """What every record has. `editedAt`: when somebody other than the sync last wrote it."""

    id: int
    metadata: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None


class Shared(Record):
    """What every record that stores may know has."""

    stores: list[Linked]


class Page(schemas.Answer, Generic[T]):
    """A page; `next` is the address of the one that follows, null on the last."""

    items: list[T]
    next: str | None


class Paging(schemas.Body):
    """How a list is asked for; take `next` of the answer before to go on."""

    limit: int = pydantic.Field(listing.PAGE, ge=1, le=listing.LARGEST_PAGE)
    cursor: Annotated[str, pydantic.Field(max_length=listing.LARGEST_CURSOR)] | None = None

    def filters(self) -> dict[str, object]:
        """Return what is filtered by, by the listing's names."""
        given = {
            name: value for name, value in self.model_dump().items() if name not in NOT_FILTERS
        }
        if "q" in type(self).model_fields:
            given["text"] = listing.containing(getattr(self, "q", None))
        if "deleted" in type(self).model_fields:
            given["live"] = not getattr(self, "deleted", False)
        return given


class Searching(Paging):
    """A list of records that can be searched; deleted ones are apart."""

    q: values.Text | None = None
    deleted: bool = False
    updated_since: values.Moment | None = None


class OfStores(Searching):
    """A list of records of which those of one store can be asked for."""

    store: schemas.StoreKey | None = None


def sorted_by(what: listing.Listing, default: str) -> Any:
    """Return the parameter `sort`: a name of the listing, with a minus for descending."""
    names = [sign + name for name in what.sorts for sign in ("", "-")]
    return pydantic.Field(default, json_schema_extra={"enum": [*names]})


async def load_page(
    request: fastapi.Request,
    opened: bootstrap.Application,
    what: listing.Listing,
    asked: Paging,
    response: fastapi.Response,
    **fixed: object,
) -> dict[str, Any]:
    """Load a page and say where the next one is; `fixed` filters hold whatever is asked for."""
    filters = asked.filters() | fixed
    if key := getattr(asked, "store", None):
        filters["store_id"] = (await opened.load_store(key)).id
    question = listing.Question(
        sort=getattr(asked, "sort", "id"),
        filters=filters,
        limit=asked.limit,
        cursor=asked.cursor,
    )
    return await answer_page(request, opened.database, what, question, response)


async def answer_page(
    request: fastapi.Request,
    database: engine.Database,
    what: listing.Listing,
    question: listing.Question,
    response: fastapi.Response,
) -> dict[str, Any]:
    """Load a page and say where the next one is, in the body and as a `Link`."""
    async with listing.reading(database) as tx:
        page = await listing.load_page(tx, what, question)
    following = None
    if page.next is not None:
        query = [pair for pair in request.query_params.multi_items() if pair[0] != "cursor"]
        following = f"{request.url.path}?{urlencode([*query, ('cursor', page.next)])}"
        response.headers["Link"] = f'<{following}>; rel="next"'
    return {"items": page.rows, "next": following}


def edit_of(opened: bootstrap.Application, who: access.Principal) -> editing.Edit:
    """Say who edits, and when."""
    return editing.Edit(actor=who.name, now=opened.clock())


async def load(
    opened: bootstrap.Application, noun: editing.Noun, local_id: int, response: fastapi.Response
) -> dict[str, Any]:
    """Load a record and put its version into the `ETag`."""
    async with listing.reading(opened.database) as tx:
        row = await editing.load(tx, noun, local_id)
    response.headers["ETag"] = f'"{row["version"]}"'
    return row


def _held(
    record_id: schemas.Id, if_match: Annotated[str | None, fastapi.Header()] = None
) -> editing.Held:
    if if_match is None:
        raise problems.ProblemError(
            HTTPStatus.PRECONDITION_REQUIRED,
            "A change names the version that it was made from.",
            remedy="Send the ETag of the record as you read it in If-Match.",
        )
    found = ETAG.fullmatch(if_match.strip())
    if found is None:
        raise problems.ProblemError(
            HTTPStatus.PRECONDITION_FAILED,
            "If-Match is not a version of this record.",
            remedy='Send the ETag as it came, with its quotes: If-Match: "3".',
        )
    return editing.Held(record_id, int(found[1]))


#: The record of the path at the version of `If-Match`; 428 without it.
Held = Annotated[editing.Held, fastapi.Depends(_held)]
#: What the routes that change a record may answer besides the usual.
VERSIONED: dict[int | str, dict[str, Any]] = {
    412: {"model": schemas.Problem, "description": "Somebody changed the record meanwhile."},
    428: {"model": schemas.Problem, "description": "If-Match is missing."},
}


async def delete(
    opened: bootstrap.Application, noun: editing.Noun, held: editing.Held, who: access.Principal
) -> fastapi.Response:
    """Soft-delete a record."""
    async with opened.database.transaction() as tx:
        await editing.save_deleted(tx, noun, held, edit_of(opened, who))
    return fastapi.Response(status_code=HTTPStatus.NO_CONTENT)


def given(
    body: pydantic.BaseModel, *, but: frozenset[str] = frozenset({"metadata"})
) -> dict[str, Any]:
    """Return the fields that the body names, by their own names."""
    return {
        name: value
        for name, value in body.model_dump(exclude_unset=True).items()
        if name not in but
    }


class Nouns(Protocol):
    """A module of `postgres.nouns` whose records are a set of fields with metadata."""

    @property
    def NOUN(self) -> editing.Noun:  # noqa: N802 - the modules' constant
        """Return what the noun is called and kept as."""
        ...

    @property
    def save_new(self) -> Callable[..., Awaitable[int]]:
        """Return what adds a record."""
        ...

    @property
    def save_changed(self) -> Callable[..., Awaitable[None]]:
        """Return what changes a record."""
        ...


@dataclass(frozen=True, slots=True)
class _Desk:
    opened: bootstrap.Application
    who: access.Principal
    response: fastapi.Response

    async def add(self, nouns: Nouns, path: str, body: pydantic.BaseModel) -> dict[str, Any]:
        """Add a record, say where it is, and return it."""
        async with self.opened.database.transaction() as tx:
            made = await nouns.save_new(tx, given(body), **self._told(body))
        self.response.headers["Location"] = f"{path}/{made}"
        return await load(self.opened, nouns.NOUN, made, self.response)

    async def change(
        self, nouns: Nouns, held: editing.Held, body: pydantic.BaseModel
    ) -> dict[str, Any]:
        """Change the fields that the body names, and return the record."""
        async with self.opened.database.transaction() as tx:
            await nouns.save_changed(tx, held, given(body), **self._told(body))
        return await load(self.opened, nouns.NOUN, held.id, self.response)

    def _told(self, body: pydantic.BaseModel) -> dict[str, Any]:
        edit = edit_of(self.opened, self.who)
        return {"metadata": getattr(body, "metadata", None), "edit": edit}


def _desk(opened: dependencies.Opened, who: access.Who, response: fastapi.Response) -> _Desk:
    return _Desk(opened, who, response)


#: Adds and changes records for the caller.
Desk = Annotated[_Desk, fastapi.Depends(_desk)]
