"""Pieces that several nouns share, each as permissive as real stores are."""

from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

import msgspec

T = TypeVar("T")

#: The record's own id, within PostgreSQL's bigint.
Id = Annotated[int, msgspec.Meta(gt=0, le=2**63 - 1)]
#: Another record's id; 0, "" and null mean none.
Reference = int | str | None
#: Text; null means "".
Text = str | None
#: Text that older versions and plugins send as a number.
LooseText = str | int | float | None
#: Truth; plugins send "yes", "1", 0, "" too.
Flag = bool | int | str | None
#: An amount, a measure or a count; strings as a rule.
Number = str | int | float | None
#: PHP turns a list with gaps into an object with the numbers as keys.
Many = list[T] | dict[str, T] | None


class Part(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Base of all structs here: immutable, free of cycles, so the garbage collector skips them."""


class Meta(Part, frozen=True):
    """One entry of meta_data; the value is any JSON."""

    id: Reference = None
    key: str | int = ""
    value: Any = None


class Term(Part, frozen=True):
    """A category, tag or brand."""

    id: Reference = None
    name: Text = ""
    slug: Text = ""


class Image(Part, frozen=True):
    """A picture; the id is "" or 0 where there is none."""

    id: Reference = None
    src: str | bool | None = ""
    name: Text = ""
    alt: Text = ""


class Attribute(Part, frozen=True):
    """An attribute of a product (options) or of a variation (option)."""

    id: Reference = None
    name: LooseText = ""
    slug: Text = ""
    position: Number = 0
    visible: Flag = True
    variation: Flag = False
    options: Many[LooseText] = None
    option: LooseText = None


class Dimensions(Part, frozen=True):
    """Length, width and height in the store's unit."""

    length: Number = ""
    width: Number = ""
    height: Number = ""


class Address(Part, frozen=True):
    """A billing or shipping address; shipping has no e-mail, and older versions no phone there."""

    first_name: Text = ""
    last_name: Text = ""
    company: Text = ""
    address_1: LooseText = ""
    address_2: LooseText = ""
    city: LooseText = ""
    state: LooseText = ""
    postcode: LooseText = ""
    country: Text = ""
    email: Text = ""
    phone: LooseText = ""


#: PHP sends an empty object as [].
MaybeAddress = Address | list[Any] | None
MaybeDimensions = Dimensions | list[Any] | None
MaybeImage = Image | list[Any] | None


def each(many: Many[T]) -> Iterable[T]:
    """Go through a list in any of the forms in which PHP sends one."""
    if isinstance(many, list):
        return many
    return many.values() if many else ()


def fields_of(struct: type[Part], extras: tuple[str, ...]) -> str:
    """Return the `_fields` value that asks for what the struct reads and the extras."""
    return ",".join((*struct.__struct_encode_fields__, *extras))
