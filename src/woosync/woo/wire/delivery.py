"""The body of a webhook delivery, as far as it is looked at: which object it is about."""

import msgspec

from woosync.woo.wire import decoding

_VARIATION = "variation"
_LARGEST = 2**63 - 1


class Head(msgspec.Struct, frozen=True):
    """Read without trust: whatever is not what it should be counts as not said."""

    id: object = None
    type: object = None
    parent_id: object = None
    code: object = None

    @property
    def object_id(self) -> int | None:
        """Return the object's id."""
        return _number(self.id)

    @property
    def parent(self) -> int | None:
        """Return the parent's id."""
        return _number(self.parent_id)

    @property
    def refusal(self) -> str:
        """Return the code of the REST error that a shop sends for an object it no longer has."""
        return self.code if isinstance(self.code, str) and self.object_id is None else ""

    @property
    def is_variation(self) -> bool | None:
        """Tell whether a product is a variation; None where the body does not say."""
        return self.type == _VARIATION if isinstance(self.type, str) else None


_DECODER = msgspec.json.Decoder(Head)


def decode(body: bytes) -> Head:
    """Decode the head of a body; `decoding.DecodeFailed` for what is no JSON object."""
    try:
        return _DECODER.decode(body)
    except (ValueError, RecursionError) as error:
        raise decoding.DecodeFailed(f"The body is no JSON object: {error}.") from error


def _number(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST:
        return value
    return None
