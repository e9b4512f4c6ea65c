"""What people do with calibrations of standards, on both databases: what changes, what is refused."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lims.core.blobs import put_blob
from lims.core.errors import InvalidInput, NotFound, RuleViolation, StaleRecord
from standards import queries, services
from standards.calibration_facts import CalibrationState, ContentKind
from standards.chain_facts import BreakReason
from standards.commands import (
    AcceptCalibration,
    EndCalibration,
    ExtendCalibration,
    NewContent,
    NewPoint,
    RecordTerminal,
    RejectCalibration,
)
from standards.facts import StandardState
from tests.factories import standards as make
from tests.standards.acting import NOW, REFERENCE, change, record, refused


def test_the_published_weight_comes_back_exactly(session: Session) -> None:
    standard = make.make_standard(session)
    calibration = make.make_calibration(session, standard)
    make.make_drift(session, standard)
    value = queries.reference_value_at(session, calibration.id, at=make.USED_AT)
    assert (f"{value.value:f}", value.unit) == ("10000.005", "g")
    assert (value.expanded_uncertainty, value.coverage_factor) == (Decimal("0.045"), Decimal(2))
    assert value.drift is not None
    assert (value.drift.half_width, value.drift.distribution) == (Decimal("0.015"), "rectangular")
    assert calibration.valid_until == date(2027, 1, 12)
    assert queries.damaged_calibrations(session) == []


def test_a_recorded_calibration_is_not_used_until_it_is_accepted(session: Session) -> None:
    standard = make.make_standard(session)
    calibration = make.make_calibration(session, standard, accepted=False)
    assert calibration.state is CalibrationState.RECORDED
    problems = queries.check_use(session, calibration.id, at=NOW, role=REFERENCE)
    assert [problem.code for problem in problems] == ["use.returned", "use.not_yet_accepted"]
    assert queries.usable_calibrations(session, site_id=standard.site_id, role=REFERENCE, at=NOW) == []


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        ({"unit": "mm"}, {"contents-0-unit": "unit.incompatible"}),
        ({"unit": "gugu"}, {"contents-0-unit": "unit.unknown"}),
        ({"expanded_uncertainty_unit": "mm"}, {"contents-0-expanded_uncertainty_unit": "unit.incompatible"}),
        ({"coverage_factor": None}, {"contents-0-coverage_factor": "entry.uncertainty_without_factor"}),
        ({"coverage_factor": Decimal(0)}, {"contents-0-coverage_factor": "entry.not_positive"}),
        ({"expanded_uncertainty": Decimal(-45)}, {"contents-0-expanded_uncertainty": "entry.negative"}),
        ({"expanded_uncertainty": None}, {"contents-0-expanded_uncertainty": "entry.no_uncertainty"}),
        (
            {"expanded_uncertainty_expression": "1"},
            {"contents-0-expanded_uncertainty": "entry.uncertainty_twice"},
        ),
        ({"value": None}, {"contents-0-value": "number.missing"}),
        ({"coverage_probability": Decimal(95)}, {"contents-0-coverage_probability": "entry.probability"}),
        ({"degrees_of_freedom": Decimal("0.5")}, {"contents-0-degrees_of_freedom": "entry.degrees_of_freedom"}),
        ({"distribution": "odd"}, {"contents-0-distribution": "field.not_a_choice"}),
        ({"correlation": "[1]"}, {"contents-0-correlation": "entry.correlation"}),
        ({"correlation": '{"a": "1.5"}'}, {"contents-0-correlation": "entry.correlation"}),
    ],
)
def test_results_that_make_no_sense_are_refused(
    session: Session, content: dict[str, Any], codes: dict[str, str]
) -> None:
    standard = make.make_standard(session)
    range_id = queries.instrument_facts(session, standard.instrument_id).ranges()[0].range.id
    assert record(session, standard, contents=(make.weight_content(range_id, **content),)) == codes


def test_curves_that_make_no_sense_are_refused(session: Session) -> None:
    standard = make.make_standard(session)
    range_id = queries.instrument_facts(session, standard.instrument_id).ranges()[0].range.id
    points = (
        NewPoint(Decimal(1), argument=Decimal(1), expanded_uncertainty=Decimal(1), coverage_factor=Decimal(2)),
        NewPoint(Decimal(1), argument=Decimal(1)),
        NewPoint(Decimal(1), expanded_uncertainty=Decimal(-1)),
    )
    curve = NewContent(range_id, ContentKind.CURVE, interpolation="cubic", points=points)
    assert record(session, standard, contents=(curve,)) == {
        "contents-0-interpolation": "field.not_a_choice",
        "contents-0-points-1-argument": "entry.point_twice",
        "contents-0-points-1-expanded_uncertainty": "entry.no_uncertainty",
        "contents-0-points-2-expanded_uncertainty": "entry.negative",
        "contents-0-points-2-argument": "number.missing",
    }
    assert record(session, standard, contents=(dataclasses.replace(curve, interpolation=None, points=()),)) == {
        "contents-0-points": "entry.no_points"
    }


def test_results_of_another_instrument_and_none_at_all_are_refused(session: Session) -> None:
    standard, other = make.make_standard(session), make.make_standard(session)
    foreign = queries.instrument_facts(session, other.instrument_id).ranges()[0].range.id
    codes = record(session, standard, contents=(make.weight_content(foreign),))
    assert codes == {"contents-0-range_id": "entry.range_of_another"}
    assert record(session, standard, contents=()) == {"contents": "entry.no_contents"}


def test_dates_in_the_future_or_out_of_order_are_refused(session: Session) -> None:
    standard = make.make_standard(session)
    assert record(
        session, standard, calibrated_on=date(2026, 3, 3), issued_on=date(2026, 3, 2), valid_until=date(2026, 3, 1)
    ) == {
        "calibrated_on": "entry.date_in_future",
        "issued_on": "entry.dates_reversed",
        "valid_until": "entry.dates_reversed",
    }


@pytest.mark.parametrize(
    ("terminal", "field", "code"),
    [
        ({"kind": "hearsay"}, "kind", "terminal.unknown"),
        ({"evidence": " "}, "evidence", "terminal.without_evidence"),
        ({"evidence_reference": None}, "evidence_reference", "terminal.reference_missing"),
        ({"valid_from": date(2026, 1, 13)}, "valid_from", "terminal.not_valid_on_date"),
        ({"valid_to": date(2026, 1, 11)}, "valid_from", "terminal.not_valid_on_date"),
        ({"kind": "accredited_laboratory"}, "symbol_on_certificate", "terminal.symbol_missing"),
        ({"kind": "outside_evaluated"}, "evaluated_by", "terminal.evaluation_missing"),
        ({"kind": "intrinsic_realization"}, "kind", "terminal.kind_does_not_fit"),
    ],
)
def test_evidence_that_does_not_hold_is_refused(
    session: Session, terminal: dict[str, Any], field: str, code: str
) -> None:
    codes = record(session, make.make_standard(session), terminals=(make.nmi_terminal(**terminal),))
    assert codes == {f"terminals-0-{field}": code}


def test_a_certificate_is_recorded_once_per_laboratory(session: Session) -> None:
    standard = make.make_standard(session)
    first = make.make_calibration(session, standard, accepted=False)
    again: dict[str, Any] = {
        "certificate_number": f" {first.certificate_number} ",
        "laboratory_id": first.laboratory_id,
    }
    assert record(session, standard, **again) == {"certificate_number": "calibration.recorded_already"}
    reject = RejectCalibration(first.id, "Sai số chế tạo")
    services.reject_calibration(session, make.acceptor(standard.laboratory_id), reject, now=NOW)
    make.make_calibration(session, standard, **again)


def test_an_unknown_laboratory_and_an_unknown_file_are_refused(session: Session) -> None:
    standard = make.make_standard(session)
    assert record(session, standard, laboratory_id=10**9) == {"laboratory_id": "entry.organisation_unknown"}
    command = make.calibration_command(session, standard, certificate_sha256="0" * 64)
    with pytest.raises(NotFound):
        services.record_calibration(session, make.recorder(standard.laboratory_id), command, now=NOW)
    sha256 = put_blob(session, b"%PDF-1.7", "application/pdf", now=NOW)
    assert make.make_calibration(session, standard, certificate_sha256=sha256).certificate_sha256 == sha256


def test_who_recorded_a_calibration_does_not_accept_it(session: Session) -> None:
    standard = make.make_standard(session)
    calibration = make.make_calibration(session, standard, accepted=False)
    both = dataclasses.replace(make.acceptor(standard.laboratory_id), person_id=calibration.recorded_by_id)
    with pytest.raises(RuleViolation) as refusal:
        services.accept_calibration(session, both, AcceptCalibration(calibration.id), now=NOW)
    assert (refusal.value.code, refusal.value.clause) == (
        "calibration.accepted_by_recorder",
        "ISO/IEC 17025:2017, 6.4.4",
    )


def test_a_calibration_without_terminal_waits_until_evidence_is_added(session: Session) -> None:
    standard = make.make_standard(session)
    calibration = make.make_calibration(session, standard, accepted=False, terminals=())
    acceptor = make.acceptor(standard.laboratory_id)
    with pytest.raises(RuleViolation) as refusal:
        services.accept_calibration(session, acceptor, AcceptCalibration(calibration.id), now=NOW)
    assert (refusal.value.code, refusal.value.values["reason"]) == (
        "calibration.untraceable",
        BreakReason.NO_TERMINAL,
    )
    terminal = RecordTerminal(calibration.id, make.nmi_terminal())
    services.record_terminal(session, make.recorder(standard.laboratory_id), terminal, now=NOW)
    accepted = services.accept_calibration(session, acceptor, AcceptCalibration(calibration.id), now=NOW)
    assert (accepted.state, accepted.accepted_at) == (CalibrationState.ACCEPTED, NOW)


def test_what_has_run_out_or_is_not_waiting_is_not_accepted(session: Session) -> None:
    standard = make.make_standard(session)
    acceptor = make.acceptor(standard.laboratory_id)
    late = make.make_calibration(session, standard, accepted=False, valid_until=date(2026, 3, 1))
    with pytest.raises(RuleViolation) as refusal:
        services.accept_calibration(session, acceptor, AcceptCalibration(late.id), now=NOW)
    assert refusal.value.code == "calibration.run_out"
    done = make.make_calibration(session, standard)
    with pytest.raises(RuleViolation) as refusal:
        services.accept_calibration(session, acceptor, AcceptCalibration(done.id), now=NOW)
    assert refusal.value.code == "calibration.wrong_state"
    with pytest.raises(StaleRecord):
        services.accept_calibration(session, acceptor, AcceptCalibration(late.id, row_version=99), now=NOW)


def test_a_quarantined_standard_stays_so_when_a_calibration_is_accepted(session: Session) -> None:
    standard = make.make_standard(session)
    make.make_calibration(session, standard)
    change(session, standard, StandardState.QUARANTINED, reason="Rơi")
    later = make.make_calibration(session, standard, calibrated_on=date(2026, 2, 20), recorded_at=NOW, accepted_at=NOW)
    assert later.state is CalibrationState.ACCEPTED
    assert queries.standard_facts(session, standard.id).states[-1].state is StandardState.QUARANTINED


def test_an_adjustment_ends_a_calibration_for_good(session: Session) -> None:
    standard = make.make_standard(session)
    calibration = make.make_calibration(session, standard)
    actor = make.recorder(standard.laboratory_id)
    early = EndCalibration(calibration.id, "", datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(InvalidInput) as error:
        services.end_calibration(session, actor, early, now=NOW)
    assert refused(error) == {"reason": "field.missing", "at": "entry.dates_reversed"}
    since = datetime(2026, 2, 1, tzinfo=UTC)
    ended = services.end_calibration(session, actor, EndCalibration(calibration.id, "Hiệu chỉnh", since), now=NOW)
    assert (ended.state, ended.ended_at) == (CalibrationState.ENDED, since)
    assert [p.code for p in queries.check_use(session, calibration.id, at=NOW, role=REFERENCE)] == ["use.ended"]


def test_an_extension_rests_on_evidence_and_is_longer(session: Session) -> None:
    standard = make.make_standard(session)
    calibration = make.make_calibration(session, standard, valid_until=date(2026, 3, 1))
    acceptor = make.acceptor(standard.laboratory_id)
    with pytest.raises(InvalidInput) as error:
        command = ExtendCalibration(calibration.id, date(2026, 3, 1), " ")
        services.extend_calibration(session, acceptor, command, now=NOW)
    assert refused(error) == {"evidence": "field.missing", "valid_until": "calibration.not_longer"}
    services.extend_calibration(
        session, acceptor, ExtendCalibration(calibration.id, date(2026, 6, 1), "Kiểm tra giữa kỳ đạt"), now=NOW
    )
    assert queries.check_use(session, calibration.id, at=NOW, role=REFERENCE) == []
