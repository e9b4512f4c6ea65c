"""Orders in the database: who may do what, what is refused, what is left behind."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from itertools import combinations_with_replacement

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lims.core.errors import Forbidden, InvalidInput, NotFound, RuleViolation, StaleRecord
from lims.core.lists import ANY, ListRequest
from lims.jobs import list_queries, queries, services
from lims.jobs.facts import (
    AddItem,
    AgreedPoints,
    AgreedSpecification,
    AgreeSpecification,
    DecisionRule,
    HoldItem,
    HoldReason,
    ItemAgreement,
    ItemState,
    JobFacts,
    JobItemFacts,
    JobState,
    LegalRegime,
    MoveItem,
    OpenJob,
    ReceiveItem,
    ReviewContract,
    RuleKind,
    SpecificationKind,
    SubcontractItem,
)
from lims.jobs.workflow import job_state, promised_for_job
from lims.people.facts import Role
from lims.procedures.definition_facts import MeasuringPoint
from tests.factories.jobs import make_job, make_job_item
from tests.factories.people import make_organisation, make_site
from tests.factories.procedures import make_procedure_version, weighing_file
from tests.factories.standards import make_instrument
from tests.lims.jobs.conftest import NOW, TODAY, House


def _open(session: Session, house: House) -> JobFacts:
    command = OpenJob(house.laboratory.site_id, house.laboratory.customer_id, TODAY)
    return services.open_job(session, house.actor(Role.RECEIVER), command, now=NOW)


def _add(session: Session, house: House, job: JobFacts, agreement: ItemAgreement | None = None) -> JobItemFacts:
    agreed = agreement or ItemAgreement(procedure_version_id=house.version.id)
    return services.add_item(session, house.actor(Role.RECEIVER), AddItem(job.id, house.weight.id, agreed), now=NOW)


def _refused(session: Session, house: House, agreement: ItemAgreement) -> str:
    with pytest.raises((InvalidInput, RuleViolation)) as refused:
        _add(session, house, _open(session, house), agreement)
    error = refused.value
    return error.fields[0].code if isinstance(error, InvalidInput) else error.code


def test_jobs_of_a_site_are_numbered_without_gaps(session: Session, house: House) -> None:
    numbers = [_open(session, house).number for _ in range(3)]
    assert numbers == ["PYC26-TM-00001", "PYC26-TM-00002", "PYC26-TM-00003"]


def test_way_of_an_item_from_request_to_return(session: Session, house: House) -> None:
    receiver, technician = house.actor(Role.RECEIVER), house.actor(Role.TECHNICIAN)
    job = _open(session, house)
    item = _add(session, house, job)
    assert (item.state, item.addressee_id, item.contract_reviewed) == (ItemState.EXPECTED, job.customer_id, False)
    item = services.receive_item(session, receiver, ReceiveItem(item.id, TODAY, "Bình thường"), now=NOW)
    with pytest.raises(RuleViolation) as refused:
        services.start_item(session, technician, MoveItem(item.id), now=NOW)
    assert refused.value.code == "item.contract_not_reviewed"
    present = queries.job_facts(session, job.id)
    reviewed = services.review_contract(session, receiver, ReviewContract(job.id, present.row_version), now=NOW)
    assert reviewed.contract_reviewed_by == receiver.name
    services.start_item(session, technician, MoveItem(item.id), now=NOW)
    held = services.hold_item(session, technician, HoldItem(item.id, HoldReason.PART, "Chờ tay cầm"), now=NOW)
    assert held.hold_reason is HoldReason.PART
    resumed = services.resume_item(session, technician, MoveItem(item.id), now=NOW)
    assert resumed.hold_reason is None
    services.finish_item(session, technician, MoveItem(item.id), now=NOW)
    services.release_item(session, house.actor(Role.SIGNATORY), MoveItem(item.id), now=NOW)
    assert queries.job_facts(session, job.id).state is JobState.READY
    done = services.hand_back_item(session, receiver, MoveItem(item.id), now=NOW)
    assert done.state is ItemState.HANDED_BACK
    assert queries.job_facts(session, job.id).state is JobState.CLOSED
    steps = [(change.to_state.value, change.reason) for change in queries.history_of(session, item.id)]
    assert steps == [
        ("expected", ""),
        ("received", ""),
        ("in_work", ""),
        ("on_hold", "Chờ tay cầm"),
        ("in_work", ""),
        ("done", ""),
        ("released", ""),
        ("handed_back", ""),
    ]


def test_each_step_leaves_an_audit_entry(session: Session, house: House) -> None:
    job = _open(session, house)
    item = _add(session, house, job)
    services.cancel_item(session, house.actor(Role.RECEIVER), MoveItem(item.id, "Khách rút"), now=NOW)
    actions = [entry.action for entry in session.info["audit_pending"]]
    assert actions[-3:] == ["job.open", "job.add_item", "item.cancelled"]


def test_people_without_the_right_are_refused(session: Session, house: House) -> None:
    job = _open(session, house)
    item = _add(session, house, job)
    with pytest.raises(Forbidden):
        services.receive_item(session, house.actor(Role.TECHNICIAN), ReceiveItem(item.id, TODAY, "tốt"), now=NOW)
    with pytest.raises(Forbidden):
        services.cancel_item(session, house.actor(Role.TECHNICIAN), MoveItem(item.id, "x"), now=NOW)
    with pytest.raises(Forbidden):
        _ = services.open_job(
            session,
            house.actor(Role.CUSTOMER),
            OpenJob(house.laboratory.site_id, house.laboratory.customer_id, TODAY),
            now=NOW,
        )
    with pytest.raises(Forbidden):
        services.release_item(session, house.actor(Role.TECHNICIAN), MoveItem(item.id), now=NOW)


def test_job_of_another_site_reads_as_not_there(session: Session, house: House) -> None:
    elsewhere = make_job(session, site_id=make_site(session).id, customer_id=house.laboratory.customer_id)
    receiver = house.actor(Role.RECEIVER)
    with pytest.raises(NotFound):
        services.review_contract(session, receiver, ReviewContract(elsewhere.id, elsewhere.row_version), now=NOW)
    with pytest.raises(NotFound):
        services.add_item(session, receiver, AddItem(elsewhere.id, house.weight.id), now=NOW)
    with pytest.raises(NotFound):
        services.open_job(session, receiver, OpenJob(elsewhere.site_id, house.laboratory.customer_id, TODAY), now=NOW)
    page = list_queries.jobs(session, receiver, on=TODAY)
    assert elsewhere.id not in {line.id for line in page.items}


def test_instrument_of_another_owner_needs_a_reason(session: Session, house: House) -> None:
    job = _open(session, house)
    other = make_instrument(session)
    agreed = ItemAgreement(procedure_version_id=house.version.id)
    receiver = house.actor(Role.RECEIVER)
    with pytest.raises(InvalidInput) as refused:
        services.add_item(session, receiver, AddItem(job.id, other.id, agreed), now=NOW)
    assert [(fault.field, fault.code) for fault in refused.value.fields] == [("parties_reason", "item.other_owner")]
    stated = dataclasses.replace(agreed, parties_reason="Khách thuê quả cân theo hợp đồng 05/2026")
    item = services.add_item(session, receiver, AddItem(job.id, other.id, stated), now=NOW)
    assert item.parties_reason == "Khách thuê quả cân theo hợp đồng 05/2026"


def test_other_addressee_needs_a_reason_and_must_be_a_customer(session: Session, house: House) -> None:
    friend = make_organisation(session).id
    upstream = make_organisation(session, is_customer=False, is_upstream=True).id
    agreed = ItemAgreement(procedure_version_id=house.version.id, addressee_id=friend)
    assert _refused(session, house, agreed) == "item.other_party"
    stranger = dataclasses.replace(agreed, addressee_id=upstream, parties_reason="theo đơn hàng")
    assert _refused(session, house, stranger) == "job.no_customer"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"certificate_language": "fr"}, "field.not_a_choice"),
        ({"promised_on": date(2026, 2, 1)}, "job.promised_before_request"),
        ({"legal_regime": LegalRegime.VERIFICATION}, "item.procedure_does_not_fit"),
        (
            {"points": (AgreedPoints("weighing", (MeasuringPoint("5kg", Decimal(5000), "g", "5 kg"),)),)},
            "item.points_not_open",
        ),
        (
            {
                "agreed_specification": AgreedSpecification(SpecificationKind.LIMITS, upper=Decimal(1), unit="kPa"),
                "decision_rule": DecisionRule(RuleKind.SIMPLE_ACCEPTANCE, agreed_on=TODAY),
            },
            "unit.incompatible",
        ),
    ],
)
def test_agreement_that_does_not_hold_together_is_refused(
    session: Session, house: House, changes: dict[str, object], code: str
) -> None:
    agreed = dataclasses.replace(ItemAgreement(procedure_version_id=house.version.id), **changes)  # type: ignore[arg-type]  # real field names
    assert _refused(session, house, agreed) == code


def test_procedure_of_another_kind_laboratory_or_time_is_refused(session: Session, house: House) -> None:
    laboratory = house.laboratory.organisation_id
    gauge = make_procedure_version(
        session, organisation_id=laboratory, file=weighing_file(code="HC-AS-01", instrument_kind="pressure_gauge")
    )
    later = make_procedure_version(
        session, organisation_id=laboratory, file=weighing_file(code="HC-KL-09"), valid_from=date(2027, 1, 1)
    )
    foreign = make_procedure_version(
        session, organisation_id=make_organisation(session, is_laboratory=True).id, file=weighing_file(code="X-1")
    )
    assert _refused(session, house, ItemAgreement(gauge.id)) == "item.procedure_does_not_fit"
    assert _refused(session, house, ItemAgreement(later.id)) == "item.procedure_not_in_force"
    with pytest.raises(NotFound):
        _add(session, house, _open(session, house), ItemAgreement(foreign.id))


def test_instrument_in_the_house_is_not_taken_twice(session: Session, house: House) -> None:
    first = _add(session, house, _open(session, house))
    assert _refused(session, house, ItemAgreement(house.version.id)) == "item.already_in_house"
    services.cancel_item(session, house.actor(Role.RECEIVER), MoveItem(first.id, "Khách rút"), now=NOW)
    assert _add(session, house, _open(session, house)).id != first.id


def test_changed_agreement_calls_for_another_review(session: Session, house: House) -> None:
    receiver = house.actor(Role.RECEIVER)
    job = _open(session, house)
    item = _add(session, house, job)
    present = queries.job_facts(session, job.id)
    services.review_contract(session, receiver, ReviewContract(job.id, present.row_version), now=NOW)
    agreed = ItemAgreement(house.version.id, place_of_use="Kho 2")
    changed = services.agree_specification(
        session, receiver, AgreeSpecification(item.id, item.row_version, agreed), now=NOW
    )
    assert (changed.place_of_use, changed.contract_reviewed) == ("Kho 2", False)
    with pytest.raises(StaleRecord) as refused:
        services.agree_specification(session, receiver, AgreeSpecification(item.id, item.row_version, agreed), now=NOW)
    assert refused.value.values == {"seen": item.row_version, "present": changed.row_version}


def test_agreement_of_an_item_in_work_is_frozen(session: Session, house: House) -> None:
    job = make_job(session, site_id=house.laboratory.site_id, customer_id=house.laboratory.customer_id)
    item = make_job_item(
        session, job=job, instrument_id=house.weight.id, procedure_version_id=house.version.id, state=ItemState.IN_WORK
    )
    command = AgreeSpecification(item.id, item.row_version, ItemAgreement(house.version.id))
    with pytest.raises(RuleViolation) as refused:
        services.agree_specification(session, house.actor(Role.RECEIVER), command, now=NOW)
    assert refused.value.code == "item.agreement_frozen"


def test_review_refuses_an_empty_job_an_item_without_procedure_and_a_stale_page(session: Session, house: House) -> None:
    receiver = house.actor(Role.RECEIVER)
    job = _open(session, house)
    with pytest.raises(RuleViolation) as refused:
        services.review_contract(session, receiver, ReviewContract(job.id, job.row_version), now=NOW)
    assert refused.value.code == "job.no_items"
    _add(session, house, job, ItemAgreement())
    with pytest.raises(RuleViolation) as refused:
        present = queries.job_facts(session, job.id)
        services.review_contract(session, receiver, ReviewContract(job.id, present.row_version), now=NOW)
    assert (refused.value.code, refused.value.values["position"]) == ("item.no_procedure", 1)
    with pytest.raises(StaleRecord):
        services.review_contract(session, receiver, ReviewContract(job.id, 99), now=NOW)


def test_reception_needs_a_condition_and_a_day_that_has_come(session: Session, house: House) -> None:
    receiver = house.actor(Role.RECEIVER)
    item = _add(session, house, _open(session, house))
    for command, field in (
        (ReceiveItem(item.id, TODAY, "  "), "condition_on_receipt"),
        (ReceiveItem(item.id, date(2026, 3, 3), "tốt"), "received_on"),
    ):
        with pytest.raises(InvalidInput) as refused:
            services.receive_item(session, receiver, command, now=NOW)
        assert refused.value.fields[0].field == field
    on_site = ReceiveItem(item.id, TODAY, "tốt", on_site=True)
    attended = services.receive_item(session, house.actor(Role.TECHNICIAN), on_site, now=NOW)
    assert attended.state is ItemState.ATTENDED


def test_subcontractor_must_be_a_laboratory_upstream(session: Session, house: House) -> None:
    receiver = house.actor(Role.RECEIVER)
    item = _add(session, house, _open(session, house))
    services.receive_item(session, receiver, ReceiveItem(item.id, TODAY, "tốt"), now=NOW)
    with pytest.raises(InvalidInput):
        services.subcontract_item(
            session, receiver, SubcontractItem(item.id, house.laboratory.customer_id, "khách đồng ý"), now=NOW
        )
    upstream = make_organisation(session, is_customer=False, is_upstream=True).id
    given = services.subcontract_item(session, receiver, SubcontractItem(item.id, upstream, "khách đồng ý"), now=NOW)
    assert (given.state, given.subcontractor_id) == (ItemState.SUBCONTRACTED, upstream)


def test_list_finds_by_words_without_marks_state_and_delay(session: Session, house: House) -> None:
    receiver = house.actor(Role.RECEIVER)
    job = _open(session, house)
    _add(session, house, job)

    def found(text: str = "", **chosen: str) -> set[int]:
        request = ListRequest(text=text, chosen={name: (value,) for name, value in chosen.items()})
        return {line.id for line in list_queries.jobs(session, receiver, request, on=TODAY).items}

    assert job.id in found(text="co khi mau")
    assert job.id in found(text=str(house.weight.serial_number).lower())
    assert job.id not in found(text="khong co")
    assert job.id not in found(text="%")
    assert job.id in found(state=JobState.EXPECTED)
    assert job.id not in found(state=JobState.IN_WORK)
    assert job.id in found(customer=str(house.laboratory.customer_id))
    assert job.id not in found(customer="999999")
    assert job.id not in found(late="1")
    late = make_job(
        session,
        site_id=house.laboratory.site_id,
        customer_id=house.laboratory.customer_id,
        promised_on=date(2026, 2, 1),
    )
    assert late.id in found(late="1")


def test_a_job_is_promised_for_what_is_still_to_be_done(session: Session, house: House) -> None:
    """An item's own promise goes before its job's; list, rule and the item's facts say the same day."""
    receiver = house.actor(Role.RECEIVER)

    def job_of(*items: tuple[ItemState, date | None]) -> JobFacts:
        site, customer = house.laboratory.site_id, house.laboratory.customer_id
        job = make_job(session, site_id=site, customer_id=customer, promised_on=date(2026, 4, 10))
        for state, promised in items:
            make_job_item(
                session,
                job=job,
                instrument_id=house.weight.id,
                procedure_version_id=house.version.id,
                state=state,
                promised_on=promised,
            )
        return job

    cases = {
        job_of().id: date(2026, 4, 10),
        job_of((ItemState.IN_WORK, None), (ItemState.RECEIVED, date(2026, 4, 20))).id: date(2026, 4, 10),
        job_of((ItemState.DONE, date(2026, 4, 15)), (ItemState.RELEASED, date(2026, 4, 2))).id: date(2026, 4, 15),
        job_of((ItemState.RELEASED, date(2026, 4, 2)), (ItemState.CANCELLED, date(2026, 5, 9))).id: date(2026, 4, 2),
        job_of((ItemState.HANDED_BACK, date(2026, 3, 2)), (ItemState.HANDED_BACK, None)).id: date(2026, 4, 10),
    }
    listed = {line.id: line.promised_on for line in list_queries.jobs(session, receiver, on=TODAY).items}
    for job_id, expected in cases.items():
        items = queries.items_of(session, job_id)
        assert promised_for_job(date(2026, 4, 10), items) == listed[job_id] == expected
        lines = list_queries.items(session, receiver, ListRequest(chosen={"state": (ANY,)}), on=TODAY).items
        assert {line.id: line.promised_on for line in lines if line.job_id == job_id} == {
            item.id: item.due_on for item in items
        }


def test_states_of_the_list_are_those_of_the_rule(session: Session, house: House) -> None:
    """The condition in SQL and the rule in Python must say the same for every pair of item states."""
    receiver = house.actor(Role.RECEIVER)
    expected: dict[JobState, set[int]] = {state: set() for state in JobState}
    for pair in [(), *combinations_with_replacement(ItemState, 2)]:
        job = make_job(session, site_id=house.laboratory.site_id, customer_id=house.laboratory.customer_id)
        for place in pair:
            make_job_item(
                session, job=job, instrument_id=house.weight.id, procedure_version_id=house.version.id, state=place
            )
        expected[job_state(list(pair))].add(job.id)
    for state, wanted in expected.items():
        requests = [ListRequest(chosen={"state": (state,)}, page=number) for number in (1, 2)]
        pages = [list_queries.jobs(session, receiver, request, on=TODAY) for request in requests]
        assert pages[0].counts["state"][state] == len(wanted)
        lines = [*pages[0].items, *(pages[1].items if pages[0].pages > 1 else ())]
        assert {line.id for line in lines} == wanted, state
        assert {line.state for line in lines} == {state}


def test_steps_cannot_be_rewritten_below_the_application(session: Session, house: House) -> None:
    item = _add(session, house, _open(session, house))
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(text("UPDATE job_item_state_change SET reason = 'x' WHERE job_item_id = :i"), {"i": item.id})
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(text("DELETE FROM job_item WHERE id = :i"), {"i": item.id})
