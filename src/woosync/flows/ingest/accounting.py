"""The requests that a flow has sent, moved into `api_calls`."""

from woosync.postgres import calls
from woosync.postgres.engine import Transaction
from woosync.woo.client import StoreClient


async def save_calls(tx: Transaction, store_id: int, client: StoreClient) -> None:
    """Move the client's counts of requests into `api_calls`."""
    rows = [
        calls.Call(
            row.minute,
            f"{row.method} {row.route}",
            row.count,
            row.errors,
            row.seconds,
            {str(bin_): count for bin_, count in enumerate(row.histogram) if count},
            row.throttled,
        )
        for row in client.calls.drain()
    ]
    await calls.save(tx, store_id, rows)
