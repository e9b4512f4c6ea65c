"""Batches through their services, on both databases: what is shared enters every run, and each refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from lims.calibrations import batch_queries, queries
from lims.calibrations.adjustment_services import record_adjustment
from lims.calibrations.batch_cell_services import (
    take_back_shared,
)
from lims.calibrations.batch_commands import (
    AddToBatch,
    ChangeBatchRoom,
    ChooseBatchEquipment,
    DecideBatch,
    OpenBatch,
    RemoveFromBatch,
    TakeBackShared,
    WithdrawBatchEquipment,
)
from lims.calibrations.batch_facts import BatchFacts
from lims.calibrations.batch_reading_services import record_batch_reading
from lims.calibrations.batch_services import (
    add_to_batch,
    change_batch_room,
    choose_batch_equipment,
    open_batch,
    remove_from_batch,
    submit_batch,
    withdraw_batch_equipment,
)
from lims.calibrations.commands import (
    ChangeRun,
    ChooseEquipment,
    Consent,
    Decide,
    Exclude,
    RecordAdjustment,
    WithdrawEquipment,
)
from lims.calibrations.decision_services import release_run, return_run, review_run, submit_run
from lims.calibrations.evaluations import last_evaluation, material_of, preview
from lims.calibrations.facts import ExclusionKind, RunState
from lims.calibrations.models import CalibrationRun, Reading
from lims.calibrations.reading_services import record_reading
from lims.calibrations.recompute import recompute
from lims.calibrations.record_services import exclude
from lims.calibrations.released import released_runs
from lims.calibrations.services import change_run, choose_equipment, withdraw_equipment
from lims.calibrations.standing import standing
from lims.calibrations.workflow import problems
from lims.core.errors import Forbidden, InvalidInput, LimsError, NotFound, RuleViolation, StaleRecord
from lims.jobs import queries as jobs_queries
from lims.jobs.facts import AgreedPoints, ItemState
from lims.jobs.notice_facts import ConsentWay
from lims.people.facts import Role
from lims.procedures.definition_facts import MeasuringPoint
from tests.factories import jobs, procedures, standards
from tests.factories.batches import (
    Bath,
    condition_cell,
    equip_batch,
    make_batch,
    make_bath,
    make_thermometer_item,
    measured_batch,
    own_cell,
    own_command,
    shared_cell,
    shared_command,
    thermometer_file,
)
from tests.factories.calibrations import NOW, make_actor

LATER = NOW + timedelta(hours=1)


def code_of(error: pytest.ExceptionInfo[LimsError]) -> str:
    """Return the code of what was refused (of the first field, for input)."""
    found = error.value
    return found.fields[0].code if isinstance(found, InvalidInput) else found.code


def fresh(session: Session, bath: Bath, batch: BatchFacts) -> BatchFacts:
    """Return a batch as it is now."""
    return batch_queries.batch_facts(session, bath.technician, batch.id)


def errors_of(session: Session, bath: Bath, run_id: int) -> dict[str, str]:
    """Return the reported errors of a run's preview by point."""
    run = queries.run_facts(session, bath.technician, run_id)
    view, _gathered = preview(session, material_of(session, run), now=LATER)
    return {row.point: str(row.reported_error) for row in view.results}


def test_a_batch_opens_a_run_for_each_item(session: Session) -> None:
    bath = make_bath(session)
    batch = make_batch(session, bath)
    assert batch.number.startswith("B26-")
    assert [run.job_item_id for run in batch.runs] == list(bath.item_ids)
    assert {run.batch_id for run in batch.runs} == {batch.id}
    assert {run.room for run in batch.runs} == {"P.102"}
    assert {jobs_queries.job_item_facts(session, item).state for item in bath.item_ids} == {ItemState.IN_WORK}


def test_what_is_shared_enters_every_run_and_its_result(session: Session) -> None:
    bath = make_bath(session)
    batch = measured_batch(session, bath)
    # Mean of the standard: 50,010 °C at 50, 0,003 °C at 0; the n-th thermometer shows n hundredths too much.
    for number, run in enumerate(batch.runs, start=1):
        found = errors_of(session, bath, run.id)
        assert Decimal(found["t50"]) == Decimal(number) / 100 - Decimal("0.010")
        facts = queries.run_facts(session, bath.technician, run.id)
        material = material_of(session, facts)
        assert sum(reading.shared for reading in material.readings) == 8
        assert [use.shared for use in material.uses] == [True, True]
        view, gathered = preview(session, material, now=LATER)
        held = problems(standing(session, material, now=LATER, view=view, faults=gathered.faults, every_reading=True))
        assert held == ()


def test_a_correction_reaches_every_draft(session: Session) -> None:
    bath = make_bath(session)
    batch = measured_batch(session, bath)
    before = [errors_of(session, bath, run.id)["t50"] for run in batch.runs]
    present = next(
        entry
        for entry in queries.current(queries.readings(session, batch.runs[0].id))
        if entry.address == shared_cell("50", 1)
    )
    command = shared_command(batch, shared_cell("50", 1), "50,042", seen_reading_id=present.id, reason="đọc nhầm")
    record_batch_reading(session, bath.colleague, command, now=LATER)
    after = [errors_of(session, bath, run.id)["t50"] for run in batch.runs]
    assert [Decimal(one) - Decimal(other) for one, other in zip(before, after, strict=True)] == [Decimal("0.01")] * 4
    assert {errors_of(session, bath, run.id)["t0"] for run in batch.runs} != set(after)


def test_a_shared_cell_is_written_once_and_a_repeat_is_harmless(session: Session) -> None:
    bath = make_bath(session)
    batch = make_batch(session, bath)
    command = shared_command(batch, shared_cell(), "50,01")
    first = record_batch_reading(session, bath.technician, command, now=NOW)
    assert record_batch_reading(session, bath.technician, command, now=LATER).id == first.id
    with pytest.raises(RuleViolation) as reused:
        record_batch_reading(session, bath.technician, replace(command, text="50,02"), now=LATER)
    assert code_of(reused) == "reading.uuid_reused"
    with pytest.raises(StaleRecord) as conflict:
        record_batch_reading(session, bath.colleague, shared_command(batch, shared_cell(), "50,03"), now=LATER)
    assert conflict.value.values["present"] == "50,01"
    correction = shared_command(batch, shared_cell(), "50,03", seen_reading_id=first.id)
    with pytest.raises(InvalidInput) as without_reason:
        record_batch_reading(session, bath.colleague, correction, now=LATER)
    assert code_of(without_reason) == "reading.reason_needed"


@pytest.mark.parametrize(
    ("address", "text", "code"),
    [
        (own_cell(), "50,1", "reading.no_such_cell"),
        (shared_cell("75"), "75,0", "reading.no_such_cell"),
        (replace(shared_cell(), phase="as_left"), "50,0", "reading.no_such_cell"),
        (shared_cell(), "5o", "number.not_a_number"),
        (shared_cell(), "500", "reading.far_outside"),
        (condition_cell(), "", "number.missing"),
    ],
    ids=["the item's own", "no such point", "as left", "no number", "far outside", "empty"],
)
def test_a_shared_cell_refuses(session: Session, address: object, text: str, code: str) -> None:
    bath = make_bath(session, items=2)
    batch = make_batch(session, bath)
    with pytest.raises(InvalidInput) as refused:
        record_batch_reading(session, bath.technician, shared_command(batch, address, text), now=NOW)  # type: ignore[arg-type]
    assert code_of(refused) == code


def test_a_run_does_not_write_what_its_batch_shares(session: Session) -> None:
    bath = make_bath(session, items=2)
    batch = make_batch(session, bath)
    equip_batch(session, bath, batch)
    run = batch.runs[0]
    for address in (shared_cell(), condition_cell()):
        with pytest.raises(RuleViolation) as shared:
            record_reading(session, bath.technician, own_command(run.id, address, "20"), now=NOW)
        assert code_of(shared) == "batch.written_there"
        assert shared.value.values["batch"] == batch.number
    use = queries.equipment(session, run.id)[0]
    for act in (
        lambda: choose_equipment(
            session,
            bath.technician,
            ChooseEquipment(run.id, "reference", bath.standard.id, bath.calibration.id),
            now=NOW,
        ),
        lambda: withdraw_equipment(session, bath.technician, WithdrawEquipment(use.id, "thử"), now=NOW),
    ):
        with pytest.raises(RuleViolation) as refused:
            act()
        assert code_of(refused) == "batch.written_there"


def test_one_handed_in_run_holds_what_is_shared(session: Session) -> None:
    bath = make_bath(session)
    batch = measured_batch(session, bath)
    first = batch.runs[0]
    submit_run(session, bath.technician, Decide(first.id), now=LATER)
    with pytest.raises(RuleViolation) as handed_in:
        record_batch_reading(session, bath.technician, shared_command(batch, shared_cell(), "50,1"), now=LATER)
    assert (code_of(handed_in), handed_in.value.values["runs"]) == ("batch.run_handed_in", first.number)
    return_run(session, bath.reviewer, Decide(first.id, comment="sai"), now=LATER)
    seen = batch_queries.cell_chain(session, batch.id, shared_cell())[-1]
    command = shared_command(batch, shared_cell(), "50,02", seen_reading_id=seen.id, reason="đọc lại")
    record_batch_reading(session, bath.technician, command, now=LATER)
    submit_run(session, bath.technician, Decide(first.id), now=LATER)
    review_run(session, bath.reviewer, Decide(first.id), now=LATER)
    release_run(session, bath.signatory, Decide(first.id), now=LATER)
    for act in (
        lambda: record_batch_reading(session, bath.technician, shared_command(batch, shared_cell(), "50,1"), now=LATER),
        lambda: equip_batch(session, bath, batch, now=LATER),
    ):
        with pytest.raises(RuleViolation) as released:
            act()
        assert code_of(released) == "batch.run_released"
    # What is an item's own is still written into the drafts.
    own = batch_queries.batch_facts(session, bath.technician, batch.id).runs[1]
    reading = next(r for r in queries.readings(session, own.id) if r.address == own_cell())
    correction = own_command(own.id, own_cell(), "50,3", seen_reading_id=reading.id, reason="đọc lại")
    assert record_reading(session, bath.technician, correction, now=LATER).supersedes_id == reading.id


def test_who_wrote_a_shared_reading_reviews_none_of_its_runs(session: Session) -> None:
    bath = make_bath(session)
    batch = make_batch(session, bath)
    equip_batch(session, bath, batch)
    procedures.make_authorisation(session, person_id=bath.reviewer.person_id, procedure_id=bath.version.procedure_id)
    both = replace(bath.reviewer, permissions=bath.reviewer.permissions | bath.technician.permissions)
    record_batch_reading(session, both, shared_command(batch, condition_cell(1), "23,0"), now=NOW)
    for run in fresh(session, bath, batch).runs:
        assert bath.reviewer.person_id in {person.person_id for person in run.people}


def test_a_stranger_meets_no_batch(session: Session) -> None:
    bath = make_bath(session, items=2)
    batch = make_batch(session, bath)
    stranger = make_actor(session, standards.make_own_site(session, code="XA"), Role.TECHNICIAN, "Người Lạ")
    for act in (
        lambda: batch_queries.batch_facts(session, stranger, batch.id),
        lambda: record_batch_reading(session, stranger, shared_command(batch, shared_cell(), "50"), now=NOW),
        lambda: submit_batch(session, stranger, DecideBatch(batch.id), now=NOW),
        lambda: remove_from_batch(session, stranger, RemoveFromBatch(batch.id, batch.runs[0].id, "thử"), now=NOW),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(Forbidden):
        record_batch_reading(session, bath.signatory, shared_command(batch, shared_cell(), "50"), now=NOW)


def _agreed(*nominals: str) -> tuple[AgreedPoints, ...]:
    points = tuple(MeasuringPoint(f"t{n:.0f}", n, "degC", f"{n} °C", f"{n} °C") for n in map(Decimal, nominals))
    return (AgreedPoints("temperature", points),)


def test_items_that_cannot_be_measured_together_are_refused(session: Session) -> None:
    bath = make_bath(session, items=1)
    job = jobs.make_job(session, site_id=bath.site.id, customer_id=bath.items[0].customer_id)
    other = procedures.make_procedure_version(session, organisation_id=bath.site.organisation_id)
    cases = {
        "batch.other_points": make_thermometer_item(session, job, bath.version, 21, points=_agreed("0", "40")),
        "batch.other_procedure": make_thermometer_item(session, job, other, 22),
    }
    for code, item in cases.items():
        with pytest.raises(RuleViolation) as refused:
            open_batch(session, bath.technician, OpenBatch((*bath.item_ids, item.id)), now=NOW)
        assert (code_of(refused), refused.value.values["item"]) == (code, f"{job.number}/{item.position}")
    same = make_thermometer_item(session, job, bath.version, 23, points=_agreed("0.0", "50"))
    batch = open_batch(session, bath.technician, OpenBatch((*bath.item_ids, same.id)), now=NOW)
    assert len(batch.runs) == 2
    for ids, code in (((), "batch.no_items"), ((same.id, same.id), "batch.item_twice")):
        with pytest.raises(RuleViolation) as empty:
            open_batch(session, bath.technician, OpenBatch(ids), now=NOW)
        assert code_of(empty) == code


def test_an_item_joins_until_the_standard_is_read(session: Session) -> None:
    bath = make_bath(session, items=3)
    first, second, third = bath.item_ids
    batch = open_batch(session, bath.technician, OpenBatch((first,), room="P.102"), now=NOW)
    record_batch_reading(session, bath.technician, shared_command(batch, condition_cell(), "23"), now=NOW)
    joined = add_to_batch(session, bath.technician, AddToBatch(batch.id, (second,)), now=NOW)
    assert [run.job_item_id for run in joined.runs] == [first, second]
    with pytest.raises(RuleViolation) as twice:
        add_to_batch(session, bath.technician, AddToBatch(batch.id, (second,)), now=NOW)
    assert code_of(twice) == "batch.item_twice"
    reading = record_batch_reading(session, bath.technician, shared_command(batch, shared_cell(), "50"), now=NOW)
    with pytest.raises(RuleViolation) as late:
        add_to_batch(session, bath.technician, AddToBatch(batch.id, (third,)), now=NOW)
    assert code_of(late) == "batch.standard_read"
    undo = TakeBackShared(batch.id, reading.id, None, "gõ nhầm", "0" * 32)
    assert take_back_shared(session, bath.technician, undo, now=NOW) is None
    assert len(add_to_batch(session, bath.technician, AddToBatch(batch.id, (third,)), now=NOW).runs) == 3


def test_an_item_taken_out_keeps_its_own_readings_alone(session: Session) -> None:
    bath = make_bath(session)
    batch = measured_batch(session, bath)
    run = batch.runs[-1]
    with pytest.raises(InvalidInput):
        remove_from_batch(session, bath.technician, RemoveFromBatch(batch.id, run.id, " "), now=LATER)
    left = remove_from_batch(session, bath.technician, RemoveFromBatch(batch.id, run.id, "hỏng"), now=LATER)
    assert [entry.id for entry in left.runs] == [entry.id for entry in batch.runs[:-1]]
    readings = queries.readings(session, run.id)
    assert len(readings) == 6
    assert not any(reading.shared for reading in readings)
    assert queries.equipment(session, run.id) == ()
    submit_run(session, bath.technician, Decide(batch.runs[0].id), now=LATER)
    with pytest.raises(RuleViolation) as handed_in:
        remove_from_batch(session, bath.technician, RemoveFromBatch(batch.id, batch.runs[0].id, "hỏng"), now=LATER)
    assert code_of(handed_in) == "run.not_a_draft"
    with pytest.raises(DBAPIError, match="permanent record"), session.begin_nested():
        session.execute(update(CalibrationRun).where(CalibrationRun.id == batch.runs[0].id).values(batch_id=None))


def test_submitting_hands_in_what_is_complete_and_tells_of_the_rest(session: Session) -> None:
    bath = make_bath(session)
    batch = measured_batch(session, bath)
    last = batch.runs[-1]
    reading = next(r for r in queries.readings(session, last.id) if r.address == own_cell())
    exclude(session, bath.technician, Exclude(last.id, ExclusionKind.WITHDRAWN, "nhầm", reading.id), now=NOW)
    marker = batch_queries.marker_of(session, fresh(session, bath, batch))
    with pytest.raises(StaleRecord):
        submit_batch(session, bath.technician, DecideBatch(batch.id, seen_marker="1-2"), now=LATER)
    done = submit_batch(session, bath.technician, DecideBatch(batch.id, seen_marker=marker), now=LATER)
    assert done.submitted == tuple(run.id for run in batch.runs[:-1])
    assert [(held.number, held.error.code) for held in done.held] == [(last.number, "run.held")]
    states = [run.state for run in fresh(session, bath, batch).runs]
    assert states == [RunState.SUBMITTED] * 3 + [RunState.DRAFT]
    assert last_evaluation(session, last.id) is None
    with pytest.raises(RuleViolation) as nothing:
        submit_batch(session, bath.technician, DecideBatch(batch.id, run_ids=(batch.runs[0].id,)), now=LATER)
    assert code_of(nothing) == "batch.nothing_to_submit"


def test_released_runs_of_a_batch_print_what_was_shared_and_recompute(session: Session) -> None:
    bath = make_bath(session, items=2)
    batch = measured_batch(session, bath)
    submit_batch(session, bath.technician, DecideBatch(batch.id), now=LATER)
    for run in batch.runs:
        review_run(session, bath.reviewer, Decide(run.id), now=LATER)
        release_run(session, bath.signatory, Decide(run.id), now=LATER)
    first, second = released_runs(session, [run.id for run in batch.runs])
    assert first.equipment == second.equipment
    assert [use.standard_id for use in first.equipment] == [bath.standard.id, bath.hygrometer.id]
    assert [(c.minimum, c.maximum) for c in first.conditions] == [(Decimal("23.1"), Decimal("23.3"))]
    assert [person.name for person in second.performed] == [bath.technician.name]
    assert {outcome.verdict for outcome in recompute(session)} == {"identical"}


def test_equipment_is_chosen_and_taken_out_for_all(session: Session) -> None:
    bath = make_bath(session, items=2)
    batch = make_batch(session, bath)
    use = choose_batch_equipment(
        session,
        bath.technician,
        ChooseBatchEquipment(batch.id, "reference", bath.standard.id, bath.calibration.id),
        now=NOW,
    )
    with pytest.raises(RuleViolation) as twice:
        equip_batch(session, bath, batch)
    assert code_of(twice) == "run.equipment_twice"
    with pytest.raises(NotFound):
        withdraw_batch_equipment(session, bath.technician, WithdrawBatchEquipment(batch.id, 0, "thử"), now=NOW)
    withdraw_batch_equipment(session, bath.technician, WithdrawBatchEquipment(batch.id, use.id, "nhầm"), now=NOW)
    assert [queries.equipment(session, run.id) for run in batch.runs] == [(), ()]
    assert [len(queries.equipment(session, run.id, withdrawn=True)) for run in batch.runs] == [1, 1]


def test_the_room_is_changed_for_all_items_at_once(session: Session) -> None:
    bath = make_bath(session, items=2)
    batch = make_batch(session, bath)
    changed = change_batch_room(session, bath.technician, ChangeBatchRoom(batch.id, "P.103"), now=NOW)
    assert {changed.room, *(run.room for run in changed.runs)} == {"P.103"}
    run = changed.runs[0]
    with pytest.raises(RuleViolation) as shared:
        change_run(session, bath.technician, ChangeRun(run.id, run.row_version, "P.104"), now=NOW)
    assert code_of(shared) == "batch.written_there"


def test_an_adjusted_item_is_measured_as_left_alone(session: Session) -> None:
    """After its adjustment an item leaves the common bath: standard and item are read in its own run."""
    bath = make_bath(session, items=2)
    batch = measured_batch(session, bath)
    run, other = batch.runs
    consent = Consent("Khách hàng", NOW, ConsentWay.EMAIL, "Thư điện tử ngày 02/03/2026")
    command = RecordAdjustment(run.id, "Chỉnh điểm không", consent=consent)
    record_adjustment(session, bath.technician, command, now=LATER)
    after = LATER + timedelta(minutes=5)
    for place in (1, 2, 3):
        for cell, text in ((shared_cell("50", place), "50,00"), (own_cell("50", place), "50,02")):
            write = own_command(run.id, replace(cell, phase="as_left"), text, observed_at=after)
            assert not record_reading(session, bath.technician, write, now=after).shared
    facts = queries.run_facts(session, bath.technician, run.id)
    view, _gathered = preview(session, material_of(session, facts), now=after)
    assert {(row.point, row.phase) for row in view.results} == {
        ("t0", "as_found"),
        ("t50", "as_found"),
        ("t50", "as_left"),
    }
    unchanged = queries.run_facts(session, bath.technician, other.id)
    view, _gathered = preview(session, material_of(session, unchanged), now=after)
    assert {row.phase for row in view.results} == {"as_found"}


def test_the_database_holds_one_first_reading_of_a_shared_cell(session: Session) -> None:
    bath = make_bath(session, items=2)
    batch = make_batch(session, bath)
    first = record_batch_reading(session, bath.technician, shared_command(batch, shared_cell(), "50"), now=NOW)
    row = session.get_one(Reading, first.id)
    names = {column.key for column in Reading.__table__.columns} - {"id", "client_uuid"}
    second = Reading(**{name: getattr(row, name) for name in names}, client_uuid="3" * 32)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(second)
        session.flush()


def test_a_gauge_set_on_its_mark_shares_no_standard(session: Session) -> None:
    """Where only the standard is read, its indications are each item's own."""
    file = thermometer_file()
    section = file.definition.sections[0]
    alone = replace(section, layout=replace(section.layout, kind="points_repeats", roles=("standard",)))  # type: ignore[arg-type]
    bath = make_bath(session, items=2, file=replace(file, definition=replace(file.definition, sections=(alone,))))
    batch = make_batch(session, bath)
    with pytest.raises(InvalidInput):
        record_batch_reading(session, bath.technician, shared_command(batch, shared_cell(), "50"), now=NOW)
    own = own_command(batch.runs[1].id, shared_cell(), "50")
    assert not record_reading(session, bath.technician, own, now=NOW).shared
