"""Pages of checks and charts through HTTP: recording at the bench's permission, a failed check, an entry put right."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient

from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.people.models import Site
from standards import check_queries
from standards.facts import StandardFacts
from tests.factories import standards as make
from tests.factories.people import make_laboratory
from tests.lims.web_client import make_app, make_client, post, set_language, sign_in

PLAN = {
    "name": "10 kg against KL-06",
    "against": "ABBA",
    "unit": "mg",
    "lower_limit": "-5",
    "upper_limit": "5",
    "limits_reason": "a tenth of the permissible error",
    "valid_from": "16/01/2026",
    "interval_months": "3",
}


@dataclass(frozen=True)
class Scene:
    """A laboratory with one calibrated standard, and browsers of its people."""

    database: Database
    sign_in: Callable[..., FlaskClient]
    standard: StandardFacts

    def planned(self) -> str:
        """Plan a check and return the address of its page."""
        client = self.sign_in()
        address = f"/standards/{self.standard.id}/check-plans/new"
        answer = post(client, address, PLAN)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"])


@pytest.fixture
def scene(sqlite_database: Database, clock: FixedClock) -> Scene:
    """The laboratory and its pages."""
    app = make_app(sqlite_database, clock)
    with sqlite_database.transaction() as session:
        laboratory = make_laboratory(session)
        standard = make.make_standard(session, session.get_one(Site, laboratory.site_id), code="KL-05")
        make.make_calibration(session, standard)

    def browser(role: str = "technical_manager", language: str = "en") -> FlaskClient:
        client = make_client(app)
        assert sign_in(client, role).status_code == 303
        set_language(client, language)
        return client

    return Scene(sqlite_database, browser, standard)


def record(client: FlaskClient, plan: str, typed: str, day: int, **more: str) -> str:
    """Record a check on a day of February; returns the page that follows."""
    data = {"value": typed, "at": f"{day:02d}/02/2026 09:00", "standard_uncertainty": "0,4", **more}
    answer = post(client, f"{plan}/checks", data, page=plan)
    assert answer.status_code == 303, answer.text
    return client.get(plan).text


def test_a_technician_records_and_the_manager_may_quarantine(scene: Scene) -> None:
    plan = scene.planned()
    bench, manager = scene.sign_in("technician"), scene.sign_in()
    assert "within limits" in record(bench, plan, "1,2", 1)
    page = record(bench, plan, "7", 3)
    assert "outside limits" in page
    assert "Last good evidence before it: the check of 1 Feb 2026" in page
    assert "into quarantine" not in page
    assert "Tell whoever manages the standards" in page
    page = manager.get(plan).text
    assert re.search(r'href="/standards/calibrations/\d+/reach"', page)
    assert re.search(r'href="/standards/calibrations/\d+/impact\?onset=1', page)
    version = re.search(r'name="row_version" value="(\d+)"', page)
    assert version is not None
    data = {"row_version": version.group(1), "state": "quarantined", "reason": "Check outside"}
    assert post(manager, f"/standards/{scene.standard.id}/state", data, page=plan).status_code == 303
    assert "quarantined" in manager.get(plan).text


def test_what_was_typed_stays_after_a_mistake(scene: Scene) -> None:
    plan = scene.planned()
    client = scene.sign_in("technician")
    answer = post(client, f"{plan}/checks", {"value": "1,2 mg", "at": "01/02/2026 09:00"}, page=plan)
    assert answer.status_code == 422
    assert 'value="1,2 mg"' in answer.text
    assert "is not a number" in answer.text


def test_an_entry_is_put_right_by_another(scene: Scene) -> None:
    plan = scene.planned()
    client = scene.sign_in("technician")
    record(client, plan, "12", 1)
    with scene.database.reading() as session:
        wrong = check_queries.checks_of_plan(session, int(plan.rpartition("/")[2]))[0]
    form = client.get(f"{plan}?replaces={wrong.id}").text
    assert 'value="12"' in form
    assert "What was wrong with the entry" in form
    page = record(client, plan, "1,2", 1, replaces_id=str(wrong.id), reason="comma left out")
    assert "Puts an entry right: comma left out" in page
    assert "outside limits" not in page


def test_a_chart_shows_its_limits_and_names_what_is_violated(scene: Scene) -> None:
    plan = scene.planned()
    manager = scene.sign_in()
    data = {
        "kind": "shewhart",
        "name": "10 kg",
        "reason": "stability",
        "valid_from": "16/01/2026",
        "centre": "0",
        "sigma": "1",
        "width": "3",
        "rules": "nelson_5",
    }
    answer = post(manager, f"{plan}/charts/new", data)
    assert answer.status_code == 303, answer.text
    chart = answer.headers["Location"]
    assert "No check is on this chart yet" in manager.get(chart).text
    for day, typed in enumerate(("0,2", "2,1", "2,2", "3,5"), 1):
        record(manager, plan, typed, day)
    page = manager.get(chart).text
    assert page.count('class="chart-ring"') == 2
    assert "above the upper control limit" in page
    assert "two of three points in a row more than 2σ from the centre, on one side" in page
    assert page.count('class="chart-whisker"') == 4
    for words in ("upper control limit", "lower control limit", "fixed limit", "centre"):
        assert f">{words} <tspan" in page
    assert '<title id="chart-' in page
    assert "<desc id=" in page
    ended = post(manager, f"{chart}/end", {"valid_to": "02/02/2026"}, page=chart)
    assert ended.status_code == 303
    assert manager.get(chart).text.count('class="chart-spot"') == 2


def test_the_forms_say_what_is_missing(scene: Scene) -> None:
    client = scene.sign_in()
    answer = post(client, f"/standards/{scene.standard.id}/check-plans/new", {"name": "x"})
    assert answer.status_code == 422
    plan = scene.planned()
    answer = post(client, f"{plan}/charts/new", {"kind": "shewhart", "name": "x"})
    assert answer.status_code == 422
    answer = post(client, f"{plan}/end", {"valid_to": "01/01/2020", "reason": "x"}, page=plan)
    assert answer.status_code == 422
    assert "End this plan" in answer.text


def test_a_standards_page_shows_its_checks(scene: Scene) -> None:
    scene.planned()
    client = scene.sign_in()
    assert "10 kg against KL-06" in client.get(f"/standards/{scene.standard.id}").text
    listed = client.get(f"/standards/{scene.standard.id}/checks").text
    assert "10 kg against KL-06" in listed
    assert "overdue" in listed


def test_another_laboratory_sees_none_of_it(scene: Scene) -> None:
    scene.planned()
    with scene.database.transaction() as session:
        other = make.make_standard(session)
    client = scene.sign_in()
    assert client.get(f"/standards/{other.id}/checks").status_code == 404
    assert client.get("/standards/check-plans/99").status_code == 404
    assert client.get("/standards/charts/99").status_code == 404
