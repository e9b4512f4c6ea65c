"""May a calibration be used: every reason against it, with plain values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from standards.calibration_facts import (
    CalibrationFacts,
    CalibrationState,
    ContentFacts,
    ContentKind,
    ExtensionFacts,
    Phase,
)
from standards.facts import (
    DueState,
    LegalRegime,
    PaperFacts,
    PaperKind,
    StandardRole,
    StandardState,
    StateChange,
)
from standards.validity import add_months, due_state, in_force, may_follow, use_problems
from tests.standards.plain import calibration, standard

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def codes(
    used: CalibrationFacts | None = None,
    *,
    at: datetime = AT,
    role: StandardRole = StandardRole.REFERENCE,
    regime: LegalRegime = LegalRegime.CALIBRATION,
    siblings: tuple[CalibrationFacts, ...] = (),
    **of_standard: Any,
) -> list[str]:
    """Return the codes of what stands against the use."""
    chosen = used or calibration()
    problems = use_problems(
        replace(standard(), **of_standard), chosen, (chosen, *siblings), at=at, role=role, legal_regime=regime
    )
    return [problem.code for problem in problems]


def test_an_accepted_calibration_in_date_of_an_available_standard_may_be_used() -> None:
    assert codes() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valid_until": date(2026, 3, 1)}, "use.expired"),
        ({"accepted_at": None, "state": CalibrationState.RECORDED}, "use.not_yet_accepted"),
        ({"accepted_at": datetime(2026, 3, 2, 8, 1, tzinfo=UTC)}, "use.not_yet_accepted"),
        ({"accepted_at": None, "state": CalibrationState.REJECTED}, "use.rejected"),
        ({"ended_at": AT, "state": CalibrationState.ENDED}, "use.ended"),
        ({"calibrated_on": date(2026, 3, 3)}, "use.calibrated_later"),
    ],
)
def test_what_stands_against_the_calibration_is_named(changes: dict[str, Any], code: str) -> None:
    assert codes(replace(calibration(), **changes)) == [code]


def test_the_last_day_of_validity_counts_in_the_zone_of_the_site() -> None:
    ends = replace(calibration(), valid_until=date(2026, 3, 2))
    assert codes(ends, at=datetime(2026, 3, 2, 16, 59, tzinfo=UTC)) == []
    assert codes(ends, at=datetime(2026, 3, 2, 17, 0, tzinfo=UTC)) == ["use.expired"]  # already 3 March in Hanoi


def test_an_extension_counts_from_the_day_it_was_decided() -> None:
    extension = ExtensionFacts(date(2026, 6, 1), decided_on=date(2026, 3, 2), evidence="check", decided_by_name="x")
    extended = replace(calibration(), valid_until=date(2026, 2, 28), extensions=(extension,))
    assert codes(extended) == []
    assert codes(extended, at=datetime(2026, 3, 1, 8, tzinfo=UTC)) == ["use.expired"]


def test_an_ended_calibration_may_be_used_for_what_was_read_before() -> None:
    ended = replace(calibration(), ended_at=AT, state=CalibrationState.ENDED)
    assert codes(ended, at=datetime(2026, 3, 2, 7, 59, tzinfo=UTC)) == []


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (StandardState.OUT, "use.out"),
        (StandardState.RETURNED, "use.returned"),
        (StandardState.QUARANTINED, "use.quarantined"),
        (StandardState.RETIRED, "use.retired"),
    ],
)
def test_the_state_at_the_instant_counts(state: StandardState, code: str) -> None:
    before = StateChange(StandardState.AVAILABLE, datetime(2026, 1, 1, tzinfo=UTC))
    changed = StateChange(state, datetime(2026, 3, 1, tzinfo=UTC))
    assert codes(states=(before, changed)) == [code]
    assert codes(states=(before, changed), at=datetime(2026, 2, 27, tzinfo=UTC)) == []


def test_a_limited_standard_may_be_used_and_an_unregistered_one_not() -> None:
    limited = StateChange(StandardState.LIMITED, datetime(2026, 1, 1, tzinfo=UTC), limitation="0–2,5 MPa")
    assert codes(states=(limited,)) == []
    assert codes(states=()) == ["use.no_state"]


@pytest.mark.parametrize(
    ("own", "wanted", "allowed"),
    [
        (StandardRole.REFERENCE, StandardRole.INFLUENCE, True),
        (StandardRole.INFLUENCE, StandardRole.REFERENCE, False),
        (StandardRole.AUXILIARY, StandardRole.INFLUENCE, False),
        (StandardRole.INFLUENCE, StandardRole.AUXILIARY, True),
    ],
)
def test_the_role_must_fit(own: StandardRole, wanted: StandardRole, *, allowed: bool) -> None:
    found = use_problems(
        replace(standard(), role=own),
        calibration(),
        (calibration(),),
        at=AT,
        role=wanted,
        legal_regime=LegalRegime.CALIBRATION,
    )
    assert [problem.code for problem in found] == ([] if allowed else ["use.wrong_role"])


def test_verification_needs_the_second_paper_on_that_day() -> None:
    paper = PaperFacts(1, PaperKind.CERTIFIED_FOR_VERIFICATION, "CN-1", None, date(2026, 1, 1), date(2026, 3, 2))
    verify = LegalRegime.VERIFICATION
    assert codes(regime=verify) == ["use.paper_missing"]
    assert codes(regime=verify, papers=(paper,)) == []
    assert codes(regime=verify, papers=(replace(paper, valid_until=date(2026, 3, 1)),)) == ["use.paper_expired"]
    assert codes(regime=verify, papers=(replace(paper, issued_on=date(2026, 3, 3)),)) == ["use.paper_missing"]
    assert codes(regime=verify, role=StandardRole.INFLUENCE) == []


def content(calibration_id: int, range_id: int) -> ContentFacts:
    """A value of one range."""
    return ContentFacts(
        calibration_id * 10 + range_id,
        calibration_id,
        range_id,
        Phase.AS_LEFT,
        ContentKind.ELEMENT,
        str(range_id),
        "mass",
        "g",
        value=Decimal(1),
    )


def test_the_latest_accepted_calibration_takes_the_place_of_older_ones_per_range() -> None:
    older = replace(calibration(1), contents=(content(1, 1), content(1, 2)))
    later = replace(
        calibration(2),
        calibrated_on=date(2026, 2, 1),
        accepted_at=datetime(2026, 2, 2, tzinfo=UTC),
        contents=(content(2, 1),),
    )
    assert codes(older, siblings=(later,)) == ["use.superseded"]
    assert codes(older, siblings=(later,), at=datetime(2026, 2, 1, tzinfo=UTC)) == []
    problems = use_problems(
        standard(),
        older,
        (older, later),
        at=AT,
        role=StandardRole.REFERENCE,
        legal_regime=LegalRegime.CALIBRATION,
        range_ids=[2],
    )
    assert problems == []
    assert in_force((older, later), 1, AT) == later
    assert in_force((older, later), 2, AT) == older


def test_an_older_calibration_does_not_come_to_life_again_when_the_later_one_ends() -> None:
    older = replace(calibration(1), contents=(content(1, 1),))
    ended = replace(
        calibration(2),
        calibrated_on=date(2026, 2, 1),
        contents=(content(2, 1),),
        ended_at=datetime(2026, 2, 20, tzinfo=UTC),
        state=CalibrationState.ENDED,
    )
    assert codes(older, siblings=(ended,)) == ["use.superseded"]
    rejected = replace(ended, accepted_at=None, ended_at=None, state=CalibrationState.REJECTED)
    assert codes(older, siblings=(rejected,)) == []


@pytest.mark.parametrize(
    ("valid_until", "state"),
    [
        (date(2026, 3, 1), DueState.OVERDUE),
        (date(2026, 3, 2), DueState.DUE_SOON),
        (date(2026, 4, 1), DueState.DUE_SOON),
        (date(2026, 4, 2), DueState.IN_DATE),
        (None, DueState.IN_DATE),
    ],
)
def test_due_and_overdue_are_computed_on_a_date(valid_until: date | None, state: DueState) -> None:
    assert due_state(True, valid_until, True, date(2026, 3, 2)) is state


def test_due_without_a_calibration() -> None:
    assert due_state(True, None, False, date(2026, 3, 2)) is DueState.NOT_CALIBRATED
    assert due_state(False, None, False, date(2026, 3, 2)) is DueState.NOT_NEEDED


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 12), 12, date(2027, 1, 12)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
    ],
)
def test_months_end_on_the_last_day_where_the_day_is_missing(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def test_out_of_quarantine_the_way_leads_through_acceptance() -> None:
    quarantined = StateChange(StandardState.QUARANTINED, AT)
    assert not may_follow(quarantined, StandardState.AVAILABLE)
    assert may_follow(quarantined, StandardState.RETURNED)
    assert not may_follow(StateChange(StandardState.RETIRED, AT), StandardState.AVAILABLE)
    assert not may_follow(None, StandardState.RETIRED)
