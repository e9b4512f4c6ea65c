"""What may be used, and its value, from the database: chains, supersession, due lists, statements."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from lims.people.models import Site
from standards import queries
from standards.calibration_facts import CalibrationSource, ContentKind, Phase, Point
from standards.commands import (
    NewContent,
    NewEdge,
    NewFunction,
    NewPoint,
    NewRange,
)
from standards.facts import DueState
from tests.factories import standards as make
from tests.standards.acting import NOW, REFERENCE, record


def test_a_calibration_made_here_leads_up_to_the_terminal(session: Session) -> None:
    site = make.make_own_site(session)
    upper = make.make_calibration(session, make.make_standard(session, site))
    lower = make.make_lower_calibration(session, upper, make.make_standard(session, site))
    chain = queries.traceability_chain(session, lower.id, date(2026, 3, 2))
    assert chain.holds
    assert [node.calibration_id for node in chain.nodes] == [lower.id, upper.id]
    assert [(edge.lower_id, edge.upper_id) for edge in chain.edges] == [(lower.id, upper.id)]
    choices = queries.usable_calibrations(session, site_id=site.id, role=REFERENCE, at=NOW, quantity="mass")
    assert [choice.calibration_id for choice in choices] == [upper.id, lower.id]
    assert queries.usable_calibrations(session, site_id=site.id, role=REFERENCE, at=NOW, quantity="pressure") == []


def test_a_cycle_cannot_be_made(session: Session) -> None:
    site = make.make_own_site(session)
    first, second = make.make_standard(session, site), make.make_standard(session, site)
    upper = make.make_calibration(session, first)
    lower = make.make_lower_calibration(session, upper, second)
    around: dict[str, Any] = {
        "source": CalibrationSource.IN_HOUSE,
        "terminals": (),
        "laboratory_id": site.organisation_id,
        "calibrated_on": date(2026, 3, 1),
    }
    assert record(session, first, edges=(NewEdge(lower.id),), **around) == {"edges-0-upper_id": "calibration.cycle"}


def test_edges_that_cannot_be_are_refused(session: Session) -> None:
    site = make.make_own_site(session)
    standard, other = make.make_standard(session, site), make.make_standard(session, site)
    upper = make.make_calibration(session, other, valid_until=date(2026, 2, 1))
    foreign = make.make_calibration(session)
    here: dict[str, Any] = {
        "source": CalibrationSource.IN_HOUSE,
        "terminals": (),
        "laboratory_id": site.organisation_id,
        "calibrated_on": date(2026, 2, 2),
    }
    assert record(session, standard, **here) == {"edges": "calibration.in_house_without_edges"}
    edges = (NewEdge(upper.id), NewEdge(foreign.id), NewEdge(10**9))
    assert record(session, standard, edges=edges, **here) == {
        "edges-0-upper_id": "calibration.upper_not_usable",
        "edges-1-upper_id": "calibration.not_found",
        "edges-2-upper_id": "calibration.not_found",
    }
    usable = make.make_calibration(session, make.make_standard(session, site))
    assert record(session, standard, edges=(NewEdge(usable.id),), calibrated_on=date(2026, 2, 2)) == {
        "edges": "calibration.external_with_edges"
    }


def test_the_later_calibration_takes_the_place_of_the_earlier_one(session: Session) -> None:
    standard = make.make_standard(session)
    earlier = make.make_calibration(session, standard)
    later = make.make_calibration(session, standard, calibrated_on=date(2026, 2, 20), recorded_at=NOW, accepted_at=NOW)
    found = queries.usable_calibrations(session, site_id=standard.site_id, role=REFERENCE, at=NOW)
    assert [choice.calibration_id for choice in found] == [later.id]
    problems = queries.check_use(session, earlier.id, at=NOW, role=REFERENCE)
    assert [problem.code for problem in problems] == ["use.superseded"]
    assert queries.check_use(session, earlier.id, at=make.ACCEPTED_AT, role=REFERENCE) == []


def test_what_was_as_found_is_not_offered(session: Session) -> None:
    standard = make.make_standard(session)
    range_id = queries.instrument_facts(session, standard.instrument_id).ranges()[0].range.id
    contents = (make.weight_content(range_id), make.weight_content(range_id, phase=Phase.AS_FOUND))
    calibration = make.make_calibration(session, standard, contents=contents)
    (choice,) = queries.usable_calibrations(session, site_id=standard.site_id, role=REFERENCE, at=NOW)
    assert len(choice.contents) == 1
    assert len(calibration.contents) == 2
    assert queries.reference_value_at(session, calibration.id, at=NOW).content_id == choice.contents[0].content_id


def test_a_curve_is_read_back_and_interpolated(session: Session) -> None:
    functions = (NewFunction("pressure", "MPa", ranges=(NewRange(upper=Decimal("2.5")),)),)
    standard = make.make_standard(session, functions=functions, kind="pressure_gauge")
    range_id = queries.instrument_facts(session, standard.instrument_id).ranges()[0].range.id
    points = tuple(
        NewPoint(Decimal(value), argument=Decimal(at), expanded_uncertainty=Decimal("1.0"))
        for at, value in (("0", "0"), ("0.8", "0.8002"), ("1.6", "1.6006"))
    )
    content = NewContent(
        range_id,
        ContentKind.CURVE,
        expanded_uncertainty_unit="kPa",
        coverage_factor=Decimal(2),
        interpolation="linear",
        points=points,
    )
    calibration = make.make_calibration(session, standard, contents=(content,))
    value = queries.reference_value_at(
        session, calibration.id, range_id=range_id, point=Point(Decimal("1.2"), "MPa"), at=NOW
    )
    assert (value.value, value.interpolated) == (Decimal("1.2004"), True)
    # the bend of the three points adds a half-width of 0.025 kPa halfway between two of them
    assert value.expanded_uncertainty**2 == pytest.approx(Decimal("1.000833333e-6"), rel=Decimal("1e-8"))


def test_due_and_overdue_stand_in_the_list(session: Session) -> None:
    site = make.make_own_site(session)
    wanted = {"A": date(2026, 3, 1), "B": date(2026, 3, 20), "C": date(2026, 12, 1)}
    for code, end in wanted.items():
        make.make_calibration(session, make.make_standard(session, site, code=code), valid_until=end)
    make.make_standard(session, site, code="D")
    lines = queries.standards(session, laboratory_id=site.organisation_id, at=NOW)
    assert [(line.standard.code, line.due, line.days_left) for line in lines] == [
        ("A", DueState.OVERDUE, -1),
        ("B", DueState.DUE_SOON, 18),
        ("C", DueState.IN_DATE, 274),
        ("D", DueState.NOT_CALIBRATED, None),
    ]
    overdue = queries.standards(session, laboratory_id=site.organisation_id, at=NOW, due=DueState.OVERDUE)
    assert [line.standard.code for line in overdue] == ["A"]
    assert queries.standards(session, laboratory_id=site.organisation_id + 1000, at=NOW) == []


def statements(session: Session, site: Site) -> int:
    """Count the statements that the list and the choice of standards need."""
    counted: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        counted.append(statement)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", count)
    queries.standards(session, laboratory_id=site.organisation_id, at=NOW)
    choices = queries.usable_calibrations(session, site_id=site.id, role=REFERENCE, at=NOW)
    event.remove(connection, "before_cursor_execute", count)
    assert choices
    return len(counted)


def test_the_number_of_statements_does_not_grow_with_the_number_of_standards(session: Session) -> None:
    few, many = make.make_own_site(session), make.make_own_site(session)
    for site, number in ((few, 1), (many, 6)):
        upper = make.make_calibration(session, make.make_standard(session, site))
        for _ in range(number):
            make.make_lower_calibration(session, upper, make.make_standard(session, site))
    assert statements(session, few) == statements(session, many)
