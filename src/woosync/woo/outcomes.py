"""What is sent in a batch, what became of it, and how answers find their items; for `batch`."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from woosync import errors as kinds
from woosync.woo import errors


class Action(StrEnum):
    """What a store is asked to do with an item, in the order in which a batch is carried out."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Status(StrEnum):
    """What is known of an item: REFUSED and UNSENT changed nothing in the store."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    UNSENT = "unsent"


class Item(msgspec.Struct, frozen=True):
    """One write. `body` of an update or deletion holds the "id"; `key` is the caller's own."""

    key: object
    action: Action
    body: Mapping[str, object]

    @property
    def id(self) -> object:
        """Return the record's id in the store; None for a creation."""
        return self.body.get("id")


class Outcome(msgspec.Struct, frozen=True):
    """What became of an item: the store's record, or why not.

    `code` and `data` are the store's own (`data` may name the holder of a SKU: "resource_id").
    `error` is why it was not sent, or why nobody knows.
    """

    item: Item
    status: Status
    record: bytes | None = None
    code: str = ""
    message: str = ""
    data: object = None
    error: kinds.WoosyncError | None = None


Numbered = tuple[int, Item]


def refusal(item: Item, error: errors.StoreRejected) -> Outcome:
    """Return the outcome of an item that the store refuses on its own."""
    return Outcome(
        item,
        Status.REFUSED,
        code=error.code,
        message=error.store_message or error.message,
        data=error.data,
        error=error,
    )


class _Problem(msgspec.Struct):
    code: str | int = ""
    message: str = ""
    data: object = None


class _Head(msgspec.Struct):
    id: object = None
    error: _Problem | None = None


_ANSWER = msgspec.json.Decoder(dict[str, list[msgspec.Raw]])
_HEAD = msgspec.json.Decoder(_Head)


def paired(part: Sequence[Numbered], body: bytes) -> dict[int, Outcome]:
    """Give each item its part of the answer: by position, and only where the id agrees."""
    try:
        answered = _ANSWER.decode(body)
    except msgspec.MsgspecError:
        answered = {}
    found: dict[int, Outcome] = {}
    for action in Action:
        sent = [(number, item) for number, item in part if item.action is action]
        told = answered.get(action.value, [])
        for place, (number, item) in enumerate(sent):
            # A list of another length cannot be paired: something on the way has changed it.
            record = told[place] if len(told) == len(sent) else None
            found[number] = _outcome(item, record)
    return found


def _outcome(item: Item, raw: msgspec.Raw | None) -> Outcome:
    head = _head_of(raw)
    if raw is not None and head is not None:
        if head.error is not None and _same(item, head.id, failed=True):
            problem = head.error
            return Outcome(
                item,
                Status.REFUSED,
                code=str(problem.code),
                message=problem.message,
                data=problem.data,
            )
        if head.error is None and _same(item, head.id, failed=False):
            return Outcome(item, Status.DONE, bytes(raw))
    error = errors.OutcomeUnknown(
        f"The store's answer does not say what became of {item.action} {item.id or 'a record'}.",
        remedy="woosync reads the record back before it sends the change again.",
    )
    return Outcome(item, Status.UNKNOWN, message=error.message, error=error)


def _head_of(raw: msgspec.Raw | None) -> _Head | None:
    if raw is None:
        return None
    try:
        return _HEAD.decode(raw)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _same(item: Item, answered: object, *, failed: bool) -> bool:
    """Tell whether an answered id can be this item's: a creation has none before it is done."""
    if item.action is Action.CREATE:
        return not answered if failed else isinstance(answered, int) and answered > 0
    return answered == item.id or (failed and answered is None)
