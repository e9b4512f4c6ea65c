"""Cells that a batch shares, after they were read: undone, commented, left out, not measurable."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from lims.calibrations import batch_queries, queries
from lims.calibrations.batch_cell_services import (
    comment_shared,
    exclude_shared,
    shared_not_measurable,
    take_back_shared,
)
from lims.calibrations.batch_commands import (
    CommentShared,
    ExcludeShared,
    SharedNotMeasurable,
    TakeBackShared,
)
from lims.calibrations.batch_reading_services import record_batch_reading
from lims.calibrations.commands import (
    Exclude,
)
from lims.calibrations.evaluations import material_of
from lims.calibrations.facts import ExclusionKind
from lims.calibrations.record_services import exclude
from lims.core.errors import InvalidInput, RuleViolation
from tests.factories.batches import (
    make_batch,
    make_bath,
    measured_batch,
    own_cell,
    shared_cell,
    shared_command,
)
from tests.factories.calibrations import NOW
from tests.lims.calibrations.test_batch_services import LATER, code_of, errors_of


def test_undo_comment_and_leaving_out_hold_for_all_items(session: Session) -> None:
    bath = make_bath(session)
    batch = measured_batch(session, bath)
    run = batch.runs[0]
    present = batch_queries.cell_chain(session, batch.id, shared_cell())[-1]
    with pytest.raises(RuleViolation) as others:
        undo = TakeBackShared(batch.id, present.id, None, "gõ nhầm", "1" * 32)
        take_back_shared(session, bath.colleague, undo, now=LATER)
    assert code_of(others) == "reading.not_own"
    said = comment_shared(
        session, bath.technician, CommentShared(batch.id, present.id, "chờ 10 phút", "ghi chú", "2" * 32), now=LATER
    )
    assert (said.comment, said.text) == ("chờ 10 phút", present.text)
    before = [errors_of(session, bath, entry.id)["t50"] for entry in batch.runs]
    leaving = ExcludeShared(batch.id, ExclusionKind.EXCLUDED, "nước chưa ổn định", said.id, bath.reviewer.person_id)
    exclude_shared(session, bath.technician, leaving, now=LATER)
    after = [errors_of(session, bath, entry.id)["t50"] for entry in batch.runs]
    assert all(one != other for one, other in zip(before, after, strict=True))
    restored = ExcludeShared(batch.id, ExclusionKind.RESTORED, "nhầm", said.id)
    exclude_shared(session, bath.technician, restored, now=LATER)
    assert [errors_of(session, bath, entry.id)["t50"] for entry in batch.runs] == before
    alone = Exclude(run.id, ExclusionKind.EXCLUDED, "bọt khí", said.id, approver_id=bath.reviewer.person_id)
    exclude(session, bath.technician, alone, now=LATER)
    now = [errors_of(session, bath, entry.id)["t50"] for entry in batch.runs]
    assert (now[0] != before[0], now[1:] == before[1:]) == (True, True)
    withdrawal = Exclude(run.id, ExclusionKind.WITHDRAWN, "nhầm", said.id)
    with pytest.raises(RuleViolation) as shared:
        exclude(session, bath.technician, withdrawal, now=LATER)
    assert code_of(shared) == "batch.written_there"


def test_a_shared_cell_that_cannot_be_read_is_said_once_for_all_items(session: Session) -> None:
    bath = make_bath(session)
    batch = measured_batch(session, bath)
    present = batch_queries.cell_chain(session, batch.id, shared_cell())[-1]
    said = SharedNotMeasurable(batch.id, shared_cell(), "mất nguồn", "3" * 32, present.id)
    before = [errors_of(session, bath, entry.id)["t50"] for entry in batch.runs]
    stored = shared_not_measurable(session, bath.technician, said, now=LATER)
    assert (stored.id, stored.excluded) == (present.id, "not_measurable")
    after = [errors_of(session, bath, entry.id)["t50"] for entry in batch.runs]
    assert all(one != other for one, other in zip(before, after, strict=True))
    again = shared_not_measurable(session, bath.technician, said, now=LATER)
    assert again.id == stored.id
    with pytest.raises(InvalidInput):
        shared_not_measurable(session, bath.technician, replace(said, reason=" "), now=LATER)


def test_an_empty_shared_cell_gets_a_reading_without_a_number(session: Session) -> None:
    bath = make_bath(session)
    batch = make_batch(session, bath)
    said = SharedNotMeasurable(batch.id, shared_cell(), "mất nguồn", "4" * 32)
    stored = shared_not_measurable(session, bath.technician, said, now=NOW)
    assert (stored.value, stored.text, stored.unit) == (None, "", "degC")
    material = material_of(session, queries.run_facts(session, bath.technician, batch.runs[1].id))
    assert [r.excluded for r in material.readings if r.address == shared_cell()] == ["not_measurable"]
    undo = TakeBackShared(batch.id, stored.id, None, "nhầm", "5" * 32)
    take_back_shared(session, bath.technician, undo, now=LATER)
    record_batch_reading(
        session,
        bath.technician,
        replace(shared_command(batch, shared_cell(), "50"), seen_reading_id=stored.id, reason="có điện lại"),
        now=LATER,
    )
    (chain,) = [batch_queries.cell_chain(session, batch.id, shared_cell())]
    assert [entry.text for entry in chain] == ["", "50"]
    not_shared = replace(said, address=own_cell(), client_uuid="6" * 32)
    with pytest.raises(InvalidInput):
        shared_not_measurable(session, bath.technician, not_shared, now=NOW)
