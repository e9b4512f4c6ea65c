"""Who has signed in: a signed cookie names the person and their session stamp; it ends when idle, and in any case.

A changed password or a switched-off account gets a new stamp, which ends every session of that person at once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import Flask, Response, g, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from lims.core.account import Account
from lims.core.runtime import runtime

IDLE_END: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)
_SEEN: Final = "seen"
_STARTED: Final = "started"
_LANGUAGE: Final = "language"
_TOUCH_EVERY: Final = timedelta(minutes=1)
BACKGROUND_HEADER: Final = "X-Background"
"""Requests that a page makes by itself carry this header: they do not keep a session alive."""


class SignedInPerson(UserMixin):
    """What flask-login keeps of the person of this request."""

    def __init__(self, account: Account) -> None:
        self.actor = account.actor
        self.id = f"{account.actor.person_id}:{account.stamp}"


def init_sessions(app: Flask) -> None:
    """Install flask-login and the end of idle sessions."""
    manager = LoginManager()
    manager.session_protection = None  # addresses change on a mobile network; the stamp and the idle end protect
    manager.user_loader(_load)
    manager.init_app(app)
    app.before_request(_end_idle_session)
    app.after_request(_touch)


def start_session(account: Account, *, at: datetime) -> None:
    """Begin a session for a person whose password was right; whatever the cookie held before is dropped."""
    session.clear()
    session[_STARTED] = session[_SEEN] = int(at.timestamp())
    login_user(SignedInPerson(account))


def end_session() -> None:
    """End the session of this browser; the language it chose stays."""
    language = session.get(_LANGUAGE)
    logout_user()
    session.clear()
    if language is not None:
        session[_LANGUAGE] = language


def choose_language(language: str) -> None:
    """Show pages in a language from now on in this browser."""
    session[_LANGUAGE] = language


def chosen_language() -> str | None:
    """Return the language chosen in this browser, if any."""
    chosen: str | None = session.get(_LANGUAGE)
    return chosen


def _load(identity: str) -> SignedInPerson | None:
    person_id, _, stamp = identity.partition(":")
    if not person_id.isdigit():
        return None
    context = runtime()
    with context.database.reading() as database_session:
        account = context.load_account(database_session, int(person_id), context.today())
    if account is None or account.stamp != stamp:
        return None
    return SignedInPerson(account)


def _end_idle_session() -> None:
    if "_user_id" not in session:
        return
    now = runtime().clock.now()
    seen, started = _instant(_SEEN), _instant(_STARTED)
    if seen is None or started is None or now - seen > IDLE_END or now - started > LONGEST:
        end_session()
        g.session_ended = "idle"


def _touch(response: Response) -> Response:
    if "_user_id" in session and current_user.is_authenticated and BACKGROUND_HEADER not in request.headers:
        now, seen = runtime().clock.now(), _instant(_SEEN)
        if seen is None or now - seen > _TOUCH_EVERY:
            session[_SEEN] = int(now.timestamp())
    return response


def _instant(key: str) -> datetime | None:
    value: Any = session.get(key)
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int) else None
