"""Logging in: tries are counted before a password is looked at; refresh tokens rotate.

A refresh token that comes a second time was stolen or leaked: its whole login ends.
"""

import logging
import math
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus

from woosync import bootstrap
from woosync.entrypoints.api import limits, passwords, problems, signing
from woosync.postgres import access, tokens, users

REFRESH_LIFETIME = timedelta(days=14)

log = logging.getLogger("woosync")


@dataclass(frozen=True, slots=True)
class Pair:
    """What a login gives; neither shows in logs."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    claims: signing.Claims


def counters(name: str, address: str) -> list[access.Counter]:
    """Return what a try counts under: this account from this address, each of them alone.

    An account's own count is generous and its wait short, so that nobody is shut out of an
    account by strangers who try it from elsewhere.
    """
    account = name.lower()
    return [
        access.Counter(f"pair:{account}:{address}", free=6, most=60),
        access.Counter(f"address:{address}", free=31, most=300),
        access.Counter(f"account:{account}", free=101, most=15),
    ]


async def log_in(
    opened: bootstrap.Application,
    signer: signing.Signer,
    name: str,
    password: str,
    *,
    address: str,
) -> Pair:
    """Check a password and begin a login; 401 in the same words whatever is wrong, or 429."""
    now = opened.clock()
    names = counters(name, address)
    async with opened.database.transaction() as tx:
        until = await access.count_try(tx, names, now=now)
    if until is not None:
        raise limits.too_many(math.ceil((until - now).total_seconds()))
    async with opened.database.transaction() as tx:
        try:
            user = await users.load(tx, name)
        except users.UnknownUserError:
            user = None
    good = await passwords.matches(password, user.password_hash if user else "")
    if not good or user is None or not user.is_active:
        raise problems.ProblemError(
            HTTPStatus.UNAUTHORIZED,
            "Name and password do not belong together.",
            kind="login-refused",
            headers={"WWW-Authenticate": 'Bearer realm="woosync"'},
        )
    family = tokens.new_family()
    async with opened.database.transaction() as tx:
        await access.forgive(tx, names)
        refresh = await tokens.save_refresh(
            tx, user.id, family=family, expires_at=now + REFRESH_LIFETIME, now=now
        )
    claims = signing.Claims(user.id, family, user.token_version)
    return Pair(signer.sign(claims, now=now), refresh, claims)


async def refresh(opened: bootstrap.Application, signer: signing.Signer, token: str) -> Pair:
    """Exchange a refresh token for the next pair; raises 401."""
    now = opened.clock()
    async with opened.database.transaction() as tx:
        taken = await tokens.take_refresh(tx, token, now=now)
        if taken is not None and taken.is_spent:
            await tokens.revoke(tx, taken.family, now=now)
        elif taken is not None and not taken.is_over:
            await tokens.save_used(tx, taken.id, now=now)
            following = await tokens.save_refresh(
                tx,
                taken.user_id,
                family=taken.family,
                expires_at=now + REFRESH_LIFETIME,
                now=now,
            )
            claims = signing.Claims(taken.user_id, taken.family, taken.version)
            return Pair(signer.sign(claims, now=now), following, claims)
    if taken is not None and taken.is_spent:
        log.warning(
            "a refresh token came twice; its login was ended", extra={"user": taken.user_id}
        )
    raise problems.ProblemError(
        HTTPStatus.UNAUTHORIZED,
        "This refresh token is not valid.",
        remedy="Log in again.",
        kind="refresh-refused",
    )


async def change_password(opened: bootstrap.Application, name: str, password: str) -> None:
    """Give a user a new password and end all logins made with the old one."""
    hashed = await passwords.made(password)
    async with opened.database.transaction() as tx:
        user = await users.load(tx, name)
        await users.save(tx, user, {"password_hash": hashed})
        await tokens.revoke_logins(tx, user.id, now=opened.clock())
