"""How often a password may be tried: pure rules on the times of failed attempts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from lims.core.errors import LimsError

WINDOW: Final = timedelta(minutes=15)
PER_NAME: Final = 5
PER_ADDRESS: Final = 20


class TooManyAttempts(LimsError):
    """Signing in failed too often; `minutes` is how long to wait."""

    status = 429


def wait_until(failures: Sequence[datetime], limit: int, now: datetime) -> datetime | None:
    """Return when the next attempt is allowed, or None if it is allowed now.

    `failures` are in any order; those older than the window no longer count.
    """
    recent = sorted(at for at in failures if now - at < WINDOW)
    return None if len(recent) < limit else recent[-limit] + WINDOW


def check_attempts(by_name: Sequence[datetime], by_address: Sequence[datetime], now: datetime) -> None:
    """Return if another attempt is allowed. Raises TooManyAttempts with the minutes to wait, at least one."""
    waits = [wait_until(by_name, PER_NAME, now), wait_until(by_address, PER_ADDRESS, now)]
    until = max((wait for wait in waits if wait is not None), default=None)
    if until is not None:
        minutes = max(1, -(-int((until - now).total_seconds()) // 60))
        raise TooManyAttempts("sign_in.too_many", minutes=minutes)
