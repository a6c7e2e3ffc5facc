"""Logging in and out, and who one is."""

from typing import Annotated, Literal

import fastapi
import pydantic

from woosync.entrypoints.api import (
    access,
    dependencies,
    limits,
    problems,
    routing,
    schemas,
    sessions,
    signing,
)
from woosync.postgres import tokens, users

router = fastapi.APIRouter()
_open = routing.unguarded("/api/auth", "login")
_closed = routing.guarded("/api/auth", "login")

Password = Annotated[pydantic.SecretStr, pydantic.Field(min_length=1, max_length=200)]


class Login(schemas.Body):
    """Name and password."""

    name: Annotated[str, pydantic.Field(min_length=1, max_length=100, examples=["ada"])]
    password: Password


class Refresh(schemas.Body):
    """The refresh token of the last answer."""

    refresh_token: Annotated[
        pydantic.SecretStr, pydantic.Field(min_length=1, max_length=200, examples=["wrt_..."])
    ]


class NewPassword(schemas.Body):
    """The password until now, and the one from now on."""

    password: Password
    new_password: Password


class Tokens(schemas.Answer):
    """An access token for some minutes, and a refresh token that is good once."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a kind, no secret
    expires_in: int = int(signing.LIFETIME.total_seconds())


class Me(schemas.Answer):
    """The caller."""

    name: str
    role: str


@_open.post("/login", response_model=Tokens, responses={401: schemas.PROBLEMS[401]})
async def login(
    request: fastapi.Request,
    opened: dependencies.Opened,
    served: dependencies.Served,
    body: Login,
) -> Tokens:
    """Begin a login. Wrong tries make the next ones wait, by account and by address."""
    pair = await sessions.log_in(
        opened,
        served.signer,
        body.name,
        body.password.get_secret_value(),
        address=limits.address_of(request),
    )
    return Tokens(access_token=pair.access, refresh_token=pair.refresh)


@_open.post("/refresh", response_model=Tokens, responses={401: schemas.PROBLEMS[401]})
async def refresh(
    request: fastapi.Request,
    opened: dependencies.Opened,
    served: dependencies.Served,
    body: Refresh,
) -> Tokens:
    """Exchange a refresh token for the next pair; used twice, it ends its login."""
    address = limits.address_of(request)
    served.budget.check_failures(address)
    try:
        pair = await sessions.refresh(opened, served.signer, body.refresh_token.get_secret_value())
    except problems.ProblemError:
        served.budget.count_failure(address)
        raise
    return Tokens(access_token=pair.access, refresh_token=pair.refresh)


@_closed.post("/logout", status_code=204)
async def logout(opened: dependencies.Opened, who: access.Who) -> None:
    """End this login with all its tokens, at once; a service token is revoked."""
    async with opened.database.transaction() as tx:
        await tokens.revoke(tx, who.family, now=opened.clock())


@_closed.get("/me", response_model=Me)
async def me(who: access.Who) -> Me:
    """Say whose token this is."""
    return Me(name=who.name, role=who.role.name.lower())


@_closed.post("/password", status_code=204)
async def change_password(
    request: fastapi.Request,
    opened: dependencies.Opened,
    served: dependencies.Served,
    who: access.Who,
    body: NewPassword,
) -> None:
    """Change one's own password; all logins end, this one too."""
    async with opened.database.transaction() as tx:
        user = await users.load(tx, who.name)
    await sessions.log_in(
        opened,
        served.signer,
        user.name,
        body.password.get_secret_value(),
        address=limits.address_of(request),
    )
    await sessions.change_password(opened, who.name, body.new_password.get_secret_value())


router.include_router(_open)
router.include_router(_closed)
