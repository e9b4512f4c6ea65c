"""Somebody who uses the pages without scripts: opens addresses, fills in the forms that a page shows, sends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse


class Walker:
    """A person at a browser: one session, one page in front of them."""

    def __init__(self, app: Flask, name: str, password: str) -> None:
        self.client: FlaskClient = app.test_client()
        self.path = ""
        self.address = ""
        self.response: TestResponse
        self.open("/sign-in")
        self.send("/sign-in", sign_in_name=name, password=password)
        assert "/sign-in" not in self.path, f"{name} could not sign in"

    def open(self, path: str, *, status: int = 200) -> Walker:
        """Open an address, following redirects."""
        return self._arrive(self.client.get(path, follow_redirects=True), status)

    def send(self, action: str, *, status: int = 200, **values: str) -> Walker:
        """Fill in the form of this page whose action ends so, and send it; fields not named keep what they show."""
        return self.send_fields(action, values, status=status)

    def send_fields(self, action: str, values: Mapping[str, str], *, status: int = 200) -> Walker:
        """Do the same with field names that are no words of Python."""
        form = self.form(action)
        unknown = set(values) - {str(name) for name in form.fields}
        assert not unknown, f"the form {form.action} on {self.path} has no field {unknown}"
        return self.post(form, values, status=status)

    def post(self, form: Any, values: Mapping[str, str] | None = None, *, status: int = 200) -> Walker:
        """Send a form of this page with what it shows, but for these values."""
        return self.send_to(str(form.get("action") or ""), form, values, status=status)

    def send_to(self, action: str, form: Any, values: Mapping[str, str] | None = None, *, status: int = 200) -> Walker:
        """Send a form to an action that one of its buttons names."""
        fields = {str(name): str(value) for name, value in form.form_values()} | dict(values or {})
        target = urljoin(self.address, action or self.address)
        return self._arrive(self.client.post(target, data=fields, follow_redirects=True), status)

    def form_with(self, *names: str) -> Any:
        """Return the form of this page that has all these fields and is sent by POST."""
        for form in self.page.forms:
            if form.method == "POST" and set(names) <= {str(name) for name in form.fields}:
                return form
        raise AssertionError(f"no form with {names} on {self.path}")

    def form(self, action: str) -> Any:
        """Return the form of this page whose action ends so (without its query)."""
        forms = [
            form
            for form in self.page.forms
            if urlsplit(urljoin(self.path, form.action or self.path)).path.endswith(action)
        ]
        if not forms:
            raise AssertionError(f"no form for {action} on {self.path}: {[form.action for form in self.page.forms]}")
        return forms[0]

    def option(self, action: str, field: str, words: str) -> str:
        """Return the value of the offered option that holds these words."""
        for option in self.form(action).inputs[field].iter("option"):
            if words in " ".join(option.text_content().split()):
                return str(option.get("value"))
        raise AssertionError(f"{words!r} is not offered in {field} on {self.path}")

    def offers(self, action: str, field: str) -> list[str]:
        """Return the words of every option of a field."""
        return [" ".join(option.text_content().split()) for option in self.form(action).inputs[field].iter("option")]

    @property
    def page(self) -> Any:
        """Return the page as a tree."""
        return html.document_fromstring(self.response.get_data(as_text=True), base_url=self.address)

    @property
    def text(self) -> str:
        """Return what the page says, blanks joined."""
        return " ".join(self.page.text_content().split())

    def link(self, words: str) -> str:
        """Return the address of the link that says these words."""
        for link in self.page.iter("a"):
            if words in " ".join(link.text_content().split()):
                return urljoin(self.path, str(link.get("href")))
        raise AssertionError(f"no link {words!r} on {self.path}")

    def number(self) -> int:
        """Return the key at the end of this page's address."""
        return int(self.path.rstrip("/").rpartition("/")[2])

    def _arrive(self, response: TestResponse, status: int) -> Walker:
        self.response = response
        self.path = response.request.path
        self.address = response.request.full_path.rstrip("?")
        assert response.status_code == status, f"{self.path}: {response.status}: {self.text[:2000]}"
        return self
