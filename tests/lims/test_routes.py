"""One table of every address and every role: who is let in, who is sent to sign in, who is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter, IntegerConverter, Rule

from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.security import PUBLIC, SIGNED_IN, access_of
from lims.people.access import LABORATORY_ROLES, PERMISSIONS
from lims.people.facts import Role
from tests.factories.people import make_laboratory
from tests.lims.web_client import make_app, make_client, sign_in

_OPEN_TO_ALL = {
    "account.language",
    "account.sign_in",
    "account.start",
    "bootstrap.static",
    "certificates.check",
    "certificates.verify",
    "home.health",
    "portal.check",
    "portal.verify",
    "standards.calendar_feed",
    "static",
}
"""Endpoints that may be public; a new one is added here on purpose or not at all."""


@pytest.fixture
def app(sqlite_database: Database, clock: FixedClock) -> Flask:
    """The application with one person in each role."""
    with sqlite_database.transaction() as session:
        make_laboratory(session)
    return make_app(sqlite_database, clock)


@pytest.fixture
def clients(app: Flask) -> dict[Role, FlaskClient]:
    """A signed-in browser for each role."""
    clients = {}
    for role in Role:
        clients[role] = make_client(app)
        assert sign_in(clients[role], role.value).status_code == 303
    return clients


def _rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Yield every rule with an address in which each key is one that does not exist."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        values = {name: _value(rule, name) for name in rule.arguments}
        yield rule, adapter.build(rule.endpoint, values, append_unknown=False)


def _value(rule: Rule, name: str) -> object:
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return 999_999_999 if isinstance(converter, IntegerConverter) else "nowhere"


def test_every_endpoint_says_who_may_call_it(app: Flask) -> None:
    """A view without a mark is refused to everybody; here it is found before anybody meets it."""
    unmarked = [endpoint for endpoint in app.view_functions if access_of(app, endpoint) is None]
    assert unmarked == []


def test_only_the_named_endpoints_are_public(app: Flask) -> None:
    """What strangers may open is a short list."""
    public = {endpoint for endpoint in app.view_functions if access_of(app, endpoint) == PUBLIC}
    assert public <= _OPEN_TO_ALL, public - _OPEN_TO_ALL


def test_strangers_are_sent_to_sign_in(app: Flask) -> None:
    """Every page and action but the public ones answers a stranger with the way to the sign-in page, and no more."""
    client = make_client(app)
    app.config["WTF_CSRF_ENABLED"] = False
    for rule, address in _rules(app):
        if access_of(app, rule.endpoint) == PUBLIC:
            continue
        for method in (rule.methods or set()) & {"GET", "POST"}:
            answer = client.open(address, method=method)
            assert answer.status_code == 303, (method, address, answer.status_code)
            assert answer.headers["Location"].startswith("/sign-in"), (method, address)


def test_every_role_meets_exactly_what_it_holds(app: Flask, clients: dict[Role, FlaskClient]) -> None:
    """With a right one gets past the door (to a page, a missing record or a refused form), without it never.

    People of the laboratory are told so; to others it is as if the address led nowhere.
    """
    app.config["WTF_CSRF_ENABLED"] = False
    for rule, address in _rules(app):
        mark = access_of(app, rule.endpoint)
        if mark in (PUBLIC, SIGNED_IN) or mark is None:
            continue
        for role, client in clients.items():
            allowed = bool(frozenset(PERMISSIONS[role]) & frozenset(mark))
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                status = client.open(address, method=method).status_code
                case = (role.value, method, address, status)
                if allowed:
                    assert status in {200, 302, 303, 404, 409, 422, 429}, case
                else:
                    assert status == (403 if role in LABORATORY_ROLES else 404), case


def test_nothing_of_the_laboratory_is_open_to_a_customer(app: Flask, clients: dict[Role, FlaskClient]) -> None:
    """A customer opens the portal and their own account; a page of the laboratory reads like one that leads nowhere,
    whether the record exists or not."""
    customer = clients[Role.CUSTOMER]
    customer.get("/")  # the first page after signing in renews the cookie
    plain = re.compile(r'(value|nonce|content|href)="[^"]*"')
    nowhere = plain.sub("", customer.get("/nowhere").text)
    for address in ("/organisations", "/organisations/1", "/organisations/999999", "/persons", "/persons/1"):
        answer = customer.get(address)
        assert answer.status_code == 404
        assert plain.sub("", answer.text) == nowhere, address


def test_every_form_needs_its_token(app: Flask, clients: dict[Role, FlaskClient]) -> None:
    """Each POST without the token of a form is refused, whoever sends it."""
    for rule, address in _rules(app):
        if "POST" not in (rule.methods or set()):
            continue
        answer = clients[Role.ADMINISTRATOR].post(address)
        assert answer.status_code in {400, 403}, (address, answer.status_code)
        assert make_client(app).post(address).status_code in {303, 400}, address


def test_every_answer_carries_the_policy(app: Flask, clients: dict[Role, FlaskClient]) -> None:
    """Pages, files and errors alike: no script or style from inside a page or from elsewhere."""
    for rule, address in _rules(app):
        if "GET" not in (rule.methods or set()):
            continue
        answer = clients[Role.TECHNICAL_MANAGER].get(address)
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy, address
        assert policy.startswith("default-src 'none'"), address
        assert answer.headers["X-Content-Type-Options"] == "nosniff", address
        if answer.mimetype == "text/html":
            assert answer.status_code != 200 or " style=" not in answer.text, address
