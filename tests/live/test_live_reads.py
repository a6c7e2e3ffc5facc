"""Recorded reads asked of the store: status, error code, keys and JSON types are the recorded."""

from collections.abc import Callable

import pytest

from contract import exchanges, shapes
from live import asked
from live import target as targets
from woosync.woo import capabilities

READS = [exchange for exchange in exchanges.load() if not asked.reason_to_leave_out(exchange)]
#: The WooCommerce that was recorded; older ones may know less.
RECORDED = (11, 0)
#: A key whose user is no administrator gets these from settings, status and webhooks.
FORBIDDEN = {401, 403}


@pytest.fixture(scope="session")
def asker(target: targets.Target) -> asked.Asker:
    return asked.Asker(target)


@pytest.fixture(scope="session")
def version(target: targets.Target) -> tuple[int, ...]:
    """Return the store's WooCommerce version, (0,) where it does not tell."""

    async def fetch() -> capabilities.Capabilities:
        async with target.connect() as client:
            return await capabilities.fetch_capabilities(client)

    found: capabilities.Capabilities = targets.apart(fetch)
    return tuple(int(part) for part in found.version.split(".")[:2] if part.isdigit()) or (0,)


@pytest.mark.parametrize("exchange", READS, ids=lambda e: e.file.removesuffix(".json"))
async def test_the_store_answers_as_recorded(
    exchange: exchanges.Exchange,
    asker: asked.Asker,
    version: tuple[int, ...],
    note: Callable[[str], None],
) -> None:
    path = await asker.address(exchange)
    if path is None:
        pytest.skip(f"the store has no {exchange.target[0]} to ask for")
    query = str(exchange.data["request"].get("raw_query") or "")
    signed = exchange.data.get("auth") != "none"
    status, body = await asker.send(path, query, signed=signed)
    code = body.get("code") if isinstance(body, dict) else None
    if status == 404 and code == "rest_no_route" and exchange.status == 200:
        pytest.skip(f"the store has no {path}")
    if status in FORBIDDEN and exchange.status == 200:
        pytest.skip(f"the key's user may not see {path}")
    told = disagreements(exchange, status, body)
    more = [one for one in told if one.endswith("is more than recorded")]
    if more:
        note(f"{exchange.file}: {len(more)} keys more than recorded, as plugins add them")
    wrong = [one for one in told if one not in more]
    if wrong and version < RECORDED:
        pytest.skip(f"WooCommerce {'.'.join(map(str, version))} answers otherwise: {wrong[0]}")
    assert wrong == []


def disagreements(exchange: exchanges.Exchange, status: int, body: object) -> list[str]:
    """Return a sentence for everything in which an answer is not like the recorded one."""
    if status != exchange.status:
        return [f"the status is {status}, recorded {exchange.status}"]
    code = body.get("code") if isinstance(body, dict) else None
    if exchange.code is not None and code != exchange.code:
        return [f"the error code is {code}, recorded {exchange.code}"]
    kinds = {kind for kind, _ in exchange.records()} | {exchange.target[0] or ""}
    kind = "product" if "product" in kinds else exchange.target[0] or ""
    known = exchanges.known_types(kind) if exchange.status < 400 else {}
    return shapes.differences(body, exchange.body, known, trimmed=exchange.trimmed)
