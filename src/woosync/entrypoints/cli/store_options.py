"""What is given of a store on the command line, checked before anything is saved."""

import contextlib
from collections.abc import Mapping
from typing import Any

from woosync import bootstrap, errors, settings
from woosync.domain import conflict_policy, ids
from woosync.flows.pull import prepare
from woosync.settings import values
from woosync.woo import address, trust
from woosync.woo import errors as store_errors

READERS = (values.consumer_key, values.consumer_secret, values.secret)
VARIABLES = {
    "url": "WOOCOMMERCE_SITE_URL",
    "ca_file": "WOOCOMMERCE_CA_FILE",
    "consumer_key": "WOOCOMMERCE_CONSUMER_KEY",
    "consumer_secret": "WOOCOMMERCE_CONSUMER_SECRET",
    "webhook_secret": "WOOCOMMERCE_WEBHOOK_SECRET",
}
OPTIONS = ("--key", "--secret", "--webhook-secret")


class BadAnswerError(errors.RefusedError):
    """An option does not make sense."""


def credentials(*given: str | None) -> dict[str, str]:
    """Return key, secret and webhook secret by column, without those that were not given.

    An empty webhook secret takes the store's away. Raises BadAnswerError, which quotes none.
    """
    key, secret, _ = given
    if (key is None) != (secret is None):
        raise BadAnswerError("--key and --secret belong together.", remedy="Give both, or neither.")
    if key is not None and secret is not None:
        _check_pair(key, secret)
    for option, read, value in zip(OPTIONS, READERS, given, strict=True):
        try:
            if value:
                read(value)
        except values.WrongValueError as wrong:
            raise BadAnswerError(f"{option} {wrong.what}.", remedy=wrong.remedy) from (
                None  # the cause would quote the value
            )
    named = zip(bootstrap.CREDENTIALS, given, strict=True)
    return {column: value for column, value in named if value is not None}


def _check_pair(key: str, secret: str) -> None:
    for option, value in (("--key", key), ("--secret", secret)):
        if not value.strip():
            raise BadAnswerError(f"{option} is empty.", remedy=values.KEY_REMEDY)
    if values.are_swapped(key, secret):
        raise BadAnswerError("--key and --secret are swapped.", remedy=values.SWAPPED_REMEDY)


def authority(ca_file: str | None) -> str | None:
    """Return the path of a file of authorities in full; "" (none any more) stays as it is.

    Raises CaFileUnreadable.
    """
    if not ca_file:
        return ca_file
    try:
        path = values.path(ca_file).absolute()
    except values.WrongValueError as wrong:
        raise BadAnswerError(f"--ca-file {wrong.what}.", remedy=wrong.remedy) from None
    trust.read(path)
    return str(path)


def overruled(loaded: settings.Settings, key: str, given: Mapping[str, object]) -> list[str]:
    """Say in a sentence what the settings say otherwise of the store that follows them."""
    if key != bootstrap.DEFAULT_STORE or not loaded.site_url:
        return []
    private = loaded.allow_private_stores
    theirs = {"url": loaded.site_url}
    with contextlib.suppress(store_errors.StoreNotAllowed):  # the next command says so
        theirs["url"] = address.normalise(loaded.site_url, allow_private=private)
    theirs["ca_file"] = str(loaded.ca_file or "")
    # Credentials that the settings leave empty say nothing.
    theirs |= {one: held for one in bootstrap.CREDENTIALS if (held := getattr(loaded, one))}
    names = [VARIABLES[one] for one in theirs if one in given and given[one] != theirs[one]]
    if not names:
        return []
    said = f"The settings say otherwise in {', '.join(names)}, and the next command follows them"
    return [f"{said}: change .env.local (or the environment) too."]


def policies(known: Mapping[str, Any], given: list[str] | None) -> dict[str, Any]:
    """Return the settings with the given policies; raises BadPolicyError."""
    new = _distinct(given or [])
    changed = dict(known.get("policies") or {})
    for name, value in new.items():
        if name == "default":
            changed["default"] = value
        else:
            kind = "fields" if "." in name else "entities"
            changed[kind] = dict(changed.get(kind) or {}) | {name: value}
    whole = dict(known) | ({"policies": changed} if changed else {})
    prepare.rules_of(whole)
    # Those that were set before are the owner's; they may be of another version.
    prepare.check_policies({"policies": {"fields": {k: v for k, v in new.items() if "." in k}}})
    return whole


def _distinct(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in given:
        name, value = _policy(one)
        if found.setdefault(name, value) != value:
            raise prepare.BadPolicyError(
                f"--policy {errors.shortened(name)} is given twice: {found[name]} and {value}.",
                remedy="Give it once.",
            )
    return found


def _policy(given: str) -> tuple[str, str]:
    """Read NAME=POLICY; raises BadPolicyError, which says what may stand there."""
    name, _, value = given.partition("=")
    known = [policy.value for policy in conflict_policy.Policy]
    entities = [entity.value for entity in ids.Entity]
    shown = errors.shortened(given)
    if value not in known:
        raise prepare.BadPolicyError(
            f"--policy {shown} cannot be used: policies are {', '.join(known)}.",
            remedy="Write it as default=newest, product=local or product.name=manual.",
        )
    if name != "default" and name.partition(".")[0] not in entities:
        raise prepare.BadPolicyError(
            f"--policy {shown} cannot be used: {errors.shortened(name) or 'an empty name'} is no "
            "kind of record.",
            remedy=f"Before the = stands default, or one of {', '.join(entities)}, alone or with "
            "a field as in product.name.",
        )
    return name, value
