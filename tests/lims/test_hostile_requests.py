"""What no browser sends: keys beyond every number, the character NUL, five thousand letters. No answer is a failure."""

from __future__ import annotations

from typing import Final

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter, IntegerConverter, Rule

from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.people.facts import Role
from tests.factories.people import make_laboratory
from tests.lims.web_client import make_app, make_client, sign_in

_HUGE: Final = 10**30
_WORDS: Final = ("no\0where", "x" * 5000, "100%_'\"<>\\")
_FIELDS: Final = (
    "q", "next", "language", "reason", "reason_vi", "comment", "sign_in_name", "password", "row_version", "slot",
    "evaluation_digest", "name_vi", "text_vi", "standard_id", "organisation_id", "customer_id", "code", "state",
)  # fmt: skip


@pytest.fixture
def app(database: Database, clock: FixedClock) -> Flask:
    with database.transaction() as session:
        make_laboratory(session)
    return make_app(database, clock)


@pytest.mark.parametrize("role", [Role.TECHNICAL_MANAGER, Role.SIGNATORY, Role.CUSTOMER])
def test_nothing_sent_makes_the_server_fail(app: Flask, role: Role) -> None:
    client = make_client(app)
    assert sign_in(client, role.value).status_code == 303
    app.config["WTF_CSRF_ENABLED"] = False
    for rule in app.url_map.iter_rules():
        for word in _WORDS:
            _send(app, client, rule, word)


def _send(app: Flask, client: FlaskClient, rule: Rule, word: str) -> None:
    values = {name: _value(rule, name, word) for name in rule.arguments}
    address = app.url_map.bind("localhost").build(rule.endpoint, values, append_unknown=False)
    fields = dict.fromkeys(_FIELDS, word)
    methods = rule.methods or set()
    if "GET" in methods:
        answer = client.get(address, query_string={**fields, "run": str(_HUGE), "page": "9" * 8})
        assert answer.status_code < 500, (address, word)
    if "POST" in methods:
        assert client.post(address, data=fields).status_code < 500, (address, word)


def _value(rule: Rule, name: str, word: str) -> object:
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return _HUGE if isinstance(converter, IntegerConverter) else word


def test_the_check_page_answers_nul_like_any_unknown_number(app: Flask) -> None:
    """The public page does not tell that something is odd about what was asked."""
    client = make_client(app)
    assert client.get("/verify/HC-1%00/abc").status_code == 404
    assert client.get("/verify/HC-1/abc%00").status_code == 404
