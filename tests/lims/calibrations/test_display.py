"""Pictures and figures beside the readings: where the marks of a tolerance lie, shares, units of a dial."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from flask import Flask
from flask_babel import Babel

from lims.calibrations.display import share_text, tolerance_bar, unit_text
from lims.calibrations.facts import ResultFacts


class _Row:
    """What a picture needs of a result."""

    def __init__(self, **values: Any) -> None:
        self.decision, self.cmc = "pass", None
        self.tolerance_lower: str | None = "-10"
        self.tolerance_upper: str | None = "10"
        self.measurement_error, self.expanded_uncertainty = "0", "1"
        self.__dict__.update(values)


def row(**values: Any) -> ResultFacts:
    return cast(ResultFacts, _Row(**values))


@pytest.fixture
def reader() -> Iterator[None]:
    """A request of somebody who reads Vietnamese."""
    app = Flask(__name__)
    Babel(app, locale_selector=lambda: "vi")
    with app.test_request_context():
        yield


def test_two_limits_lie_in_the_same_places_in_every_row() -> None:
    inside, outside = tolerance_bar(row()), tolerance_bar(row(measurement_error="400", decision="fail"))
    assert inside is not None
    assert outside is not None
    assert (inside.lower, inside.upper) == (outside.lower, outside.upper) == (36.0, 164.0)
    assert inside.at == 100.0
    assert (outside.at, outside.tone) == (193.0, "bad")
    assert inside.start < inside.at < inside.end


def test_one_limit_alone_is_shown_with_the_value() -> None:
    bar = tolerance_bar(row(tolerance_lower=None, measurement_error="4"))
    assert bar is not None
    assert bar.lower is None
    assert bar.upper is not None
    assert bar.start < bar.at < bar.end < bar.upper
    assert tolerance_bar(row(decision=None)) is None


@pytest.mark.parametrize(("share", "expected"), [(0.0, "0 %"), (0.0004, "< 0,1 %"), (0.0249, "2,5 %"), (0.9, "90,0 %")])
def test_a_share_is_told_to_a_tenth_of_a_per_cent(reader: None, share: float, expected: str) -> None:
    assert share_text(share) == expected


@pytest.mark.parametrize(
    ("unit", "shown"), [("degC", "°C"), ("div(0.05 MPa)", "div (0,05 MPa)"), ("ddiv(2 degC)", "1/10 div (2 °C)")]
)
def test_a_division_is_shown_with_what_it_is_worth(reader: None, unit: str, shown: str) -> None:
    assert unit_text(unit) == shown
