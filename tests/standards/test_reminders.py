"""Reminders by e-mail: each once per person, thing and threshold, over a real socket, tried again, in two languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from lims import worker
from lims.app import register_messages
from lims.config import load_settings
from lims.core import audit
from lims.core.actor import SYSTEM
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.mail import MailSecurity, MailServer
from lims.core.models import Task
from lims.people.models import Person, Site
from standards import reminder_services
from standards.calendar_facts import Letter, Recipient, threshold_of
from standards.calendar_models import DueReminder
from standards.calibration_models import Standard
from standards.due_facts import DueItem, DueKind
from standards.facts import DueState
from standards.queries import standard_facts
from standards.reminder_letter import letter
from tests.factories import standards as make
from tests.factories.people import Laboratory, make_laboratory
from tests.lims.web_client import make_app, make_client, set_language, sign_in
from tests.mail_server import Mailbox, mail_server

DUE = date(2026, 4, 1)
NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
"""30 days before the standard falls due, ten in the morning there."""


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server on this machine."""
    with mail_server() as running:
        yield running


@dataclass
class Scene:
    """A laboratory in which one standard falls due; who manages standards has an e-mail address."""

    database: Database
    laboratory: Laboratory
    clock: FixedClock
    context: worker.WorkerContext

    def remind(self) -> int:
        """Do the day's task and whatever it wants done; returns how many tasks were done."""
        with self.database.transaction() as session:
            reminder_services.plan_today(session, now=self.clock.at, timezone="Asia/Ho_Chi_Minh")
        return worker.drain(self.context)

    def rows(self) -> list[tuple[str | None, int, bool, str | None]]:
        """What was noted: for whom (the address it went to), at which threshold, whether sent, the problem."""
        with self.database.reading() as session:
            found = session.execute(select(DueReminder).order_by(DueReminder.id)).scalars()
            return [(row.sent_to, row.threshold, row.sent_at is not None, row.problem) for row in found]


@pytest.fixture
def scene(database: Database, tmp_path: Path, mailbox: Mailbox) -> Scene:
    clock = FixedClock(NOW)
    with database.transaction() as session:
        laboratory = make_laboratory(session)
        standard = make.make_standard(session, session.get_one(Site, laboratory.site_id), code="KL-05")
        make.make_calibration(session, standard, valid_until=DUE)
        for name, language in (("technical_manager", "vi"), ("quality_manager", "en")):
            person = session.execute(select(Person).where(Person.sign_in_name == name)).scalar_one()
            person.email, person.language = f"{name}@mau.test", language
    server = MailServer("127.0.0.1", mailbox.port, MailSecurity.NONE, "Chuan LIMS <lims@mau.test>")
    settings = replace(load_settings({}, data_dir=tmp_path), mail=server, base_url="https://lims.mau.test")
    return Scene(database, laboratory, clock, worker.WorkerContext(database, settings, clock))


def test_each_person_is_reminded_once_per_threshold(scene: Scene, mailbox: Mailbox) -> None:
    scene.remind()
    assert sorted(mailbox.recipients) == ["quality_manager@mau.test", "technical_manager@mau.test"]
    assert {row[1:] for row in scene.rows()} == {(30, True, None)}
    scene.remind()
    scene.clock.at += timedelta(days=1)
    scene.remind()
    assert len(mailbox.messages) == 2
    scene.clock.at = NOW + timedelta(days=23)
    scene.remind()
    scene.clock.at = NOW + timedelta(days=31)
    scene.remind()
    assert len(mailbox.messages) == 6
    assert sorted({row[1] for row in scene.rows()}) == [-1, 7, 30]


def test_a_letter_is_in_the_persons_language_and_leads_to_the_thing(scene: Scene, mailbox: Mailbox) -> None:
    scene.remind()
    by_person = {message["To"]: message for message in mailbox.messages}
    english = by_person["quality_manager@mau.test"]
    assert english["Subject"] == "Due dates: 1"
    text = english.get_content()
    assert "1 Apr 2026 · KL-05" in text
    assert "in 30 days" in text
    assert "https://lims.mau.test/standards/" in text
    vietnamese = by_person["technical_manager@mau.test"]
    assert vietnamese["Subject"] == "Lịch đến hạn: 1"
    assert "01/04/2026 · KL-05 Quả cân 10 kg" in vietnamese.get_content()
    assert vietnamese["Auto-Submitted"] == "auto-generated"
    assert vietnamese["Message-ID"].endswith("@mau.test>")


def test_what_the_server_refuses_is_shown_and_tried_again(scene: Scene, mailbox: Mailbox) -> None:
    mailbox.answer = "451 later"
    scene.remind()
    assert mailbox.messages == []
    assert all("451" in (row[3] or "") for row in scene.rows())
    mailbox.answer = "250 taken"
    scene.clock.at += timedelta(minutes=5)
    worker.drain(scene.context)
    assert len(mailbox.messages) == 2
    assert {row[1:] for row in scene.rows()} == {(30, True, None)}


def test_without_a_server_reminders_are_only_shown(scene: Scene, mailbox: Mailbox) -> None:
    scene.context = replace(scene.context, settings=replace(scene.context.settings, mail=None))
    scene.remind()
    assert {row[1:] for row in scene.rows()} == {(30, False, None)}
    with scene.database.reading() as session:
        assert list(session.execute(select(Task.name)).scalars()) == [reminder_services.NOTING]
    assert mailbox.messages == []


def test_what_is_settled_before_it_is_sent_is_left_out(scene: Scene, mailbox: Mailbox) -> None:
    with scene.database.transaction() as session:
        reminder_services.note_reminders(session, SYSTEM, now=NOW, sends=True)
        standard = next(iter(session.execute(select(DueReminder.subject_id)).scalars()))
        make.make_calibration(
            session,
            standard_facts(session, standard),
            calibrated_on=date(2026, 3, 1),
            recorded_at=NOW,
            accepted_at=NOW,
        )
    worker.drain(scene.context)
    assert mailbox.messages == []
    assert {row[3] for row in scene.rows()} == {"settled"}


def test_who_has_no_address_is_named(scene: Scene, mailbox: Mailbox) -> None:
    with scene.database.transaction() as session:
        for person in session.execute(select(Person)).scalars():
            person.email = None
    scene.remind()
    assert {row[3] for row in scene.rows()} == {"no_address"}
    assert mailbox.messages == []


def test_the_custodian_is_reminded_too_and_whoever_has_left_is_not(scene: Scene, mailbox: Mailbox) -> None:
    with scene.database.transaction() as session:
        people = {row.sign_in_name: row for row in session.execute(select(Person)).scalars()}
        people["technician"].email = "technician@mau.test"
        people["quality_manager"].active = False
        session.execute(select(Standard)).scalar_one().custodian_id = people["technician"].id
    scene.remind()
    assert sorted(mailbox.recipients) == ["technical_manager@mau.test", "technician@mau.test"]


def test_a_mail_never_goes_out_less_protected_than_asked(scene: Scene, mailbox: Mailbox) -> None:
    """This server knows no STARTTLS: it is not handed the letter."""
    server = scene.context.settings.mail
    assert server is not None
    careful = replace(scene.context.settings, mail=replace(server, security=MailSecurity.STARTTLS))
    scene.context = replace(scene.context, settings=careful)
    scene.remind()
    assert mailbox.messages == []
    assert all("STARTTLS" in (row[3] or "") for row in scene.rows())


def test_a_reminder_too_old_is_not_sent_any_more(scene: Scene, mailbox: Mailbox) -> None:
    with scene.database.transaction() as session:
        reminder_services.note_reminders(session, SYSTEM, now=NOW, sends=False)
    scene.clock.at += timedelta(days=8)
    scene.remind()
    assert mailbox.messages == []


def test_the_day_has_one_task_and_it_waits_for_the_morning(scene: Scene) -> None:
    early = datetime(2026, 3, 1, 22, 59, tzinfo=UTC)
    with scene.database.transaction() as session:
        assert reminder_services.plan_today(session, now=early, timezone="Asia/Ho_Chi_Minh") is None
        assert reminder_services.plan_today(session, now=NOW, timezone="Asia/Ho_Chi_Minh") == date(2026, 3, 2)
        reminder_services.plan_today(session, now=NOW, timezone="Asia/Ho_Chi_Minh")
        assert len(list(session.execute(select(Task.id)).scalars())) == 1
    assert worker.plan_reminders(scene.context, None) == date(2026, 3, 2)
    assert worker.plan_reminders(scene.context, date(2026, 3, 2)) == date(2026, 3, 2)


def test_a_mail_that_failed_midway_keeps_its_name(scene: Scene, mailbox: Mailbox) -> None:
    """Sent, and killed before that was noted: the second has the same name, so that a mail program shows one."""
    with scene.database.transaction() as session:
        reminder_services.note_reminders(session, SYSTEM, now=NOW, sends=False)
        person = session.execute(select(DueReminder.person_id)).scalars().first()

    def compose(recipient: Recipient, items: object) -> Letter:
        return Letter("x", "y\n")

    send = partial(
        reminder_services.send_reminders,
        scene.database,
        {"person_id": person, "laboratory_id": scene.laboratory.organisation_id},
        server=scene.context.settings.mail,
        compose=compose,
        clock=scene.clock,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "record", _killed)
        with pytest.raises(KeyboardInterrupt):
            send()
    send()
    first, second = mailbox.messages
    assert first["Message-ID"] == second["Message-ID"]


def _killed(*_arguments: object, **_named: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("days", "threshold"), [(31, None), (30, 30), (8, 30), (7, 7), (0, 7), (-1, -1), (-200, -1), (None, None)]
)
def test_the_threshold_that_was_reached_last_counts(days: int | None, threshold: int | None) -> None:
    item = DueItem(DueKind.CALIBRATION, 1, "X", "X", None, "", "", None, DUE, days, DueState.IN_DATE)
    assert threshold_of(item) == threshold


def test_the_overdue_come_first_in_a_letter() -> None:
    register_messages()
    first = DueItem(DueKind.CALIBRATION, 1, "A", "Cân", "Balance", "V-1", "", None, DUE, 5, DueState.DUE_SOON, None, 1)
    late = replace(first, code="B", days_left=-3, kind=DueKind.PAPER, detail="other:CN-9")
    text = letter(Recipient(1, "Ai", "a@b.test", "en"), [first, late], "http://x").text
    assert text.index("B Balance: Other paper CN-9, overdue by 3 days") < text.index("A Balance: Calibration (V-1)")


def test_the_page_says_what_was_not_sent_and_why(scene: Scene) -> None:
    with scene.database.transaction() as session:
        reminder_services.note_reminders(session, SYSTEM, now=NOW, sends=False)
    client = make_client(make_app(scene.database, scene.clock))
    assert sign_in(client, "quality_manager").status_code == 303
    set_language(client, "en")
    page = client.get("/due/reminders").text
    assert page.count("not sent: no mail server is set") == 2
    assert "LIMS_MAIL_HOST" in page
    assert "Nothing fits this search" in client.get("/due/reminders?state=sent").text
