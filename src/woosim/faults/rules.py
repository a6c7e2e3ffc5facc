"""Which requests a fault hits: by method and path, by count, or by seeded chance."""

import asyncio
import fnmatch
import random
from typing import Any

import msgspec

KINDS = (
    *("status", "hang", "reset", "cut_body", "cut_json", "prefix", "html", "empty", "slow"),
    *("wrong_totals", "bad_record", "late_write", "sale_between", "half_write"),
)
"""What can go wrong; see `woosim.faults.answers`, one function per kind."""


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One rule. Matching requests are counted; those that are chosen are hit.

    Attributes:
        kind: one of KINDS.
        method: methods, comma separated, or "*".
        path: a glob over the path below /wp-json, for example "/wc/v3/products*".
        skip: how many matching requests pass first.
        count: how many requests are hit at most; None is no limit.
        nth: hit only these matching requests (from 1), before skip and probability are looked at.
        probability: the share of matching requests that are hit, by `seed`.
        after_write: carry the request out before it goes wrong (hang, reset, status).
        options: what the kind itself takes; see `woosim.faults.answers`.
        matched, fired: how many requests matched and were hit so far.
    """

    kind: str
    method: str = "*"
    path: str = "*"
    skip: int = 0
    count: int | None = 1
    nth: tuple[int, ...] = ()
    probability: float = 1.0
    seed: int = 0
    after_write: bool = False
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    id: int = 0
    matched: int = 0
    fired: int = 0

    def __post_init__(self) -> None:
        """Refuse kinds that do not exist."""
        if self.kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}")

    def matches(self, method: str, path: str) -> bool:
        """Tell whether the rule speaks of a request."""
        methods = self.method.upper().split(",")
        return ("*" in methods or method in methods) and fnmatch.fnmatchcase(path, self.path)


class Faults:
    """The rules of one store, first added first asked."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self._late: set[asyncio.Task[None]] = set()
        self._chances: dict[int, random.Random] = {}
        self._last_id = 0

    def add(self, fault: Fault) -> Fault:
        """Add a rule; it gets its id here."""
        self._last_id += 1
        fault.id = self._last_id
        self._chances[fault.id] = random.Random(fault.seed)
        self.rules.append(fault)
        return fault

    def inject(self, kind: str, **settings: Any) -> Fault:
        """Add a rule by its settings: `faults.inject("status", method="PUT", count=2)`."""
        return self.add(Fault(kind=kind, **settings))

    def remove(self, fault_id: int) -> bool:
        """Remove a rule; tell whether it was there."""
        kept = [rule for rule in self.rules if rule.id != fault_id]
        found = len(kept) < len(self.rules)
        self.rules = kept
        return found

    def clear(self) -> None:
        """Remove every rule."""
        self.rules = []

    def choose(self, method: str, path: str) -> Fault | None:
        """Return the rule that hits a request, and count it; None lets the request pass."""
        for rule in self.rules:
            if not rule.matches(method, path):
                continue
            rule.matched += 1
            if self._hits(rule):
                rule.fired += 1
                return rule
        return None

    def _hits(self, rule: Fault) -> bool:
        if rule.count is not None and rule.fired >= rule.count:
            return False
        if rule.nth and rule.matched not in rule.nth:
            return False
        if rule.matched <= rule.skip:
            return False
        chance = rule.probability
        return chance >= 1 or self._chances[rule.id].random() < chance

    def keep(self, late_write: asyncio.Task[None]) -> None:
        """Keep a write that is carried out later."""
        self._late.add(late_write)
        late_write.add_done_callback(self._late.discard)

    async def finish_late_writes(self) -> None:
        """Wait until every late write was applied."""
        await asyncio.gather(*self._late)

    def cancel_late_writes(self) -> None:
        """Forget the late writes that were not applied yet: the store stops."""
        for task in self._late:
            task.cancel()
