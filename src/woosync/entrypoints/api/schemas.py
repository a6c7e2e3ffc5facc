"""What bodies and answers have in common: camelCase outside, unknown fields refused."""

from typing import Annotated, Any

import pydantic
from pydantic.alias_generators import to_camel


class Body(pydantic.BaseModel):
    """A request body: an unknown field is a mistake of the caller, and said to be one."""

    model_config = pydantic.ConfigDict(
        alias_generator=to_camel, populate_by_name=False, extra="forbid", frozen=True
    )


class Answer(pydantic.BaseModel):
    """An answer; fields are what they say and nothing internal slips in."""

    model_config = pydantic.ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True
    )


class Problem(Answer):
    """An RFC 9457 problem document."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    correlation_id: str
    remedy: str | None = None
    errors: list[dict[str, str]] | None = None


#: PostgreSQL's identity columns.
Id = Annotated[int, pydantic.Field(ge=1, le=2**63 - 1)]
StoreKey = Annotated[
    str,
    pydantic.StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$"),
    pydantic.Field(examples=["shop-de"]),
]
#: What every guarded endpoint may answer besides its own.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text}
    for status, text in {
        400: "The body cannot be read.",
        401: "No valid token.",
        403: "The role does not allow it.",
        404: "There is no such record.",
        405: "This address does not take this method.",
        409: "It cannot be done as things are.",
        413: "The body is too large.",
        422: "The request is not as this endpoint needs it.",
        429: "Too many requests.",
        503: "The database or the store cannot answer now.",
    }.items()
}
