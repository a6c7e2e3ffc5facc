"""The outermost layer: correlation id, security headers, body limit, and the last line of defence.

Pure ASGI, so that streams stay streams.
"""

import logging
import re
import secrets
import traceback
from http import HTTPStatus

import fastapi
import structlog.contextvars
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from woosync import errors
from woosync.entrypoints.api import problems

#: Bytes of a request body; what needs more (webhooks) has its own way in.
BODY_LIMIT = 1_048_576
CORRELATION = "X-Correlation-Id"
GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
#: Nothing here is to be framed, sniffed, cached or run.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

log = logging.getLogger("woosync")


class BodyTooLargeError(HTTPException):
    """A body is over the limit; FastAPI lets its own kind of error alone go up from reading one."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"The body is larger than {BODY_LIMIT} bytes.",
            headers={"Connection": "close"},
        )


class Shield:
    """ASGI middleware round everything but the webhooks' fast path."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, guarded."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(CORRELATION, "")
        number = given if GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
        scope["woosync.correlation_id"] = number
        started = False

        async def guarded_send(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(message, number)
            await send(message)

        with structlog.contextvars.bound_contextvars(correlation_id=number):
            try:
                await self._pass(scope, _limited(scope, receive), guarded_send)
            except Exception as error:  # noqa: BLE001 - the last line of defence
                answer = _understood(fastapi.Request(scope), error)
                if not started:
                    await answer(scope, receive, guarded_send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > BODY_LIMIT:
            raise BodyTooLargeError
        await self.app(scope, receive, send)


def _add_headers(message: Message, number: str) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers[CORRELATION] = number


def _limited(scope: Scope, receive: Receive) -> Receive:
    """Count what is read; a body without a length is cut at the limit too."""
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > scope.get("woosync.body_limit", BODY_LIMIT):
            raise BodyTooLargeError
        return message

    return limited


def _understood(request: fastapi.Request, error: Exception) -> fastapi.Response:
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, errors.WoosyncError):
        return problems.of_error(request, error)
    if isinstance(error, HTTPException):
        return problems.of_http(request, error)
    log.error(
        "defect",
        extra={"path": request.url.path, "traceback": "".join(traceback.format_exception(error))},
    )
    return problems.of_defect(request)
