"""Passwords: argon2id, off the event loop, a few at a time; nobody takes as long as somebody."""

import asyncio

import argon2

from woosync import errors

#: RFC 9106's second recommendation: 64 MiB, three passes.
_HASHER = argon2.PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1)
LEAST, MOST = 12, 200
#: What an unknown user's password is checked against, so that it takes as long as anybody's.
_NOBODY = _HASHER.hash("nobody has this password")
_SLOTS = asyncio.Semaphore(2)


class WeakPasswordError(errors.RefusedError):
    """A password that could be guessed."""


def hashed(password: str) -> str:
    """Return what is stored of a password; raises WeakPasswordError."""
    if not LEAST <= len(password) <= MOST or len(set(password)) <= LEAST // 3:
        raise WeakPasswordError(
            f"A password has {LEAST} to {MOST} characters, and not the same few over and over.",
            remedy="Choose a longer one, such as four random words.",
        )
    return _HASHER.hash(password)


async def made(password: str) -> str:
    """Return what is stored of a password, made off the event loop; raises WeakPasswordError."""
    async with _SLOTS:
        return await asyncio.to_thread(hashed, password)


async def matches(password: str, stored: str) -> bool:
    """Tell whether this is the password; an empty `stored` matches nothing, in the same time."""
    async with _SLOTS:
        return await asyncio.to_thread(_matches, password, stored)


def _matches(password: str, stored: str) -> bool:
    try:
        _HASHER.verify(stored or _NOBODY, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
    return bool(stored)
