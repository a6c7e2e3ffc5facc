"""Requests that are sent again: with an Idempotency-Key a POST takes effect once.

The first request's answer is kept for a day and repeated. A refused request keeps nothing, so the
same key may be used again when the mistake is mended.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import fastapi

from woosync import bootstrap
from woosync.entrypoints.api import access, dependencies, problems
from woosync.postgres import access as kept

HEADER = "idempotency-key"
KEY = re.compile(r"[\x21-\x7e]{1,255}")
#: Seconds to wait for the first request's answer, and between looks.
PATIENCE, LOOK = 20.0, 0.05
KEPT_HEADERS = {"location", "etag", "content-type"}
Handle = Callable[[fastapi.Request], Awaitable[fastapi.Response]]


async def once(request: fastapi.Request, handle: Handle) -> fastapi.Response:
    """Handle a request, or repeat what was answered to it before."""
    opened: bootstrap.Application = request.app.state.opened
    key = request.headers[HEADER]
    if not KEY.fullmatch(key):
        raise _refused(HTTPStatus.UNPROCESSABLE_ENTITY, "The Idempotency-Key cannot be used.")
    caller = await _caller(request, opened)
    if not caller:
        return await handle(request)
    digest = await _digest(request)
    async with opened.database.transaction() as tx:
        is_first = await kept.claim(tx, caller, key, digest)
    if not is_first:
        return await _repeat(opened, caller, key, digest)
    try:
        answer = await handle(request)
    except BaseException:
        async with opened.database.transaction() as tx:
            await kept.drop_claim(tx, caller, key)
        raise
    async with opened.database.transaction() as tx:
        headers = {k: v for k, v in answer.headers.items() if k.lower() in KEPT_HEADERS}
        reply = kept.Reply(digest, answer.status_code, headers, bytes(answer.body))
        await kept.keep_reply(tx, caller, key, reply)
    return answer


async def _caller(request: fastapi.Request, opened: bootstrap.Application) -> str:
    """Return who calls; nobody where the handler will refuse the token."""
    served: dependencies.Serving = request.app.state.served
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return ""
    found = await access.identify(opened, served, token.strip())
    return f"user:{found.user_id}" if found else ""


async def _digest(request: fastapi.Request) -> bytes:
    said = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(said + await request.body()).digest()


async def _repeat(
    opened: bootstrap.Application, caller: str, key: str, digest: bytes
) -> fastapi.Response:
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while asyncio.get_running_loop().time() < deadline:
        async with opened.database.transaction() as tx:
            found = await kept.load_reply(tx, caller, key)
        if found is None:
            break  # the first request was refused just now
        if found.request_hash != digest:
            raise _refused(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "This Idempotency-Key belongs to another request.",
            )
        if found.status is not None:
            headers = {**found.headers, "Idempotency-Replayed": "true"}
            return fastapi.Response(found.body or b"", found.status, headers)
        await asyncio.sleep(LOOK)
    raise _refused(HTTPStatus.CONFLICT, "The first request with this Idempotency-Key is not done.")


def _refused(status: HTTPStatus, text: str) -> problems.ProblemError:
    return problems.ProblemError(
        status, text, remedy="Use a new key for each request.", kind="idempotency-key"
    )
