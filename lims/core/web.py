"""What views are written with: transactions, time, the person of the request, access marks, forms.

The parts live in `runtime`, `security`, `sessions`, `forms`, `pages` and `messages`; views import from here.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta

from flask import Blueprint, Flask, request
from flask.blueprints import BlueprintSetupState
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.errors import Forbidden
from lims.core.forms import FormState
from lims.core.lists import ListRequest, parse_list
from lims.core.pages import init_pages, signed_in_actor
from lims.core.runtime import MOST_FOUND, Figure, Finder, Found, Hits, Panel, Place, Runtime, attach, runtime
from lims.core.security import csrf, init_security, public, requires, signed_in
from lims.core.sessions import IDLE_END, LONGEST, init_sessions

__all__ = [
    "IDLE_END",
    "LONGEST",
    "MOST_FOUND",
    "Figure",
    "Finder",
    "FormState",
    "Found",
    "Hits",
    "Panel",
    "Place",
    "Runtime",
    "add_finder",
    "add_panel",
    "add_place",
    "allow_upload",
    "csrf",
    "current_actor",
    "init_web",
    "list_request",
    "now",
    "public",
    "reading",
    "requires",
    "runtime",
    "search_words",
    "signed_in",
    "timezone",
    "today",
    "transaction",
]
MAX_REQUEST = 16 * 1024 * 1024


def init_web(app: Flask, context: Runtime, *, secure_cookies: bool) -> None:
    """Make an application out of a Flask object: cookies, sessions, access, pages. Blueprints come after."""
    attach(app, context)
    app.config.update(
        LIMS_TIMEZONE=context.timezone,
        BABEL_DEFAULT_LOCALE="en",
        BABEL_DEFAULT_TIMEZONE=context.timezone,
        SESSION_COOKIE_NAME="lims_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        MAX_CONTENT_LENGTH=MAX_REQUEST,
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the session, which ends when idle
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=365),
    )
    init_sessions(app)
    app.before_request(_allow_upload)  # before the forms are read, which the check of their token does first
    init_security(app)
    init_pages(app)


def transaction() -> AbstractContextManager[Session]:
    """Open the one writing transaction of a POST; see `Database.transaction`."""
    return runtime().database.transaction()


def reading() -> AbstractContextManager[Session]:
    """Open a session that only reads; see `Database.reading`."""
    return runtime().database.reading()


def now() -> datetime:
    """Return the current time in UTC, by the application's clock."""
    return runtime().now()


def today() -> date:
    """Return the date in the laboratory's zone, by the application's clock."""
    return runtime().today()


def timezone() -> str:
    """Return the name of the laboratory's zone."""
    return runtime().timezone


def current_actor() -> Actor:
    """Return the person of this request. Raises Forbidden on a page that is open to everybody."""
    actor = signed_in_actor()
    if actor is None:
        raise Forbidden
    return actor


def list_request() -> ListRequest:
    """Return what this page's address asks of its list."""
    return parse_list(request.args.to_dict(flat=False))


def _allow_upload() -> None:
    """Let through as much as a page for files may take; elsewhere the usual limit holds."""
    largest = runtime().uploads.get(request.endpoint or "")
    if largest is not None:
        request.max_content_length = request.max_form_memory_size = largest


def search_words(name: str = "q") -> str:
    """Return what was typed into a list's search field, shortened to what a search can use."""
    return request.args.get(name, "").strip()[:200]


def add_place(blueprint: Blueprint, place: Place) -> None:
    """Put an entry into the left rail of those who may call its endpoint."""
    _at_registration(blueprint, lambda context: context.places.append(place))


def allow_upload(blueprint: Blueprint, endpoint: str, largest: int) -> None:
    """Let a page take files of up to so many bytes, which is more than forms elsewhere may hold."""
    _at_registration(blueprint, lambda context: context.uploads.update({endpoint: largest}))


def add_panel(blueprint: Blueprint, panel: Panel) -> None:
    """Put a part onto the first page of those who hold its permission."""
    _at_registration(blueprint, lambda context: context.panels.append(panel))


def add_finder(blueprint: Blueprint, finder: Finder) -> None:
    """Let the search field at the top search a package's records."""
    _at_registration(blueprint, lambda context: context.finders.append(finder))


def _at_registration(blueprint: Blueprint, hang: Callable[[Runtime], None]) -> None:
    def register(state: BlueprintSetupState) -> None:
        hang(runtime(state.app))

    blueprint.record(register)
