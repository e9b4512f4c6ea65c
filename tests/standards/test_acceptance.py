"""Accepting what came back: compared with before, studied where it changed too much; what ends a calibration."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.core.db import Database
from lims.core.errors import InvalidInput, RuleViolation, StaleRecord
from lims.core.models import Task
from lims.people.models import Site
from standards import queries, services
from standards.calibration_facts import CalibrationFacts, CalibrationState, ContentKind, Interpolation, Phase
from standards.calibration_models import CalibrationEdge
from standards.check_models import IntermediateCheck
from standards.commands import AcceptCalibration, EndCalibrations, NewContent, NewPoint
from standards.event_facts import Course, EndKind
from standards.evidence_queries import comparison_of, comparison_shown
from standards.facts import StandardFacts, StandardRole, StandardState
from standards.queries import check_use, instrument_facts
from tests.factories import standards as make
from tests.standards.acting import NOW, actions

LATER = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
FOUND_ON = date(2026, 8, 20)


def back(session: Session, standard: StandardFacts, *contents: NewContent, **rest: Any) -> CalibrationFacts:
    """What came back from calibration in August, recorded and waiting."""
    values = {"calibrated_on": FOUND_ON, "accepted": False, "recorded_at": LATER, "contents": contents or None, **rest}
    return make.make_calibration(session, standard, **{k: v for k, v in values.items() if v is not None})


def range_of(session: Session, standard: StandardFacts) -> int:
    return instrument_facts(session, standard.instrument_id).ranges()[0].range.id


def weight(session: Session, standard: StandardFacts, value: str, **rest: Any) -> NewContent:
    return make.weight_content(range_of(session, standard), value=Decimal(value), **rest)


def accept(session: Session, calibration: CalibrationFacts, standard: StandardFacts, **rest: Any) -> CalibrationFacts:
    command = AcceptCalibration(calibration.id, **rest)
    return services.accept_calibration(session, make.acceptor(standard.laboratory_id), command, now=LATER)


def studies(session: Session) -> list[dict[str, Any]]:
    """What was asked to be studied."""
    rows = session.execute(select(Task).where(Task.name == "open_impact_study").order_by(Task.id)).scalars()
    return [json.loads(row.arguments) for row in rows]


@pytest.fixture
def standard(session: Session) -> StandardFacts:
    """KL-05 with its calibration of January and a drift of at most 15 mg."""
    found = make.make_standard(session)
    make.make_calibration(session, found)
    make.make_drift(session, found)
    return found


def test_within_the_drift_allowed_for_nothing_is_studied(session: Session, standard: StandardFacts) -> None:
    waiting = back(session, standard, weight(session, standard, "10000.020"))
    comparison = comparison_of(session, waiting.id, at=LATER)
    assert comparison is not None
    (point,) = comparison.points
    assert (point.former, point.found, point.difference) == (
        Decimal("10000.005"),
        Decimal("10000.020"),
        Decimal("0.015"),
    )
    assert (point.allowance, point.limit, point.beyond) == (Decimal("0.015"), Decimal("0.015"), False)
    assert point.in_uncertainties is not None
    assert round(point.in_uncertainties, 4) == Decimal("0.3333")
    assert point.normalised is not None
    assert round(point.normalised, 4) == Decimal("0.2357")  # 15 / √(45² + 45²)
    accepted = accept(session, waiting, standard)
    assert studies(session) == []
    kept = comparison_shown(session, accepted, at=LATER)
    assert kept is not None
    assert (kept.kept, kept.comparison.points, kept.onsets) == (True, comparison.points, {})


def test_beyond_the_drift_the_study_opens_from_the_last_calibration(session: Session, standard: StandardFacts) -> None:
    former = queries.calibrations_of(session, standard.id)[0]
    waiting = back(session, standard, weight(session, standard, "10000.0201"))
    assert studies(session) == []
    accept(session, waiting, standard)
    (asked,) = studies(session)
    assert asked == {
        "calibration_id": former.id,
        "points": [{"content_id": former.contents[0].id, "argument": None, "value": "10000.0201"}],
        "onset": "2026-01-12",
        "until": "2026-08-20",
        "course": "step",
        "reason": f"{standard.code}: {former.certificate_number} → {waiting.certificate_number}",
        "person_id": 9002,
        "person_name": "Người tiếp nhận",
        "laboratory_id": standard.laboratory_id,
    }
    assert actions(session)[-1] == "calibration.accepted"


def test_the_study_begins_at_the_last_check_that_passed(session: Session, standard: StandardFacts) -> None:
    for day, passed in ((3, True), (5, True), (7, False)):
        session.add(
            IntermediateCheck(
                standard_id=standard.id,
                at=datetime(2026, day, 10, 3, 0, tzinfo=UTC),
                value=Decimal(0),
                unit="mg",
                passed=passed,
                actor_id=1,
                actor_name="A",
            )
        )
    session.flush()
    waiting = back(session, standard, weight(session, standard, "10000.080"))
    accept(session, waiting, standard, course=Course.DRIFT)
    (asked,) = studies(session)
    assert (asked["onset"], asked["until"], asked["course"]) == ("2026-05-10", "2026-08-20", "drift")


def test_what_was_adjusted_is_judged_by_its_values_as_found(session: Session, standard: StandardFacts) -> None:
    found = weight(session, standard, "10000.080", phase=Phase.AS_FOUND)
    left = weight(session, standard, "10000.001")
    waiting = back(session, standard, found, left)
    comparison = comparison_of(session, waiting.id, at=LATER)
    assert comparison is not None
    assert comparison.as_found
    assert [(point.found, point.beyond) for point in comparison.points] == [(Decimal("10000.080"), True)]
    accept(session, waiting, standard)
    assert [point["value"] for point in studies(session)[0]["points"]] == ["10000.080"]
    assert queries.reference_value_at(session, waiting.id, at=LATER).value == Decimal("10000.001")


def test_without_a_decided_drift_both_uncertainties_are_the_limit(session: Session) -> None:
    bare = make.make_standard(session)
    make.make_calibration(session, bare)
    within = back(session, bare, weight(session, bare, "10000.060"))
    comparison = comparison_of(session, within.id, at=LATER)
    assert comparison is not None
    (point,) = comparison.points
    assert point.allowance is None
    assert round(point.limit, 6) == Decimal("0.063640")  # √2 · 45 mg
    assert not point.beyond


def test_a_curve_is_compared_point_by_point_in_the_former_unit(session: Session) -> None:
    gauge = make.make_standard(
        session,
        functions=[replace(make.weight_range(), quantity="pressure", unit="MPa", ranges=())],
        kind="pressure_gauge",
    )
    place = range_of(session, gauge)

    def curve(unit: str, *points: tuple[str, str]) -> NewContent:
        return NewContent(
            place,
            ContentKind.CURVE,
            unit=unit,
            interpolation=Interpolation.LINEAR,
            coverage_factor=Decimal(2),
            points=tuple(
                NewPoint(Decimal(value), argument=Decimal(at), expanded_uncertainty=Decimal("0.001"))
                for at, value in points
            ),
        )

    make.make_calibration(session, gauge, contents=(curve("MPa", ("0", "0"), ("1", "1.000"), ("2", "2.000")),))
    make.make_drift(session, gauge, half_width_expression="0.0008", unit="MPa")
    waiting = back(session, gauge, curve("kPa", ("500", "500.2"), ("2000", "2001"), ("3000", "3000")))
    comparison = comparison_of(session, waiting.id, at=LATER)
    assert comparison is not None
    assert [(p.argument, p.former, p.found, p.unit, p.beyond) for p in comparison.points] == [
        (Decimal("0.5"), Decimal("0.5"), Decimal("0.5002"), "MPa", False),
        (Decimal(2), Decimal("2.000"), Decimal("2.001"), "MPa", True),
    ]
    assert [(p.argument, p.argument_unit) for p in comparison.skipped] == [(Decimal(3000), "kPa")]
    accept(session, waiting, gauge)
    assert [(p["argument"], p["value"]) for p in studies(session)[0]["points"]] == [("0.5", "0.5002"), ("2", "2.001")]


def test_what_was_adjusted_here_is_not_compared_with_before(session: Session, standard: StandardFacts) -> None:
    end(session, standard, EndKind.ADJUSTMENT)
    waiting = back(session, standard, weight(session, standard, "10000.5"))
    assert comparison_of(session, waiting.id, at=LATER) is None
    assert accept(session, waiting, standard).comparison is None
    assert studies(session) == []


def end(session: Session, standard: StandardFacts, kind: EndKind, **rest: Any) -> StandardFacts:
    command = EndCalibrations(standard.id, kind, "Chỉnh lại", **rest)
    return services.end_calibrations(session, make.recorder(standard.laboratory_id), command, now=NOW)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (EndKind.ADJUSTMENT, StandardState.RETURNED),
        (EndKind.REPAIR, StandardState.RETURNED),
        (EndKind.DAMAGE, StandardState.QUARANTINED),
        (EndKind.OVERLOAD, StandardState.QUARANTINED),
        (EndKind.DOUBT, StandardState.QUARANTINED),
    ],
)
def test_adjusting_or_damaging_a_standard_ends_its_calibration(
    session: Session, standard: StandardFacts, kind: EndKind, state: StandardState
) -> None:
    (calibration,) = queries.calibrations_of(session, standard.id)
    assert check_use(session, calibration.id, at=NOW, role=StandardRole.REFERENCE) == []
    after = end(session, standard, kind)
    (ended,) = queries.calibrations_of(session, standard.id)
    assert (ended.state, ended.ended_kind, ended.ended_at) == (CalibrationState.ENDED, kind, NOW)
    assert after.states[-1].state is state
    codes = {problem.code for problem in check_use(session, calibration.id, at=NOW, role=StandardRole.REFERENCE)}
    assert {"use.ended", f"use.{state}"} <= codes
    assert "standard.calibrations_ended" in actions(session)
    with pytest.raises(RuleViolation) as nothing:
        end(session, standard, kind)
    assert nothing.value.code == "calibration.nothing_to_end"


def test_ending_refuses_what_cannot_be(session: Session, standard: StandardFacts) -> None:
    with pytest.raises(InvalidInput) as wrong:
        end(session, standard, EndKind.REPAIR, at=LATER, range_ids=(999999,))
    assert {item.field: item.code for item in wrong.value.fields} == {"range_ids": "entry.range_of_another"}
    for at, code in ((LATER, "entry.date_in_future"), (make.RECORDED_AT, "entry.dates_reversed")):
        with pytest.raises(InvalidInput) as wrong:
            end(session, standard, EndKind.REPAIR, at=at)
        assert {item.field: item.code for item in wrong.value.fields} == {"at": code}
    with pytest.raises(StaleRecord):
        end(session, standard, EndKind.REPAIR, row_version=999)


def test_what_was_replaced_before_does_not_end_again(session: Session, standard: StandardFacts) -> None:
    newer = back(session, standard, weight(session, standard, "10000.006"))
    accept(session, newer, standard)
    command = EndCalibrations(standard.id, EndKind.DAMAGE, "Rơi")
    services.end_calibrations(session, make.recorder(standard.laboratory_id), command, now=LATER)
    states = [item.state for item in queries.calibrations_of(session, standard.id)]
    assert states == [CalibrationState.ENDED, CalibrationState.ACCEPTED]


def test_ranges_that_were_not_touched_keep_their_calibration(session: Session) -> None:
    two = make.make_standard(session, functions=[make.weight_range(), replace(make.weight_range("5"), name="b")])
    first, second = [item.range.id for item in instrument_facts(session, two.instrument_id).ranges()]
    for place in (first, second):
        content = make.weight_content(place, nominal=None, identifier=f"r{place}")
        make.make_calibration(session, two, contents=(content,))
    after = end(session, two, EndKind.ADJUSTMENT, range_ids=(first,))
    states = {item.contents[0].range_id: item.state for item in queries.calibrations_of(session, two.id)}
    assert states == {first: CalibrationState.ENDED, second: CalibrationState.ACCEPTED}
    assert after.states[-1].state is StandardState.AVAILABLE


def test_of_two_who_record_at_once_one_wins_and_the_other_is_told(database: Database) -> None:
    with database.transaction() as session:
        standard = make.make_standard(session)
        body = make.make_body(session).id
        seen = queries.standard_facts(session, standard.id).row_version
    barrier = threading.Barrier(2)
    results: list[str] = []

    def record(number: str) -> None:
        barrier.wait()
        try:
            with database.transaction() as session:
                command = make.calibration_command(session, standard, certificate_number=number, laboratory_id=body)
                actor = make.recorder(standard.laboratory_id)
                services.record_calibration(session, actor, replace(command, row_version=seen), now=NOW)
            results.append("recorded")
        except StaleRecord as told:
            results.append(f"{told.code} {told.values['certificate']}")

    threads = [threading.Thread(target=record, args=(number,)) for number in ("A-1", "A-2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    with database.reading() as session:
        (kept,) = queries.calibrations_of(session, standard.id)
    assert sorted(results) == [f"calibration.recorded_meanwhile {kept.certificate_number}", "recorded"]


def test_no_cycle_can_be_stored_by_any_way(session: Session, standard: StandardFacts) -> None:
    upper = queries.calibrations_of(session, standard.id)[0]
    lower_standard = make.make_standard(session, session.get_one(Site, standard.site_id))
    lower = make.make_lower_calibration(session, upper, lower_standard)
    with pytest.raises(InvalidInput) as refused:
        make.make_lower_calibration(session, lower, standard, calibrated_on=date(2026, 2, 20), recorded_at=NOW)
    assert {item.code for item in refused.value.fields} == {"calibration.cycle"}
    for first, second in ((upper.id, lower.id), (upper.id, upper.id)):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add(CalibrationEdge(lower_id=first, upper_id=second, role="reference", recorded_at=NOW))
            session.flush()
    assert session.execute(text("SELECT count(*) FROM calibration_edge")).scalar_one() == 1
