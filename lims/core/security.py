"""Who may call what, and the headers every answer carries. What carries no mark is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import BadRequest

from lims.core.actor import Actor
from lims.core.errors import Forbidden, NotFound

View = TypeVar("View", bound=Callable[..., Any])
_MARK: Final = "lims_access"
PUBLIC: Final = "public"
SIGNED_IN: Final = "signed_in"
_ALWAYS_PUBLIC: Final = frozenset({"static", "bootstrap.static"})
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # Bootstrap's style sheet draws its marks from data: addresses
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
csrf = CSRFProtect()


def requires(*permissions: str) -> Callable[[View], View]:
    """Mark a view: only for people who hold (any of) the permissions. Stands directly above the function."""
    if not permissions:
        raise ValueError("name at least one permission, or use signed_in")

    def mark(view: View) -> View:
        setattr(view, _MARK, frozenset(str(permission) for permission in permissions))
        return view

    return mark


def signed_in(view: View) -> View:
    """Mark a view: for everybody who has signed in (their own account, the first page)."""
    setattr(view, _MARK, SIGNED_IN)
    return view


def public(view: View) -> View:
    """Mark a view: for everybody, without signing in."""
    setattr(view, _MARK, PUBLIC)
    return view


def access_of(app: Flask, endpoint: str) -> frozenset[str] | str | None:
    """Return the mark of an endpoint: permissions, "signed_in", "public", or None where it was forgotten."""
    if endpoint in _ALWAYS_PUBLIC:
        return PUBLIC
    mark: frozenset[str] | str | None = getattr(app.view_functions[endpoint], _MARK, None)
    return mark


def may_open(app: Flask, endpoint: str, actor: Actor | None) -> bool:
    """Return whether an endpoint exists and the actor may call it (for links that would else lead nowhere)."""
    if endpoint not in app.view_functions:
        return False
    mark = access_of(app, endpoint)
    if mark == PUBLIC:
        return True
    if actor is None or mark is None:
        return False
    return mark == SIGNED_IN or bool(actor.permissions & frozenset(mark))


def init_security(app: Flask) -> None:
    """Install the default-deny guard, CSRF protection and headers.

    The guard comes first: whose session has ended is sent to sign in, and then finds the form again as typed.
    """
    app.before_request(_refuse_nul)
    app.before_request(_check_access)
    csrf.init_app(app)
    app.after_request(_set_headers)


def _refuse_nul() -> None:
    """Refuse the character NUL, which no keyboard types and PostgreSQL does not store: no record has such a name."""
    if "\0" in request.path:
        raise NotFound
    for values in (request.args, request.form):
        if any("\0" in text for name, texts in values.lists() for text in (name, *texts)):
            raise BadRequest


def _check_access() -> ResponseReturnValue | None:
    """Let in who may call the endpoint; before any record is looked for, so that each is refused in the same words.

    People of the laboratory are told that their role does not include it. To everybody else a page of the laboratory
    reads like an address that leads nowhere.
    """
    endpoint = request.endpoint
    if endpoint is None:
        return None
    mark = access_of(current_app, endpoint)
    if mark == PUBLIC:
        return None
    if not current_user.is_authenticated:
        return to_sign_in()
    if mark is None:
        current_app.logger.error("endpoint %s carries no access mark", endpoint)
        raise Forbidden
    actor: Actor = current_user.actor
    if mark != SIGNED_IN and not actor.permissions & frozenset(mark):
        raise NotFound if actor.laboratory_id is None else Forbidden
    return None


def to_sign_in() -> ResponseReturnValue:
    """Send a stranger to the sign-in page, which leads back here."""
    if request.headers.get("X-Requested-With") == "fetch":
        return Response(status=401)
    here = request.full_path.rstrip("?") if request.method == "GET" else _page_before()
    return redirect(url_for("account.sign_in", next=here, ended=g.get("session_ended") or None), 303)


def _page_before() -> str | None:
    """Return the page of this application that a form was sent from, to come back to it."""
    referrer = request.referrer or ""
    return "/" + referrer.removeprefix(request.host_url) if referrer.startswith(request.host_url) else None


def _set_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint not in _ALWAYS_PUBLIC:
        response.headers.setdefault("Cache-Control", "no-store")
    return response
