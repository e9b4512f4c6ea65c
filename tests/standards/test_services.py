"""What people do with instruments, standards and calibrations, on both databases: what changes, what is refused."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.blobs import put_blob
from lims.core.errors import Forbidden, InvalidInput, NotFound, RuleViolation, StaleRecord
from lims.people.models import Site
from standards import queries, services
from standards.calibration_facts import BreakReason, CalibrationSource, CalibrationState, ContentKind, Phase, Point
from standards.commands import (
    AcceptCalibration,
    AddRange,
    ChangeStandardState,
    EndCalibration,
    ExtendCalibration,
    InstrumentIdentity,
    NewContent,
    NewEdge,
    NewFunction,
    NewPart,
    NewPoint,
    NewRange,
    RecordDrift,
    RecordPaper,
    RecordTerminal,
    RegisterInstrument,
    RegisterStandard,
    RejectCalibration,
    UpdateInstrument,
)
from standards.facts import DueState, LegalRegime, StandardFacts, StandardRole, StandardState
from tests.factories import standards as make

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
REFERENCE = StandardRole.REFERENCE


def refused(error: pytest.ExceptionInfo[InvalidInput]) -> dict[str, str]:
    """Return the fields that were refused, each with its code."""
    return {item.field: item.code for item in error.value.fields}


def actions(session: Session) -> list[str]:
    """Return what was noted for the audit chain so far."""
    return [entry.action for entry in session.info.get("audit_pending", [])]


def identity(owner_id: int, **overrides: Any) -> InstrumentIdentity:
    """A weight of an owner."""
    return InstrumentIdentity(**{"owner_id": owner_id, "kind": "weight", "name_vi": "Quả cân 10 kg", **overrides})


# instruments


def test_an_instrument_without_parts_gets_one_with_its_own_name(session: Session) -> None:
    facts = make.make_instrument(session)
    (address,) = facts.ranges()
    assert (address.part.code, address.part.name_vi, address.part.name_en) == ("1", "Quả cân 10 kg", "10 kg weight")
    assert (address.function.quantity, address.range.nominal, address.range.unit) == ("mass", Decimal(10000), "g")
    assert actions(session) == ["instrument.registered"]


def test_a_set_is_registered_with_its_parts_in_one_command(session: Session) -> None:
    owner = make.make_body(session)
    parts = tuple(NewPart(f"{n} g", f"Quả {n} g", (make.weight_range(str(n)),)) for n in (1, 2, 5))
    command = RegisterInstrument(identity(owner.id, kind="weight_set"), parts=parts)
    facts = services.register_instrument(session, make.recorder(0), command, now=NOW)
    assert [(a.part.code, a.range.nominal) for a in facts.ranges()] == [
        ("1 g", Decimal(1)),
        ("2 g", Decimal(2)),
        ("5 g", Decimal(5)),
    ]


def test_units_are_stored_in_their_one_form(session: Session) -> None:
    functions = (NewFunction("temperature", "°C", ranges=(NewRange(resolution=Decimal("0.1")),)),)
    (address,) = make.make_instrument(session, functions=functions, kind="thermometer").ranges()
    assert (address.function.unit, address.range.unit, address.range.resolution_unit) == ("degC", "degC", "degC")


@pytest.mark.parametrize(
    ("function", "field", "code"),
    [
        (NewFunction("mass", "mm"), "functions-0-unit", "unit.incompatible"),
        (NewFunction("mass", "gugu"), "functions-0-unit", "unit.unknown"),
        (NewFunction("Mass!", "g"), "functions-0-quantity", "entry.not_a_code"),
        (NewFunction("mass", "g", ranges=(NewRange("mm"),)), "functions-0-ranges-0-unit", "unit.incompatible"),
        (
            NewFunction("mass", "g", ranges=(NewRange(lower=Decimal(2), upper=Decimal(1)),)),
            "functions-0-ranges-0-upper",
            "entry.limits_reversed",
        ),
        (
            NewFunction("mass", "g", ranges=(NewRange(resolution=Decimal(0)),)),
            "functions-0-ranges-0-resolution",
            "entry.not_positive",
        ),
        (NewFunction("mass", "g", ranges=(NewRange(), NewRange())), "functions-0-ranges-1-name", "entry.range_twice"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(session: Session, function: NewFunction, field: str, code: str) -> None:
    owner = make.make_body(session)
    with pytest.raises(InvalidInput) as error:
        services.register_instrument(
            session, make.recorder(0), RegisterInstrument(identity(owner.id), functions=(function,)), now=NOW
        )
    assert refused(error) == {field: code}


def test_all_mistakes_of_an_instrument_are_named_at_once(session: Session) -> None:
    command = RegisterInstrument(identity(10**9, kind="Weird kind", name_vi=" ", year_made=2027, purpose_of_use="x"))
    with pytest.raises(InvalidInput) as error:
        services.register_instrument(session, make.recorder(0), command, now=NOW)
    assert refused(error) == {
        "kind": "entry.not_a_code",
        "name_vi": "field.missing",
        "purpose_of_use": "field.not_a_choice",
        "year_made": "entry.year",
        "owner_id": "instrument.owner_unknown",
        "functions": "entry.no_function",
    }


def test_the_same_serial_number_twice_is_refused(session: Session) -> None:
    first = make.make_instrument(session, serial_number="A-1")
    with pytest.raises(InvalidInput) as error:
        make.make_instrument(session, first.owner_id, serial_number="A-1")
    assert refused(error) == {"serial_number": "instrument.serial_number_taken"}
    make.make_instrument(session, serial_number="A-1")  # another owner may have it


def test_a_change_keeps_the_ranges_and_notes_before_and_after(session: Session) -> None:
    facts = make.make_instrument(session)
    command = UpdateInstrument(facts.id, facts.row_version, identity(facts.owner_id, name_vi="Quả cân mới"))
    after = services.update_instrument(session, make.recorder(0), command, now=NOW)
    assert (after.name_vi, after.parts) == ("Quả cân mới", facts.parts)
    assert after.row_version > facts.row_version
    assert actions(session)[-1] == "instrument.updated"


def test_a_change_on_an_unseen_change_is_refused(session: Session) -> None:
    facts = make.make_instrument(session)
    command = UpdateInstrument(facts.id, facts.row_version, identity(facts.owner_id, name_vi="Tên một"))
    services.update_instrument(session, make.recorder(0), command, now=NOW)
    with pytest.raises(StaleRecord) as error:
        services.update_instrument(session, make.recorder(0), command, now=NOW)
    assert error.value.values == {"seen": facts.row_version, "present": facts.row_version + 1}


def test_a_range_can_be_added_but_not_twice(session: Session) -> None:
    facts = make.make_instrument(session)
    part = NewPart("1", "x", (NewFunction("mass", "g", ranges=(NewRange(name="phụ", upper=Decimal(5)),)),))
    after = services.add_range(session, make.recorder(0), AddRange(facts.id, part), now=NOW)
    assert [address.range.name for address in after.ranges()] == ["", "phụ"]
    assert len(after.parts) == 1
    with pytest.raises(InvalidInput) as error:
        services.add_range(session, make.recorder(0), AddRange(facts.id, part), now=NOW)
    assert refused(error) == {"parts-0-functions-0-ranges-0-name": "entry.range_twice"}


def test_lists_are_searched_without_marks(session: Session) -> None:
    make.make_instrument(session, name_vi="Áp kế lò xo", kind="pressure_gauge")
    assert [line.name_vi for line in queries.instruments(session, text="AP KE lo").items] == ["Áp kế lò xo"]
    assert queries.instruments(session, text="ap ke cân").total == 0
    assert queries.instruments(session, kind="pressure_gauge").total == 1


# standards


def test_a_standard_waits_until_its_first_calibration_is_accepted(session: Session) -> None:
    standard = make.make_standard(session)
    assert [change.state for change in standard.states] == [StandardState.RETURNED]
    make.make_calibration(session, standard)
    states = queries.standard_facts(session, standard.id).states
    assert [change.state for change in states] == [StandardState.RETURNED, StandardState.AVAILABLE]


def test_only_an_instrument_of_the_laboratory_becomes_its_standard(session: Session) -> None:
    site = make.make_own_site(session)
    foreign = make.make_instrument(session)
    actor = make.recorder(site.organisation_id)
    with pytest.raises(InvalidInput) as error:
        services.register_standard(session, actor, RegisterStandard(foreign.id, site.id, " ", REFERENCE), now=NOW)
    assert refused(error) == {"code": "field.missing", "instrument_id": "standard.of_another_owner"}


def test_a_code_and_an_instrument_are_taken_once(session: Session) -> None:
    site = make.make_own_site(session)
    first = make.make_standard(session, site, code="KL-05")
    with pytest.raises(InvalidInput) as error:
        command = RegisterStandard(first.instrument_id, site.id, "KL-05", REFERENCE)
        services.register_standard(session, make.recorder(site.organisation_id), command, now=NOW)
    assert refused(error) == {"instrument_id": "standard.registered_already", "code": "standard.code_taken"}


def change(session: Session, standard: StandardFacts, state: StandardState, **rest: Any) -> StandardFacts:
    """Change a standard's state as its laboratory's manager."""
    actor = make.recorder(standard.laboratory_id)
    return services.change_standard_state(session, actor, ChangeStandardState(standard.id, state, **rest), now=NOW)


def test_quarantine_says_why_and_stops_the_use(session: Session) -> None:
    standard = make.make_standard(session)
    calibration = make.make_calibration(session, standard)
    with pytest.raises(InvalidInput) as error:
        change(session, standard, StandardState.QUARANTINED)
    assert refused(error) == {"reason": "field.missing"}
    change(session, standard, StandardState.QUARANTINED, reason="Rơi")
    problems = queries.check_use(session, calibration.id, at=NOW, role=REFERENCE)
    assert [problem.code for problem in problems] == ["use.quarantined"]
    assert queries.check_use(session, calibration.id, at=make.ACCEPTED_AT, role=REFERENCE) == []
    with pytest.raises(RuleViolation) as refusal:
        change(session, standard, StandardState.AVAILABLE)
    assert refusal.value.code == "standard.state_cannot_follow"


def test_nothing_becomes_available_without_an_accepted_calibration(session: Session) -> None:
    standard = make.make_standard(session)
    with pytest.raises(RuleViolation) as refusal:
        change(session, standard, StandardState.AVAILABLE)
    assert refusal.value.code == "standard.no_accepted_calibration"
    pump = make.make_standard(session, needs_calibration=False, role=StandardRole.AUXILIARY)
    assert pump.states[-1].state is StandardState.AVAILABLE
    found = queries.usable_without_calibration(session, site_id=pump.site_id, role=StandardRole.AUXILIARY, at=NOW)
    assert [facts.id for facts in found] == [pump.id]
    assert queries.check_use(session, standard_id=pump.id, at=NOW, role=StandardRole.AUXILIARY) == []


def test_two_people_cannot_change_the_state_they_both_saw(session: Session) -> None:
    standard = make.make_standard(session)
    make.make_calibration(session, standard)
    seen = queries.standard_facts(session, standard.id).row_version
    change(session, standard, StandardState.LIMITED, limitation="Chỉ 10 kg", row_version=seen)
    with pytest.raises(StaleRecord):
        change(session, standard, StandardState.OUT, reason="Gửi đi", row_version=seen)


def test_a_paper_makes_a_standard_fit_for_verification(session: Session) -> None:
    standard = make.make_standard(session)
    calibration = make.make_calibration(session, standard)
    regime = LegalRegime.VERIFICATION
    before = queries.check_use(session, calibration.id, at=NOW, role=REFERENCE, legal_regime=regime)
    assert [problem.code for problem in before] == ["use.paper_missing"]
    paper = RecordPaper(standard.id, "certified_for_verification", "CN-1", date(2026, 2, 1), date(2027, 2, 1))
    services.record_paper(session, make.recorder(standard.laboratory_id), paper, now=NOW)
    assert queries.check_use(session, calibration.id, at=NOW, role=REFERENCE, legal_regime=regime) == []


def test_papers_that_make_no_sense_are_refused(session: Session) -> None:
    standard = make.make_standard(session)
    paper = RecordPaper(standard.id, "unheard", " ", date(2026, 3, 3), date(2026, 3, 2), issuer_id=10**9)
    with pytest.raises(InvalidInput) as error:
        services.record_paper(session, make.recorder(standard.laboratory_id), paper, now=NOW)
    assert refused(error) == {
        "kind": "field.not_a_choice",
        "number": "field.missing",
        "issued_on": "entry.date_in_future",
        "valid_until": "entry.dates_reversed",
        "issuer_id": "entry.organisation_unknown",
    }


def test_a_drift_that_makes_no_sense_is_refused(session: Session) -> None:
    standard = make.make_standard(session)
    bad = RecordDrift(standard.id, "15 y", "mm", " ", date(2026, 1, 1), distribution="odd")
    with pytest.raises(InvalidInput) as error:
        services.record_drift(session, make.recorder(standard.laboratory_id), bad, now=NOW)
    assert refused(error) == {
        "unit": "unit.incompatible",
        "half_width_expression": "formula.syntax",
        "basis": "field.missing",
        "distribution": "field.not_a_choice",
    }
    with pytest.raises(InvalidInput) as error:
        make.make_drift(session, standard, range_id=10**9)
    assert refused(error) == {"range_id": "entry.range_of_another"}


# calibrations


def record(session: Session, standard: StandardFacts, **overrides: Any) -> dict[str, str]:
    """Record a calibration that will be refused and return the fields with their codes."""
    command = make.calibration_command(session, standard, **overrides)
    with pytest.raises(InvalidInput) as error:
        services.record_calibration(session, make.recorder(standard.laboratory_id), command, now=NOW)
    return refused(error)


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


# in house, and the graph


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
    assert (value.value, value.expanded_uncertainty, value.interpolated) == (
        Decimal("1.2004"),
        Decimal("0.001"),
        True,
    )


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


# who may


def stranger(laboratory_id: int) -> Actor:
    """Somebody of the laboratory without any permission."""
    return Actor(9003, "Người lạ", frozenset(), frozenset({laboratory_id}), laboratory_id)


def test_without_permission_nothing_is_done(session: Session) -> None:
    standard = make.make_standard(session)
    calibration = make.make_calibration(session, standard, accepted=False)
    actor = stranger(standard.laboratory_id)
    command = make.calibration_command(session, standard)
    acts = (
        lambda: services.record_calibration(session, actor, command, now=NOW),
        lambda: services.accept_calibration(session, actor, AcceptCalibration(calibration.id), now=NOW),
        lambda: services.reject_calibration(session, actor, RejectCalibration(calibration.id, "x"), now=NOW),
        lambda: services.end_calibration(session, actor, EndCalibration(calibration.id, "x"), now=NOW),
        lambda: services.extend_calibration(
            session, actor, ExtendCalibration(calibration.id, date(2027, 1, 1), "x"), now=NOW
        ),
        lambda: services.record_terminal(session, actor, RecordTerminal(calibration.id, make.nmi_terminal()), now=NOW),
        lambda: services.change_standard_state(
            session, actor, ChangeStandardState(standard.id, StandardState.OUT, "x"), now=NOW
        ),
        lambda: services.record_drift(
            session, actor, RecordDrift(standard.id, "1", "mg", "x", date(2026, 1, 1)), now=NOW
        ),
        lambda: services.record_paper(
            session, actor, RecordPaper(standard.id, "other", "x", date(2026, 1, 1)), now=NOW
        ),
        lambda: services.register_standard(
            session, actor, RegisterStandard(standard.instrument_id, standard.site_id, "x", REFERENCE), now=NOW
        ),
        lambda: services.register_instrument(
            session, actor, RegisterInstrument(identity(standard.laboratory_id)), now=NOW
        ),
        lambda: services.update_instrument(
            session, actor, UpdateInstrument(standard.instrument_id, 1, identity(standard.laboratory_id)), now=NOW
        ),
        lambda: services.add_range(session, actor, AddRange(standard.instrument_id, NewPart("1", "x", ())), now=NOW),
    )
    for act in acts:
        with pytest.raises(Forbidden):
            act()


def test_another_laboratorys_standard_reads_like_one_that_does_not_exist(session: Session) -> None:
    standard = make.make_standard(session)
    calibration = make.make_calibration(session, standard, accepted=False)
    other = make.make_own_site(session).organisation_id
    with pytest.raises(NotFound) as error:
        services.accept_calibration(session, make.acceptor(other), AcceptCalibration(calibration.id), now=NOW)
    with pytest.raises(NotFound) as missing:
        services.change_standard_state(
            session, make.recorder(other), ChangeStandardState(10**9, StandardState.OUT, "x"), now=NOW
        )
    assert error.value.code == missing.value.code == "standard.not_found"


def test_each_act_is_noted_for_the_audit_chain(session: Session) -> None:
    standard = make.make_standard(session)
    calibration = make.make_calibration(session, standard)
    make.make_drift(session, standard)
    change(session, standard, StandardState.OUT, reason="Gửi đi")
    services.end_calibration(
        session, make.recorder(standard.laboratory_id), EndCalibration(calibration.id, "Hỏng"), now=NOW
    )
    assert actions(session) == [
        "instrument.registered",
        "standard.registered",
        "calibration.recorded",
        "calibration.accepted",
        "standard.drift_decided",
        "standard.state_changed",
        "calibration.ended",
    ]


def test_what_a_calibration_says_cannot_be_changed_behind_its_digest(session: Session) -> None:
    calibration = make.make_calibration(session)
    content = dataclasses.replace(calibration.contents[0], value=Decimal("10000.006"))
    altered = dataclasses.replace(calibration, contents=(content,))
    assert queries.content_digest(calibration) == calibration.content_digest
    assert queries.content_digest(altered) != calibration.content_digest
