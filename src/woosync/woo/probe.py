"""Look a store over for `woosync doctor`: one finding a check, with a remedy in plain words."""

import enum
from collections.abc import AsyncIterator

import msgspec
from msgspec import structs

import woosync.errors
from woosync.woo import capabilities, errors, pages
from woosync.woo.client import Answer, StoreClient
from woosync.woo.options import AuthMode

#: Clocks further apart than this show in logs; than the second, WooCommerce refuses signatures.
_SKEW_NOTED, _SKEW_REFUSED = 30.0, 900.0
_PAGE = 100
_KEY_REMEDY = "Use a key with Read/Write rights made for an administrator."


class _Id(msgspec.Struct):
    id: int


_LIST = msgspec.json.Decoder(list[_Id])


class State(enum.StrEnum):
    """How a check came out."""

    GOOD = "good"
    WARNING = "warning"
    FAILED = "failed"


class Finding(msgspec.Struct, frozen=True):
    """One check: what was looked at, what was seen, and what to do where it is not good."""

    name: str
    state: State
    says: str
    remedy: str = ""


class Probe(msgspec.Struct, frozen=True):
    """All findings in the order of the checks; `capabilities` is None when it went no further."""

    findings: tuple[Finding, ...]
    capabilities: capabilities.Capabilities | None

    @property
    def state(self) -> State:
        """Return the worst state of all."""
        states = {finding.state for finding in self.findings}
        return next(s for s in (State.FAILED, State.WARNING, State.GOOD) if s in states)


async def probe(client: StoreClient) -> Probe:
    """Run every check that makes sense after the ones before it. Changes nothing in the store."""
    findings: list[Finding] = []
    async for finding in _essentials(client):
        findings.append(finding)
        if finding.state is State.FAILED:
            return Probe(tuple(findings), None)
    found = await capabilities.fetch_capabilities(client)
    findings += _described(found)
    for check in (_page_size, _reading):
        findings += await check(client)
    writing = await _writing(client)
    may_write = any(finding.state is State.GOOD for finding in writing)
    findings += [*writing, await _webhooks(client, may_write=may_write)]
    return Probe(tuple(findings), found)


async def _essentials(client: StoreClient) -> AsyncIterator[Finding]:
    """Check what everything else needs, up to the first failure."""
    try:
        answer, namespaces = await capabilities.fetch_namespaces(client)
    except woosync.errors.WoosyncError as error:
        if not isinstance(error, errors.StoreAuthFailed):
            yield _failed("connection", error)
            return
        namespaces, answer = [], None
    yield _connection(client)
    if answer is not None:
        yield _clock(client, answer)
    if namespaces and "wc/v3" not in namespaces:
        yield Finding(
            "REST API",
            State.FAILED,
            "WordPress answers, but without WooCommerce's API wc/v3.",
            "Activate WooCommerce 3.5 or newer.",
        )
        return
    try:
        first = await _fetch_one(client, "products")
    except woosync.errors.WoosyncError as error:
        yield _failed("REST API" if isinstance(error, errors.NotAStore) else "key", error)
        return
    yield Finding("REST API", State.GOOD, "WooCommerce's API wc/v3 answers.")
    yield _key(client)
    if answer is None:
        yield _clock(client, first)


async def _fetch_one(client: StoreClient, noun: str) -> Answer:
    """Fetch one record; raises NotAStore for JSON of another kind, besides what `fetch` raises."""
    answer = await client.fetch(noun, {"per_page": 1, "_fields": "id"})
    try:
        _LIST.decode(answer.body)
    except msgspec.MsgspecError as error:
        raise errors.NotAStore(
            f"{client.base_url} answers, but {noun} are not what WooCommerce gives.",
            remedy="Check the store URL: another program answers there, or a plugin or proxy "
            "changes the answers.",
        ) from error
    return answer


def _connection(client: StoreClient) -> Finding:
    if client.base_url.startswith("https:"):
        return Finding("connection", State.GOOD, f"{client.base_url} answers over TLS.")
    return Finding(
        "connection",
        State.WARNING,
        f"{client.base_url} answers, but without encryption.",
        "Fine for a test on your own network; a real shop needs https.",
    )


def _key(client: StoreClient) -> Finding:
    says = {
        AuthMode.BASIC: "The key works in the Authorization header.",
        AuthMode.QUERY: "The key works only in the address: the server drops the header.",
        AuthMode.OAUTH1: "The key works by signature (OAuth 1.0a).",
    }
    mode = client.auth_mode
    if mode is AuthMode.QUERY:
        return Finding(
            "key",
            State.WARNING,
            says[mode],
            "Let the web server pass the Authorization header on to PHP: keys in addresses end up "
            "in access logs.",
        )
    return Finding("key", State.GOOD, says.get(mode, "The key works."))


def _clock(client: StoreClient, answer: Answer) -> Finding:
    if answer.store_time is None:
        return Finding("clock", State.WARNING, "The store does not say what time it is.")
    skew = (answer.store_time - client.clock.now()).total_seconds()
    if abs(skew) <= _SKEW_NOTED:
        return Finding("clock", State.GOOD, "The store's clock agrees with this machine's.")
    says = f"The store's clock is {abs(skew):.0f} s {'ahead' if skew > 0 else 'behind'}."
    signed = client.auth_mode is AuthMode.OAUTH1 and abs(skew) > _SKEW_REFUSED
    return Finding(
        "clock",
        State.FAILED if signed else State.WARNING,
        says,
        "Set both clocks by NTP; times of conflicts are compared between the two.",
    )


def _described(found: capabilities.Capabilities) -> list[Finding]:
    known = State.GOOD if found.version else State.WARNING
    remedy = "" if found.version else "The key's user may not see the system status; " + _KEY_REMEDY
    storage = {True: "HPOS tables", False: "legacy posts", None: "unknown"}[found.hpos]
    versions = f"WooCommerce {found.version or '?'} on WordPress {found.wordpress_version or '?'}."
    return [
        Finding("versions", known, versions, remedy),
        Finding("order storage", known, f"Orders are in: {storage}.", remedy),
        Finding("currency", known, f"The currency is {found.currency or 'unknown'}.", remedy),
        Finding(
            "time zone",
            State.GOOD,
            f"The shop's time zone is {found.time_zone or 'not told'}; woosync reckons in UTC.",
        ),
        _route("variations", found.variations_route, "one request for each variable product"),
        _route("refunds", found.refunds_route, "one request for each refunded order"),
    ]


def _route(name: str, there: bool, otherwise: str) -> Finding:  # noqa: FBT001 - what is told
    if there:
        return Finding(f"/{name}", State.GOOD, f"All {name} can be listed at once.")
    return Finding(
        f"/{name}",
        State.WARNING,
        f"This WooCommerce cannot list all {name} at once, so it takes {otherwise}.",
        "Update WooCommerce to make pulls faster.",
    )


async def _page_size(client: StoreClient) -> list[Finding]:
    collection = pages.Collection(client, "products", {"orderby": "id", "order": "asc"})
    try:
        chunk = await collection.fetch(0, _PAGE)
    except woosync.errors.WoosyncError as error:
        return [_failed("page size", error)]
    short = chunk.count < min(_PAGE, chunk.total or 0)
    if chunk.divided or short:
        return [
            Finding(
                "page size",
                State.WARNING,
                f"The store does not give {_PAGE} products at once"
                + (f", but {chunk.count}." if short else "; smaller pages work."),
                "Raise PHP's memory_limit and max_execution_time.",
            )
        ]
    return [Finding("page size", State.GOOD, f"Pages of {_PAGE} products work.")]


async def _reading(client: StoreClient) -> list[Finding]:
    found = []
    for noun in ("products", "orders", "customers"):
        try:
            answer = await _fetch_one(client, noun)
        except woosync.errors.WoosyncError as error:
            found.append(_failed(f"read {noun}", error))
        else:
            count = "" if answer.total is None else f" ({answer.total})"
            found.append(Finding(f"read {noun}", State.GOOD, f"The key may read {noun}{count}."))
    return found


async def _writing(client: StoreClient) -> list[Finding]:
    """Send empty batches: nothing is done, and a key without the right is refused."""
    found = []
    for noun in ("products", "orders", "customers"):
        name = f"write {noun}"
        try:
            await client.send("POST", f"{noun}/batch", body={})
        except errors.StoreAuthFailed as error:
            finding = _failed(name, error)
            found.append(structs.replace(finding, state=State.WARNING, remedy=_KEY_REMEDY))
        except woosync.errors.WoosyncError as error:
            found.append(structs.replace(_failed(name, error), state=State.WARNING))
        else:
            found.append(Finding(name, State.GOOD, f"The key may write {noun}."))
    return found


async def _webhooks(client: StoreClient, *, may_write: bool) -> Finding:
    try:
        await client.fetch("webhooks", {"per_page": 1})
    except woosync.errors.WoosyncError as error:
        return structs.replace(_failed("webhooks", error), state=State.WARNING)
    if not may_write:
        return Finding(
            "webhooks",
            State.WARNING,
            "The key may see webhooks, but not make them: nothing it tried to write was taken.",
            _KEY_REMEDY,
        )
    return Finding("webhooks", State.GOOD, "The key may see and make webhooks.")


def _failed(name: str, error: woosync.errors.WoosyncError) -> Finding:
    return Finding(name, State.FAILED, error.message, error.remedy)
