"""What a run of the stock protocol is given and carries along: the store, the rules, the report."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from woosync import errors
from woosync.flows import ingest
from woosync.flows.ingest import agreeing, looking, news
from woosync.mapping.level import Look
from woosync.postgres import stock_links
from woosync.postgres.engine import Database
from woosync.woo import batch
from woosync.woo.capabilities import Capabilities
from woosync.woo.client import StoreClient


class StockBrakeError(errors.RefusedError):
    """A run would take away so much of what a store sells that a person is to say yes."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller asked for.

    `products`: only these local ids (None: what waits in the outbox). `sweep`: compare all levels
    with what they should be, whatever the outbox says. `yes`: go on where the brake would stop.
    `seen`: (product, its operations so far, units) that a person has agreed to take away; where it
    would be more by now, or was done already, the level waits. `audit`: look at the levels again
    after writing them.
    """

    products: tuple[int, ...] | None = None
    sweep: bool = False
    yes: bool = False
    seen: tuple[tuple[int, int, Decimal], ...] | None = None
    dry_run: bool = False
    audit: bool = True


class Report(msgspec.Struct, kw_only=True):
    """How a run went: what was written, what is not known, what the audit said.

    `waiting` operations are of unknown outcome; call again at `next_at`. `plan` lists what would
    be written (dry runs only). `error` is why the store was left alone half-way.
    """

    planned: int = 0
    confirmed: int = 0
    marker_only: int = 0
    unknown: int = 0
    refused: int = 0
    waiting: int = 0
    verdicts: dict[str, int] = msgspec.field(default_factory=dict)
    next_at: datetime | None = None
    plan: list[dict[str, object]] = msgspec.field(default_factory=list)
    error: errors.WoosyncError | None = None

    def judged(self, judged: agreeing.Judged) -> None:
        """Add what an audit found."""
        for verdict, count in judged.counts.items():
            self.verdicts[verdict] = self.verdicts.get(verdict, 0) + count

    def wait_until(self, moment: datetime) -> None:
        """Note that there is something to do at a time."""
        self.next_at = moment if self.next_at is None else min(self.next_at, moment)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One run for one store; the context's clock is the protocol's."""

    database: Database
    client: StoreClient
    capabilities: Capabilities
    store_key: str
    context: ingest.Context
    options: Options = msgspec.field(default_factory=Options)
    pace: batch.Pace = msgspec.field(default_factory=lambda: batch.Pace(size=batch.LIMIT))
    report: Report = msgspec.field(default_factory=Report)

    @property
    def store_id(self) -> int:
        """Return the store's id."""
        return self.context.store_id

    @property
    def seen(self) -> dict[tuple[int, int], Decimal] | None:
        """Return the units that may be taken away, by product and its operations so far."""
        if self.options.seen is None:
            return None
        return {(product, seq): units for product, seq, units in self.options.seen}

    def now(self) -> datetime:
        """Return the time by the job's clock."""
        return self.context.clock()

    async def fetch(self, product_ids: Sequence[int]) -> dict[int, Look]:
        """Look at what the store shows of products, by local id."""
        if not product_ids:
            return {}
        async with self.database.transaction() as tx:
            addresses = await stock_links.load_addresses(tx, self.store_id, product_ids)
        return await looking.fetch(
            self.client,
            addresses.values(),
            variations_route=self.capabilities.variations_route,
        )

    async def pull_orders(self) -> int:
        """Ingest orders that changed since the last time."""
        return await news.pull(
            news.News(
                database=self.database,
                client=self.client,
                context=self.context,
                zone=self.capabilities.zone,
            )
        )

    @property
    def sight(self) -> agreeing.Sight:
        """Return how an audit sees the store."""
        return agreeing.Sight(
            context=self.context,
            fetch=self.fetch,
            pull_orders=self.pull_orders,
            transaction=lambda: self.database.transaction(relaxed=True),
            sleep=self.client.clock.sleep,
        )
