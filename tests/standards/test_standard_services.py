"""What people do with standards, papers and drift, on both databases; who may do anything at all."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.errors import Forbidden, InvalidInput, NotFound, RuleViolation, StaleRecord
from standards import queries, services
from standards.commands import (
    AcceptCalibration,
    AddRange,
    ChangeStandardState,
    EndCalibration,
    ExtendCalibration,
    NewPart,
    RecordDrift,
    RecordPaper,
    RecordTerminal,
    RegisterInstrument,
    RegisterStandard,
    RejectCalibration,
    UpdateInstrument,
)
from standards.facts import LegalRegime, StandardRole, StandardState
from tests.factories import standards as make
from tests.standards.acting import NOW, REFERENCE, actions, change, identity, refused


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
