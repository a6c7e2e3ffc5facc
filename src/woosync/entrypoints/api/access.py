"""Who calls and what they may do: `VIEWER`, `OPERATOR`, `ADMIN` are dependencies of routes."""

import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

import fastapi
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from woosync.entrypoints.api import limits, problems, signing
from woosync.entrypoints.api.dependencies import Opened, Served
from woosync.postgres import tokens

#: What a token of one store may call.
STORE_PATHS = "/api/woocommerce-sync/"
_bearer = HTTPBearer(
    auto_error=False, description="An access token of /api/auth/login, or a service token."
)
Given = Annotated[HTTPAuthorizationCredentials | None, fastapi.Depends(_bearer)]


class Role(enum.IntEnum):
    """What a user may do; each includes the ones before it."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller: a person or, with a service token, a machine. `name` goes into logs as actor.

    One with a `store_id` sees that store alone, and nothing that belongs to all stores.
    """

    user_id: int
    name: str
    role: Role
    family: str
    store_id: int | None = None


def _unauthorised() -> problems.ProblemError:
    return problems.ProblemError(
        HTTPStatus.UNAUTHORIZED,
        "A valid token is needed.",
        remedy="Log in at /api/auth/login and send `Authorization: Bearer <token>`.",
        headers={"WWW-Authenticate": 'Bearer realm="woosync"'},
    )


async def principal(
    request: fastapi.Request, opened: Opened, served: Served, given: Given
) -> Principal:
    """Return who calls; 401 without a token that is valid now, 429 when there is too much.

    The database is asked each time: a token dies with its user, password, role or logout at once.
    """
    address, token = limits.address_of(request), given.credentials if given else ""
    if not _looks_good(served, token):
        served.budget.check_failures(address)
    found = await identify(opened, served, token)
    if found is None:
        served.budget.count_failure(address)
        raise _unauthorised()
    served.budget.check_calls(found.family)
    served.budget.remember(token)
    if found.store_id is not None and not request.url.path.startswith(STORE_PATHS):
        raise problems.ProblemError(
            HTTPStatus.FORBIDDEN,
            "This token is for one store alone.",
            remedy="Use a token without a store.",
        )
    request.state.only_store = found.store_id
    return found


def _looks_good(served: Served, token: str) -> bool:
    """Tell without the database whether a token may be good; the others of an address wait."""
    return served.budget.remembers(token) or served.signer.read(token) is not None


async def identify(opened: Opened, served: Served, token: str) -> Principal | None:
    """Return whose token this is, None when it is not valid now."""
    if not token:
        return None
    if not token.startswith(tokens.SERVICE_PREFIX):
        return await of_login(opened, served.signer.read(token))
    async with opened.database.transaction() as tx:
        row = await tokens.load_service(tx, token, now=opened.clock())
    if row is None:
        return None
    role = Role[row.role.upper()]
    if row.store_id is not None:
        role = min(role, Role.OPERATOR)
    return Principal(row.user_id, row.name, role, row.family, row.store_id)


async def of_login(opened: Opened, claims: signing.Claims | None) -> Principal | None:
    """Return whose login a signed token is of, None when there is none or it has ended."""
    if claims is None:
        return None
    async with opened.database.transaction() as tx:
        row = await tokens.load_session(
            tx, user_id=claims.user_id, family=claims.family, version=claims.version
        )
    if row is None:
        return None
    return Principal(row.user_id, row.name, Role[row.role.upper()], row.family)


Who = Annotated[Principal, fastapi.Depends(principal)]


def check(who: Principal, least: Role) -> None:
    """Refuse, with 403, a caller of a lesser role."""
    if who.role < least:
        raise problems.ProblemError(
            HTTPStatus.FORBIDDEN,
            f"This needs the role {least.name.lower()}.",
            remedy="Ask an administrator: `woosync users` shows and changes roles.",
        )


def _require(least: Role) -> Callable[[Principal], Awaitable[Principal]]:
    async def checked(who: Who) -> Principal:
        check(who, least)
        return who

    return checked


#: Dependencies for `dependencies=[...]`; a route that wants the caller takes `who: access.Who`.
VIEWER = fastapi.Depends(_require(Role.VIEWER))
OPERATOR = fastapi.Depends(_require(Role.OPERATOR))
ADMIN = fastapi.Depends(_require(Role.ADMIN))
