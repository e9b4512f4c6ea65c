"""From an impact study to nonconforming work: stop use, the list, letters, decision, release by somebody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from certificates import queries as certificates
from certificates.impact_facts import OpenStudy
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.errors import Forbidden, LimsError, RuleViolation
from lims.core.models import AuditEntry
from lims.quality import queries, services
from lims.quality.facts import (
    DecideWork,
    LetterState,
    LetterWay,
    MarkItem,
    OpenWork,
    ReleaseWork,
    SendLetter,
    StepKind,
    Treatment,
    WorkState,
    WorkView,
)
from lims.quality.letters import Concerned, Named, letter
from standards import queries as standards
from standards.facts import StandardState
from tests.journeys.laboratory import build_house
from tests.journeys.test_impact import Case


@pytest.fixture
def case(sqlite_database: Database, tmp_path: Path, clock: FixedClock) -> Case:
    """The laboratory with a certified gauge measured with AS-02."""
    return Case(build_house(sqlite_database, tmp_path, clock, ()))


def opened(case: Case, shift: str = "30 kPa") -> WorkView:
    """Return the record opened from a study of AS-02."""
    study = case.study(OpenStudy(case.below, shift))
    with case.house.database.transaction() as session:
        actor = case.house.laboratory.actor("cl01")
        return services.open_work(session, actor, OpenWork(study.id, "AS-02 lệch"), now=case.house.clock.now())


def test_the_whole_way_of_a_record(case: Case) -> None:
    work = opened(case)
    house, laboratory, now = case.house, case.house.laboratory, case.house.clock.now()
    manager, director = laboratory.actor("cl01"), laboratory.actor("gd01")
    assert (work.state, work.use_stopped, work.items, work.to_amend) == (WorkState.OPEN, True, 2, 1)
    assert [step.kind for step in work.steps] == [
        StepKind.OPENED,
        StepKind.STOPPED,
        StepKind.INVESTIGATED,
        StepKind.LETTERS,
    ]
    (draft,) = work.letters
    assert "HC-TM-2026-00002" in draft.text_vi
    assert "sẽ được sửa đổi" in draft.text_vi
    with house.database.reading() as session:
        assert work.standard_id is not None
        state = standards.standard_facts(session, work.standard_id).state_at(now)
        assert state is not None
        assert state.state is StandardState.QUARANTINED
        assert certificates.certificate_view(session, manager, case.certificate).under_investigation
    with house.database.transaction() as session:
        decided = services.decide_work(session, manager, DecideWork(work.id, "Sửa đổi giấy"), now=now)
        assert decided.state is WorkState.DECIDED
    with house.database.transaction() as session, pytest.raises(RuleViolation) as waiting:
        services.release_work(session, director, ReleaseWork(work.id, "Đã xử lý"), now=now)
    assert waiting.value.code == "quality.letters_waiting"
    with house.database.transaction() as session:
        sent = SendLetter(draft.id, laboratory.today, LetterWay.EMAIL)
        services.send_letter(session, manager, sent, now=now)
    with house.database.transaction() as session, pytest.raises(RuleViolation) as same:
        services.release_work(session, manager, ReleaseWork(work.id, "Đã xử lý"), now=now)
    assert same.value.code == "quality.same_person"
    with house.database.transaction() as session:
        released = services.release_work(session, director, ReleaseWork(work.id, "Đã xử lý"), now=now)
    assert (released.state, released.letters[0].state) == (WorkState.RELEASED, LetterState.SENT)
    with house.database.reading() as session:
        assert certificates.certificate_view(session, manager, case.certificate).under_investigation, "to be amended"
        written = select(func.count()).where(AuditEntry.action.like("nonconforming_work.%"))
        assert session.execute(written).scalar_one() == len(released.steps)


def test_what_moves_within_u_is_told_and_cleared_at_release(case: Case) -> None:
    work = opened(case, "0,05 %")
    house, laboratory, now = case.house, case.house.laboratory, case.house.clock.now()
    assert work.to_amend == 0
    with house.database.transaction() as session:
        manager = laboratory.actor("cl01")
        services.decide_work(session, manager, DecideWork(work.id, "Thông báo"), now=now)
        services.send_letter(
            session, manager, SendLetter(work.letters[0].id, laboratory.today, LetterWay.EMAIL), now=now
        )
        services.release_work(session, laboratory.actor("gd01"), ReleaseWork(work.id, "Xong"), now=now)
        assert not certificates.certificate_view(session, manager, case.certificate).under_investigation


def test_a_treatment_is_changed_only_until_the_decision(case: Case) -> None:
    work = opened(case)
    house, laboratory, now = case.house, case.house.laboratory, case.house.clock.now()
    manager = laboratory.actor("cl01")
    with house.database.transaction() as session:
        item = next(one for one in queries.items_of(session, work.id).items if one.certificate_id)
        changed = services.mark_item(session, manager, MarkItem(item.id, Treatment.INFORM), now=now)
        assert changed.to_amend == 0
        services.decide_work(session, manager, DecideWork(work.id, "Thông báo"), now=now)
        with pytest.raises(RuleViolation):
            services.mark_item(session, manager, MarkItem(item.id, Treatment.AMEND), now=now)


def test_a_study_opens_one_record_and_only_by_those_who_may(case: Case) -> None:
    work = opened(case)
    assert work.study_id is not None
    for name, error in (("cl01", RuleViolation), ("kdv03", Forbidden)):
        expected: type[LimsError] = error
        with case.house.database.transaction() as session, pytest.raises(expected):
            again = OpenWork(work.study_id, "lại")
            services.open_work(session, case.house.laboratory.actor(name), again, now=case.house.clock.now())


def test_pages_show_the_record(case: Case) -> None:
    work = opened(case)
    manager = case.house.person("cl01").open(f"/nonconforming-work/{work.id}")
    assert work.number in manager.text
    manager.send("/decision", decision="Sửa đổi giấy chứng nhận")
    assert "Sửa đổi giấy chứng nhận" in manager.open(f"/nonconforming-work/{work.id}").text
    assert work.number in manager.open("/nonconforming-work").text
    assert "Kính gửi" in manager.open(f"/nonconforming-work/letters/{work.letters[0].id}").text


def test_a_letter_names_each_certificate_with_what_becomes_of_it(clock: FixedClock) -> None:
    named = Named("AS-02", "Áp kế chuẩn", "Reference gauge", clock.now().date())
    concerned = [
        Concerned("HC-1", "Áp kế", "Gauge", Treatment.AMEND),
        Concerned("HC-2", "Áp kế", "Gauge", Treatment.INFORM),
    ]
    vietnamese, english = letter(named, concerned)
    assert "HC-1 (Áp kế): kết quả thay đổi đáng kể" in vietnamese
    assert "HC-2 (Gauge): results move within their uncertainty" in english
