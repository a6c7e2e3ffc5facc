"""Starting and stopping a simulated store, in a test or on the command line."""

import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from woosim import auth, certificate, front, server, shop

KEY = "ck_" + "5" * 40
SECRET = "cs_" + "6" * 40  # the simulated store's public test key

_LONGEST_LINE = 64 * 1024
"""Long `include` lists fit in an address, as they do on a real server."""


@dataclass(frozen=True, slots=True)
class Running:
    """A store that answers at `url`; `ca_file` is the authority to trust if it is https."""

    url: str
    key: str
    secret: str
    read_key: auth.Key
    write_key: auth.Key
    ca_file: Path | None
    shop: shop.Shop
    service: server.Service

    @property
    def front(self) -> front.Front:
        """The store's faults, webhook queue, clock and request counters."""
        return self.service.front

    @property
    def admin_url(self) -> str:
        """Where the simulator itself is steered."""
        return f"{self.url}/_sim"


@contextlib.asynccontextmanager
async def serve(
    chosen: shop.Shop | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: bool = False,
    ca_out: Path | None = None,
    home: str | None = None,
) -> AsyncIterator[Running]:
    """Serve a store until the block ends.

    Args:
        chosen: the store; a small default one if None.
        host: the address to listen on.
        port: the port to listen on; 0 takes a free one.
        tls: serve https with a certificate made now.
        ca_out: where to write the authority's certificate; a temporary file if None.
        home: the shop's own address, which OAuth signs; the served address if None.
    """
    chosen = chosen or shop.Shop()
    read = auth.Key("ck_" + "3" * 40, "cs_" + "4" * 40, "read")
    write = auth.Key("ck_" + "1" * 40, "cs_" + "2" * 40, "write")
    keyring = auth.Keyring([auth.Key(KEY, SECRET), read, write])
    service = server.Service(chosen, keyring)
    with tempfile.TemporaryDirectory(prefix="woosim-") as folder:
        ca_file = (ca_out or Path(folder) / "ca.pem") if tls else None
        context = certificate.make_context(host, ca_file) if ca_file else None
        runner = _make_runner(service)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port, ssl_context=context, backlog=1024)
            await site.start()
            used_port = runner.addresses[0][1]
            url = f"{'https' if tls else 'http'}://{host}:{used_port}"
            chosen.home = (home or url).rstrip("/")
            yield Running(url, KEY, SECRET, read, write, ca_file, chosen, service)
        finally:
            await runner.cleanup()


def _make_runner(service: server.Service) -> web.AppRunner:
    app = server.build_app(service)
    return web.AppRunner(app, access_log=None, shutdown_timeout=1, max_line_size=_LONGEST_LINE)
