"""Records that a store does not have: found there first, else made, and never twice.

An intent with a marker is committed before anything is sent. After a crash or a lost answer the
record is looked for by SKU, e-mail or that marker before it is sent again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from woosync.domain import customer, ids, product
from woosync.flows.ingest.customers import GUEST
from woosync.flows.ingest.streams import CUSTOMERS, VARIATIONS, Stream
from woosync.flows.push import (
    current,
    custom,
    disputes,
    families,
    finding,
    planning,
    settling,
    terms,
    updating,
)
from woosync.flows.push.planning import Step, Target
from woosync.flows.push.run import TABLES, Run, patience
from woosync.mapping import snapshot
from woosync.postgres import creations, outbox, pushing
from woosync.postgres.records import Saved
from woosync.woo import batch
from woosync.woo.batch import Action, Item, Outcome, Status


async def create(
    run: Run, stream: Stream, claims: Sequence[outbox.Claimed], *, asked: bool
) -> None:
    """Make records in the store, or link those it has already.

    `asked`: they were named, so the store's rules about what is made do not matter.
    Raises what reading the store raises.
    """
    wanted = await _wanted(run, stream, claims, asked=asked)
    run.count(stream.entity).seen += len(wanted)
    if run.context.dry_run:
        for step in wanted:
            updating.tell(run, stream, step, "create")
        return
    local_ids = [step.target.local_id for step in wanted]
    async with run.database.transaction() as tx:
        intents = await creations.load(tx, run.store_id, stream.entity.value, local_ids)
    found = await finding.find(run, stream, wanted, intents)
    await _link(run, stream, found)
    rest = [step for step in wanted if step.target.local_id not in found]
    rest = await _fit(run, stream, rest)
    await _make(run, stream, await _due(run, stream, rest, intents))


async def _wanted(
    run: Run, stream: Stream, claims: Sequence[outbox.Claimed], *, asked: bool
) -> list[Step]:
    """Plan the records that are to be made; marks of all others are taken away."""
    local_ids = [one.local_id for one in claims]
    if not (asked or run.rules.creates(stream.entity)):
        await run.done(claims)
        return []
    async with run.database.transaction() as tx:
        ours = await stream.noun.load(tx, local_ids)
        deleted = await pushing.load_deleted(tx, TABLES[stream.entity], local_ids)
        held = await pushing.load_held(tx, run.store_id, stream.entity.value, local_ids)
        own = await custom.load(tx, run, stream, local_ids)
        known = await families.load(tx, run, stream, local_ids)
    steps: list[Step] = []
    idle: list[outbox.Claimed] = []
    for claim in claims:
        mine = ours.get(claim.local_id)
        if mine is None or claim.local_id in deleted or not _is_made(stream, mine.record):
            idle.append(claim)
        elif claim.local_id in held:
            run.count(stream.entity).held += 1
            idle.append(claim)
        elif stream is VARIATIONS and claim.local_id not in known.parents:
            error = "its product is not in the store yet"
            await run.give_back([claim], delay=patience(claim.attempts), error=error)
            run.count(stream.entity).waiting += 1
        else:
            step = _step(run, stream, claim, mine, known)
            extras = custom.plan(run, stream, own.get(claim.local_id), None, None)
            steps.append(structs.replace(step, extras=extras))
    await run.done(idle)
    return await terms.complete(run, stream, steps)


def _is_made(stream: Stream, record: object) -> bool:
    """Tell whether a store can have such a record: guests have no account, orders are its own."""
    if isinstance(record, customer.Customer):
        return record.role != GUEST
    if isinstance(record, product.Product):
        return (record.kind == "variation") == (stream is VARIATIONS)
    return False


def _step(
    run: Run,
    stream: Stream,
    claim: outbox.Claimed,
    mine: Saved[Any],
    known: families.Families,
) -> Step:
    blank = type(mine.record)()
    if isinstance(mine.record, product.Product):
        blank = structs.replace(blank, kind=mine.record.kind)
    link = pushing.Linked(0, known.parents.get(claim.local_id), None)
    fresh = Step(target=Target(claim, link), base=blank, ours=mine.record)
    shown = known.shown(claim.local_id, mine.record)
    return planning.planned_new(run, stream, fresh, without=shown)


async def _fit(run: Run, stream: Stream, steps: Sequence[Step]) -> list[Step]:
    """Return those whose values a store can take; the others become conflicts."""
    lacking = [step for step in steps if not step.problems and not _key(stream, step)]
    bad = [step for step in steps if step.problems]
    async with run.database.transaction() as tx:
        found = disputes.of_problems(stream.entity.value, bad)
        await disputes.save(tx, run, stream.entity.value, found)
        await outbox.acknowledge(tx, [step.target.claim for step in [*bad, *lacking]])
    run.count(stream.entity).held += len(bad) + len(lacking)
    for step in lacking:
        run.warn(f"{stream.entity.value} {step.target.local_id} here has nothing to be made of.")
    return [step for step in steps if not step.problems and _key(stream, step)]


def _key(stream: Stream, step: Step) -> object:
    return step.ours.email if stream is CUSTOMERS else step.body


async def _due(
    run: Run, stream: Stream, steps: Sequence[Step], intents: Mapping[int, creations.Intent]
) -> list[Step]:
    """Return those that may be sent now: one an e-mail, and none that may still be under way."""
    due: list[Step] = []
    emails: set[str] = set()
    for step in steps:
        intent = intents.get(step.target.local_id)
        wait = settling.SOON if _repeats(stream, step, emails) else _wait(run, stream, step, intent)
        if wait > timedelta():
            error = "an earlier attempt may still arrive" if intent else "another has its e-mail"
            await run.give_back([step.target.claim], delay=wait, error=error)
            run.count(stream.entity).waiting += 1
        else:
            due.append(step)
    return due


def _repeats(stream: Stream, step: Step, emails: set[str]) -> bool:
    if stream is not CUSTOMERS:
        return False
    email = customer.normalised_email(step.ours.email)
    known = email in emails
    emails.add(email)
    return known


def _wait(run: Run, stream: Stream, step: Step, intent: creations.Intent | None) -> timedelta:
    """Return how long a record that may be under way has to wait.

    With a SKU the store refuses a second one by itself; of two accounts with one e-mail that are
    made at the same time it keeps both.
    """
    if intent is None or (stream is not CUSTOMERS and step.ours.sku):
        return timedelta()
    now: datetime = run.now()
    return intent.sent_at + run.options.hold - now


async def _make(run: Run, stream: Stream, steps: Sequence[Step]) -> None:
    if not steps:
        return
    entity = stream.entity.value
    async with run.database.transaction() as tx:
        local_ids = [step.target.local_id for step in steps]
        intents = await creations.save(tx, run.store_id, entity, local_ids)
    routes: dict[str, list[Step]] = {}
    for step in steps:
        routes.setdefault(current.path(stream.entity, step.target.link.parent_id), []).append(step)
    for path, part in routes.items():
        items = [_item(stream, step, intents[step.target.local_id]) for step in part]
        outcomes = await batch.send(run.client, path, items, pace=run.pace(f"new {stream.route}"))
        await _conclude(run, stream, list(zip(part, outcomes, strict=True)))


def _item(stream: Stream, step: Step, intent: creations.Intent) -> Item:
    body = step.message
    if stream is not CUSTOMERS:
        marked = {"key": finding.MARKER, "value": intent.marker}
        body["meta_data"] = [*body.get("meta_data", []), marked]
    return Item(step.target.local_id, Action.CREATE, body)


async def _conclude(run: Run, stream: Stream, sent: Sequence[tuple[Step, Outcome]]) -> None:
    """Link what was made; look for what may have been made; save what was refused."""
    made: finding.Found = {}
    doubtful: list[Step] = []
    for step, outcome in sent:
        if outcome.status is Status.DONE and outcome.record is not None:
            made[step.target.local_id] = finding.made(step, outcome.record)
        elif outcome.status is Status.UNKNOWN or finding.is_taken(outcome):
            doubtful.append(step)
    await _link(run, stream, made)
    if doubtful:
        await _look_again(run, stream, [pair for pair in sent if pair[0] in doubtful])
    rest = [
        (step, outcome)
        for step, outcome in sent
        if step.target.local_id not in made and step not in doubtful
    ]
    await _forget(run, stream, [step for step, _ in rest])
    await updating.conclude(run, stream, rest)


async def _look_again(run: Run, stream: Stream, sent: Sequence[tuple[Step, Outcome]]) -> None:
    steps = [step for step, _ in sent]
    async with run.database.transaction() as tx:
        intents = await creations.load(
            tx, run.store_id, stream.entity.value, [step.target.local_id for step in steps]
        )
    found = await finding.find(run, stream, steps, intents)
    await _link(run, stream, found)
    for step, outcome in sent:
        if step.target.local_id in found:
            continue
        if outcome.status is Status.UNKNOWN:
            run.count(stream.entity).waiting += 1
            claim = step.target.claim
            await run.give_back([claim], delay=run.options.hold, error=outcome.message)
        else:
            await _forget(run, stream, [step])
            await updating.refuse(run, stream, step, outcome)


async def _forget(run: Run, stream: Stream, steps: Sequence[Step]) -> None:
    if steps:
        async with run.database.transaction() as tx:
            local_ids = [step.target.local_id for step in steps]
            await creations.forget(tx, run.store_id, stream.entity.value, local_ids)


async def _link(run: Run, stream: Stream, found: finding.Found) -> None:
    """Link local records with those of the store, then settle ours and merge foreign ones."""
    if not found:
        return
    entity = stream.entity
    kinds = [ids.Entity.PRODUCT.value, ids.Entity.VARIATION.value]
    kinds = kinds if entity.value in kinds else [entity.value]
    async with run.database.transaction() as tx:
        woo_ids = [one.woo_id for one in found.values()]
        owners = await creations.load_owners(tx, run.store_id, kinds, woo_ids)
        free = {k: one for k, one in found.items() if owners.get(one.woo_id, k) == k and one.fits}
        links = {k: (one.woo_id, one.parent_id, _base(one)) for k, one in free.items()}
        await creations.save_links(tx, run.store_id, entity.value, links, now=run.now())
        taken = [one for k, one in found.items() if k not in free]
        held = [_collision(stream, one) for one in taken]
        await disputes.save(tx, run, entity.value, held)
        await outbox.acknowledge(tx, [one.step.target.claim for one in taken])
        await creations.forget(
            tx, run.store_id, entity.value, [one.step.target.local_id for one in taken]
        )
    run.count(entity).held += len(taken)
    ours = [one for one in free.values() if one.ours]
    await settling.settle(
        run, stream, [settling.Sent(one.linked, Status.DONE, made=True) for one in ours]
    )
    await updating.update(run, stream, [one.linked.target for one in free.values() if not one.ours])


def _base(one: finding.One) -> str | None:
    """Return what both sides agree on about a record that was made of ours; None for others."""
    return snapshot.encode(one.step.ours).decode() if one.ours else None


def _collision(stream: Stream, one: finding.One) -> Any:
    name = "email" if stream is CUSTOMERS else "sku"
    reason = (
        f"record {one.woo_id} of the store has this {name} and is another record here: change it "
        "on one of the two"
    )
    return disputes.of(stream.entity.value, one.linked, name, reason, theirs=one.key)
