"""Pages of procedures, authorisations and scopes, and what each form shows after a mistake."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.people.facts import Role
from lims.procedures.facts import Activity
from tests.factories.people import Laboratory, make_laboratory, make_organisation
from tests.factories.procedures import make_authorisation, make_procedure_version, make_scope, weighing_text
from tests.lims.web_client import make_app, make_client, post, set_language, sign_in, token


class Office:
    """A laboratory without procedures, and browsers of its people, in English."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        self.database = database
        with database.transaction() as session:
            self.laboratory: Laboratory = make_laboratory(session)
        self.app = make_app(database, clock)

    def browser(self, role: Role) -> FlaskClient:
        """Return the signed-in browser of a person in a role."""
        client = make_client(self.app)
        assert sign_in(client, role.value).status_code == 303
        set_language(client, "en")
        return client


@pytest.fixture
def office(sqlite_database: Database, clock: FixedClock) -> Office:
    """The office."""
    return Office(sqlite_database, clock)


def _approve(client: FlaskClient, address: str, row_version: int = 1) -> TestResponse:
    return post(client, f"{address}/approve", {"valid_from": "2026-03-02", "row_version": str(row_version)})


def test_a_procedure_is_taken_in_by_one_and_approved_by_another(office: Office) -> None:
    quality, manager = office.browser(Role.QUALITY_MANAGER), office.browser(Role.TECHNICAL_MANAGER)
    upload = {"file": (io.BytesIO(weighing_text().encode()), "hc-kl-01.toml"), "csrf_token": token(quality)}
    made = quality.post("/procedures/new", data=upload, content_type="multipart/form-data")
    assert made.status_code == 303
    page = manager.get(made.location).text
    model = "m<sub>X</sub> = m<sub>S</sub> + dm<sub>D</sub> + dm + dm<sub>C</sub> + dB"
    for shown in (model, "half-width", "12 readings", "18 … 22 °C", "95.45 %", "draft"):
        assert shown in page
    assert _approve(manager, made.location).status_code == 303
    assert "version 1" in manager.get("/procedures").text
    exported = manager.get(f"{made.location}/file")
    assert 'code = "HC-KL-01"' in exported.text
    assert exported.headers["Content-Disposition"] == 'attachment; filename="HC-KL-01-1.toml"'


def test_own_draft_is_not_approved(office: Office) -> None:
    manager = office.browser(Role.TECHNICAL_MANAGER)
    made = post(manager, "/procedures/new", {"text": weighing_text()})
    answer = _approve(manager, made.location)
    assert answer.status_code == 409
    assert "Somebody else has to approve it." in answer.text


def test_faults_of_a_definition_are_listed_by_path_and_the_text_stays(office: Office) -> None:
    text = weighing_text().replace('half_width = "0.010"', "half_width = 0.010", 1).replace("+ dB", "+ wind")
    answer = post(office.browser(Role.QUALITY_MANAGER), "/procedures/new", {"text": text})
    assert answer.status_code == 422
    assert "sections[1].inputs[4].half_width" in answer.text
    assert "Write the number in quotation marks" in answer.text
    assert "+ wind" in answer.text
    fixed = text.replace("half_width = 0.010", 'half_width = "0.010"')
    answer = post(office.browser(Role.QUALITY_MANAGER), "/procedures/new", {"text": fixed})
    assert "sections[1].outputs[1].expression" in answer.text
    assert "The formula uses “wind”, which is no input of this section." in answer.text


def test_file_that_is_no_text_is_refused(office: Office) -> None:
    quality = office.browser(Role.QUALITY_MANAGER)
    upload = {"file": (io.BytesIO(b"\xff\xfe\x00PDF"), "x.toml"), "text": "typed", "csrf_token": token(quality)}
    answer = quality.post("/procedures/new", data=upload, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "The file is not text in UTF-8." in answer.text
    assert "typed" in answer.text


def test_two_people_on_one_draft_see_both_texts(office: Office) -> None:
    quality, manager = office.browser(Role.QUALITY_MANAGER), office.browser(Role.TECHNICAL_MANAGER)
    made = post(quality, "/procedures/new", {"text": weighing_text()})
    mine = weighing_text().replace("EA-4/02 M:2022 S2", "bản của người thứ nhất")
    assert post(quality, f"{made.location}/next", {"text": mine, "row_version": "1"}).status_code == 303
    yours = weighing_text().replace("EA-4/02 M:2022 S2", "bản của người thứ hai")
    answer = post(manager, f"{made.location}/next", {"text": yours, "row_version": "1"})
    assert answer.status_code == 409
    assert "bản của người thứ nhất" in answer.text
    assert "bản của người thứ hai" in answer.text
    assert 'name="row_version" value="2"' in answer.text


def test_another_laboratorys_procedure_answers_like_one_that_does_not_exist(office: Office) -> None:
    with office.database.transaction() as session:
        other = make_organisation(session, is_laboratory=True, is_customer=False)
        foreign = make_procedure_version(session, organisation_id=other.id)
    manager = office.browser(Role.TECHNICAL_MANAGER)
    for end in ("", "/file", "/next"):
        assert manager.get(f"/procedures/versions/{foreign.id}{end}").status_code == 404
    assert foreign.code not in manager.get("/procedures").text


def test_authorisation_is_granted_shown_and_ended(office: Office) -> None:
    with office.database.transaction() as session:
        version = make_procedure_version(session, organisation_id=office.laboratory.organisation_id)
    manager = office.browser(Role.TECHNICAL_MANAGER)
    technician = str(office.laboratory.persons[Role.TECHNICIAN])
    typed = {"person_id": technician, "object": f"procedure:{version.procedure_id}", "activity": "perform"}
    answer = post(manager, "/authorisations/new", {**typed, "valid_from": "hôm nay"})
    assert answer.status_code == 422
    assert "“hôm nay” is not a date" in answer.text
    assert f'value="procedure:{version.procedure_id}" selected' in answer.text
    granted = {**typed, "valid_from": "2026-03-02", "valid_to": "2026-03-20", "evidence": "QĐ 12/2026"}
    assert post(manager, "/authorisations/new", granted).status_code == 303
    page = manager.get("/authorisations").text
    assert "until 20 Mar 2026" in page
    with office.database.transaction() as session:
        other = make_authorisation(
            session, person_id=int(technician), activity=Activity.REVIEW, procedure_id=version.procedure_id
        )
    assert "Quyết định 01/QĐ" in manager.get(f"/authorisations/{other.id}").text
    answer = post(manager, f"/authorisations/{other.id}/end", {"ended_on": "2026-03-02"})
    assert answer.status_code == 422
    done = post(manager, f"/authorisations/{other.id}/end", {"ended_on": "2026-03-01", "reason": "Chuyển việc"})
    assert done.status_code == 303
    assert "1 ended or not yet begun" in manager.get("/authorisations").text
    assert other.person_name in manager.get("/authorisations/list?holds=ended").text
    own = {**granted, "person_id": str(office.laboratory.persons[Role.TECHNICAL_MANAGER])}
    answer = post(manager, "/authorisations/new", own)
    assert answer.status_code == 409
    assert "Nobody authorises themselves." in answer.text


def test_scope_is_recorded_with_its_lines_and_mistakes_stay_at_their_line(office: Office) -> None:
    with office.database.transaction() as session:
        make_scope(session, site_id=office.laboratory.site_id)
    manager = office.browser(Role.TECHNICAL_MANAGER)
    head = {
        "site_id": str(office.laboratory.site_id),
        "kind": "accreditation",
        "version": "2",
        "body_number": "VILAS 0000",
        "valid_from": "2026-03-02",
    }
    line = {
        "lines.2.title_vi": "Áp kế lò xo",
        "lines.2.quantity": "pressure",
        "lines.2.method": "ĐLVN 76:2001",
        "lines.2.unit": "MPa",
        "lines.2.lower": "0",
        "lines.2.upper": "1,6",
        "lines.2.cmc_expression": "1.5 +",
        "lines.2.cmc_unit": "kPa",
    }
    form = manager.get("/scope/new").text
    for offered in ('<option value="pressure">Pressure</option>', '<option value="">Every kind</option>'):
        assert offered in form
    answer = post(manager, "/scope/new", {**head})
    assert answer.status_code == 422
    assert "A scope needs at least one line." in answer.text
    answer = post(manager, "/scope/new", {**head, **line, "lines.2.upper": "nhiều"})
    assert answer.status_code == 422
    assert "“nhiều” is not a number" in answer.text
    assert '<option value="pressure" selected>' in answer.text
    answer = post(manager, "/scope/new", {**head, **line})
    assert "The formula ends too early." in answer.text
    assert post(manager, "/scope/new", {**head, **line, "lines.2.cmc_expression": "1.5"}).status_code == 303
    page = manager.get("/scope").text
    assert "Áp kế lò xo" in page
    assert "0 … 1.6 MPa" in page
    assert page.count("not in force today") == 1
