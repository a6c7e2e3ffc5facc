"""The base users: an administrator, then the customers, then two subscribers."""
# ruff: noqa: PLR2004  # residues of the index are the data itself

import re
from typing import Any

from woosim import chance, dates, options
from woosim.base import timeline, words

DAY = 86400
_EMAIL = re.compile(r"[a-z+]+(\d+)@example\.test$")
FIRST_CUSTOMER = 2
SLOTS = (
    *("id", "created", "created_gmt", "modified", "modified_gmt", "email", "first", "last", "role"),
    *("username", "b_first", "b_last", "company", "street", "city", "postcode", "country", "state"),
    *("b_email", "phone", "s_street", "paying", "avatar", "meta_data"),
)


_NAMES = {"first_name": '"«b_first»"', "last_name": '"«b_last»"'}
_PLACE = {
    "address_2": '""',
    "city": '"«city»"',
    "postcode": '"«postcode»"',
    "country": '"«country»"',
    "state": '"«state»"',
}
_BILLING = {
    **_NAMES,
    "company": '"«company»"',
    "address_1": '"«street»"',
    **_PLACE,
    "email": '"«b_email»"',
    "phone": '"«phone»"',
}
_SHIPPING = {**_NAMES, "company": '""', "address_1": '"«s_street»"', **_PLACE, "phone": '""'}


def schema(home: str) -> dict[str, Any]:
    """Return what a customer looks like, without `_links`."""
    del home
    return {
        "id": "«id»",
        "date_created": '"«created»"',
        "date_created_gmt": '"«created_gmt»"',
        "date_modified": "«modified»",
        "date_modified_gmt": "«modified_gmt»",
        "email": '"«email»"',
        "first_name": '"«first»"',
        "last_name": '"«last»"',
        "role": '"«role»"',
        "username": '"«username»"',
        "billing": _BILLING,
        "shipping": _SHIPPING,
        "is_paying_customer": "«paying»",
        "avatar_url": '"https:\\/\\/secure.gravatar.com\\/avatar\\/«avatar»?s=96&d=mm&r=g"',
        "meta_data": "«meta_data»",
    }


class Customers:
    """Base users on demand: index 0 is the administrator, then customers, then subscribers."""

    kind = "customer"
    slots = SLOTS

    def __init__(self, chosen: options.Options, zone: dates.Zone) -> None:
        self.customers = chosen.customers
        self.size = chosen.customers + 3
        self._seed = chance.mix(chosen.seed, 5)
        self._zone = zone
        epoch = int(chosen.epoch.timestamp())
        middle = epoch - 60 * DAY
        self.created = timeline.Timeline(
            self.size, self._seed, start=middle - 700 * DAY, end=middle
        )
        self.modified = timeline.Timeline(self.size, self._seed + 1, start=middle, end=epoch)

    def id_of(self, index: int) -> int:
        """Return the user's id."""
        return index + 1

    def index_of(self, record_id: int) -> int | None:
        """Return the index of an id, or None."""
        return record_id - 1 if 0 < record_id <= self.size else None

    def role(self, index: int) -> str:
        """Return the user's role."""
        if index == 0:
            return "administrator"
        return "customer" if index <= self.customers else "subscriber"

    def email(self, index: int) -> str:
        """Return the account's e-mail address."""
        if index == 0:
            return "admin@store.example"
        if index > self.customers:
            return f"subscriber{index:05}@example.test"
        name = "plus+tag" if index % 29 == 8 else "customer"
        return f"{name}{index:05}@example.test"

    def id_of_email(self, email: str) -> int | None:
        """Return the id of the user with this e-mail address (any case), or None."""
        match = _EMAIL.match(email.lower())
        index = int(match[1]) if match else 0
        return (
            self.id_of(index) if index < self.size and self.email(index) == email.lower() else None
        )

    def name_json(self, index: int) -> tuple[str, str]:
        """Return (first, last) name as the insides of JSON strings."""
        if index == 0:
            return "", ""
        bits = chance.mix(self._seed, index)
        return words.FIRST_JSON[bits & 15], words.LAST_JSON[bits >> 4 & 15]

    def address(self, index: int) -> tuple[str, ...]:
        """Return (street, city, postcode, country, state, phone) as insides of JSON strings."""
        bits = chance.mix(self._seed, index) >> 8
        city, state, postcode, country = words.PLACES_JSON[bits & 7]
        street = f"{1 + (bits >> 3) % 900} Stra\\u00dfe" if bits & 64 else f"{bits % 900} Main St"
        return (street, city, postcode, country, state, f"+1 555 {index:07}")

    def draw(self, index: int) -> tuple[str, ...]:
        """Return the values of `SLOTS`."""
        bits = chance.mix(self._seed, index) >> 20
        made, changed = self.created.at(index), self.modified.at(index)
        local, text = self._zone.local, dates.to_text
        first, last = self.name_json(index)
        modified = (f'"{text(local(changed))}"', f'"{text(changed)}"')
        email = self.email(index)
        bare = index == 0 or index % 13 == 0
        street, city, postcode, country, state, phone = ("",) * 6 if bare else self.address(index)
        other = f"billing{index}@other.test" if index % 17 == 0 else email
        last_active = f'[{{"id":{index * 7 + 1},"key":"wc_last_active","value":"{changed}"}}]'
        return (
            *(str(self.id_of(index)), text(local(made)), text(made)),
            *(("null", "null") if index == 0 else modified),
            *(email, first, last, self.role(index)),
            *("admin" if index == 0 else f"cust{index:05}", *(("", "") if bare else (first, last))),
            *("S\\u00f6hne & Co" if index % 11 == 4 and not bare else "", street, city, postcode),
            *(country, state, "" if bare else other, phone),
            "" if bare else f"{1 + bits % 700} Ship St",
            "true" if bits & 3 else "false",
            f"{chance.mix(self._seed, index):016x}" * 4,
            last_active if bits & 4 else "[]",
        )
