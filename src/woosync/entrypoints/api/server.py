"""Serving an app over HTTP with uvicorn, inside the caller's event loop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import fastapi
import uvicorn

from woosync import errors

#: Requests under way get so many seconds when the server is told to end.
GRACE = 10
START_SECONDS = 30


class PortTakenError(errors.RefusedError):
    """The port cannot be listened on."""


class _Server(uvicorn.Server):
    """A server that leaves signals to its caller."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to host and port (0: any free one); raises PortTakenError."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError as error:
        raise PortTakenError(
            f"Nothing can be served at {host} port {port}: {(error.strerror or '').lower()}.",
            remedy="Choose another with --host and --port, or end what serves there.",
        ) from error
    return bound


@contextlib.asynccontextmanager
async def serving(
    app: fastapi.FastAPI, bound: socket.socket, *, proxies: str = ""
) -> AsyncIterator[asyncio.Task[None]]:
    """Serve while the block lasts; yields the server's task, which ends only if it fails.

    `proxies` are the addresses whose X-Forwarded-For is believed; nobody's by default.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=65_536,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        async with asyncio.timeout(START_SECONDS):
            while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event
                await asyncio.sleep(0.005)
        if task.done():
            await task
            raise PortTakenError("The server did not start.", remedy="The log says why.")
        yield task
    finally:
        server.should_exit = True
        await task
