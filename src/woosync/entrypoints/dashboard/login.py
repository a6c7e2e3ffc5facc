"""Logging in and out."""

from http import HTTPStatus
from typing import Annotated

import fastapi
from fastapi.responses import RedirectResponse

from woosync.entrypoints.api import dependencies, limits, problems, sessions
from woosync.entrypoints.dashboard import pages, session
from woosync.postgres import tokens

router = pages.router()

Name = Annotated[str, fastapi.Form(max_length=100)]
Password = Annotated[str, fastapi.Form(max_length=200)]


@router.get(pages.LOGIN)
async def show() -> fastapi.Response:
    """Ask for name and password."""
    return pages.render("login.html", name="", problem="")


@router.post(pages.LOGIN)
async def log_in(
    request: fastapi.Request,
    opened: dependencies.Opened,
    served: dependencies.Served,
    name: Name = "",
    password: Password = "",
) -> fastapi.Response:
    """Begin a login; tries are counted together with those of the API."""
    address = limits.address_of(request)
    try:
        pair = await sessions.log_in(opened, served.signer, name, password, address=address)
    except problems.ProblemError as error:
        told = error.message
        if seconds := error.headers.get("Retry-After"):
            told = f"Too many tries. Wait {seconds} seconds, then try again."
        page = pages.render("login.html", status=error.status, name=name, problem=told)
        return pages.waiting(error.headers, page)
    cookie = served.signer.sign(
        pair.claims, now=opened.clock(), lifetime=session.LIFETIME, audience=session.AUDIENCE
    )
    entered = RedirectResponse("/", HTTPStatus.SEE_OTHER, headers=pages.HEADERS)
    entered.set_cookie(
        session.COOKIE,
        cookie,
        max_age=int(session.LIFETIME.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return entered


@router.post("/logout")
async def log_out(opened: dependencies.Opened, visitor: session.Sender) -> fastapi.Response:
    """End this login, wherever its cookie may be."""
    async with opened.database.transaction() as tx:
        await tokens.revoke(tx, visitor.who.family, now=opened.clock())
    left = RedirectResponse(pages.LOGIN, HTTPStatus.SEE_OTHER, headers=pages.HEADERS)
    left.delete_cookie(session.COOKIE, httponly=True, samesite="strict")
    return left
