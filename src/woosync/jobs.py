"""Asking for work: a row in `sync_runs` and a job in the queue, committed together or not at all.

Entry points call `request`; the worker knows the jobs by these names.
"""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from woosync.postgres import queue, runs, stores
from woosync.postgres.engine import Database

RUN = "woosync.run"


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done with a store: `direction` is pull, push or audit; `options` are JSON."""

    direction: str
    mode: str
    entities: Sequence[str] = ()
    options: Mapping[str, object] = msgspec.field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return a name that the same work has every time."""
        said = msgspec.json.encode([self.mode, self.entities, self.options], order="sorted")
        return f"{self.direction}:{hashlib.sha256(said).hexdigest()[:24]}"


async def request(database: Database, store: stores.Store, work: Work, *, actor: str) -> int:
    """Ask for work and return the run's id; while the same waits or runs, that run's.

    One run of a store is worked on at a time, in the order of asking.
    """
    new = runs.NewRun(
        direction=work.direction,
        mode=work.mode,
        entities=work.entities,
        options=work.options,
        actor=actor,
    )
    async with database.transaction() as tx:
        run_id, is_new = await runs.request(tx, store.id, new, work=work.name)
        if is_new:
            # That the same work is asked for once is up to the runs: a job may outlive its run.
            args, own = {"run_id": run_id}, f"run:{run_id}"
            await queue.defer(tx, RUN, args, lock=f"store:{store.id}", queueing_lock=own)
    return run_id
