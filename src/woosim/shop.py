"""The state of a simulated store: base records on demand, touched records, ids, clock, events."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from woosim import catalog, dates, keys, options, rendering, settings, terms
from woosim.base import kinds

Record = dict[str, Any]
Listener = Callable[[str, str, int], None]
POSTS = ("product", "variation", "order", "refund")
"""Kinds that share WordPress' one id space of posts."""


def utc_now() -> datetime:
    """Return the real time."""
    return datetime.now(UTC)


class Shop:
    """One simulated store.

    Records are dicts in the shape of the REST answer without `_links`; keys that begin with "_" are
    the store's own and never shown. `read` answers a record that must not be changed, `edit` a
    copy that may be changed and given to `save`.
    """

    def __init__(
        self,
        chosen: options.Options | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        home: str = "http://localhost",
    ) -> None:
        self.options = chosen or options.Options()
        self.zone = dates.zone(self.options.zone)
        self.now = now
        self.home = home
        """The shop's own address, without a slash at the end; serving sets it."""
        self.base = kinds.Kinds(self.options, self.zone)
        self.catalogs = {
            kind: catalog.Catalog(base, self._decoder(kind), self.base.times[kind])
            for kind, base in self.base.by_kind.items()
        }
        self.settings = settings.initial(self.options)
        """Values of settings by id; one that is not here has its default."""
        self.terms = terms.Terms()
        self.listeners: list[Listener] = []
        self.front: object = None
        """What stands before the shop's API when it is served; see woosim.front."""
        self._next_ids = dict(self.base.next_ids)
        self._skus = {
            kind: keys.TextIndex("sku", self._base_find(kind)) for kind in ("product", "variation")
        }
        self._emails = keys.TextIndex("email", self.base.customer_of_email)

    def _base_find(self, kind: str) -> Callable[[str], int | None]:
        base: Any = self.base.by_kind[kind]

        def find(sku: str) -> int | None:
            index = base.index_of_sku(sku)
            return None if index is None else int(base.id_of(index))

        return find

    def _decoder(self, kind: str) -> Callable[[int], Record]:
        base = self.base.by_kind[kind]
        render: rendering.Renderer | None = None
        home = None

        def decode(index: int) -> Record:
            nonlocal render, home
            if render is None or home != self.home:
                home = self.home
                render = rendering.compile_renderer(self.base.schema(kind, home), base.slots, None)
            record: Record = msgspec.json.decode(render(base.draw(index)))
            return record

        return decode

    def read(self, kind: str, record_id: int) -> Record | None:
        """Return a record for reading only, or None."""
        return self.catalogs[kind].read(record_id)

    def edit(self, kind: str, record_id: int) -> Record | None:
        """Return a copy of a record that may be changed and saved, or None."""
        return copy.deepcopy(self.catalogs[kind].read(record_id))

    def save(self, kind: str, record: Record, *, bump: bool = True) -> Record:
        """Store a record; `bump` moves its modified time to now, as every WooCommerce save does."""
        if bump:
            self.stamp(record, "date_modified")
        self.catalogs[kind].put(record)
        if kind in self._skus:
            self._skus[kind].put(record)
        if kind == "customer":
            self._emails.put(record)
        return record

    def create(self, kind: str, record: Record) -> Record:
        """Store a new record under the next id, made and modified now.

        Dates already in the record stay.
        """
        record = {"id": self.next_id(kind), **{k: v for k, v in record.items() if k != "id"}}
        if not record.get("date_created_gmt"):
            self.stamp(record, "date_created")
        return self.save(kind, record, bump="date_modified" in record or kind != "refund")

    def next_id(self, kind: str) -> int:
        """Give out the next id of a kind; posts of all kinds share one sequence."""
        space = "post" if kind in POSTS else kind
        self._next_ids[space] = self._next_ids.get(space, 1) + 1
        return self._next_ids[space] - 1

    def reserve_id(self, kind: str, record_id: int) -> None:
        """Make the next new record of a kind have this id."""
        self._next_ids["post" if kind in POSTS else kind] = record_id

    def load(self, kind: str, record: Record) -> None:
        """Put a record in as it is, with its own id and dates, as a database import would."""
        space = "post" if kind in POSTS else kind
        self._next_ids[space] = max(self._next_ids.get(space, 1), record["id"] + 1)
        self.save(kind, {k: v for k, v in record.items() if k != "_links"}, bump=False)

    def remove(self, kind: str, record_id: int) -> None:
        """Remove a record for good."""
        self.catalogs[kind].remove(record_id)
        if kind in self._skus:
            self._skus[kind].remove(record_id)
        if kind == "customer":
            self._emails.remove(record_id)

    def stamp(self, record: Record, field: str, moment: datetime | None = None) -> None:
        """Set a date and its _gmt twin, whole seconds; now if no moment is given."""
        seconds = int((moment or self.now()).timestamp())
        record[field] = self.zone.local_text(seconds)
        record[f"{field}_gmt"] = dates.to_text(seconds)

    def find_sku(self, sku: str) -> list[tuple[str, int]]:
        """Return (kind, id) of products and variations with the SKU, any case, trashed ones too."""
        found = []
        for kind, index in self._skus.items():
            for record_id in index.find(sku):
                record = self.read(kind, record_id)
                if record is not None and record["sku"].lower() == sku.lower():
                    found.append((kind, record_id))
        return found

    def find_email(self, email: str) -> list[int]:
        """Return the ids of the users with this account e-mail, any case."""
        found = []
        for user_id in self._emails.find(email):
            record = self.read("customer", user_id)
            if record is not None and record["email"].lower() == email.lower():
                found.append(user_id)
        return found

    def variation_ids(self, parent_id: int) -> list[int]:
        """Return the ids of a product's variations, ascending, trashed ones too."""
        catalog_ = self.catalogs["variation"]
        base = [
            i for i in self.base.child_ids(parent_id) if catalog_.untouched_index(i) is not None
        ]
        touched = [i for i, r in catalog_.touched.items() if r["parent_id"] == parent_id]
        return sorted(base + touched)

    def refund_ids(self, order_id: int) -> list[int]:
        """Return the ids of an order's refunds, ascending."""
        catalog_ = self.catalogs["refund"]
        base = [
            i for i in self.base.refund_ids(order_id) if catalog_.untouched_index(i) is not None
        ]
        touched = [i for i, r in catalog_.touched.items() if r["parent_id"] == order_id]
        return sorted(base + touched)

    def emit(self, event: str, kind: str, record_id: int) -> None:
        """Tell the listeners that something happened, for example ("updated", "product", 35)."""
        for listener in self.listeners:
            listener(event, kind, record_id)
