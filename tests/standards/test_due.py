"""What falls due: every kind of thing, the filters of the address, the year, the map, how many statements it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from lims.core.actor import SYSTEM
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.lists import parse_list
from lims.people import paper_services
from lims.people.models import Person, Site
from lims.people.paper_facts import PersonPaperKind, RecordPersonPaper
from standards import check_services, services
from standards.check_commands import PlanCheck, RecordCheck
from standards.commands import RecordPaper
from standards.due_calendar import PERSONS, heat_map, month_calendar, months_from, overdue_before, weeks_from, weeks_of
from standards.due_facts import DueItem, DueKind
from standards.due_queries import due_items, due_list
from standards.facts import DueState, StandardFacts
from tests.factories import standards as make
from tests.factories.people import Laboratory, make_laboratory
from tests.lims.web_client import make_app, make_client, set_language, sign_in

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DAY = date(2026, 3, 2)


def equip(session: Session, laboratory: Laboratory, code: str) -> StandardFacts:
    """A calibrated standard with a paper, a check every month and one check done."""
    standard = make.make_standard(session, session.get_one(Site, laboratory.site_id), code=code)
    make.make_calibration(session, standard)
    actor = make.recorder(standard.laboratory_id)
    paper = RecordPaper(standard.id, "certified_for_verification", f"CN-{code}", date(2025, 3, 10), date(2026, 3, 9))
    services.record_paper(session, actor, paper, now=NOW)
    plan = PlanCheck(
        standard.id,
        name=f"{code} hằng tháng",
        against="ABBA",
        unit="mg",
        limits_reason="Một phần mười",
        valid_from=date(2026, 1, 16),
        lower_limit=Decimal(-5),
        upper_limit=Decimal(5),
        interval_months=1,
    )
    planned = check_services.plan_check(session, actor, plan, now=make.ACCEPTED_AT)
    check = RecordCheck(planned.id, "1", Decimal(1), datetime(2026, 1, 20, 2, tzinfo=UTC))
    check_services.record_check(session, actor, check, now=NOW)
    return standard


@dataclass(frozen=True)
class Scene:
    """A laboratory with one standard, one verifier with a card, and browsers."""

    database: Database
    laboratory: Laboratory
    standard: StandardFacts
    sign_in: Callable[..., FlaskClient]


@pytest.fixture
def scene(sqlite_database: Database, clock: FixedClock) -> Scene:
    """The laboratory on the clock's day, 2 March 2026."""
    app = make_app(sqlite_database, clock)
    with sqlite_database.transaction() as session:
        laboratory = make_laboratory(session)
        standard = equip(session, laboratory, "KL-05")
        person = session.query(Person).filter_by(sign_in_name="technician").one()
        card = RecordPersonPaper(
            person.id, PersonPaperKind.VERIFIER_CARD, "KĐV-01", "Sở Mẫu", date(2021, 3, 1), date(2026, 2, 28)
        )
        paper_services.record_person_paper(session, SYSTEM, card, now=NOW)

    def browser(role: str = "quality_manager") -> FlaskClient:
        client = make_client(app)
        assert sign_in(client, role).status_code == 303
        set_language(client, "en")
        return client

    return Scene(sqlite_database, laboratory, standard, browser)


def items_of(scene: Scene) -> list[DueItem]:
    """What falls due in the scene."""
    with scene.database.reading() as session:
        return due_items(session, scene.laboratory.organisation_id, NOW)


def test_everything_that_falls_due_is_there_by_day(scene: Scene) -> None:
    found = [(item.kind, item.due_on, item.due) for item in items_of(scene)]
    assert found == [
        (DueKind.CHECK, date(2026, 2, 20), DueState.OVERDUE),
        (DueKind.CARD, date(2026, 2, 28), DueState.OVERDUE),
        (DueKind.PAPER, date(2026, 3, 9), DueState.DUE_SOON),
        (DueKind.CALIBRATION, date(2027, 1, 12), DueState.IN_DATE),
    ]
    assert items_of(scene)[0].days_left == -10
    assert items_of(scene)[3].group == "mass"


def test_a_standard_never_calibrated_is_missing_and_a_retired_one_is_gone(scene: Scene) -> None:
    with scene.database.transaction() as session:
        site = session.get_one(Site, scene.laboratory.site_id)
        make.make_standard(session, site, code="KL-09")
        make.make_standard(session, site, code="KL-10", needs_calibration=False)
    missing = [item for item in items_of(scene) if item.due_on is None]
    assert [(item.code, item.due) for item in missing] == [("KL-09", DueState.NOT_CALIBRATED)]


def test_another_laboratory_is_left_out(scene: Scene) -> None:
    with scene.database.transaction() as session:
        other = make.make_standard(session)
        make.make_calibration(session, other)
    assert other.code not in {item.code for item in items_of(scene)}
    assert other.name_vi
    with scene.database.reading() as session:
        assert [item.code for item in due_items(session, other.laboratory_id, NOW)] == [other.code]


def test_the_number_of_statements_does_not_grow_with_the_rows(scene: Scene) -> None:
    client = scene.sign_in()

    def statements(address: str) -> int:
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        event.listen(scene.database.engine, "before_cursor_execute", note)
        try:
            assert client.get(address).status_code == 200
        finally:
            event.remove(scene.database.engine, "before_cursor_execute", note)
        return len(seen)

    pages = ("/due", "/due/calendar", "/due/map", f"/standards/{scene.standard.id}")
    before = [statements(page) for page in pages]
    with scene.database.transaction() as session:
        for number in range(12):
            equip(session, scene.laboratory, f"KL-{number + 20}")
    assert [statements(page) for page in pages] == before


def test_the_filters_of_the_address(scene: Scene) -> None:
    items = items_of(scene)

    def left(**chosen: str) -> list[DueKind]:
        return [item.kind for item in due_list(items, parse_list({k: [v] for k, v in chosen.items()})).items]

    assert left(due="overdue") == [DueKind.CHECK, DueKind.CARD]
    assert left(kind="paper") == [DueKind.PAPER]
    assert left(month="2026-02") == [DueKind.CHECK, DueKind.CARD]
    assert left(week="2026-W11") == [DueKind.PAPER]
    assert left(group="mass", due="overdue") == [DueKind.CHECK]
    assert left(q="cn-kl-05") == [DueKind.PAPER]
    assert left(month="nonsense") == [item.kind for item in items]


def test_the_year_holds_each_thing_once(scene: Scene) -> None:
    items = items_of(scene)
    months = month_calendar(items, months_from(date(2026, 1, 1)))
    assert [len(month.items) for month in months] == [0, 2, 1, *[0] * 9]
    assert [len(month.items) for month in month_calendar(items, months_from(date(2027, 1, 1)))] == [1, *[0] * 11]


def _months(year: int) -> list[str]:
    return [f"{first:%Y-%m}" for first in months_from(date(year, 1, 1))]


def test_a_year_may_begin_with_any_month_or_week() -> None:
    firsts = months_from(date(2026, 11, 21))
    assert (firsts[0], firsts[1], firsts[2], firsts[11]) == (
        date(2026, 11, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
        date(2027, 10, 1),
    )
    weeks = weeks_from(date(2026, 12, 28))
    assert (weeks[0], weeks[1], len(weeks), len(set(weeks))) == ("2026-W53", "2027-W01", 52, 52)


def test_what_is_overdue_from_before_stands_first(scene: Scene) -> None:
    items = items_of(scene)
    assert [item.kind for item in overdue_before(items, date(2026, 3, 1))] == [DueKind.CHECK, DueKind.CARD]
    assert [item.kind for item in overdue_before(items, date(2026, 2, 28))] == [DueKind.CHECK]
    page = scene.sign_in().get("/due/calendar").text
    assert "Overdue from earlier" in page
    assert page.index("Overdue from earlier") < page.index("March 2026") < page.index("January 2027")


def test_the_map_counts_by_month_and_by_week(scene: Scene) -> None:
    items = items_of(scene)
    found = heat_map(items, _months(2026))
    assert [row.group for row in found.rows] == ["mass", PERSONS]
    assert [cell.count for cell in found.rows[0].cells[:4]] == [0, 1, 1, 0]
    assert found.rows[0].cells[1].overdue
    assert not found.rows[0].cells[2].overdue
    assert (found.sums.total, found.rows[1].total) == (3, 1)
    weekly = heat_map(items, weeks_of(2026), weekly=True)
    assert len(weekly.columns) == 53
    assert {cell.code for cell in weekly.sums.cells if cell.count} == {"2026-W08", "2026-W09", "2026-W11"}
    assert heat_map(items, _months(2027)).rows[0].before == 1


@pytest.mark.parametrize(("count", "shade"), [(1, 1), (2, 2), (3, 2), (4, 3), (6, 3), (7, 4)])
def test_a_cell_is_darker_the_more_falls_due(scene: Scene, count: int, shade: int) -> None:
    one = items_of(scene)[0]
    cell = heat_map([replace(one, subject_id=key) for key in range(count)], _months(2026)).rows[0].cells[1]
    assert (cell.count, cell.shade) == (count, shade)


def test_the_last_week_of_a_year_belongs_to_it_by_the_calendar_of_weeks() -> None:
    one = DueItem(DueKind.CALIBRATION, 1, "X", "X", None, "", "mass", None, date(2027, 1, 1), 300, DueState.IN_DATE)
    assert one.week == "2026-W53"
    assert one.month == "2027-01"


def test_the_pages_lead_to_the_things_and_the_numbers_to_the_list(scene: Scene) -> None:
    client = scene.sign_in()
    page = client.get("/due").text
    assert f'href="/standards/{scene.standard.id}"' in page
    assert "/standards/check-plans/" in page
    map_page = client.get("/due/map?year=2026").text
    assert 'href="/due?group=mass&amp;month=2026-02"' in map_page
    assert client.get("/due?group=mass&month=2026-02").text.count("<tr data-href") == 1
    year = client.get("/due/calendar?year=2026").text
    assert 'href="/due?month=2026-03"' in year
    assert "February" in year
    assert client.get("/due/calendar?year=abcd").status_code == 200
    assert "Checks between calibrations that are due" in scene.sign_in("technician").get("/").text
