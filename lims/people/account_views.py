"""Signing in and out, one's own password, the language of the pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lims.core.errors import Forbidden, InvalidInput
from lims.core.fields import Fields
from lims.core.pages import LANGUAGES, signed_in_actor
from lims.core.sessions import choose_language, end_session, start_session
from lims.core.web import FormState, current_actor, now, public, reading, signed_in, today, transaction
from lims.people import forms, queries, services
from lims.people.throttle import TooManyAttempts

bp = Blueprint("account", __name__)


@bp.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form; who has signed in already goes on."""
    if signed_in_actor() is not None:
        return redirect(_onward(request.args.get("next")), 303)
    return _sign_in_page(FormState.of({"next": request.args.get("next", "")}))


@bp.post("/sign-in")
@public
def start() -> ResponseReturnValue:
    """Try name and password; the answer to a wrong one does not tell which of the two was wrong."""
    form = FormState.from_request()
    with form.guard():
        try:
            _try_to_sign_in()
        except TooManyAttempts as error:
            form.refuse(error)
            return _sign_in_page(form)
        return redirect(_onward(request.form.get("next")), 303)
    return _sign_in_page(form)


def _try_to_sign_in() -> None:
    fields = Fields(request.form)
    name, password = fields.text("sign_in_name", maximum=100), fields.raw("password")
    if not password:
        fields.refuse("password", "field.missing")
    fields.finish()
    at = now()
    with reading() as session:
        proof = services.prove_identity(session, name, password, request.remote_addr or "", now=at)
    with transaction() as session:
        person = services.sign_in(session, proof, now=at)
        account = None if person is None else queries.account(session, person.id, today())
    if account is None:
        raise InvalidInput.of("sign_in_name", "sign_in.wrong")
    start_session(account, at=at)


def _sign_in_page(form: FormState) -> ResponseReturnValue:
    return render_template("people/sign_in.html", form=form, ended=request.args.get("ended") == "idle"), form.status


@bp.post("/sign-out")
@signed_in
def sign_out() -> ResponseReturnValue:
    """End the session of this browser."""
    end_session()
    return redirect(url_for("account.sign_in"), 303)


@bp.get("/password")
@signed_in
def password() -> ResponseReturnValue:
    """Show the form of one's own new password."""
    return render_template("people/password.html", form=FormState(), person=None)


@bp.post("/password")
@signed_in
def change_password() -> ResponseReturnValue:
    """Set one's own password; other browsers are signed out, this one goes on."""
    form = FormState.from_request()
    with form.guard():
        actor = current_actor()
        command = forms.parse_set_password(actor.person_id, request.form, own=True)
        with transaction() as session:
            services.set_password(session, actor, command, now=now())
            account = queries.account(session, actor.person_id, today())
        if account is None:
            raise Forbidden
        start_session(account, at=now())
        flash(_("Your password has been changed. Other browsers have been signed out."), "good")
        return redirect(url_for("home.home"), 303)
    return render_template("people/password.html", form=form, person=None), form.status


@bp.post("/language")
@public
def language() -> ResponseReturnValue:
    """Show pages in another language from now on; kept with the person who has signed in."""
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        actor = signed_in_actor()
        if actor is not None and actor.language != chosen:
            with transaction() as session:
                services.set_language(session, actor, chosen, now=now())
        choose_language(chosen)
    return redirect(_onward(request.form.get("next")), 303)


def _onward(target: str | None) -> str:
    """Return a place within this application to go on to; an address that leads outside is not followed."""
    inside = target is not None and target.startswith("/") and not target.startswith(("//", "/\\"))
    if target is None or not inside or "\\" in target or not target.isprintable():
        return url_for("home.home")
    parts = urlsplit(target)  # only now: it fails on an address such as "//["
    if parts.scheme or parts.netloc:
        return url_for("home.home")
    return target if _can_be_opened(parts.path) else _nearest_page(parts.path)


def _can_be_opened(path: str) -> bool:
    """Tell whether an address shows a page; one that only takes a form's answers does not."""
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and adapter.test(path, method="GET")


def _nearest_page(path: str) -> str:
    """Return the page above an address that only takes answers: /runs/2 for /runs/2/readings."""
    while path := path.rpartition("/")[0]:
        if _can_be_opened(path):
            return path
    return url_for("home.home")
