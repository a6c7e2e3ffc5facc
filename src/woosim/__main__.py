"""Run a simulated store: python -m woosim --port 8090 --products 1000 --seed 7."""

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from woosim import options, running, shop

if sys.platform == "win32":
    new_event_loop = asyncio.new_event_loop
else:
    from uvloop import new_event_loop


def build_parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        prog="woosim", description="A simulated WooCommerce store on real HTTP."
    )
    default = options.Options()
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8090, help="port; 0 takes a free one")
    for name in ("products", "variable", "customers", "orders", "seed", "workers"):
        parser.add_argument(f"--{name}", type=int, default=getattr(default, name))
    parser.add_argument("--zone", default=default.zone, help="time zone of the site")
    parser.add_argument("--version", default=default.version, help="WooCommerce: 10.2, 10.5, 11.0")
    parser.add_argument("--legacy", action="store_true", help="orders as posts instead of HPOS")
    parser.add_argument("--latency", type=float, default=0.0, help="1.0 is as slow as a real shop")
    parser.add_argument(
        "--webhook-latency", type=float, default=0.9, help="mean seconds until a webhook is sent"
    )
    parser.add_argument(
        "--write-gap", type=float, default=0.0, help="seconds between a write's read and its save"
    )
    parser.add_argument("--tls", action="store_true", help="https with a certificate made now")
    parser.add_argument("--ca-out", type=Path, help="where to write the authority's certificate")
    parser.add_argument("--home", help="the shop's own address, if not the served one")
    return parser


async def run(arguments: argparse.Namespace) -> None:
    """Serve until interrupted."""
    chosen = options.Options(
        products=arguments.products,
        variable=min(arguments.variable, arguments.products),
        customers=arguments.customers,
        orders=arguments.orders,
        seed=arguments.seed,
        zone=arguments.zone,
        version=arguments.version,
        hpos=not arguments.legacy,
        workers=arguments.workers,
        latency=arguments.latency,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    async with running.serve(
        shop.Shop(chosen),
        host=arguments.host,
        port=arguments.port,
        tls=arguments.tls,
        ca_out=arguments.ca_out,
        home=arguments.home,
    ) as store:
        store.service.front.hooks.latency = arguments.webhook_latency
        store.service.front.write_gap = arguments.write_gap
        print(f"woosim: {store.url} key {store.key} secret {store.secret}", flush=True)  # noqa: T201  # said to the user
        await stop.wait()


def main() -> None:
    """Run the command line."""
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(run(build_parser().parse_args()))
    except OSError as error:
        sys.exit(f"woosim: cannot serve there: {error.strerror or error}.")


if __name__ == "__main__":
    main()
