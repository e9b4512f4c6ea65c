"""Passwords: hashed with argon2id, re-hashed when the parameters grow, never kept or shown."""

from __future__ import annotations

from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lims.core.errors import InvalidInput
from lims.core.text import fold

SHORTEST: Final = 10
LONGEST: Final = 200
_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""19 MiB, 2 passes, 1 lane: about 20 ms on the small machines this runs on."""


def hash_password(password: str) -> str:
    """Return the hash to store."""
    return _hasher.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Return whether a password is right; as slow for a name that does not exist, so that time tells nothing."""
    try:
        right = _hasher.verify(stored or _of_nobody(), password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return right and stored is not None


def needs_rehash(stored: str) -> bool:
    """Return whether a stored hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def check_new_password(field: str, password: str, sign_in_name: str | None) -> None:
    """Return if a password may be set. Raises InvalidInput if it is too short or long, or holds the sign-in name."""
    if len(password) < SHORTEST:
        raise InvalidInput.of(field, "password.too_short", shortest=SHORTEST)
    if len(password) > LONGEST:
        raise InvalidInput.of(field, "password.too_long", longest=LONGEST)
    if len(set(password)) < 4 or (sign_in_name and fold(sign_in_name) in fold(password)):
        raise InvalidInput.of(field, "password.too_easy")


@cache
def _of_nobody() -> str:
    return _hasher.hash("nobody signs in with this")
