"""Whatever is typed into any free-text field is printed as it stands, and nothing is fetched for it."""

from __future__ import annotations

import dataclasses
import re
import socket
import urllib.request
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from certificates import pdf as pdf_module
from certificates.content import CertificateContent, Language, Opinion, Relation, Text
from certificates.document import QR_ADDRESS, environment, render_html, render_pdf, template_folders
from lims.core.errors import IntegrityFailure
from tests.certificates.papers import text_of
from tests.factories.certificates import make_content, make_rendering, make_row, make_run, make_statements

CODES = {
    "kind", "language", "phase", "section", "unit", "value", "expanded_uncertainty", "coverage_factor",
    "coverage_probability", "degrees_of_freedom", "nominal", "nominal_unit", "limit_unit", "lowest", "highest",
    "quantity", "role", "site_code", "evaluation_digest", "purpose_of_use", "lower_limit", "upper_limit",
    "measurement_error", "decision",
}  # fmt: skip
"""Fields that hold a code or a number and never a person's words."""

SECRET = "geheim-4711-nobody-prints-this"
PAYLOADS = {
    "file": '<img src="file://{secret}">',
    "http": '<img src="http://127.0.0.1:9/x.png">',
    "https": '<iframe src="https://127.0.0.1:9/"></iframe>',
    "ftp": '<object data="ftp://127.0.0.1:9/x"></object>',
    "data": '<img src="data:image/svg+xml,%3Csvg/%3E">',
    "link": '<link rel=stylesheet href="file://{secret}">',
    "style import": '<style>@import url("http://127.0.0.1:9/x.css");</style>',
    "css url": '" style="background:url(file://{secret})',
    "css text": "}} @import 'http://127.0.0.1:9/y.css'; * {{ background: url(http://127.0.0.1:9/z) }}",
    "svg image": '<svg><image href="file://{secret}" xlink:href="http://127.0.0.1:9/i"/></svg>',
    "svg use": '<svg><use href="http://127.0.0.1:9/u#a"/><foreignObject><p>x</p></foreignObject></svg>',
    "script": "<script>alert(1)</script>",
    "attachment link": '<link rel=attachment href="file://{secret}">',
    "attachment": '<a rel=attachment href="file://{secret}">x</a>',
    "base": '<base href="http://127.0.0.1:9/"><meta http-equiv=refresh content="0;url=http://127.0.0.1:9/">',
    "template": "{{{{ 7*7 }}}} {{% for x in [1] %}}x{{% endfor %}} {{# y #}} {{{{ content.__class__ }}}}",
    "entity": '&lt;&amp;&#60;<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>&e;',
    "qr": f'<img src="{QR_ADDRESS}">',
}


def _full_content() -> CertificateContent:
    """Return a content in which every optional text is set."""
    base = make_content()
    words = Text("a", "b")
    row = make_row(remark=words, provider=words)
    run = make_run(
        results=(dataclasses.replace(make_run().results[0], rows=(row,)),),
        deviations=(words,),
        adjustment=words,
        decision_rule=words,
    )
    return dataclasses.replace(
        base,
        addressee=dataclasses.replace(base.customer, name=Text("x", "y")),
        items=(dataclasses.replace(base.items[0], country_made="VN"),),
        runs=(run,),
        statements=make_statements(scope=words, next_calibration=words),
        opinions=(Opinion(words, words, "c"),),
        relation=Relation("replaces", "HC-1", date(2026, 1, 2), words),
    )


def _fields(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _fields(item, f"{path}[{index}]")
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.name not in CODES:
                yield from _fields(getattr(value, field.name), f"{path}.{field.name}")
    elif type(value) is str:
        yield path


def _filled(value: Any, words: dict[str, str], path: str = "") -> Any:
    if isinstance(value, tuple):
        return tuple(_filled(item, words, f"{path}[{index}]") for index, item in enumerate(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {
            field.name: _filled(getattr(value, field.name), words, f"{path}.{field.name}")
            for field in dataclasses.fields(value)
        }
        return dataclasses.replace(value, **changes)
    return words.get(path, value)


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text).casefold()


def _marked(payload: str, content: CertificateContent) -> dict[str, str]:
    return {path: f"F{index:03d}{payload}F" for index, path in enumerate(_fields(content))}


@pytest.fixture(scope="module")
def printed() -> set[str]:
    """The free-text fields that the paper prints, in either language."""
    content = _full_content()
    words = _marked("", content)
    text = _squeezed(text_of(render_pdf(_filled(content, words), make_rendering())))
    return {path for path, mark in words.items() if _squeezed(mark) in text}


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note every attempt to open an address or a connection, and refuse it."""
    attempts: list[str] = []

    def refuse(*arguments: Any, **_named: Any) -> Any:
        attempts.append(repr(arguments))
        raise AssertionError(f"something was fetched: {arguments!r}")

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    return attempts


def test_nearly_every_free_text_is_printed(printed: set[str]) -> None:
    unprinted = set(_fields(_full_content())) - printed
    # Runs and sections are named only where there are several; the addressee is given by name and address alone.
    assert unprinted == {
        ".runs[0].number",
        ".runs[0].results[0].title.vi",
        ".runs[0].results[0].title.en",
        ".addressee.tax_code",
        ".addressee.contact",
    }


@pytest.mark.parametrize("kind", PAYLOADS)
def test_text_is_printed_literally_and_fetches_nothing(
    kind: str, printed: set[str], no_network: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET, encoding="utf-8")
    asked: list[str] = []
    fetch = pdf_module._Refusing.fetch

    def noted(self: Any, url: str, headers: Any = None) -> Any:
        asked.append(url)
        return fetch(self, url, headers)

    monkeypatch.setattr(pdf_module._Refusing, "fetch", noted)
    payload = PAYLOADS[kind].format(secret=secret)
    content = _full_content()
    words = _marked(payload, content)
    paper = render_pdf(_filled(content, words), make_rendering())
    text = _squeezed(text_of(paper))
    missing = [path for path in sorted(printed) if _squeezed(words[path]) not in text]
    assert not missing
    assert SECRET not in text
    assert SECRET.encode() not in paper
    assert set(asked) == {QR_ADDRESS}
    assert not no_network


def test_the_address_of_the_check_page_is_text_as_well() -> None:
    html, _ = render_html(
        make_content(), make_rendering(verification_address='http://x/"><img src="file:///etc/hosts">')
    )
    assert '<img src="file' not in html
    assert html.count("<img") == 1


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="file:///etc/hostname">',
        '<img src="http://127.0.0.1:9/x">',
        '<img src="data:image/png;base64,AAAA">',
        '<link rel="stylesheet" href="file:///etc/hostname">',
        "<style>@import url(http://127.0.0.1:9/a.css);</style>",
        '<p style="background:url(https://127.0.0.1:9/b.png)">x</p>',
        '<svg width="9" height="9"><image href="ftp://127.0.0.1:9/c.png" width="9" height="9"/></svg>',
        '<link rel="attachment" href="file:///etc/hostname">',
    ],
)
def test_markup_that_asks_for_anything_is_not_rendered(markup: str, no_network: list[str]) -> None:
    page = f"<html lang=vi><head><title>x</title></head><body>{markup}</body></html>"
    with pytest.raises(IntegrityFailure, match="fetch_refused"):
        pdf_module.write_pdf(page, "p { color: red }", QR_ADDRESS, b"", identifier=b"0" * 16)
    assert not no_network


def test_a_drawing_uses_nothing_from_outside(no_network: list[str]) -> None:
    drawing = '<svg width="9" height="9"><use href="http://127.0.0.1:9/d.svg#e"/><foreignObject>x</foreignObject></svg>'
    page = f"<html lang=vi><head><title>x</title></head><body><p>still here</p>{drawing}</body></html>"
    paper = pdf_module.write_pdf(page, "p { color: red }", QR_ADDRESS, b"", identifier=b"0" * 16)
    assert "still here" in text_of(paper)
    assert not no_network


def test_a_style_sheet_that_asks_for_anything_is_not_rendered(no_network: list[str]) -> None:
    page = "<html lang=vi><head><title>x</title></head><body><p>x</p></body></html>"
    for style in (
        "@import url(http://127.0.0.1:9/a.css);",
        "@font-face { font-family: x; src: url(file:///etc/hostname) } p { font-family: x }",
        "p { background: url(file:///etc/hostname) }",
    ):
        with pytest.raises(IntegrityFailure, match="fetch_refused"):
            pdf_module.write_pdf(page, style, QR_ADDRESS, b"", identifier=b"0" * 16)


def test_the_environment_of_the_papers_is_strict() -> None:
    from jinja2 import TemplateSyntaxError, UndefinedError
    from jinja2.exceptions import SecurityError

    env = environment(template_folders(1))
    assert not env.globals
    with pytest.raises(UndefinedError):
        env.from_string("{{ unknown }}").render()
    with pytest.raises((SecurityError, UndefinedError)):
        env.from_string("{{ ''.__class__.__mro__[1].__subclasses__() }}").render()
    with pytest.raises(SecurityError):
        env.from_string("{{ rows.append(1) }}").render(rows=[])
    with pytest.raises((UndefinedError, TemplateSyntaxError)):
        env.from_string("{{ url_for('x') }}").render()
    assert env.from_string("{{ words }}").render(words="<b>") == "&lt;b&gt;"
    assert Language("vi-en")
