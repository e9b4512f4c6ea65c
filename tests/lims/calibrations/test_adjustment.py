"""An item adjusted between as found and as left, and one that fails as found: consent, hold, notice, answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lims.calibrations import as_found, queries
from lims.calibrations.commands import Decide
from lims.calibrations.decision_services import release_run, return_run, review_run, submit_run
from lims.calibrations.evaluations import material_of, preview
from lims.calibrations.facts import AdjustmentKind, RunState
from lims.calibrations.notice_services import (
    approve_notice,
    record_answer,
    redraft_notice,
)
from lims.calibrations.reading_services import record_reading
from lims.core.actor import Actor
from lims.core.errors import Forbidden, InvalidInput, NotFound, RuleViolation, StaleRecord
from lims.jobs import item_services, notice_queries, notice_services
from lims.jobs.facts import (
    HoldItem,
    HoldReason,
    ItemState,
    MoveItem,
)
from lims.jobs.notice_facts import (
    AnswerChoice,
    ConsentWay,
    NoticeState,
    NoticeStep,
    ReviseNotice,
    SendNotice,
    WithdrawNotice,
)
from lims.people.facts import Role
from tests.factories.adjustments import (
    CONSENT,
    LATER,
    adjust,
    answered,
    correct,
    failing_bench,
    held,
    item_of,
    read_as_left,
)
from tests.factories.calibrations import (
    NOW,
    authorise,
    cell,
    equip,
    make_actor,
    make_bench,
    make_run,
    measured_run,
    read_all,
    reading_command,
)


def test_as_left_is_read_after_an_adjustment_and_both_are_evaluated(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    equip(session, bench, run)
    with pytest.raises(RuleViolation) as error:
        adjust(session, bench, run)
    assert (error.value.code, error.value.values["count"]) == ("run.adjusted_before_as_found", 12)
    read_all(session, bench, run)
    adjust(session, bench, run, seals_removed="0123", seals_applied="0456, 0457")
    (stored,) = queries.adjustments(session, run.id)
    assert (stored.made_by, stored.made_at, stored.consent_way) == ("Kỹ Thuật Viên", LATER, ConsentWay.EMAIL)
    assert (stored.seals_removed, stored.seals_applied) == ("0123", "0456, 0457")
    read_as_left(session, bench, run, LATER)
    view = submit_run(session, bench.technician, Decide(run.id), now=LATER)
    assert [(row.phase, row.reported_value) for row in view.results] == [("as_found", "25"), ("as_left", "6")]
    assert notice_queries.notices_of_run(session, run.id) == []  # nothing was to conform to


def test_one_missing_cell_as_found_keeps_the_adjustment_back(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    equip(session, bench, run)
    for cycle in (1, 2, 3):
        for place, role in ((1, "standard"), (2, "item"), (3, "item"), (4, "standard")):
            if (cycle, place) != (3, 4):
                record_reading(session, bench.technician, reading_command(run, cell(cycle, place, role), "0"), now=NOW)
    with pytest.raises(RuleViolation) as error:
        adjust(session, bench, run)
    assert error.value.values["count"] == 1


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"by": " "}, {"consent_by": "field.missing"}),
        ({"evidence": ""}, {"consent_evidence": "field.missing"}),
        ({"at": LATER + timedelta(seconds=1)}, {"consent_at": "notice.in_future"}),
    ],
    ids=["who", "evidence", "future"],
)
def test_a_consent_says_who_when_and_what_shows_it(
    session: Session, changes: Mapping[str, Any], fields: Mapping[str, str]
) -> None:
    bench = make_bench(session)
    run = measured_run(session, bench)
    with pytest.raises(InvalidInput) as error:
        adjust(session, bench, run, consent=replace(CONSENT, **changes))
    assert {entry.field: entry.code for entry in error.value.fields} == fields


def test_without_a_consent_nothing_is_adjusted(session: Session) -> None:
    bench = make_bench(session)
    run = measured_run(session, bench)
    with pytest.raises(RuleViolation) as error:
        adjust(session, bench, run, consent=None)
    assert error.value.code == "run.adjustment_without_consent"


def test_an_order_that_says_adjust_is_the_consent(session: Session) -> None:
    bench = failing_bench(session, adjust=True)
    run = measured_run(session, bench)
    adjust(session, bench, run, consent=None)
    (stored,) = queries.adjustments(session, run.id)
    assert (stored.consent_way, stored.consent_by) == (ConsentWay.ORDER, "Khách hàng Mẫu")
    assert bench.item.job_number in stored.consent_evidence
    (notice,) = notice_queries.notices_of_run(session, run.id)  # the customer is told all the same
    assert notice.answer is not None
    assert (notice.answer.choice, notice.answer.way) == (AnswerChoice.ADJUST, ConsentWay.ORDER)
    assert "Theo thỏa thuận" in notice.letter.closing_vi
    assert item_of(session, bench).state is ItemState.IN_WORK
    read_as_left(session, bench, run, LATER)
    submit_run(session, bench.technician, Decide(run.id), now=LATER)
    assert item_of(session, bench).state is ItemState.DONE


def test_the_adjuster_is_authorised_and_never_reviews(session: Session) -> None:
    bench = make_bench(session)
    run = measured_run(session, bench)
    stranger = make_actor(session, bench.site, Role.TECHNICIAN, "Người Chưa Được Giao")
    with pytest.raises(RuleViolation) as error:
        adjust(session, bench, run, performer_id=stranger.person_id)
    assert error.value.code == "run.adjuster_not_authorised"
    authorise(session, bench.reviewer, bench.version, "perform")  # type: ignore[arg-type]  # a word as good as the enum
    adjust(session, bench, run, performer_id=bench.reviewer.person_id)
    read_as_left(session, bench, run, LATER)
    submit_run(session, bench.technician, Decide(run.id), now=LATER)
    with pytest.raises(RuleViolation) as own:
        review_run(session, bench.reviewer, Decide(run.id), now=LATER)
    assert (own.value.code, own.value.values["why"]) == ("run.own_review", "adjusted")


def test_an_adjustment_lies_between_the_last_reading_as_found_and_now(session: Session) -> None:
    bench = make_bench(session)
    run = measured_run(session, bench)
    for at, code in ((NOW - timedelta(minutes=1), "run.adjusted_before_reading"), (LATER, "reading.in_future")):
        with pytest.raises(InvalidInput) as error:
            adjust(session, bench, run, now=LATER - timedelta(minutes=1), adjusted_at=at)
        assert [entry.code for entry in error.value.fields] == [code]


def test_what_was_read_before_a_second_adjustment_is_read_again(session: Session) -> None:
    bench = make_bench(session)
    run = measured_run(session, bench)
    adjust(session, bench, run)
    read_as_left(session, bench, run, LATER)
    again = LATER + timedelta(minutes=5)
    adjust(session, bench, run, now=again)
    with pytest.raises(RuleViolation) as error:
        submit_run(session, bench.technician, Decide(run.id), now=again)
    assert error.value.values["problems"][0].code == "run.as_left_before_adjustment"  # type: ignore[index]
    read_as_left(session, bench, run, again)
    submit_run(session, bench.technician, Decide(run.id), now=again)


def test_one_act_holds_the_item_and_drafts_the_notice(session: Session) -> None:
    bench = failing_bench(session)
    run = measured_run(session, bench)
    material = material_of(session, run)
    shown = as_found.as_found_view(session, material, preview(session, material, now=NOW)[0])
    assert shown is not None
    assert (shown.may_hold, shown.complete, len(shown.failures)) == (True, True, 1)
    notice = held(session, bench, run)
    item = item_of(session, bench)
    assert (item.state, item.hold_reason) == (ItemState.ON_HOLD, HoldReason.CUSTOMER)
    (failure,) = notice.finding.failures
    assert (failure.measurement_error, failure.expanded_uncertainty, failure.unit) == ("25", "59", "mg")
    assert (failure.lower, failure.upper, failure.limit_unit, failure.decision) == ("-20", "20", "mg", "fail")
    assert [entry.code for entry in notice.finding.standards] == [bench.standard.code]
    assert (notice.state, notice.number) == (NoticeState.DRAFT, f"TB-{run.number}")
    assert "02/03/2026" in notice.letter.opening_vi
    assert "2 Mar 2026" in notice.letter.opening_en
    with pytest.raises(RuleViolation) as error:
        held(session, bench, run)
    assert error.value.code == "notice.waits_already"


def test_what_conforms_or_is_not_read_yet_holds_nothing(session: Session) -> None:
    bench = failing_bench(session)
    run = make_run(session, bench)
    equip(session, bench, run)
    with pytest.raises(RuleViolation) as error:
        held(session, bench, run)
    assert error.value.code == "run.as_found_incomplete"
    read_all(session, bench, run)
    correct(session, bench, run, "-0.02")
    with pytest.raises(RuleViolation) as error:
        held(session, bench, run)
    assert error.value.code == "run.as_found_conforms"


def test_submitting_a_failing_result_does_the_same_by_itself(session: Session) -> None:
    bench = failing_bench(session)
    run = measured_run(session, bench)
    submit_run(session, bench.technician, Decide(run.id), now=LATER)
    assert item_of(session, bench).state is ItemState.ON_HOLD
    (notice,) = notice_queries.notices_of_item(session, bench.item.id)
    review_run(session, bench.reviewer, Decide(run.id), now=LATER)
    with pytest.raises(RuleViolation) as error:
        release_run(session, bench.signatory, Decide(run.id), now=LATER)
    assert error.value.values["problems"][0].code == "run.item_waits"  # type: ignore[index]
    command = answered(AnswerChoice.CERTIFICATE_AS_FOUND, notice)
    record_answer(session, bench.reviewer, command, now=LATER)
    assert item_of(session, bench).state is ItemState.DONE
    release_run(session, bench.signatory, Decide(run.id), now=LATER)
    assert item_of(session, bench).state is ItemState.RELEASED


def test_the_answer_moves_the_item(session: Session) -> None:
    for choice, state in (
        (AnswerChoice.ADJUST, ItemState.IN_WORK),
        (AnswerChoice.REPAIR, ItemState.IN_WORK),
        (AnswerChoice.CERTIFICATE_AS_FOUND, ItemState.IN_WORK),  # its run is still a draft
        (AnswerChoice.RETURN_AS_IS, ItemState.CANCELLED),
    ):
        bench = failing_bench(session)
        notice = held(session, bench, measured_run(session, bench))
        with pytest.raises(RuleViolation) as error:
            item_services.resume_item(session, bench.technician, MoveItem(bench.item.id), now=LATER)
        assert error.value.code == "item.answer_missing"
        stored = record_answer(session, bench.reviewer, answered(choice, notice), now=LATER)
        assert item_of(session, bench).state is state
        assert stored.answer is not None
        assert stored.answer.choice is choice
        with pytest.raises(RuleViolation) as again:
            record_answer(session, bench.reviewer, answered(choice, notice), now=LATER)
        assert again.value.code == "notice.not_waiting"


def test_a_recorded_answer_is_the_consent_to_adjust(session: Session) -> None:
    bench = failing_bench(session)
    run = measured_run(session, bench)
    notice = held(session, bench, run)
    with pytest.raises(RuleViolation) as error:
        adjust(session, bench, run, consent=None)
    assert error.value.code == "run.adjustment_without_consent"
    record_answer(session, bench.reviewer, answered(AnswerChoice.ADJUST, notice), now=LATER)
    adjust(session, bench, run, consent=None)
    (stored,) = queries.adjustments(session, run.id)
    assert (stored.consent_by, stored.consent_way) == ("Anh Minh", ConsentWay.PHONE)
    read_as_left(session, bench, run, LATER)
    submit_run(session, bench.technician, Decide(run.id), now=LATER)
    assert item_of(session, bench).state is ItemState.DONE
    assert len(notice_queries.notices_of_run(session, run.id)) == 1


def test_an_answer_against_it_forbids_what_the_order_allowed(session: Session) -> None:
    bench = failing_bench(session, adjust=True)
    run = measured_run(session, bench)
    notice = held(session, bench, run)
    record_answer(session, bench.reviewer, answered(AnswerChoice.CERTIFICATE_AS_FOUND, notice), now=LATER)
    with pytest.raises(RuleViolation) as error:
        adjust(session, bench, run, consent=None)
    assert error.value.code == "run.adjustment_without_consent"


def test_consent_at_the_bench_ends_the_hold(session: Session) -> None:
    bench = failing_bench(session)
    run = measured_run(session, bench)
    notice = held(session, bench, run)
    adjust(session, bench, run, kind=AdjustmentKind.REPAIR)
    assert item_of(session, bench).state is ItemState.IN_WORK
    kept = notice_queries.notice_facts(session, notice.id)
    assert kept.answer is not None
    assert (kept.answer.choice, kept.answer.evidence) == (AnswerChoice.REPAIR, CONSENT.evidence)


def test_an_item_that_waits_for_something_else_is_not_adjusted(session: Session) -> None:
    bench = failing_bench(session)
    run = measured_run(session, bench)
    command = HoldItem(bench.item.id, HoldReason.STANDARD, "Chuẩn đang đi hiệu chuẩn")
    item_services.hold_item(session, bench.technician, command, now=NOW)
    with pytest.raises(RuleViolation) as error:
        adjust(session, bench, run)
    assert error.value.code == "run.item_not_in_work"


def test_an_adjustment_asked_for_is_made_before_the_release(session: Session) -> None:
    bench = failing_bench(session)
    run = measured_run(session, bench)
    submit_run(session, bench.technician, Decide(run.id), now=LATER)
    (notice,) = notice_queries.notices_of_item(session, bench.item.id)
    record_answer(session, bench.reviewer, answered(AnswerChoice.ADJUST, notice), now=LATER)
    review_run(session, bench.reviewer, Decide(run.id), now=LATER)
    with pytest.raises(RuleViolation) as error:
        release_run(session, bench.signatory, Decide(run.id), now=LATER)
    assert error.value.values["problems"][0].code == "run.adjustment_wanted"  # type: ignore[index]
    return_run(session, bench.reviewer, Decide(run.id, comment="Khách yêu cầu hiệu chỉnh"), now=LATER)
    adjust(session, bench, run, consent=None)
    read_as_left(session, bench, run, LATER)
    submit_run(session, bench.technician, Decide(run.id), now=LATER)
    review_run(session, bench.reviewer, Decide(run.id), now=LATER)
    release_run(session, bench.signatory, Decide(run.id), now=LATER)
    assert item_of(session, bench).state is ItemState.RELEASED


def test_corrected_readings_renew_or_take_back_the_draft(session: Session) -> None:
    bench = failing_bench(session)
    run = measured_run(session, bench)
    notice = held(session, bench, run)
    correct(session, bench, run, "0.005")
    with pytest.raises(RuleViolation) as error:
        approve_notice(session, bench.reviewer, NoticeStep(notice.id, notice.row_version), now=LATER)
    assert error.value.code == "notice.stale_figures"
    renewed = redraft_notice(session, bench.reviewer, notice.id, now=LATER)
    assert (renewed.number, renewed.finding.failures[0].measurement_error) == (f"TB-{run.number}/2", "30")
    assert item_of(session, bench).state is ItemState.ON_HOLD
    correct(session, bench, run, "-0.025")
    submit_run(session, bench.technician, Decide(run.id), now=LATER)
    states = [entry.state for entry in notice_queries.notices_of_run(session, run.id)]
    assert states == [NoticeState.WITHDRAWN, NoticeState.WITHDRAWN]
    assert item_of(session, bench).state is ItemState.DONE


def test_the_way_of_a_notice(session: Session) -> None:
    bench = failing_bench(session)
    quality = make_actor(session, bench.site, Role.QUALITY_MANAGER, "Phụ Trách Chất Lượng")
    receiver = make_actor(session, bench.site, Role.RECEIVER, "Tiếp Nhận")
    notice = held(session, bench, measured_run(session, bench))
    sending = SendNotice(notice.id, LATER.date(), ConsentWay.EMAIL, "ketqua@example.com")
    with pytest.raises(RuleViolation) as error:
        notice_services.mark_notice_sent(session, receiver, sending, now=LATER)
    assert error.value.code == "notice.step_refused"
    letter = replace(notice.letter, opening_vi="Kính gửi anh Minh,")
    revised = notice_services.revise_notice(
        session, quality, ReviseNotice(notice.id, notice.row_version, letter), now=LATER
    )
    with pytest.raises(StaleRecord):
        notice_services.revise_notice(session, quality, ReviseNotice(notice.id, notice.row_version, letter), now=LATER)
    approved = approve_notice(session, quality, NoticeStep(notice.id, revised.row_version), now=LATER)
    assert (approved.state, approved.letter.opening_vi) == (NoticeState.APPROVED, "Kính gửi anh Minh,")
    with pytest.raises(RuleViolation):
        notice_services.revise_notice(
            session, quality, ReviseNotice(notice.id, approved.row_version, letter), now=LATER
        )
    with pytest.raises(InvalidInput):
        tomorrow = replace(sending, sent_on=(LATER + timedelta(days=1)).date())
        notice_services.mark_notice_sent(session, receiver, tomorrow, now=LATER)
    sent = notice_services.mark_notice_sent(session, receiver, sending, now=LATER)
    assert (sent.state, sent.sent_on, sent.sent_way) == (NoticeState.SENT, LATER.date(), ConsentWay.EMAIL)
    with pytest.raises(RuleViolation):
        notice_services.withdraw_notice(session, quality, WithdrawNotice(notice.id, "nhầm"), now=LATER)


def test_a_withdrawn_notice_sets_the_item_free(session: Session) -> None:
    bench = failing_bench(session)
    notice = held(session, bench, measured_run(session, bench))
    with pytest.raises(InvalidInput):
        notice_services.withdraw_notice(session, bench.reviewer, WithdrawNotice(notice.id, " "), now=LATER)
    notice_services.withdraw_notice(session, bench.reviewer, WithdrawNotice(notice.id, "Đo nhầm vật"), now=LATER)
    assert item_of(session, bench).state is ItemState.IN_WORK


def test_who_may_not(session: Session) -> None:
    bench = failing_bench(session)
    notice = held(session, bench, measured_run(session, bench))
    customer = make_actor(session, bench.site, Role.CUSTOMER, "Khách")
    letter = ReviseNotice(notice.id, notice.row_version, notice.letter)
    for actor in (bench.technician, bench.signatory, customer):
        with pytest.raises(Forbidden):
            notice_services.revise_notice(session, actor, letter, now=LATER)
        with pytest.raises(Forbidden):
            approve_notice(session, actor, NoticeStep(notice.id), now=LATER)
        with pytest.raises(Forbidden):
            record_answer(session, actor, answered(AnswerChoice.RETURN_AS_IS, notice), now=LATER)
        with pytest.raises(Forbidden):
            notice_services.withdraw_notice(session, actor, WithdrawNotice(notice.id, "x"), now=LATER)
    elsewhere: Actor = failing_bench(session).reviewer
    with pytest.raises(NotFound):
        approve_notice(session, elsewhere, NoticeStep(notice.id), now=LATER)
    with pytest.raises(NotFound):
        record_answer(session, elsewhere, answered(AnswerChoice.ADJUST, notice), now=LATER)


def test_what_was_found_is_permanent(session: Session) -> None:
    bench = failing_bench(session)
    notice = held(session, bench, measured_run(session, bench))
    approve_notice(session, bench.reviewer, NoticeStep(notice.id), now=LATER)
    for change in ("finding = '{}'", "opening_vi = 'x'", "approved_at = NULL"):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(text(f"UPDATE customer_notice SET {change}"))
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(text("DELETE FROM customer_notice"))


def test_holds_and_unsent_notices_are_listed(session: Session) -> None:
    bench = failing_bench(session)
    run = measured_run(session, bench)
    notice = held(session, bench, run)
    on = LATER.date()
    (line,) = notice_queries.open_holds(session, bench.reviewer, on=on)
    assert (line.item_id, line.since, line.notice_id) == (bench.item.id, LATER, notice.id)
    assert (line.customer_vi, line.notice_state) == ("Khách hàng Mẫu", NoticeState.DRAFT)
    assert [entry.id for entry in notice_queries.unsent_notices(session, bench.reviewer, on=on)] == [notice.id]
    other = failing_bench(session).reviewer
    assert notice_queries.open_holds(session, other, on=on) == []
    assert notice_queries.unsent_notices(session, other, on=on) == []


def test_a_cancelled_item_submits_nothing(session: Session) -> None:
    bench = failing_bench(session)
    run = measured_run(session, bench)
    notice = held(session, bench, run)
    record_answer(session, bench.reviewer, answered(AnswerChoice.RETURN_AS_IS, notice), now=LATER)
    with pytest.raises(RuleViolation) as error:
        submit_run(session, bench.technician, Decide(run.id), now=LATER)
    assert error.value.values["problems"][0].code == "run.item_gone"  # type: ignore[index]
    assert queries.run_facts(session, bench.technician, run.id).state is RunState.DRAFT
