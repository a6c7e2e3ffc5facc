"""Customers: accounts by e-mail, names that come back cleaned, addresses that are merged."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from woosim import errors, shop
from woosim.commerce import blank, meta, texts

Record = dict[str, Any]
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>.]+(\.[^@\s<>.]+)+$")


def update(chosen: shop.Shop, user_id: int, values: Mapping[str, Any]) -> Record:
    """Save what was sent on a customer, and tell it.

    Raises:
        RestError: 404 for an unknown user, 400 for an e-mail that is not to be had.
    """
    record = chosen.edit("customer", user_id)
    if record is None:
        raise unknown()
    email = values.get("email")
    if email is not None:
        holders = [holder for holder in chosen.find_email(str(email)) if holder != user_id]
        if holders or not is_email(email):
            code = "woocommerce_rest_customer_invalid_email"
            raise errors.RestError(400, code, "Email address is invalid.")
        record["email"] = email
    if values.get("username") not in (None, record["username"]):
        code = "woocommerce_rest_customer_invalid_argument"
        raise errors.RestError(400, code, "Username isn't editable.")
    _fill(chosen, record, values)
    chosen.save("customer", record)
    chosen.emit("updated", "customer", user_id)
    return record


def check_new(chosen: shop.Shop, values: Mapping[str, Any]) -> None:
    """Refuse a new account whose e-mail or username cannot be.

    Raises:
        RestError: 400 with the registration's own codes.
    """
    email = texts.to_text(values.get("email"))
    if not is_email(email):
        raise errors.RestError(400, "customer_invalid_email", "Invalid email address")
    if chosen.find_email(email):
        raise errors.RestError(
            400,
            "registration-error-email-exists",
            f"An account is already registered with {email}. Please log in or use a different"
            " email address.",
        )
    if values.get("username") and username_taken(chosen, str(values["username"])):
        raise errors.RestError(
            400,
            "registration-error-username-exists",
            "An account is already registered with that username. Please choose another.",
        )


def pick_username(chosen: shop.Shop, values: Mapping[str, Any]) -> str:
    """Return the username asked for, or a free one made of the e-mail address."""
    wanted = values.get("username")
    if wanted:
        return str(wanted)
    stem = re.sub(r"[^a-z0-9._-]", "", str(values["email"]).split("@")[0].lower()) or "user"
    name, number = stem, 1
    while username_taken(chosen, name):
        number += 1
        name = f"{stem}-{number}"
    return name


def username_taken(chosen: shop.Shop, username: str) -> bool:
    """Tell whether a user has this name already."""
    lowered = username.lower()
    catalog = chosen.catalogs["customer"]
    if any(record["username"].lower() == lowered for record in catalog.touched.values()):
        return True
    match = re.fullmatch(r"cust(\d{5,})", lowered)
    base_id = int(match[1]) + 1 if match else 1 if lowered == "admin" else 0
    record = chosen.read("customer", base_id) if base_id else None
    return record is not None and record["username"] == lowered


def insert(
    chosen: shop.Shop, values: Mapping[str, Any], username: str, *, role: str = "customer"
) -> Record:
    """Save a new account under a username, and tell it.

    Raises:
        RestError: 400 existing_user_login, when another request took the name meanwhile.
    """
    if username_taken(chosen, username):
        message = "Sorry, that username already exists!"
        raise errors.RestError(400, "existing_user_login", message)
    record = blank.make(chosen, "customer")
    record |= {"email": values["email"], "username": username, "role": role}
    _fill(chosen, record, values)
    if not values.get("password"):  # WordPress made one up and will nag
        nag = {"id": meta.new_id(chosen), "key": "default_password_nag", "value": "1"}
        record["meta_data"] = [*record["meta_data"], nag]
    digest = hashlib.sha256(str(values["email"]).lower().encode()).hexdigest()
    record["avatar_url"] = f"https://secure.gravatar.com/avatar/{digest}?s=96&d=mm&r=g"
    record = chosen.create("customer", record)
    chosen.emit("created", "customer", record["id"])
    if role == "customer":
        chosen.emit("updated", "customer", record["id"])
    return record


def delete(chosen: shop.Shop, user_id: int) -> None:
    """Remove a user; their orders become guests' orders. Only customers' removal is told.

    Raises:
        RestError: 404 for an unknown user.
    """
    record = chosen.read("customer", user_id)
    if record is None:
        raise unknown()
    chosen.remove("customer", user_id)
    _free_orders(chosen, user_id)
    if record["role"] == "customer":
        chosen.emit("deleted", "customer", user_id)


def _free_orders(chosen: shop.Shop, user_id: int) -> None:
    """Take a user off their orders by plain SQL: no webhook; HPOS moves the modified time."""
    base, catalog = chosen.base.orders, chosen.catalogs["order"]
    ids = [i for i, order in catalog.touched.items() if order["customer_id"] == user_id]
    ids += [
        base.id_of(index)
        for index in range(base.size)
        if base.facts.customer(index) + 1 == user_id
        and catalog.untouched_index(base.id_of(index)) is not None
    ]
    for order_id in ids:
        order = chosen.edit("order", order_id)
        if order is not None and order["customer_id"] == user_id:
            chosen.save("order", order | {"customer_id": 0}, bump=chosen.options.hpos)


def mark_paying(chosen: shop.Shop, user_id: int) -> None:
    """Note that a customer has paid for an order."""
    record = chosen.edit("customer", user_id)
    if record is not None:
        record["is_paying_customer"] = True
        chosen.save("customer", record)
        chosen.emit("updated", "customer", user_id)


def unknown() -> errors.RestError:
    """Return the 404 for a user that is not there."""
    return errors.RestError(404, "wc_user_invalid_id", "Invalid user ID.")


def is_email(value: Any) -> bool:
    """Tell whether WordPress takes a text for an e-mail address."""
    return isinstance(value, str) and bool(_EMAIL.fullmatch(value))


def merge_address(address: Record, sent: Any) -> Record:
    """Return an address with the sent parts replaced; texts stay as they are, also untrimmed."""
    if not isinstance(sent, Mapping):
        return address
    return address | {key: texts.to_text(sent[key]) for key in address if key in sent}


def _fill(chosen: shop.Shop, record: Record, values: Mapping[str, Any]) -> None:
    if values.get("first_name") is not None:
        record["first_name"] = texts.person_text(values["first_name"])
    if values.get("last_name") is not None:
        record["last_name"] = texts.person_text(values["last_name"])
    for name in ("billing", "shipping"):
        record[name] = merge_address(record[name], values.get(name))
    if isinstance(values.get("meta_data"), list):
        public = [
            item
            for item in values["meta_data"]
            if isinstance(item, dict) and not str(item.get("key", "")).startswith("_")
        ]
        record["meta_data"] = meta.apply(chosen, record["meta_data"], public)
