"""Fields and forms: every mistake at once, in words, and nothing typed is lost."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import pytest
from flask import Flask

from lims.core import formats, messages
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.errors import FieldError, InvalidInput, NotFound, RuleViolation, StaleRecord
from lims.core.fields import Fields
from lims.core.forms import FormState
from lims.core.sessions import choose_language
from tests.lims.web_client import make_app


class Colour(StrEnum):
    """Something to choose from."""

    RED = "red"


@pytest.fixture
def app(sqlite_database: Database, clock: FixedClock) -> Flask:
    """An application, for its languages."""
    return make_app(sqlite_database, clock)


def test_every_mistake_is_gathered() -> None:
    """A form with several mistakes names them all, each with what was typed."""
    fields = Fields({"day": "31/02/2026", "count": "12,5", "colour": "blue", "mail": "someone", "mass": "12,x"})
    fields.text("name")
    fields.date("day")
    fields.integer("count")
    fields.choice("colour", Colour)
    fields.email("mail")
    fields.decimal("mass")
    with pytest.raises(InvalidInput) as refused:
        fields.finish()
    assert [(item.field, item.code) for item in refused.value.fields] == [
        ("name", "field.missing"),
        ("day", "field.not_a_date"),
        ("count", "field.not_whole"),
        ("colour", "field.not_a_choice"),
        ("mail", "field.not_an_email"),
        ("mass", "number.not_a_number"),
    ]
    assert refused.value.fields[1].values == {"text": "31/02/2026"}


def test_what_is_right_is_read() -> None:
    """Dates in both ways of writing, decimals with comma, text in NFC, a time in the laboratory's zone."""
    fields = Fields(
        {
            "name": "  Nguyễn ",
            "iso": "2026-11-21",
            "local": "21/11/2026",
            "mass": "12,50",
            "colour": "red",
            "at": "21/11/2026 14:05",
            "ticked": "on",
        }
    )
    assert fields.text("name") == "Nguyễn"
    assert fields.date("iso") == fields.date("local") == date(2026, 11, 21)
    assert str(fields.decimal("mass")) == "12.50"
    assert fields.choice("colour", Colour) is Colour.RED
    assert fields.instant("at", "Asia/Ho_Chi_Minh") == datetime(2026, 11, 21, 7, 5, tzinfo=UTC)
    assert fields.flag("ticked")
    assert not fields.flag("other")
    assert fields.optional_date("none") is None
    fields.finish()


@pytest.mark.parametrize(
    ("text", "code"), [("-1", "field.below"), ("11", "field.above"), ("9" * 30, "field.not_whole")]
)
def test_whole_numbers_have_limits(text: str, code: str) -> None:
    """A number outside what the field and the database can hold is refused with the limit."""
    fields = Fields({"count": text})
    fields.integer("count", lower=0, upper=10)
    assert [item.code for item in fields.errors] == [code]


def test_text_that_is_too_long_says_by_how_much() -> None:
    """The words need both numbers."""
    fields = Fields({"name": "x" * 301})
    fields.text("name")
    assert fields.errors == [FieldError("name", "field.too_long", {"maximum": 300, "length": 301})]


def test_a_form_keeps_what_was_typed(app: Flask) -> None:
    """Text, ticks and choices stand again as they were; a password never does."""
    with app.test_request_context(method="POST", data={"name": " a ", "on": "on", "new_password": "secret words"}):
        form = FormState.from_request()
        assert form.text("name") == " a "
        assert form.has("on")
        assert not form.has("off")
        assert form.text("new_password") == ""


def test_present_values_are_shown_as_typed(app: Flask) -> None:
    """A date stands in the field as a person would type it, in either language; a decimal with the reader's mark."""
    with app.test_request_context():
        choose_language("vi")
        form = FormState.of({"day": date(2026, 1, 5), "mass": Decimal("-1234.50"), "none": None, "tick": False})
        assert (form.text("day"), form.text("mass"), form.text("none")) == ("05/01/2026", "-1234,50", "")
        assert not form.has("tick")


@pytest.mark.parametrize(
    ("language", "words"),
    [("vi", "“abc” không phải là số."), ("en", "“abc” is not a number.")],
)
def test_mistakes_stand_at_their_field_in_the_readers_language(app: Flask, language: str, words: str) -> None:
    """A refused field has its words, the summary a line that links to it, the answer its status."""
    with app.test_request_context():
        choose_language(language)
        form = FormState()
        with form.guard():
            raise InvalidInput.of("mass", "number.not_a_number", text="abc")
        assert form.status == 422
        assert form.errors_of("mass")[0].startswith(words)
        assert form.summary[0].field == "mass"
        assert form.errors_of("other") == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuleViolation("site.not_a_laboratory", clause="ISO/IEC 17025:2017, 5.1"), 409),
        (StaleRecord("record.stale_between", seen=1, present=2), 409),
    ],
)
def test_refusals_concern_the_form_as_a_whole(app: Flask, error: RuleViolation | StaleRecord, status: int) -> None:
    """A rule or a stale record is told at the top, with its clause kept."""
    with app.test_request_context():
        form = FormState()
        with form.guard():
            raise error
        assert (form.status, form.problem, form.summary[0].field) == (status, error, None)
        assert "%(" not in form.summary[0].text


def test_a_missing_record_goes_on_to_the_error_page(app: Flask) -> None:
    """Not found is no mistake of the form."""
    with app.test_request_context(), pytest.raises(NotFound), FormState().guard():
        raise NotFound


@pytest.mark.parametrize(
    ("language", "day", "time", "number"),
    [("vi", "21/11/2026", "21/11/2026 06:30", "−1234,50"), ("en", "21 Nov 2026", "21 Nov 2026 06:30", "−1234.50")],
)
def test_dates_times_and_numbers_follow_the_reader(app: Flask, language: str, day: str, time: str, number: str) -> None:
    """The same instant is shown in the laboratory's zone, the same number with the language's mark and a real minus."""
    at = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    with app.test_request_context():
        choose_language(language)
        assert formats.date(at) == day
        assert formats.time(at) == time
        assert formats.number(Decimal("-1234.50")).replace("\u2009", "") == number
        assert formats.number("not measurable") == "not measurable"


@pytest.mark.parametrize(("language", "numeral"), [("vi", "1,6"), ("en", "1.6")])
def test_an_accuracy_class_that_is_a_number_has_the_readers_decimal_mark(
    app: Flask, language: str, numeral: str
) -> None:
    """Class 1,6 is a number in words; M1, 0,05 % FS and no class at all stand as they were entered."""
    with app.test_request_context():
        choose_language(language)
        assert [formats.accuracy_class(text) for text in ("1,6", "1.6")] == [numeral, numeral]
        assert [formats.accuracy_class(text) for text in ("M1", "0,05 % FS", "2", "", None)] == [
            "M1",
            "0,05 % FS",
            "2",
            "",
            "",
        ]


def test_values_in_words_follow_the_reader(app: Flask) -> None:
    """A date inside a message is written as the rest of the page writes it; an unknown code still says something."""
    with app.test_request_context():
        choose_language("vi")
        words = messages.message("membership.ends_before_it_begins", {"valid_from": date(2026, 11, 21)})
        assert words.endswith("21/11/2026.")
        assert "no.such_code" in messages.message("no.such_code")


def test_labels_of_enumerations_and_texts(app: Flask) -> None:
    """A member finds its words by its class; plain text by its group; what has none is shown as it is."""
    with app.test_request_context():
        choose_language("en")
        assert messages.label("technician", "role") == "Calibration technician"
        assert messages.label("role.signatory") == "Approved signatory"
        assert messages.label(Colour.RED) == "red"


def test_a_constant_label_follows_the_reader_too(app: Flask) -> None:
    """A template compiled for one reader shows the next one the words of their own language."""
    template = app.jinja_env.from_string('{{ "technician" | label("role") }}')
    shown = []
    for language in ("vi", "en"):
        with app.test_request_context():
            choose_language(language)
            shown.append(template.render())
    assert shown == ["Kỹ thuật viên hiệu chuẩn", "Calibration technician"]
