"""What every page shares: language, filters and functions of templates, the rail, error pages."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from flask import Flask, current_app, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import Babel, gettext
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from jinja2 import StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from lims.core import formats, messages
from lims.core.actor import Actor
from lims.core.errors import LimsError, NotFound
from lims.core.formulas import formula, symbols
from lims.core.marks import N_
from lims.core.runtime import Place, runtime
from lims.core.security import may_open, to_sign_in
from lims.core.sessions import chosen_language

LANGUAGES: Final = ("vi", "en")
RAIL_PLACES: Final = 7
_MISSING: Final = frozenset({404, 405})
_TITLES: Final = {
    400: N_("The request could not be read"),
    403: N_("Not allowed"),
    404: N_("Not found"),
    409: N_("Not possible now"),
    413: N_("Too large"),
    422: N_("Some fields need attention"),
    429: N_("Please wait"),
    500: N_("Something went wrong"),
}
_WORDS: Final = {
    400: N_("Please go back and try again."),
    413: N_("What was sent is larger than is allowed here (%(limit)s MB)."),
    500: N_("The mistake is ours and has been noted under the number %(number)s. Nothing was half saved."),
}


def init_pages(app: Flask) -> None:
    """Install languages, template filters and functions, and error pages."""
    Babel(app, locale_selector=reader_language)
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.add_template_filter(_label, "label")
    app.add_template_filter(formats.date, "date")
    app.add_template_filter(formats.time, "time")
    app.add_template_filter(formats.clock_time, "clock_time")
    app.add_template_filter(formats.number, "number")
    app.add_template_filter(formats.iso_date, "iso_date")
    app.add_template_filter(formats.accuracy_class, "accuracy_class")
    app.add_template_filter(formula, "formula")
    app.add_template_filter(symbols, "symbols")
    app.add_template_filter(in_language, "in_language")
    app.add_template_global(here, "here")
    app.add_template_global(asset, "asset")
    app.add_template_global(icon, "icon")
    app.add_template_global(can_open, "can_open")
    app.context_processor(_page_context)
    app.register_error_handler(LimsError, _lims_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


@pass_context
def _label(_context: Context, value: object, group: str | None = None) -> str:
    """Return the words of a code. Asking for the context keeps Jinja from working out `"open" | label("state")` once
    for all when it compiles the template, in the language of whoever came first."""
    return messages.label(value, group)


def reader_language() -> str:
    """Return the language of this request: chosen in this browser, else the person's, else the installation's."""
    chosen = chosen_language()
    if chosen is None and current_user and current_user.is_authenticated:
        chosen = current_user.actor.language
    return chosen if chosen in LANGUAGES else runtime().language


def signed_in_actor() -> Actor | None:
    """Return the person of this request, or None if nobody signed in."""
    return current_user.actor if current_user and current_user.is_authenticated else None


def in_language(record: object, name: str) -> str:
    """Return a record's `<name>_vi` or `<name>_en` in the reader's language; English falls back to Vietnamese."""
    vietnamese, english = _part(record, f"{name}_vi"), _part(record, f"{name}_en")
    return english if english and formats.language() == "en" else vietnamese


def _part(record: object, name: str) -> str:
    value = record.get(name) if isinstance(record, Mapping) else getattr(record, name)
    return value or ""


def here(**changes: object) -> str:
    """Return this page's address with some query parameters changed (None removes one); filters live there."""
    parameters: dict[str, Any] = {**request.args.to_dict(flat=False), **(request.view_args or {})}
    parameters.update(changes)
    kept = {name: value for name, value in parameters.items() if value not in (None, "", [], [""])}
    return url_for(request.endpoint or "home.home", **kept)


def asset(name: str) -> str:
    """Return the address of a static file with its digest, so that browsers may keep it for long."""
    return url_for("static", filename=name, v=_digest(str(current_app.static_folder), name))


@cache
def _digest(folder: str, name: str) -> str:
    return hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()[:12]


def icon(name: str, classes: str = "") -> Markup:
    """Return an icon of the sprite; it is decoration, the words stand beside it."""
    return Markup(
        '<svg class="icon {classes}" aria-hidden="true" focusable="false"><use href="{sprite}#{name}"></use></svg>'
    ).format(classes=classes, sprite=asset("icons.svg"), name=name)


def can_open(endpoint: str) -> bool:
    """Return whether the reader may call an endpoint that exists: pages link only where a link leads somewhere."""
    return may_open(current_app, endpoint, signed_in_actor())


def rail() -> list[Place]:
    """Return the reader's own places, at most seven."""
    actor = signed_in_actor()
    open_places = [place for place in runtime().places if may_open(current_app, place.endpoint, actor)]
    held = frozenset[str]() if actor is None else actor.permissions
    open_places.sort(key=lambda place: (place.order > 0 and place.own not in held, place.order))
    return sorted(open_places[:RAIL_PLACES], key=lambda place: place.order)


def _page_context() -> dict[str, Any]:
    return {
        "language": formats.language(),
        "actor": signed_in_actor(),
        "rail": rail,
        "today": runtime().today(),
    }


def _lims_error(error: LimsError) -> ResponseReturnValue:
    if error.status >= 500:
        return _unexpected(error)
    if isinstance(error, NotFound):
        return _page(404, messages.message("record.not_found"))
    return _page(error.status, messages.error_message(error), clause=error.clause)


def _csrf_error(_error: CSRFError) -> ResponseReturnValue:
    if "session_ended" in g:
        return to_sign_in()
    words = gettext(
        "This form has expired or was not sent from these pages. Go back, reload the page and send it again."
    )
    return _page(400, words)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    if status in _MISSING:
        return _page(404, messages.message("record.not_found"))
    if status >= 500:
        return _unexpected(error)
    limit = (request.max_content_length or 0) // 1024 // 1024
    return _page(status, gettext(_WORDS.get(status, _WORDS[400])) % {"limit": limit})


def _unexpected(error: Exception) -> ResponseReturnValue:
    number = secrets.token_hex(4)
    current_app.logger.error("failure %s at %s", number, request.path, exc_info=error)
    return _page(500, gettext(_WORDS[500]) % {"number": number})


def _page(status: int, words: str, clause: str | None = None) -> ResponseReturnValue:
    title = gettext(_TITLES.get(status, _TITLES[400]))
    return render_template("layout/error.html", title=title, words=words, clause=clause, status=status), status
