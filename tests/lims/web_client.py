"""A test client that behaves like a browser: it sends the token of the form it has seen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lims.app import create_app
from lims.config import Settings
from lims.core.clock import Clock
from lims.core.db import Database
from tests.factories.people import PASSWORD


def make_app(
    database: Database, clock: Clock, *, language: str = "vi", base_url: str = "http://localhost:8080"
) -> Flask:
    """Return the application on a database, with a clock that the test moves."""
    url = database.url.render_as_string(hide_password=False)
    settings = Settings(
        data_dir=Path("unused"),
        database_url=url,
        queue_url="",
        secret_key="a key for tests that nobody uses elsewhere",
        base_url=base_url,
        language=language,
    )
    return create_app(settings, clock, database)


def make_client(app: Flask) -> FlaskClient:
    """Return a browser with no cookies."""
    return app.test_client()


def token(client: FlaskClient, page: str = "/sign-in") -> str:
    """Return the token of the forms on a page (following its redirects)."""
    text = client.get(page, follow_redirects=True).text
    found = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert found is not None, f"no form on {page}"
    return found.group(1)


def post(
    client: FlaskClient, url: str, data: Mapping[str, Any] | None = None, *, page: str | None = None
) -> TestResponse:
    """Send a form with its token; `page` is where the form stands, if it cannot be the address it is sent to."""
    return client.post(url, data={**(data or {}), "csrf_token": token(client, page or "/sign-in")})


def sign_in(client: FlaskClient, name: str, password: str = PASSWORD) -> TestResponse:
    """Sign in by the form."""
    return post(client, "/sign-in", {"sign_in_name": name, "password": password})


def set_language(client: FlaskClient, language: str) -> None:
    """Choose the language of the pages."""
    assert post(client, "/language", {"language": language, "next": "/"}).status_code == 303
