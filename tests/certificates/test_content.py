"""Content is frozen, canonical and read back strictly; every clause has a field that exists."""

from __future__ import annotations

import dataclasses
import json
import typing

import pytest

from certificates import content as contents
from certificates.content import CLAUSES, CertificateContent
from lims.core.errors import IntegrityFailure
from tests.factories.certificates import make_content, make_long_content, make_row

ITEMS_7_8_2_1 = [f"7.8.2.1 {letter}" for letter in "abcdefghijklmnop"]
ITEMS_7_8_4_1 = [f"7.8.4.1 {letter}" for letter in "abcdef"]


@pytest.mark.parametrize("content", [make_content(), make_long_content()], ids=["short", "long"])
def test_text_reads_back_as_the_same_content(content: CertificateContent) -> None:
    text = contents.to_text(content)
    assert contents.from_text(text) == content
    assert contents.to_text(contents.from_text(text)) == text


def test_canonical_text_has_sorted_keys_and_no_blanks() -> None:
    text = contents.to_text(make_content())
    again = json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert text == again
    assert "Giấy chứng nhận hiệu chuẩn" in text


def test_digest_changes_with_any_digit() -> None:
    content = make_content()
    run = content.runs[0]
    table = dataclasses.replace(run.results[0], rows=(make_row(value="26"),))
    other = dataclasses.replace(content, runs=(dataclasses.replace(run, results=(table,)),))
    assert contents.content_digest(content) != contents.content_digest(other)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.pop("title"),
        lambda data: data.update(extra=1),
        lambda data: data.update(issued_on="21/11/2026"),
        lambda data: data.update(language="fr"),
        lambda data: data["identification"].update(version="1"),
        lambda data: data.update(runs=None),
    ],
    ids=["missing", "unknown", "date", "language", "number as text", "no list"],
)
def test_reading_is_strict(damage: typing.Callable[[dict[str, typing.Any]], object]) -> None:
    data = json.loads(contents.to_text(make_content()))
    damage(data)
    with pytest.raises(IntegrityFailure):
        contents.from_text(json.dumps(data))


def test_text_that_is_no_json_is_refused() -> None:
    with pytest.raises(IntegrityFailure):
        contents.from_text("{")


def test_floats_cannot_enter_a_frozen_document() -> None:
    content = make_content(issued_on=typing.cast(typing.Any, 1.5))
    with pytest.raises(TypeError):
        contents.to_text(content)


def test_every_clause_has_its_field() -> None:
    assert set(CLAUSES) == set(ITEMS_7_8_2_1 + ITEMS_7_8_4_1)
    for path in CLAUSES.values():
        kind: typing.Any = CertificateContent
        for name in path.split("."):
            hints = typing.get_type_hints(kind)
            assert name in hints, path
            kind = hints[name]
            if typing.get_origin(kind) is tuple:
                kind = typing.get_args(kind)[0]


def test_printed_number_has_a_suffix_from_the_second_version_on() -> None:
    assert contents.printed_number("HC-1", 1) == "HC-1"
    assert contents.printed_number("HC-1", 2) == "HC-1.R1"
    assert contents.printed_number("HC-1", 4) == "HC-1.R3"
