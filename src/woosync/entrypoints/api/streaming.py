"""Long answers: sent chunk by chunk as the caller takes them, and given up when nobody does."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from http import HTTPStatus

import fastapi
from starlette.types import Receive, Scope, Send

from woosync.entrypoints.api import problems

#: Seconds for which a caller may take nothing.
STALL = 60.0
#: Streams at a time in a process: each holds a connection of the database.
MOST = 4


class Streams:
    """How many are under way."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.under_way = 0

    def enter(self) -> None:
        """Count one more; 503 when there are too many."""
        if self.under_way >= self.most:
            raise problems.ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Too many exports are under way.",
                remedy="Try again when one has ended.",
                headers={"Retry-After": "10"},
            )
        self.under_way += 1

    def leave(self) -> None:
        """Count one less."""
        self.under_way -= 1


@contextlib.asynccontextmanager
async def streaming(app: fastapi.FastAPI) -> AsyncIterator[None]:
    """Let the app count its streams while it serves."""
    app.state.streams = Streams()
    yield


class Stream(fastapi.Response):
    """An answer from a generator; it is closed whatever becomes of the caller.

    `begin` runs it up to its first chunk, so that what goes wrong until then is answered as usual.
    """

    def __init__(
        self,
        chunks: AsyncGenerator[bytes, None],
        *,
        media_type: str,
        headers: Mapping[str, str],
        stall: float = STALL,
    ) -> None:
        super().__init__(None, media_type=media_type, headers=dict(headers))
        del self.headers["content-length"]
        self._chunks = chunks
        self._stall = stall
        self._first: bytes | None = None

    async def begin(self) -> None:
        """Compute the first chunk; raises what that raises."""
        try:
            self._first = await anext(self._chunks, None)
        except BaseException:
            await self._chunks.aclose()
            raise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's shape
        """Send it all, until the end or until the caller hangs up or stalls."""
        async with contextlib.aclosing(self._chunks):
            sending = asyncio.create_task(self._send(send))
            leaving = asyncio.create_task(_left(receive))
            try:
                await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
                if sending.done():
                    with contextlib.suppress(TimeoutError):  # the connection closes, unfinished
                        await sending
            finally:
                for task in (sending, leaving):
                    task.cancel()
                await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        chunk = self._first
        while chunk is not None:
            async with asyncio.timeout(self._stall):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            chunk = await anext(self._chunks, None)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
