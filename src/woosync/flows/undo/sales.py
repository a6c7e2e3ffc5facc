"""What orders did to stock during a run: facts, which an undo only tells of."""

from collections.abc import Iterable
from datetime import datetime

from woosync.flows.undo.report import Left
from woosync.postgres import deciding, reversals
from woosync.postgres.engine import Transaction

_FACT = "what its lines took from stock or gave back stays: sales and returns are facts"


async def left(
    tx: Transaction, events: Iterable[deciding.Event], span: tuple[datetime, datetime]
) -> list[Left]:
    """Return a line for each of a run's orders that moved stock then."""
    orders: dict[tuple[int, int], deciding.Event] = {
        (event.store_id, event.woo_id): event
        for event in events
        if event.entity == "order" and event.woo_id is not None
    }
    found: list[Left] = []
    for store_id in sorted({store for store, _ in orders}):
        ids = [woo_id for store, woo_id in orders if store == store_id]
        for woo_id in await reversals.load_moving_orders(tx, store_id, ids, span):
            event = orders[store_id, woo_id]
            found.append(Left("order", event.local_id, woo_id, "stock", _FACT))
    return found
