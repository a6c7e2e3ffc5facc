"""Categories and tags that a store does not have yet: found there by slug or name, or made."""

import html
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import structs

from woosync import errors as kinds
from woosync.domain.product import Term
from woosync.flows.ingest.streams import PRODUCTS, Stream
from woosync.flows.push.planning import Step
from woosync.flows.push.run import Run
from woosync.mapping import patch
from woosync.woo import errors

_EXISTS = "term_exists"
_PAGE = 100


class _Found(msgspec.Struct):
    id: int
    name: str = ""
    slug: str = ""


_LIST = msgspec.json.Decoder(list[_Found])
_ONE = msgspec.json.Decoder(_Found)


async def complete(run: Run, stream: Stream, steps: Sequence[Step]) -> list[Step]:
    """Return the steps with bodies that name every category and tag by the store's own id."""
    if stream is not PRODUCTS:
        return list(steps)
    return [await _completed(run, step) for step in steps]


async def _completed(run: Run, step: Step) -> Step:
    wanted = [name for name in ("categories", "tags") if name in (*step.names, *step.stuck)]
    if not wanted:
        return step
    target = step.ours
    ids = step.ids
    for kind in wanted:
        try:
            known = await resolve(run, kind, getattr(target, kind), getattr(ids, kind))
        except kinds.WoosyncError as error:
            run.warn(f"Some {kind} could not be looked up or made in the store: {error.message}")
            continue
        told = tuple(term for term, _ in known)
        target = structs.replace(target, **{kind: told})
        more = {term.slug: number for term, number in known}
        ids = structs.replace(ids, **{kind: {**getattr(ids, kind), **more}})
    names = [*step.names, *(name for name in wanted if name not in step.names)]
    if step.target.link.woo_id:
        body = patch.body(PRODUCTS.entity, step.base, target, names, ids)
    else:
        whole = patch.with_fields(step.base, target, names)
        body = patch.new_body(PRODUCTS.entity, whole, ids)
    sent = tuple(name for name in names if name in body or name not in wanted)
    stuck = tuple(name for name in step.stuck if name not in sent)
    return structs.replace(step, names=sent, stuck=stuck, body=body, ids=ids)


async def resolve(
    run: Run, kind: str, terms: Sequence[Term], known: Mapping[str, int]
) -> list[tuple[Term, int]]:
    """Return each term as the store calls it, with its id there; unknown ones are made.

    In a dry run those that the store does not have are left out. Raises the client's errors.
    """
    found: list[tuple[Term, int]] = []
    for term in terms:
        if term.slug in known:
            found.append((term, known[term.slug]))
            continue
        there = await _find(run, kind, term)
        if there is None and not run.context.dry_run:
            there = await _make(run, kind, term)
        if there is not None:
            found.append((Term(there.slug, term.name or there.name), there.id))
    return found


async def _find(run: Run, kind: str, term: Term) -> _Found | None:
    query: dict[str, str | int] = {"per_page": _PAGE, "_fields": "id,name,slug"}
    query |= {"slug": term.slug} if term.slug else {"search": term.name}
    _, listed = await run.client.fetch_as(_LIST, f"products/{kind}", query)
    for one in listed:
        same_name = html.unescape(one.name).strip().casefold() == term.name.strip().casefold()
        if one.slug == term.slug if term.slug else same_name:
            return one
    return None


async def _make(run: Run, kind: str, term: Term) -> _Found | None:
    body = {"name": term.name or term.slug} | ({"slug": term.slug} if term.slug else {})
    try:
        return await run.client.send_as(_ONE, "POST", f"products/{kind}", body=body)
    except errors.StoreRejected as error:
        held = error.data.get("resource_id") if isinstance(error.data, dict) else None
        if error.code != _EXISTS or not isinstance(held, int):
            raise
        return _Found(held, term.name, term.slug or term.name)
