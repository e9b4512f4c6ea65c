"""Rooms with the limits of their conditions, and papers of persons: what is kept, changed and refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.errors import Forbidden, InvalidInput, NotFound, StaleRecord
from lims.people import paper_services, room_queries, room_services
from lims.people.access import permissions_of
from lims.people.facts import Role
from lims.people.models import Site
from lims.people.paper_facts import PaperState, PersonPaperFacts, PersonPaperKind, RecordPersonPaper
from lims.people.paper_queries import cards_of
from lims.people.room_facts import ChangeRoom, CreateRoom, RoomFacts, RoomLimitFacts, limit_from_data
from tests.factories.people import make_laboratory, make_person, make_site
from tests.lims.web_client import make_app, make_client, post, set_language, sign_in

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DAY = date(2026, 3, 2)
WARM = RoomLimitFacts("temperature", "degC", Decimal(21), Decimal(25), Decimal(1))
DRY = RoomLimitFacts("relative_humidity", "%", None, Decimal(80))
ADMINISTRATOR = Actor(8, "Người quản trị", permissions_of([Role.ADMINISTRATOR]))


def _manager(site: Site) -> Actor:
    permissions = permissions_of([Role.TECHNICAL_MANAGER])
    return Actor(9, "Phụ trách kỹ thuật", permissions, laboratory_id=site.organisation_id)


def _room(session: Session, site: Site) -> RoomFacts:
    command = CreateRoom(site.id, "AS-1", "Phòng áp suất", DAY, limits=(WARM, DRY))
    return room_services.create_room(session, _manager(site), command, now=NOW)


def _change(room: RoomFacts, **changes: object) -> ChangeRoom:
    command = ChangeRoom(room.id, room.row_version, room.code, room.name_vi, DAY, limits=room.limits)
    return replace(command, **changes)  # type: ignore[arg-type]  # changes are named


def test_a_room_comes_back_with_its_limits(session: Session) -> None:
    site = make_site(session)
    room = _room(session, site)
    assert room_queries.open_rooms(session, site.id, DAY) == [room]
    assert room.limits == (WARM, DRY)
    assert room.words == "AS-1 – Phòng áp suất"
    assert [limit_from_data(limit.as_data()) for limit in room.limits] == [WARM, DRY]


def test_limits_hold_from_a_day_on(session: Session) -> None:
    """What held before is still known for the days before; a limit that is taken away holds no longer."""
    site = make_site(session)
    room = _room(session, site)
    tighter = replace(WARM, lower=Decimal(22))
    later = DAY + timedelta(days=10)
    room_services.change_room(session, _manager(site), _change(room, limits=(tighter,), valid_from=later), now=NOW)
    assert room_queries.room_facts(session, room.id, later - timedelta(days=1)).limits == (WARM, DRY)
    assert room_queries.room_facts(session, room.id, later).limits == (tighter,)


def test_a_closed_room_is_no_longer_offered(session: Session) -> None:
    site = make_site(session)
    room = _room(session, site)
    room_services.change_room(session, _manager(site), _change(room, closed_on=DAY), now=NOW)
    assert room_queries.open_rooms(session, site.id, DAY) == []
    assert [found.id for found in room_queries.rooms_of(session, [site.id], DAY)] == [room.id]


@pytest.mark.parametrize(
    ("limit", "field", "code"),
    [
        (replace(WARM, upper=Decimal(20)), "temperature_upper", "room.limits_cross"),
        (replace(WARM, change_per_hour=Decimal(0)), "temperature_change", "room.change_not_positive"),
        (replace(WARM, unit="K"), "limits", "field.not_a_choice"),
        (replace(WARM, quantity="mass"), "limits", "field.not_a_choice"),
    ],
    ids=["crossed", "no change", "other unit", "other quantity"],
)
def test_limits_make_sense(session: Session, limit: RoomLimitFacts, field: str, code: str) -> None:
    site = make_site(session)
    command = CreateRoom(site.id, "AS-1", "Phòng áp suất", DAY, limits=(limit,))
    with pytest.raises(InvalidInput) as refused:
        room_services.create_room(session, _manager(site), command, now=NOW)
    assert [(entry.field, entry.code) for entry in refused.value.fields] == [(field, code)]


def test_a_room_s_code_is_used_once_at_a_site(session: Session) -> None:
    site = make_site(session)
    _room(session, site)
    with pytest.raises(InvalidInput) as refused:
        _room(session, site)
    assert refused.value.fields[0].code == "room.code_taken"


def test_a_change_seen_too_late_is_refused(session: Session) -> None:
    site = make_site(session)
    room = _room(session, site)
    room_services.change_room(session, _manager(site), _change(room, name_vi="Phòng áp suất 1"), now=NOW)
    with pytest.raises(StaleRecord):
        room_services.change_room(session, _manager(site), _change(room), now=NOW)


def test_rooms_are_kept_by_their_own_laboratory(session: Session) -> None:
    """A technician may not, and another laboratory's manager finds nothing."""
    site, other = make_site(session), make_site(session)
    with pytest.raises(Forbidden):
        technician = Actor(5, "KĐV", permissions_of([Role.TECHNICIAN]), laboratory_id=site.organisation_id)
        room_services.create_room(session, technician, CreateRoom(site.id, "A", "Phòng", DAY), now=NOW)
    with pytest.raises(NotFound):
        room_services.create_room(session, _manager(other), CreateRoom(site.id, "A", "Phòng", DAY), now=NOW)


@pytest.mark.parametrize(
    ("days", "state"),
    [(-1, PaperState.EXPIRED), (0, PaperState.ENDS_SOON), (30, PaperState.ENDS_SOON), (31, PaperState.IN_DATE)],
)
def test_a_card_counts_until_its_last_day(days: int, state: PaperState) -> None:
    until = DAY + timedelta(days=days)
    card = PersonPaperFacts(1, 1, PersonPaperKind.VERIFIER_CARD, "KĐV-01", "Cơ quan", None, DAY, until)
    assert card.state(DAY) is state
    assert card.urgent(DAY) is (state is not PaperState.IN_DATE)


def test_the_newest_card_counts(session: Session) -> None:
    person = make_person(session)
    for number, year in (("KĐV-01", 2021), ("KĐV-02", 2026), ("KĐV-00", 2016)):
        day = date(year, 1, 5)
        paper = RecordPersonPaper(person.id, PersonPaperKind.VERIFIER_CARD, number, "Cơ quan", day)
        paper_services.record_person_paper(session, ADMINISTRATOR, paper, now=NOW)
    assert cards_of(session, [person.id])[person.id].number == "KĐV-02"


def test_a_card_ends_after_it_began(session: Session) -> None:
    person = make_person(session)
    paper = RecordPersonPaper(
        person.id, PersonPaperKind.VERIFIER_CARD, " ", "Cơ quan", DAY, valid_until=DAY - timedelta(days=1)
    )
    with pytest.raises(InvalidInput) as refused:
        paper_services.record_person_paper(session, ADMINISTRATOR, paper, now=NOW)
    assert {entry.field for entry in refused.value.fields} == {"number", "valid_until"}


@pytest.fixture
def client(sqlite_database: Database, clock: FixedClock) -> FlaskClient:
    """A browser in which the administrator has signed in, reading English."""
    with sqlite_database.transaction() as session:
        make_laboratory(session)
    browser = make_client(make_app(sqlite_database, clock))
    sign_in(browser, "administrator")
    set_language(browser, "en")
    return browser


def test_rooms_are_entered_and_changed_on_their_page(client: FlaskClient) -> None:
    form = {"code": "AS-1", "name_vi": "Phòng áp suất", "temperature_lower": "21", "temperature_upper": "25,0"}
    crossed = post(client, "/sites/1/rooms/new", {**form, "temperature_upper": "20"}, page="/sites/1/rooms/new")
    assert crossed.status_code == 422
    assert "The upper limit lies below the lower one." in crossed.text
    assert 'value="Phòng áp suất"' in crossed.text, "nothing typed is lost"
    assert post(client, "/sites/1/rooms/new", form, page="/sites/1/rooms/new").status_code == 303
    page = client.get("/sites/1/rooms").text
    assert "21 – 25.0" in page
    changed = {**form, "row_version": "1", "temperature_change": "1", "closed_on": "01/03/2026"}
    assert post(client, "/rooms/1/edit", changed, page="/rooms/1/edit").status_code == 303
    page = client.get("/sites/1/rooms").text
    assert "closed" in page
    assert "at most 1 °C/h" in page


def test_a_card_is_entered_on_its_person_s_page(client: FlaskClient) -> None:
    card = {"kind": "verifier_card", "number": "KĐV-06", "issued_by": "Cơ quan", "issued_on": "01/03/2021"}
    expired = {**card, "valid_until": "01/03/2026"}
    assert post(client, "/persons/1/papers", expired, page="/persons/1").status_code == 303
    assert "expired" in client.get("/persons/1").text
    assert "expired" in client.get("/persons").text
    assert "card expired" in client.get("/authorisations").text
    wrong = post(client, "/persons/1/papers", {**card, "issued_on": "never"}, page="/persons/1")
    assert wrong.status_code == 422
    assert 'value="KĐV-06"' in wrong.text
