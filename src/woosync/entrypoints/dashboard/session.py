"""Who looks at a page: a login in a cookie that scripts cannot read and other sites cannot send."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

import fastapi

from woosync.entrypoints.api import access, dependencies, problems

COOKIE = "woosync-session"
LIFETIME = timedelta(hours=12)
#: A cookie is no token of the API, and a token of the API no cookie.
AUDIENCE = "woosync-dashboard"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks, and the token that the forms of this login carry."""

    who: access.Principal
    token: str = field(repr=False)

    @property
    def may_operate(self) -> bool:
        """Tell whether forms that change something are for this one."""
        return self.who.role >= access.Role.OPERATOR


def form_token(cookie: str) -> str:
    """Return what proves that a form is from a page of this login: nobody else has its cookie."""
    return hmac.new(cookie.encode(), b"form", hashlib.sha256).hexdigest()


async def _anyone(
    request: fastapi.Request, opened: dependencies.Opened, served: dependencies.Served
) -> Visitor:
    """Return who looks; the database is asked each time, as for any token."""
    cookie = request.cookies.get(COOKIE, "")
    who = await access.of_login(opened, served.signer.read(cookie, audience=AUDIENCE))
    if who is None:
        raise problems.ProblemError(HTTPStatus.UNAUTHORIZED, "Nobody is logged in.")
    served.budget.check_calls(who.family)
    return Visitor(who, form_token(cookie))


Anyone = Annotated[Visitor, fastapi.Depends(_anyone)]


async def _sender(visitor: Anyone, token: Annotated[str, fastapi.Form()] = "") -> Visitor:
    if not hmac.compare_digest(token.encode(), visitor.token.encode()):
        raise problems.ProblemError(
            HTTPStatus.FORBIDDEN,
            "This form is not one of this login.",
            remedy="Open the page again.",
        )
    return visitor


#: Who sends a form; only a page of this login has its token.
Sender = Annotated[Visitor, fastapi.Depends(_sender)]


async def _operator(visitor: Sender) -> Visitor:
    access.check(visitor.who, access.Role.OPERATOR)
    return visitor


Operator = Annotated[Visitor, fastapi.Depends(_operator)]
