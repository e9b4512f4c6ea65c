"""The calendar feed: a secret address of one's own, revocable, read back as a calendar program reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select

from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.people.models import Membership, Person, Site
from standards.calendar_models import CalendarAddress
from standards.facts import StandardFacts
from tests.factories import standards as make
from tests.factories.people import Laboratory, make_laboratory
from tests.lims.web_client import make_app, make_client, post, set_language, sign_in


@dataclass(frozen=True)
class Scene:
    """A laboratory with one standard, and browsers of its people."""

    app: Flask
    database: Database
    laboratory: Laboratory
    standard: StandardFacts
    sign_in: Callable[..., FlaskClient]

    def address(self, client: FlaskClient) -> str:
        """Make an address and return its path."""
        answer = post(client, "/due/feeds", {"name": "telephone"})
        assert answer.status_code == 200, answer.text
        found = re.search(r"http://localhost:8080(/calendar/[\w-]+\.ics)", answer.text)
        assert found is not None
        return found.group(1)


@pytest.fixture
def scene(sqlite_database: Database, clock: FixedClock) -> Scene:
    app = make_app(sqlite_database, clock)
    with sqlite_database.transaction() as session:
        laboratory = make_laboratory(session)
        standard = make.make_standard(session, session.get_one(Site, laboratory.site_id), code="KL-05")
        make.make_calibration(session, standard, certificate_number="V-1; a, b\\c", valid_until=date(2027, 1, 12))

    def browser(role: str = "technician", language: str = "en") -> FlaskClient:
        client = make_client(app)
        assert sign_in(client, role).status_code == 303
        set_language(client, language)
        return client

    return Scene(app, sqlite_database, laboratory, standard, browser)


def test_a_calendar_program_reads_what_falls_due(scene: Scene) -> None:
    path = scene.address(scene.sign_in(language="vi"))
    answer = make_client(scene.app).get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    calendar = Calendar.from_ical(answer.data)
    (event,) = calendar.walk("VEVENT")
    assert event.decoded("dtstart") == date(2027, 1, 12)
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(days=1)
    assert event["summary"] == "KL-05: Hiệu chuẩn (V-1; a, b\\c)"
    assert event["uid"] == f"calibration-{scene.standard.id}@localhost"
    assert event["url"] == f"http://localhost:8080/standards/{scene.standard.id}"
    assert str(calendar["version"]) == "2.0"
    assert not event.errors
    assert all(len(line) <= 75 for line in answer.data.split(b"\r\n"))


def test_the_feed_speaks_its_persons_language(scene: Scene) -> None:
    path = scene.address(scene.sign_in(language="en"))
    calendar = Calendar.from_ical(make_client(scene.app).get(path).data)
    assert str(calendar.walk("VEVENT")[0]["summary"]).startswith("KL-05: Calibration (")


def test_a_revoked_address_opens_nothing(scene: Scene) -> None:
    client = scene.sign_in()
    path, other = scene.address(client), scene.address(client)
    page = client.get("/due/feeds").text
    assert path not in page
    with scene.database.reading() as session:
        first = session.execute(select(CalendarAddress.id).order_by(CalendarAddress.id)).scalars().first()
    assert post(client, f"/due/feeds/{first}/revoke", page="/due/feeds").status_code == 303
    assert make_client(scene.app).get(path).status_code == 404
    assert make_client(scene.app).get(other).status_code == 200
    assert "revoked on" in client.get("/due/feeds").text


def test_nobody_revokes_an_address_of_another(scene: Scene) -> None:
    path = scene.address(scene.sign_in())
    with scene.database.reading() as session:
        key = session.execute(select(CalendarAddress.id)).scalar_one()
    stranger = scene.sign_in("quality_manager")
    assert post(stranger, f"/due/feeds/{key}/revoke", page="/due/feeds").status_code == 404
    assert make_client(scene.app).get(path).status_code == 200


@pytest.mark.parametrize("how", ["left", "switched_off"])
def test_who_has_left_reads_nothing_any_more(scene: Scene, how: str) -> None:
    path = scene.address(scene.sign_in())
    with scene.database.transaction() as session:
        person = session.execute(select(Person).where(Person.sign_in_name == "technician")).scalar_one()
        if how == "switched_off":
            person.active = False
        else:
            for held in session.execute(select(Membership).where(Membership.person_id == person.id)).scalars():
                held.valid_to = date(2026, 3, 1)
    assert make_client(scene.app).get(path).status_code == 404


def test_only_the_digest_of_a_secret_is_kept(scene: Scene) -> None:
    token = urlsplit(scene.address(scene.sign_in())).path.rpartition("/")[2].removesuffix(".ics")
    assert len(token) == 43
    with scene.database.reading() as session:
        row = session.execute(select(CalendarAddress)).scalar_one()
        assert token not in (row.token_sha256, row.name)
    assert make_client(scene.app).get("/calendar/nowhere.ics").status_code == 404


def test_what_is_refused(scene: Scene) -> None:
    client = scene.sign_in()
    assert post(client, "/due/feeds", {"name": " "}).status_code == 422
    for _number in range(10):
        scene.address(client)
    answer = post(client, "/due/feeds", {"name": "one more"})
    assert answer.status_code == 409
    assert "revoke one that is no longer used" in answer.text
