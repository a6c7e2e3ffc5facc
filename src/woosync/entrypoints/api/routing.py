"""How a noun's router is made: strict JSON, a role for all of its routes, problems documented.

A POST with an Idempotency-Key takes effect once, however often it is sent (`replies`).
"""

from collections.abc import Callable, Coroutine
from typing import Any

import fastapi
from fastapi.routing import APIRoute

from woosync.entrypoints.api import access, parsing, replies, schemas


class Route(APIRoute):
    """A route whose bodies are read strictly, and whose POSTs may be made to happen once."""

    def get_route_handler(
        self,
    ) -> Callable[[fastapi.Request], Coroutine[Any, Any, fastapi.Response]]:
        """Return the handler, which sees the strict request."""
        handle = super().get_route_handler()

        async def strict(request: fastapi.Request) -> fastapi.Response:
            parsed = parsing.Request(request.scope, request.receive)
            if parsed.method == "POST" and replies.HEADER in parsed.headers:
                return await replies.once(parsed, handle)
            return await handle(parsed)

        return strict


def guarded(prefix: str, noun: str, *, role: Any = access.VIEWER) -> fastapi.APIRouter:
    """Return a router whose routes all need a token of at least this role."""
    return fastapi.APIRouter(
        prefix=prefix,
        tags=[noun],
        route_class=Route,
        dependencies=[role],
        responses=schemas.PROBLEMS,
    )


def unguarded(prefix: str, noun: str) -> fastapi.APIRouter:
    """Return a router that anybody may call; each such route is named in the tests."""
    kept: dict[int | str, dict[str, Any]] = {
        status: schemas.PROBLEMS[status] for status in (400, 404, 405, 409, 413, 422, 429, 503)
    }
    return fastapi.APIRouter(prefix=prefix, tags=[noun], route_class=Route, responses=kept)
