"""What all pages share: templates that escape, a policy without scripts, errors as pages."""

import json
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import fastapi
import jinja2
import msgspec
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from woosync import errors
from woosync.entrypoints.api import problems

#: Nothing but our own style sheet is loaded, and forms go nowhere else.
POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
#: With `no-referrer`, browsers would not say where a form comes from.
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
LOGIN = "/login"


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _number(value: float | Decimal) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".")


def _text(value: object) -> str:
    """Return a value as people read it: texts as they are, all else as JSON."""
    return (
        value
        if isinstance(value, str)
        else msgspec.json.format(msgspec.json.encode(value).decode())
    )


_environment = jinja2.Environment(
    loader=jinja2.PackageLoader(__package__),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {"moment": _moment, "number": _number, "text": _text}


def render(template: str, /, *, status: int = HTTPStatus.OK, **values: Any) -> HTMLResponse:
    """Return a page; every value is escaped."""
    text = _environment.get_template(template).render({"visitor": None, **values})
    return HTMLResponse(text, status, headers=HEADERS)


class Route(APIRoute):
    """A route whose errors are pages, and whose forms come from our own pages."""

    def get_route_handler(
        self,
    ) -> Callable[[fastapi.Request], Coroutine[Any, Any, fastapi.Response]]:
        """Return the handler, guarded."""
        handle = super().get_route_handler()

        async def guarded(request: fastapi.Request) -> fastapi.Response:
            try:
                if request.method == "POST":
                    _refuse_foreign(request)
                return await handle(request)
            except errors.WoosyncError as error:
                return _told(request, error)
            except RequestValidationError:
                return _told(request, unreadable())

        return guarded


def router() -> fastapi.APIRouter:
    """Return a router for pages; the OpenAPI document does not list them."""
    return fastapi.APIRouter(route_class=Route, include_in_schema=False)


assets = router()


@assets.get("/dashboard.css")
async def style() -> fastapi.Response:
    """Give the pages their looks."""
    text = _environment.get_template("dashboard.css").render()
    return fastapi.Response(text, media_type="text/css")


def waiting(told: Mapping[str, str], page: HTMLResponse) -> HTMLResponse:
    """Return the page with the `Retry-After` of an error, if it has one."""
    page.headers.update({name: told[name] for name in told if name.lower() == "retry-after"})
    return page


def _refuse_foreign(request: fastapi.Request) -> None:
    """Refuse a form that another site sent; a browser says so in one of two ways.

    Over plain HTTP it leaves out `Sec-Fetch-Site`. A proxy may change `Host`, so the public
    address counts as ours too.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        is_ours = site in {"same-origin", "none"}
    else:
        ours = {request.url.netloc, _host(request.app.state.opened.settings.public_url)} - {""}
        is_ours = origin is None or _host(origin) in ours
    if not is_ours:
        raise problems.ProblemError(
            HTTPStatus.FORBIDDEN,
            "This form was sent by another site.",
            remedy="Open the page here and try again; behind a proxy, set WOOSYNC_PUBLIC_URL.",
        )


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


def unreadable() -> problems.ProblemError:
    """Say that this was not asked as a page of ours asks."""
    return problems.ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The address or the form is not one of this page.",
        remedy="Go back to the overview.",
    )


def _told(request: fastapi.Request, error: errors.WoosyncError) -> fastapi.Response:
    """Show an error in the words of the API; who is not logged in is asked to be."""
    answer = problems.of_error(request, error)
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        return RedirectResponse(LOGIN, HTTPStatus.SEE_OTHER, headers=HEADERS)
    return _page(answer)


def of_http(request: fastapi.Request, error: HTTPException) -> fastapi.Response:
    """Answer with an error of the framework: who asks for a page gets one."""
    answer = problems.of_http(request, error)
    return _page(answer) if "text/html" in request.headers.get("accept", "") else answer


def _page(answer: JSONResponse) -> HTMLResponse:
    document: Mapping[str, Any] = json.loads(bytes(answer.body))
    return waiting(
        answer.headers, render("error.html", status=answer.status_code, problem=document)
    )
