"""Claimed deliveries become hints: which objects to look at, each once. Pure."""

from collections.abc import Iterable

import msgspec

from woosync import errors
from woosync.domain import topic as topics
from woosync.postgres import deliveries
from woosync.woo.wire import delivery as wire


class Hint(msgspec.Struct):
    """An object that something happened to.

    `is_variation` and `parent` are what the last body said that said it. `only_deleted`: nothing
    but deletions told of it. `deliveries` are the ids of those that did.
    """

    woo_id: int
    is_variation: bool | None = None
    parent: int | None = None
    only_deleted: bool = True
    deliveries: list[int] = msgspec.field(default_factory=list)


class Hints(msgspec.Struct):
    """Hints by resource and object; `ignored` has the deliveries that name none, with the cause."""

    by_resource: dict[str, dict[int, Hint]] = msgspec.field(default_factory=dict)
    ignored: dict[int, str] = msgspec.field(default_factory=dict)

    def of(self, resource: str) -> dict[int, Hint]:
        """Return the hints of a resource by store id."""
        return self.by_resource.get(resource, {})


def read(claimed: Iterable[deliveries.Delivery]) -> Hints:
    """Coalesce deliveries by object; their order does not matter, since the store is asked."""
    hints = Hints()
    for one in claimed:
        topic = topics.parse(one.topic)
        if topic is None or not topic.is_followed:
            hints.ignored[one.id] = f"records of the topic {one.topic} are not kept here"
            continue
        try:
            head = wire.decode(one.body)
        except errors.RecordError as error:
            hints.ignored[one.id] = error.message
            continue
        woo_id = head.object_id
        if woo_id is None:
            hints.ignored[one.id] = _nameless(head)
            continue
        hint = hints.by_resource.setdefault(topic.resource, {}).setdefault(woo_id, Hint(woo_id))
        hint.deliveries.append(one.id)
        hint.only_deleted &= topic.event == topics.DELETED
        if head.is_variation is not None:
            hint.is_variation, hint.parent = head.is_variation, head.parent
    return hints


def _nameless(head: wire.Head) -> str:
    if head.refusal:
        return f"the object was gone before the store could show it ({head.refusal[:80]})"
    return "the body names no object"
