"""`woosync stock`: what stores show of each product, and what a person decides about it."""

import enum
from typing import Annotated, Any

import typer

from woosync import bootstrap
from woosync.entrypoints.cli import output, running
from woosync.flows import stock
from woosync.flows.stock import holding
from woosync.postgres import products

app = typer.Typer(add_completion=False, no_args_is_help=True)
HELD_COLUMNS = ("product_id", "sku", "name", "expected", "observed", "reason")

Skus = Annotated[list[str] | None, typer.Argument(help="SKUs; without any, see below.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for whoever finds it held.")]
Units = Annotated[
    int | None,
    typer.Option("--units", min=0, max=10**9, help="At most so many; none: its share."),
]


class Take(enum.StrEnum):
    """Whose level counts."""

    STORE = "store"
    OURS = "ours"


Side = Annotated[Take, typer.Option("--take", help="Whose level counts from now on.")]


@app.callback()
def top() -> None:
    """Show what stores sell, compare it with the ledger, and decide what nobody else can."""


@app.command()
def status(store: output.Store = bootstrap.DEFAULT_STORE, *, as_json: output.Json = False) -> None:
    """Count a store's levels by state, and list those that wait for a person."""

    async def work(opened: bootstrap.Application) -> dict[str, Any]:
        return await opened.stock_status(store)

    told = running.run(work)
    if as_json:
        output.document(told)
        return
    levels = [{"state": state, **counts} for state, counts in told["levels"].items()]
    columns = ("state", "products", "unequal", "audited_since")
    output.table(levels, columns, empty="No levels are known: pull the store first.")
    output.table(told["held"], HELD_COLUMNS, empty="None is held.")
    output.say(f"{told['waiting']} wait to be written.")
    if told["asks"]:
        output.note((told["asks"], "yellow"))


@app.command()
def audit(
    skus: Skus = None,
    *,
    store: output.Store = bootstrap.DEFAULT_STORE,
    as_json: output.Json = False,
) -> None:
    """Compare all levels of a store (or those of SKUs) with the ledger, and settle differences.

    Nothing is written to the store; what is to be mended goes there with the next push.
    """

    async def work(opened: bootstrap.Application) -> stock.Report:
        chosen = await _ids(opened, skus) if skus else None
        return await opened.audit_stock(store, products=chosen, actor="cli")

    told = running.run(work).verdicts
    if as_json:
        output.document({"store": store, "verdicts": told})
    else:
        rows = [{"verdict": name, "products": count} for name, count in sorted(told.items())]
        output.table(rows, ("verdict", "products"), empty="No levels are known.")


@app.command()
def hold(
    skus: list[str],
    *,
    reason: Reason = "held by a person",
    store: output.Store = bootstrap.DEFAULT_STORE,
    as_json: output.Json = False,
) -> None:
    """Leave the levels of SKUs alone until they are released."""

    async def work(opened: bootstrap.Application) -> int:
        chosen = await _ids(opened, skus)
        return await opened.hold_stock(store, chosen, reason=reason, actor="cli")

    count = running.run(work)
    if as_json:
        output.document({"store": store, "held": count})
    else:
        output.say(f"{count} held.")


@app.command()
def release(
    skus: list[str],
    *,
    take: Side,
    store: output.Store = bootstrap.DEFAULT_STORE,
    as_json: output.Json = False,
) -> None:
    """Decide about held levels: take the store's, or write ours over it with the next push."""

    async def work(opened: bootstrap.Application) -> int:
        chosen = await _ids(opened, skus)
        side: holding.Take = "store" if take is Take.STORE else "ours"
        return await opened.release_stock(store, chosen, take=side, actor="cli")

    count = running.run(work)
    if as_json:
        output.document({"store": store, "released": count})
    else:
        output.say(f"{count} released.")


@app.command()
def limit(
    sku: str,
    *,
    units: Units = None,
    store: output.Store = bootstrap.DEFAULT_STORE,
    as_json: output.Json = False,
) -> None:
    """Let a store sell at most so many units of goods that several stores share.

    It is cut first; the other stores are raised when that is certain.
    """

    async def work(opened: bootstrap.Application) -> None:
        [chosen] = await _ids(opened, [sku])
        await opened.limit_stock(store, chosen, units=units, actor="cli")

    running.run(work)
    if as_json:
        output.document({"store": store, "sku": sku, "limit": units})
    else:
        output.say("Done; the next push moves the units.")


async def _ids(opened: bootstrap.Application, skus: list[str]) -> list[int]:
    """Return local ids by SKU; raises UnknownSkuError."""
    async with opened.database.transaction() as tx:
        found = await products.load_ids(tx, skus)
    return [found[sku.lower()] for sku in skus]
