"""Versions, authorisations and scopes in the database: who may do what, what is refused, what is left behind."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lims.core.actor import SYSTEM, Actor
from lims.core.errors import Forbidden, InvalidInput, NotFound, RuleViolation, StaleRecord
from lims.people import queries as people
from lims.people.facts import Role
from lims.procedures import queries, services
from lims.procedures.facts import (
    Activity,
    AddVersion,
    ApproveVersion,
    CreateProcedure,
    EndAuthorisation,
    GrantAuthorisation,
    ProcedureVersionFacts,
    RecordScope,
    ReviseDraft,
    ScopeKind,
    ScopeLineInput,
    SignatoryKind,
    VersionState,
    WithdrawVersion,
)
from lims.procedures.files import check_file, export_file, import_file
from lims.procedures.procedure_file import read_toml
from lims.procedures.scope import cmc_at
from tests.factories.people import Laboratory, make_laboratory, make_organisation, make_person
from tests.factories.procedures import (
    make_authorisation,
    make_procedure_version,
    make_scope,
    weighing_file,
    weighing_text,
)
from tests.lims.jobs.conftest import NOW, TODAY


@pytest.fixture
def laboratory(session: Session) -> Laboratory:
    """A laboratory with one person in each role."""
    return make_laboratory(session)


def _actor(session: Session, laboratory: Laboratory, role: Role) -> Actor:
    return people.actor_of(session, laboratory.persons[role], TODAY)


def _draft(session: Session, laboratory: Laboratory) -> ProcedureVersionFacts:
    quality = _actor(session, laboratory, Role.QUALITY_MANAGER)
    command = CreateProcedure(laboratory.organisation_id, weighing_file())
    return services.create_procedure(session, quality, command, now=NOW)


def _approved(session: Session, laboratory: Laboratory) -> ProcedureVersionFacts:
    draft = _draft(session, laboratory)
    manager = _actor(session, laboratory, Role.TECHNICAL_MANAGER)
    return services.approve_version(session, manager, ApproveVersion(draft.id, draft.row_version, TODAY), now=NOW)


def test_version_is_drawn_up_by_one_and_approved_by_another(session: Session, laboratory: Laboratory) -> None:
    approved = _approved(session, laboratory)
    assert (approved.state, approved.valid_from, approved.valid_to) == (VersionState.APPROVED, TODAY, None)
    found = queries.versions_for(
        session, instrument_kind="weight", on=TODAY, organisation_id=laboratory.organisation_id
    )
    assert [line.id for line in found] == [approved.id]
    before = TODAY - timedelta(days=1)
    assert not queries.versions_for(
        session, instrument_kind="weight", on=before, organisation_id=laboratory.organisation_id
    )
    actions = [entry.action for entry in session.info["audit_pending"]]
    assert actions[-2:] == ["procedure.add_version", "procedure.approve_version"]


def test_nobody_approves_what_they_drew_up(session: Session, laboratory: Laboratory) -> None:
    manager = _actor(session, laboratory, Role.TECHNICAL_MANAGER)
    command = CreateProcedure(laboratory.organisation_id, weighing_file())
    draft = services.create_procedure(session, manager, command, now=NOW)
    with pytest.raises(RuleViolation) as refused:
        services.approve_version(session, manager, ApproveVersion(draft.id, draft.row_version, TODAY), now=NOW)
    assert refused.value.code == "procedure.own_approval"
    with pytest.raises(Forbidden):
        technician = _actor(session, laboratory, Role.TECHNICIAN)
        services.approve_version(session, technician, ApproveVersion(draft.id, draft.row_version, TODAY), now=NOW)


def test_who_revises_a_draft_last_drew_it_up(session: Session, laboratory: Laboratory) -> None:
    draft = _draft(session, laboratory)
    manager = _actor(session, laboratory, Role.TECHNICAL_MANAGER)
    changed = weighing_file(method_reference="HC-KL-01:2026, sửa 1")
    revised = services.revise_draft(session, manager, ReviseDraft(draft.id, draft.row_version, changed), now=NOW)
    assert revised.created_by_id == manager.person_id
    with pytest.raises(RuleViolation):
        services.approve_version(session, manager, ApproveVersion(draft.id, revised.row_version, TODAY), now=NOW)
    with pytest.raises(StaleRecord):
        services.revise_draft(session, manager, ReviseDraft(draft.id, draft.row_version, changed), now=NOW)


def test_new_version_ends_the_one_before_and_approved_ones_are_frozen(session: Session, laboratory: Laboratory) -> None:
    first = _approved(session, laboratory)
    quality = _actor(session, laboratory, Role.QUALITY_MANAGER)
    manager = _actor(session, laboratory, Role.TECHNICAL_MANAGER)
    second = services.add_version(session, quality, AddVersion(first.procedure_id, weighing_file(version="2")), now=NOW)
    with pytest.raises(RuleViolation) as refused:
        services.approve_version(session, manager, ApproveVersion(second.id, second.row_version, TODAY), now=NOW)
    assert refused.value.code == "procedure.approval_too_early"
    later = TODAY + timedelta(days=30)
    services.approve_version(session, manager, ApproveVersion(second.id, second.row_version, later), now=NOW)
    ended = queries.procedure_version_facts(session, first.id)
    assert ended.valid_to == later - timedelta(days=1)
    with pytest.raises(RuleViolation):
        services.revise_draft(session, quality, ReviseDraft(first.id, ended.row_version, weighing_file()), now=NOW)
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(text("UPDATE procedure_version SET definition = '{}' WHERE id = :i"), {"i": first.id})


def test_versions_that_do_not_belong_are_refused(session: Session, laboratory: Laboratory) -> None:
    approved = _approved(session, laboratory)
    quality = _actor(session, laboratory, Role.QUALITY_MANAGER)
    for file, code in (
        (weighing_file(version="1"), "procedure.version_taken"),
        (weighing_file(code="HC-KL-02", version="2"), "procedure.other_code"),
        (weighing_file(instrument_kind="balance", version="2"), "procedure.other_kind"),
    ):
        with pytest.raises(InvalidInput) as refused:
            services.add_version(session, quality, AddVersion(approved.procedure_id, file), now=NOW)
        assert refused.value.fields[0].code == code
    with pytest.raises(InvalidInput) as refused:
        services.create_procedure(
            session, quality, CreateProcedure(laboratory.organisation_id, weighing_file()), now=NOW
        )
    assert refused.value.fields[0].code == "procedure.code_taken"
    services.add_version(session, quality, AddVersion(approved.procedure_id, weighing_file(version="2")), now=NOW)
    with pytest.raises(RuleViolation) as waits:
        services.add_version(session, quality, AddVersion(approved.procedure_id, weighing_file(version="3")), now=NOW)
    assert waits.value.code == "procedure.draft_waits"


def test_withdrawn_version_is_not_offered_after_its_last_day(session: Session, laboratory: Laboratory) -> None:
    approved = _approved(session, laboratory)
    manager = _actor(session, laboratory, Role.TECHNICAL_MANAGER)
    command = WithdrawVersion(approved.id, approved.row_version, TODAY, "Chuẩn mới")
    services.withdraw_version(session, manager, command, now=NOW)
    for day, number in ((TODAY, 1), (TODAY + timedelta(days=1), 0)):
        found = queries.versions_for(
            session, instrument_kind="weight", on=day, organisation_id=laboratory.organisation_id
        )
        assert len(found) == number


def test_another_laboratorys_procedure_reads_as_not_there(session: Session, laboratory: Laboratory) -> None:
    other = make_organisation(session, is_laboratory=True, is_customer=False)
    foreign = make_procedure_version(session, organisation_id=other.id, state=VersionState.DRAFT)
    manager = _actor(session, laboratory, Role.TECHNICAL_MANAGER)
    with pytest.raises(NotFound):
        services.approve_version(session, manager, ApproveVersion(foreign.id, foreign.row_version, TODAY), now=NOW)
    with pytest.raises(NotFound):
        services.create_procedure(session, manager, CreateProcedure(other.id, weighing_file()), now=NOW)


def test_authorisation_holds_from_its_first_to_its_last_day(session: Session, laboratory: Laboratory) -> None:
    version = make_procedure_version(session, organisation_id=laboratory.organisation_id)
    person = laboratory.persons[Role.TECHNICIAN]
    last = TODAY + timedelta(days=9)
    command = GrantAuthorisation(
        person, Activity.PERFORM, TODAY, "QĐ 12", procedure_id=version.procedure_id, valid_to=last
    )
    manager = _actor(session, laboratory, Role.TECHNICAL_MANAGER)
    granted = services.grant_authorisation(session, manager, command, now=NOW)

    def holds(on: date, site_id: int | None = laboratory.site_id, activity: str = "perform") -> bool:
        return (
            queries.authorisation_for(
                session, person, procedure_id=version.procedure_id, activity=activity, on=on, site_id=site_id
            )
            is not None
        )

    assert [holds(day) for day in (TODAY - timedelta(days=1), TODAY, last, last + timedelta(days=1))] == [
        False,
        True,
        True,
        False,
    ]
    assert not holds(TODAY, activity="review")
    services.end_authorisation(session, manager, EndAuthorisation(granted.id, TODAY, "Chuyển việc"), now=NOW)
    assert (holds(TODAY), holds(TODAY + timedelta(days=1))) == (True, False)
    with pytest.raises(RuleViolation) as refused:
        services.end_authorisation(session, manager, EndAuthorisation(granted.id, TODAY, "Lại"), now=NOW)
    assert refused.value.code == "authorisation.ended"


def test_authorisation_of_one_site_does_not_hold_at_another(session: Session, laboratory: Laboratory) -> None:
    person = laboratory.persons[Role.SIGNATORY]
    make_authorisation(
        session,
        person_id=person,
        activity=Activity.RELEASE,
        signatory_kind=SignatoryKind.CALIBRATION_CERTIFICATE,
        site_id=laboratory.site_id,
    )
    kind = SignatoryKind.CALIBRATION_CERTIFICATE
    assert queries.signatory_authorisation(session, person, kind=kind, on=TODAY, site_id=laboratory.site_id)
    assert not queries.signatory_authorisation(session, person, kind=kind, on=TODAY, site_id=laboratory.site_id + 1)
    verification = SignatoryKind.VERIFICATION_CERTIFICATE
    assert not queries.signatory_authorisation(session, person, kind=verification, on=TODAY, site_id=laboratory.site_id)


def test_authorisations_that_may_not_be_granted(session: Session, laboratory: Laboratory) -> None:
    manager = _actor(session, laboratory, Role.TECHNICAL_MANAGER)
    version = make_procedure_version(session, organisation_id=laboratory.organisation_id)
    technician = laboratory.persons[Role.TECHNICIAN]
    good = GrantAuthorisation(technician, Activity.PERFORM, TODAY, "QĐ", procedure_id=version.procedure_id)
    for changes, code in (
        ({"person_id": manager.person_id}, "authorisation.own"),
        ({"activity": Activity.RELEASE}, "authorisation.object"),
        ({"procedure_id": None}, "authorisation.object"),
        ({"valid_to": TODAY - timedelta(days=1)}, "authorisation.dates"),
    ):
        with pytest.raises(RuleViolation) as refused:
            services.grant_authorisation(session, manager, dataclasses.replace(good, **changes), now=NOW)
        assert refused.value.code == code
    with pytest.raises(InvalidInput):
        services.grant_authorisation(session, manager, dataclasses.replace(good, evidence=" "), now=NOW)
    stranger = make_person(session).id
    with pytest.raises(NotFound):
        services.grant_authorisation(session, manager, dataclasses.replace(good, person_id=stranger), now=NOW)
    with pytest.raises(NotFound):
        services.grant_authorisation(session, manager, dataclasses.replace(good, procedure_id=10**9), now=NOW)
    with pytest.raises(Forbidden):
        services.grant_authorisation(session, _actor(session, laboratory, Role.TECHNICIAN), good, now=NOW)


def _line(**changes: object) -> ScopeLineInput:
    line = ScopeLineInput("mass", "Quả cân", "kg", "HC-KL-01, ĐLVN 47:2009", "2 + 2.5*x", "mg", upper=Decimal(20))
    return dataclasses.replace(line, **changes)  # type: ignore[arg-type]  # real field names


def test_scope_line_for_a_value_and_its_cmc(session: Session, laboratory: Laboratory) -> None:
    manager = _actor(session, laboratory, Role.TECHNICAL_MANAGER)
    command = RecordScope(
        laboratory.site_id, ScopeKind.ACCREDITATION, "1", "VILAS 0000", TODAY, (_line(lower=Decimal(1)),)
    )
    services.record_scope(session, manager, command, now=NOW)

    def line(
        value: str = "10000", unit: str = "g", method: str = "ĐLVN 47 : 2009", on: date = TODAY, on_site: bool = False
    ) -> object:
        return queries.scope_line_for(
            session,
            site_id=laboratory.site_id,
            quantity="mass",
            instrument_kind="weight",
            value=Decimal(value),
            unit=unit,
            method=method,
            on_site=on_site,
            on=on,
        )

    found = queries.scope_versions(session, laboratory.site_id)[0].lines[0]
    assert line() == found
    assert line(value="20", unit="kg") == found
    for changes in (
        {"value": "20.0001", "unit": "kg"},
        {"value": "0.9", "unit": "kg"},
        {"unit": "kPa"},
        {"method": "HC-KL-02"},
        {"on": TODAY - timedelta(days=1)},
        {"on_site": True},
    ):
        assert line(**changes) is None, changes
    cmc = cmc_at(found, Decimal(10000), "g")
    assert (cmc.value, cmc.unit) == (27.0, "mg")
    relative = dataclasses.replace(found, cmc_expression="0.02", cmc_unit="%")
    assert cmc_at(relative, Decimal(10000), "g").value == pytest.approx(0.002, rel=1e-12)
    assert cmc_at(relative, Decimal(10000), "g").unit == "kg"
    with pytest.raises(RuleViolation):
        cmc_at(dataclasses.replace(found, cmc_expression="1 - x"), Decimal(10), "kg")


def test_scope_that_does_not_hold_together_is_refused(session: Session, laboratory: Laboratory) -> None:
    make_scope(session, site_id=laboratory.site_id)
    manager = _actor(session, laboratory, Role.TECHNICAL_MANAGER)
    good = RecordScope(laboratory.site_id, ScopeKind.ACCREDITATION, "2", "VILAS 0000", TODAY, (_line(),))
    for changes, code in (
        ({"lines": ()}, "scope.no_lines"),
        ({"version": "1"}, "scope.version_taken"),
        ({"valid_from": date(2025, 1, 1)}, "scope.starts_before"),
        ({"valid_to": date(2025, 1, 1)}, "scope.dates"),
        ({"lines": (_line(cmc_unit="kPa"),)}, "scope.cmc_unit"),
        ({"lines": (_line(unit="stone?"),)}, "definition.unit_unknown"),
        ({"lines": (_line(lower=Decimal(30)),)}, "scope.limits_crossed"),
        ({"lines": (_line(cmc_expression="2 + y"),)}, "definition.model.unknown_name"),
    ):
        with pytest.raises(InvalidInput) as refused:
            services.record_scope(session, manager, dataclasses.replace(good, **changes), now=NOW)
        assert refused.value.fields[0].code == code
    services.record_scope(session, manager, good, now=NOW)
    assert [(one.version, one.valid_to) for one in queries.scope_versions(session, laboratory.site_id)] == [
        ("2", None),
        ("1", TODAY - timedelta(days=1)),
    ]


def test_files_are_checked_imported_and_exported(session: Session, laboratory: Laboratory) -> None:
    assert not check_file(weighing_text())
    assert [fault.field for fault in check_file(weighing_text().replace('kind = "abba"', 'kind = "x"'))] == [
        "sections[1].layout.kind"
    ]
    made = import_file(session, SYSTEM, weighing_text(), organisation_id=laboratory.organisation_id, now=NOW)
    assert made.state is VersionState.DRAFT
    exported = export_file(session, "HC-KL-01", organisation_id=laboratory.organisation_id, on=TODAY)
    assert read_toml(exported) == read_toml(weighing_text())
    with pytest.raises(NotFound):
        export_file(session, "HC-KL-01", "9", organisation_id=laboratory.organisation_id, on=TODAY)
