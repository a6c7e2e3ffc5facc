"""Users and the service tokens of machines; administrators alone."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

import fastapi
import pydantic

from woosync.entrypoints.api import (
    access,
    dependencies,
    passwords,
    problems,
    routing,
    schemas,
)
from woosync.postgres import tokens, users

router = fastapi.APIRouter()
_users = routing.guarded("/api/users", "users", role=access.ADMIN)
_tokens = routing.guarded("/api/tokens", "users", role=access.ADMIN)

RoleName = Literal["viewer", "operator", "admin"]
Name = Annotated[
    str,
    pydantic.StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,99}$"),
    pydantic.Field(examples=["ada"]),
]
Password = Annotated[pydantic.SecretStr, pydantic.Field(min_length=12, max_length=200)]


class NewUser(schemas.Body):
    """A user; without a password a machine, which has service tokens alone."""

    name: Name
    role: RoleName = "viewer"
    password: Password | None = None


class ChangedUser(schemas.Body):
    """What is to be otherwise; the user's logins end."""

    role: RoleName | None = None
    is_active: bool | None = None
    password: Password | None = None


class User(schemas.Answer):
    """A user, without anything secret."""

    id: int
    name: str
    role: str
    is_active: bool
    can_log_in: bool


class Users(schemas.Answer):
    """All users."""

    users: list[User]


class NewToken(schemas.Body):
    """A service token of a user; limited in time, or to one store, if wanted."""

    user: Name
    note: Annotated[str, pydantic.Field(max_length=200)] = ""
    days: Annotated[int, pydantic.Field(ge=1, le=3650)] | None = None
    store: schemas.StoreKey | None = None


class Token(schemas.Answer):
    """A service token, without the token itself."""

    id: int
    user: str
    role: str
    note: str
    store: str | None
    created_at: datetime
    expires_at: datetime | None


class MadeToken(schemas.Answer):
    """The token; it is shown this once."""

    token: str


class Tokens(schemas.Answer):
    """All service tokens that are not revoked."""

    tokens: list[Token]


def described(user: users.User) -> User:
    """Return a user as callers see it."""
    return User(
        id=user.id,
        name=user.name,
        role=user.role,
        is_active=user.is_active,
        can_log_in=bool(user.password_hash),
    )


@_users.get("", response_model=Users)
async def list_users(opened: dependencies.Opened) -> Users:
    """List all users."""
    async with opened.database.transaction() as tx:
        return Users(users=[described(user) for user in await users.load_all(tx)])


@_users.post("", response_model=User, status_code=201)
async def add_user(opened: dependencies.Opened, body: NewUser) -> User:
    """Add a user."""
    hashed = await passwords.made(body.password.get_secret_value()) if body.password else ""
    async with opened.database.transaction() as tx:
        await users.save_new(tx, body.name, role=body.role, password_hash=hashed)
        return described(await users.load(tx, body.name))


@_users.patch("/{id}", response_model=User)
async def change_user(
    opened: dependencies.Opened,
    user_id: Annotated[schemas.Id, fastapi.Path(alias="id")],
    body: ChangedUser,
) -> User:
    """Change role, activity or password; the user's logins end at once."""
    values = body.model_dump(include={"role", "is_active"}, exclude_none=True)
    if body.password is not None:
        values["password_hash"] = await passwords.made(body.password.get_secret_value())
    async with opened.database.transaction() as tx:
        user = await users.load_by_id(tx, user_id)
        if user is None:
            raise problems.not_found("user", user_id)
        if values:
            await users.save(tx, user, values)
            await tokens.revoke_logins(tx, user.id, now=opened.clock())
        return described(await users.load(tx, user.name))


@_tokens.get("", response_model=Tokens)
async def list_tokens(opened: dependencies.Opened) -> Tokens:
    """List the service tokens, without what they are."""
    async with opened.database.transaction() as tx:
        found = await tokens.load_services(tx)
    return Tokens(tokens=[Token.model_validate(row) for row in found])


@_tokens.post("", response_model=MadeToken, status_code=201)
async def add_token(opened: dependencies.Opened, body: NewToken) -> MadeToken:
    """Make a service token of a user; what it may do is what the user may."""
    now = opened.clock()
    store = await opened.load_store(body.store) if body.store else None
    new = tokens.NewService(
        note=body.note,
        expires_at=now + timedelta(days=body.days) if body.days else None,
        store_id=store.id if store else None,
    )
    async with opened.database.transaction() as tx:
        user = await users.load(tx, body.user)
        return MadeToken(token=await tokens.save_service(tx, user.id, new, now=now))


@_tokens.delete("/{id}", status_code=204)
async def revoke_token(
    opened: dependencies.Opened, token_id: Annotated[schemas.Id, fastapi.Path(alias="id")]
) -> None:
    """Revoke a service token, at once."""
    async with opened.database.transaction() as tx:
        if not await tokens.revoke_service(tx, token_id, now=opened.clock()):
            raise problems.not_found("token", token_id)


router.include_router(_users)
router.include_router(_tokens)
