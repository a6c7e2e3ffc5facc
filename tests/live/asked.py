"""Recorded reads, made fit for a store with other records: whose id stands where an id stood."""

import json
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any

import aiohttp
import yarl

from contract import asking, exchanges
from live import target as targets

#: Nobody has this id.
NOBODY = 99_999_999
#: What is not asked of a store that is not ours, "<method> <file>" as a pattern, and why.
LEFT_OUT = {
    "POST *": "it writes",
    "PUT *": "it writes",
    "DELETE *": "it writes",
    "GET *auth_missing_401.json": "",
    "GET 01_index_auth/auth_*": "it takes other keys, or shows the key in an address",
    "GET *index_wc_v3.json": "the recorder put a list of names in the place of the routes",
    "GET *system_status.json": "every plugin and theme adds to it",
    "GET *settings_general.json": "every plugin adds to it",
    "GET *trashed*": "it asks for a record that was thrown away",
    "GET *get_deleted*": "it asks for a record that was deleted",
    "GET *order_id_of_refund_404.json": "it takes the id of a refund for an order",
    "GET *product_id_of_order_404.json": "it takes the id of an order for a product",
}


def reason_to_leave_out(exchange: exchanges.Exchange) -> str:
    name = f"{exchange.method} {exchange.file}"
    return next((why for pattern, why in LEFT_OUT.items() if fnmatch(name, pattern)), "")


@dataclass
class Asker:
    """Sends recorded reads to the store; looks a record of each needed kind up once."""

    target: targets.Target
    examples: dict[str, dict[str, Any] | None] = field(default_factory=dict)

    async def send(self, path: str, query: str, *, signed: bool = True) -> tuple[int, Any]:
        """GET an address of the shop; return the status and the JSON."""
        url = f"{self.target.url}{path}"
        params = dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair)
        headers = {"Accept": "application/json"}
        if signed and url.startswith("https:"):
            headers |= asking.basic(self.target.key, self.target.secret)
        elif signed:
            plain = {
                name: yarl.URL(f"?x={text}", encoded=True).query["x"]
                for name, text in params.items()
            }
            params = {
                name: asking.encode(text)
                for name, text in asking.oauth(
                    url, plain, self.target.key, self.target.secret
                ).items()
            }
            query = "&".join(f"{name}={text}" for name, text in params.items())
        where = yarl.URL(f"{url}?{query}" if query else url, encoded=True)
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as session,
            session.get(where, headers=headers, ssl=asking.trust(self.target)) as answer,  # type: ignore[arg-type] # it has a ca_file
        ):
            return answer.status, json.loads(await answer.text() or "null")

    async def example(self, name: str, path: str) -> dict[str, Any] | None:
        """Return the first record that a list gives, None where it gives none."""
        if name not in self.examples:
            route, _, query = path.partition("?")
            status, found = await self.send(
                f"/wp-json/wc/v3/{route}", f"{query}&per_page=1".lstrip("&")
            )
            good = status == 200 and isinstance(found, list) and found
            self.examples[name] = found[0] if good else None
        return self.examples[name]

    async def address(self, exchange: exchanges.Exchange) -> str | None:
        """Return the path with ids of this store; None where it has no such record."""
        kind, record_id, parent = exchange.target
        if record_id is None and parent is None:
            return exchange.path
        if NOBODY in {record_id, parent} and (parent is None or record_id is None):
            return exchange.path
        if kind == "variation":
            return await self._variation_address(exchange)
        if kind == "refund":
            return await self._refund_address(record_id)
        if exchange.status != 200:
            return exchange.path.replace(f"/{record_id}", f"/{NOBODY}")
        type_ = exchange.body.get("type") if kind == "product" else None
        query = f"?type={type_}" if type_ and type_ != "variation" else ""
        if type_ == "variation":
            chosen = await self._variation()
        else:
            chosen = await self.example(f"{kind} {type_}", f"{kind}s{query}")
        return f"/wp-json/wc/v3/{kind}s/{chosen['id']}" if chosen else None

    async def _variation(self) -> dict[str, Any] | None:
        parent = await self.example("product variable", "products?type=variable")
        if parent is None:
            return None
        found = await self.example("variation", f"products/{parent['id']}/variations")
        return None if found is None else {**found, "parent_id": parent["id"]}

    async def _variation_address(self, exchange: exchanges.Exchange) -> str | None:
        _, record_id, _ = exchange.target
        chosen, simple = (
            await self._variation(),
            await self.example("product simple", "products?type=simple"),
        )
        if chosen is None or simple is None:
            return None
        missing = exchange.status == 404 and record_id != NOBODY
        no_children = exchange.status == 200 and exchange.body == []
        owner = simple["id"] if missing or no_children else chosen["parent_id"]
        base = f"/wp-json/wc/v3/products/{owner}/variations"
        if record_id is None:
            return base
        return f"{base}/{NOBODY if record_id == NOBODY else chosen['id']}"

    async def _refund_address(self, record_id: int | None) -> str | None:
        chosen = await self.example("refund", "refunds")
        if chosen is None:
            return None
        base = f"/wp-json/wc/v3/orders/{chosen['parent_id']}/refunds"
        return base if record_id is None else f"{base}/{chosen['id']}"
