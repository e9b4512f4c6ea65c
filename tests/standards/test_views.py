"""Pages of standards through HTTP: what each shows, what a form says after a mistake, two people at one record."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient

from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.lists import ListRequest
from lims.core.text import fold
from lims.people.models import Site
from standards import queries
from standards.calibration_facts import CalibrationFacts
from standards.facts import InstrumentFacts, StandardFacts
from tests.factories import standards as make
from tests.factories.people import make_laboratory, make_organisation
from tests.lims.web_client import make_app, make_client, post, set_language, sign_in


@dataclass(frozen=True)
class Scene:
    """A laboratory with one calibrated standard, one that waits, and browsers of its people."""

    database: Database
    sign_in: Callable[..., FlaskClient]
    customer_id: int
    laboratory_id: int
    standard: StandardFacts
    calibration: CalibrationFacts
    waiting: CalibrationFacts
    instrument: InstrumentFacts
    upstream_id: int

    @property
    def range_id(self) -> int:
        """The range of the standard that waits."""
        with self.database.reading() as session:
            standard = queries.standard_facts(session, self.waiting.standard_id)
            return queries.instrument_facts(session, standard.instrument_id).ranges()[0].range.id


@pytest.fixture
def scene(sqlite_database: Database, clock: FixedClock) -> Scene:
    """The laboratory and its pages; on SQLite, for services run on both databases elsewhere."""
    app = make_app(sqlite_database, clock)
    with sqlite_database.transaction() as session:
        laboratory = make_laboratory(session)
        site = session.get_one(Site, laboratory.site_id)
        upstream = make_organisation(session, name_vi="Viện Đo lường Mẫu", is_upstream=True, is_customer=False)
        standard = make.make_standard(session, site, code="KL-05")
        calibration = make.make_calibration(session, standard, laboratory_id=upstream.id)
        make.make_drift(session, standard)
        waiting = make.make_calibration(
            session, make.make_standard(session, site, code="KL-06"), accepted=False, laboratory_id=upstream.id
        )
        instrument = make.make_instrument(session, laboratory.customer_id, serial_number="M-0001")

    def browser(role: str = "technical_manager", language: str = "en") -> FlaskClient:
        client = make_client(app)
        assert sign_in(client, role).status_code == 303
        set_language(client, language)
        return client

    return Scene(
        database=sqlite_database,
        sign_in=browser,
        customer_id=laboratory.customer_id,
        laboratory_id=laboratory.organisation_id,
        standard=standard,
        calibration=calibration,
        waiting=waiting,
        instrument=instrument,
        upstream_id=upstream.id,
    )


def pages(scene: Scene) -> list[str]:
    """Every page of the package."""
    standard = f"/standards/{scene.standard.id}"
    return [
        "/instruments",
        "/instruments?q=qua+can",
        "/instruments?q=nothing+like+this",
        "/instruments/new",
        f"/instruments/{scene.instrument.id}",
        f"/instruments/{scene.standard.instrument_id}",
        f"/instruments/{scene.instrument.id}/edit",
        "/standards",
        "/standards?due=overdue",
        "/standards/new",
        standard,
        *(f"{standard}/{page}" for page in ("dcc", "value", "drift", "end")),
        f"{standard}/value?on=20/02/2026",
        f"{standard}/calibrations/new",
        *(
            f"{standard}/calibrations/new?kind={kind}"
            for kind in ("curve", "coefficients", "expression", "characteristic")
        ),
        f"/standards/calibrations/{scene.calibration.id}",
        f"/standards/calibrations/{scene.waiting.id}",
    ]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_opens_in_both_languages(scene: Scene, language: str) -> None:
    client = scene.sign_in(language=language)
    for page in pages(scene):
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert f'lang="{language}"' in answer.text


def test_a_customer_sees_none_of_it(scene: Scene) -> None:
    client = scene.sign_in("customer")
    assert {client.get(page).status_code for page in pages(scene)} == {404}


def test_the_language_of_the_first_reader_is_not_kept_for_the_next(scene: Scene) -> None:
    page = f"/standards/{scene.standard.id}/calibrations/new"
    vietnamese = scene.sign_in(language="vi").get(page).text
    english = scene.sign_in(language="en").get(page).text
    assert "từ bên ngoài" in vietnamese
    assert "from outside" in english
    assert "từ bên ngoài" not in english


# instruments


def instrument_form(scene: Scene, **changes: str) -> dict[str, str]:
    """The form of a customer's weight."""
    return {
        "owner_id": str(scene.customer_id),
        "kind": "weight",
        "purpose_of_use": "group_1",
        "name_vi": "Quả cân 20 kg",
        "rows-0-quantity": "mass",
        "rows-0-unit": "kg",
        "rows-0-nominal": "20,000",
        **changes,
    }


def found(scene: Scene, text: str) -> list[InstrumentFacts]:
    """Instruments by words of their name or class; the numbers that were given to others are no match."""
    with scene.database.reading() as session:
        lines = queries.instruments(session, ListRequest(text=text)).items
        all_found = [queries.instrument_facts(session, line.id) for line in lines]
    words = text.split()
    return [one for one in all_found if all(word in fold(f"{one.name_vi} {one.accuracy_class}") for word in words)]


def test_an_instrument_is_entered_and_shown(scene: Scene) -> None:
    client = scene.sign_in("receiver")
    answer = post(client, "/instruments/new", instrument_form(scene))
    assert answer.status_code == 303
    (facts,) = found(scene, "qua can 20")
    assert answer.location == f"/instruments/{facts.id}"
    assert f"{facts.ranges()[0].range.nominal}" == "20.000"
    page = client.get(answer.location).text
    assert "20.000 kg" in page
    assert "“Quả cân 20 kg” was entered." in page


def test_rows_of_one_quantity_are_ranges_of_one_function_and_parts_stay_parts(scene: Scene) -> None:
    client = scene.sign_in("receiver")
    gauge = {"name_vi": "Áp kế thử", "kind": "pressure_gauge", "rows-0-quantity": "pressure", "rows-0-unit": "MPa"}
    second = {"rows-2-quantity": "pressure", "rows-2-unit": "MPa", "rows-2-upper": "70", "rows-2-name": "cao"}
    assert post(client, "/instruments/new", instrument_form(scene, **gauge, **second)).status_code == 303
    (facts,) = found(scene, "ap ke thu")
    assert [(len(facts.parts), len(facts.parts[0].functions))] == [(1, 1)]
    assert [address.range.name for address in facts.ranges()] == ["", "cao"]
    parts = {"name_vi": "Bộ quả cân thử", "rows-0-part": "20 kg", "rows-1-part": "10 kg"}
    more = {"rows-1-quantity": "mass", "rows-1-unit": "kg", "rows-1-nominal": "10"}
    assert post(client, "/instruments/new", instrument_form(scene, **parts, **more)).status_code == 303
    (weights,) = found(scene, "bo qua can thu")
    assert [part.code for part in weights.parts] == ["20 kg", "10 kg"]


def test_a_mistake_in_a_row_stands_at_that_row_and_what_was_typed_stays(scene: Scene) -> None:
    client = scene.sign_in("receiver")
    rows = {"rows-2-quantity": "length", "rows-2-unit": "kg", "rows-2-lower": "5", "rows-2-upper": "1"}
    answer = post(client, "/instruments/new", instrument_form(scene, **rows, name_en="Twenty"))
    assert answer.status_code == 422
    assert 'href="#field-rows-2-unit"' in answer.text
    assert 'href="#field-rows-2-upper"' in answer.text
    assert "The unit “kg” does not fit here" in answer.text
    assert 'value="Twenty"' in answer.text
    assert 'value="20,000"' in answer.text
    answer = post(client, "/instruments/new", instrument_form(scene, **{"rows-0-nominal": "ten", "name_vi": ""}))
    assert answer.status_code == 422
    assert "“ten” is not a number" in answer.text
    assert found(scene, "qua can 20") == []


def test_two_people_at_one_instrument_see_both_versions(scene: Scene) -> None:
    client = scene.sign_in("receiver")
    url = f"/instruments/{scene.instrument.id}/edit"
    version = str(scene.instrument.row_version)
    mine = instrument_form(scene, row_version=version, name_vi="Tên của tôi", serial_number="M-0001")
    theirs = instrument_form(scene, row_version=version, name_vi="Tên của họ", serial_number="M-0001")
    assert post(client, url, theirs).status_code == 303
    answer = post(client, url, mine)
    assert answer.status_code == 409
    assert "<td>Tên của họ</td><td>Tên của tôi</td>" in answer.text
    assert 'value="Tên của tôi"' in answer.text
    again = {**mine, "row_version": str(scene.instrument.row_version + 1)}
    assert f'value="{again["row_version"]}"' in answer.text
    assert post(client, url, again).status_code == 303
    assert [facts.id for facts in found(scene, "ten cua toi")] == [scene.instrument.id]


def test_a_range_is_added_on_the_instruments_page(scene: Scene) -> None:
    client = scene.sign_in("receiver")
    url = f"/instruments/{scene.instrument.id}/ranges"
    assert post(client, url, {}).status_code == 422
    row = {"rows-0-quantity": "mass", "rows-0-unit": "g", "rows-0-name": "phụ", "rows-0-upper": "100"}
    assert post(client, url, row).status_code == 303
    answer = post(client, url, row)
    assert answer.status_code == 422
    assert "This range of “mass” is there already" in answer.text


# standards and calibrations


def test_a_standard_is_registered(scene: Scene) -> None:
    client = scene.sign_in()
    own = {"owner_id": str(scene.laboratory_id), "name_vi": "Quả cân F1 20 kg"}
    assert post(client, "/instruments/new", instrument_form(scene, **own)).status_code == 303
    (facts,) = found(scene, "f1 20")
    with scene.database.reading() as session:
        site_id = queries.standard_facts(session, scene.standard.id).site_id
    form = {"instrument_id": str(facts.id), "site_id": str(site_id), "code": "KL-05", "role": "reference"}
    answer = post(client, "/standards/new", form)
    assert answer.status_code == 422
    assert "The code KL-05 is already used at this site." in answer.text
    answer = post(client, "/standards/new", {**form, "code": "KL-07", "interval_months": "12"})
    assert answer.status_code == 303
    assert "KL-07" in client.get("/standards?due=not_calibrated").text
    assert "KL-07" not in client.get("/standards?due=overdue").text


def calibration_form(scene: Scene, **changes: Any) -> dict[str, Any]:
    """The form of KL-05's next certificate."""
    return {
        "results-0-kind": "element",
        "source": "external",
        "results-0-phase": "as_left",
        "laboratory_id": str(scene.upstream_id),
        "certificate_number": "V02.CN5.9999.26",
        "calibrated_on": "2026-02-20",
        "results-0-coverage_probability": "95,45",
        "results-0-0-nominal": "10000",
        "results-0-0-value": "10 000,004",
        "results-0-0-unit": "g",
        "results-0-0-expanded_uncertainty": "45",
        "results-0-0-expanded_uncertainty_unit": "mg",
        "results-0-0-coverage_factor": "2",
        "terminals-0-kind": "nmi_cmc",
        "terminals-0-evidence": "CMC trong KCDB",
        "terminals-0-evidence_reference": "APMP.M.M-MAU-0001",
        "terminals-0-valid_from": "2024-01-01",
        **changes,
    }


def test_a_calibration_is_recorded_by_one_and_accepted_by_another(scene: Scene) -> None:
    manager, quality = scene.sign_in("technical_manager"), scene.sign_in("quality_manager")
    url = f"/standards/{scene.standard.id}/calibrations/new"
    answer = post(manager, url, calibration_form(scene))
    assert answer.status_code == 303
    page = manager.get(answer.location).text
    assert re.search(r"10\s000\.004 g", page)
    assert "somebody else who may accept calibrations" in page
    with scene.database.reading() as session:
        (recorded,) = [c for c in queries.calibrations_of(session, scene.standard.id) if c.accepted_at is None]
    assert recorded.contents[0].coverage_probability is not None
    assert f"{recorded.contents[0].coverage_probability:f}" == "0.9545"
    accept = f"{answer.location}/accept"
    own = post(manager, accept, {"row_version": recorded.row_version})
    assert own.status_code == 409
    assert "recorded this calibration" in own.text
    stale = post(quality, accept, {"row_version": recorded.row_version + 1})
    assert stale.status_code == 409
    done = post(quality, accept, {"row_version": recorded.row_version})
    assert done.status_code == 303
    assert "Usable today as reference standard." in quality.get(answer.location).text
    assert "A later calibration took its place" in quality.get(f"/standards/calibrations/{scene.calibration.id}").text


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"results-0-0-value": "abc"}, "results-0-0-value", "“abc” is not a number"),
        ({"results-0-0-unit": "mm"}, "results-0-0-unit", "does not fit here"),
        ({"results-0-0-coverage_factor": ""}, "results-0-0-coverage_factor", "without its coverage factor"),
        ({"results-0-0-expanded_uncertainty": "-45"}, "results-0-0-expanded_uncertainty", "−45 is negative"),
        ({"results-0-0-value": "", "results-0-0-expanded_uncertainty": ""}, "results-0-0-value", "at least one result"),
        ({"calibrated_on": "2026-12-01"}, "calibrated_on", "lies in the future"),
        ({"valid_until": "2026-02-19"}, "valid_until", "lies before"),
        ({"certificate_number": ""}, "certificate_number", "Please fill in this field"),
        ({"terminals-0-evidence": ""}, "terminals-0-evidence", "a path cannot end at nothing"),
        ({"terminals-0-valid_from": "2026-02-21"}, "terminals-0-valid_from", "not valid on the day of calibration"),
        ({"source": "in_house", "terminals-0-kind": ""}, "edges-0-upper_id", "names the calibrations"),
    ],
)
def test_what_is_wrong_with_a_calibration_stands_at_its_field(
    scene: Scene, changes: dict[str, str], field: str, words: str
) -> None:
    client = scene.sign_in()
    answer = post(client, f"/standards/{scene.standard.id}/calibrations/new", calibration_form(scene, **changes))
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert f'id="field-{field}"' in answer.text
    assert words in answer.text
    assert 'value="CMC trong KCDB"' in answer.text or "terminals-0-evidence" in changes


def test_points_of_a_curve_keep_their_lines(scene: Scene) -> None:
    client = scene.sign_in()
    plain = {name: text for name, text in calibration_form(scene).items() if not name.startswith("results-0-0")}
    curve = {
        **plain,
        "results-0-kind": "curve",
        "results-0-range_id": str(scene.calibration.contents[0].range_id),
        "results-0-interpolation": "linear",
        "results-0-coverage_factor": "2",
        "results-0-unit": "g",
        "results-0-points-0-argument": "0",
        "results-0-points-0-value": "0",
        "results-0-points-0-expanded_uncertainty": "0,1",
        "results-0-points-3-argument": "100",
        "results-0-points-3-value": "100,1",
        "results-0-points-3-expanded_uncertainty": "-1",
    }
    url = f"/standards/{scene.standard.id}/calibrations/new"
    answer = post(client, url, curve)
    assert answer.status_code == 422
    assert 'href="#field-results-0-points-3-expanded_uncertainty"' in answer.text
    assert post(client, url, {**curve, "results-0-points-3-expanded_uncertainty": "0,2"}).status_code == 303


def test_a_file_that_is_no_pdf_is_refused_and_a_pdf_comes_back_as_it_was(scene: Scene) -> None:
    client = scene.sign_in()
    url = f"/standards/{scene.standard.id}/calibrations/new"
    answer = post(client, url, calibration_form(scene, certificate=(io.BytesIO(b"MZ not a PDF"), "x.pdf")))
    assert answer.status_code == 422
    assert "This file is not a PDF document." in answer.text
    answer = post(client, url, calibration_form(scene, certificate=(io.BytesIO(b"%PDF-1.7 as received"), "x.pdf")))
    assert answer.status_code == 303
    file = client.get(f"{answer.location}/certificate")
    assert file.data == b"%PDF-1.7 as received"
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert client.get(f"/standards/calibrations/{scene.calibration.id}/certificate").status_code == 404


def test_results_of_several_kinds_and_states_go_into_one_calibration(scene: Scene) -> None:
    client = scene.sign_in()
    url = f"/standards/{scene.standard.id}/calibrations/new"
    pdf = (io.BytesIO(b"%PDF-1.7 kept"), "x.pdf")
    added = post(client, url, {**calibration_form(scene, certificate=pdf), "add": "element"})
    assert added.status_code == 200
    assert 'name="results-1-0-value"' in added.text
    assert 'value="10 000,004"' in added.text
    kept = re.search(r'name="kept_file" value="([^"]+)"', added.text)
    assert kept is not None
    second = {
        "results-1-kind": "element",
        "results-1-phase": "as_found",
        "results-1-0-value": "10000,011",
        "results-1-0-unit": "g",
        "results-1-0-expanded_uncertainty": "45",
        "results-1-0-expanded_uncertainty_unit": "mg",
        "results-1-0-coverage_factor": "2",
        "results-2-kind": "characteristic",
        "results-2-phase": "as_left",
        "results-2-0-identifier": "stability",
        "results-2-0-value": "0,002",
        "results-2-0-unit": "g",
        "results-2-0-expanded_uncertainty": "-1",
    }
    form = {**calibration_form(scene), **second, "kept_file": kept.group(1)}
    refused = post(client, url, form)
    assert refused.status_code == 422
    assert 'href="#field-results-2-0-expanded_uncertainty"' in refused.text
    assert 'value="10000,011"' in refused.text
    removed = post(client, url, {**form, "remove": "1"})
    assert 'name="results-1-0-value" value="0,002"' in removed.text
    assert 'name="results-2-kind"' not in removed.text
    done = post(client, url, {**form, "results-2-0-expanded_uncertainty": ""})
    assert done.status_code == 303
    with scene.database.reading() as session:
        (recorded,) = [c for c in queries.calibrations_of(session, scene.standard.id) if c.accepted_at is None]
    said = {(content.kind.value, content.phase.value): f"{content.value:f}" for content in recorded.contents}
    assert said == {
        ("element", "as_left"): "10000.004",
        ("element", "as_found"): "10000.011",
        ("characteristic", "as_left"): "0.002",
    }
    assert client.get(f"{done.location}/certificate").data == b"%PDF-1.7 kept"
    forged = post(client, url, {**form, "certificate_number": "X", "kept_file": "forged"})
    assert "has to be chosen again" in forged.text


def test_coefficients_are_typed_in_with_their_correlations(scene: Scene) -> None:
    client = scene.sign_in()
    url = f"/standards/{scene.standard.id}/calibrations/new"
    head = {name: text for name, text in calibration_form(scene).items() if not name.startswith("results-0-0")}
    form = {
        **head,
        "results-0-kind": "coefficients",
        "results-0-range_id": str(scene.calibration.contents[0].range_id),
        "results-0-equation": "other",
        "results-0-equation_text": "m = a + b·x",
        "results-0-points-0-name": "a",
        "results-0-points-0-value": "1",
        "results-0-points-0-expanded_uncertainty": "0,1",
        "results-0-points-0-coverage_factor": "2",
        "results-0-points-1-name": "b",
        "results-0-points-1-value": "0,5",
        "results-0-correlation-1-0": "1,2",
    }
    refused = post(client, url, form)
    assert 'href="#field-results-0-correlation-1-0"' in refused.text
    done = post(client, url, {**form, "results-0-correlation-1-0": "-0,4"})
    assert done.status_code == 303
    with scene.database.reading() as session:
        (recorded,) = [c for c in queries.calibrations_of(session, scene.standard.id) if c.accepted_at is None]
    (content,) = recorded.contents
    assert (content.equation, content.correlation) == ("m = a + b·x", '{"a|b":"-0.4"}')


def test_a_standard_that_was_adjusted_is_taken_out_of_use_by_its_page(scene: Scene) -> None:
    client = scene.sign_in()
    url = f"/standards/{scene.standard.id}/end"
    assert post(client, url, {"kind": "repair", "reason": "", "row_version": "99"}).status_code == 422
    stale = post(client, url, {"kind": "repair", "reason": "Thay vít", "row_version": "99"})
    assert stale.status_code == 409
    with scene.database.reading() as session:
        version = queries.standard_facts(session, scene.standard.id).row_version
    assert post(client, url, {"kind": "repair", "reason": "Thay vít", "row_version": str(version)}).status_code == 303
    shown = client.get(f"/standards/calibrations/{scene.calibration.id}").text
    assert "repaired" in shown
    assert "Thay vít" in shown
    assert "awaiting acceptance" in client.get(f"/standards/{scene.standard.id}").text.lower()


def test_the_value_on_a_day_is_shown_with_its_parts(scene: Scene) -> None:
    client = scene.sign_in("technician")
    url = f"/standards/{scene.standard.id}/value"
    shown = client.get(f"{url}?on=02/03/2026").text
    assert re.search(r"10\s000\.005 g", shown)
    assert "0.024 g" in shown
    assert "Drift since the calibration" in shown
    assert "No calibration was in force" in client.get(f"{url}?on=2020-01-01").text
    assert client.get(f"{url}?on=yesterday").status_code == 422


def test_parts_of_a_standards_page_say_what_they_refuse(scene: Scene) -> None:
    client = scene.sign_in()
    url = f"/standards/{scene.standard.id}"
    version = {"row_version": str(scene.standard.row_version + 1)}
    refused = post(client, f"{url}/state", {"state": "quarantined", **version})
    assert refused.status_code in (409, 422)
    with scene.database.reading() as session:
        version["row_version"] = str(queries.standard_facts(session, scene.standard.id).row_version)
    refused = post(client, f"{url}/state", {"state": "quarantined", **version})
    assert (refused.status_code, 'href="#field-reason"' in refused.text) == (422, True)
    refused = post(client, f"{url}/papers", {"kind": "other", "number": "1", "issued_on": "2027-01-01"})
    assert (refused.status_code, 'href="#field-issued_on"' in refused.text) == (422, True)
    drift = {"half_width_expression": "15 mg", "unit": "mg", "basis": "x", "valid_from": "2026-03-01"}
    refused = post(client, f"{url}/drift", {**drift, "distribution": "rectangular", "per": "calibration"})
    assert (refused.status_code, "The formula “15 mg” is not understood" in refused.text) == (422, True)
    drift["half_width_expression"] = "0,5"
    assert post(client, f"{url}/drift", {**drift, "distribution": "rectangular", "per": "year"}).status_code == 303
    assert post(client, f"{url}/state", {"state": "quarantined", "reason": "Rơi", **version}).status_code == 303
    stale = post(client, f"{url}/state", {"state": "retired", "reason": "Cũ", **version})
    assert stale.status_code == 409
    page = client.get(f"/standards/calibrations/{scene.calibration.id}").text
    assert "The standard was in quarantine since 2 Mar 2026. Rơi" in page


def test_a_calibration_is_extended_ended_and_rejected(scene: Scene) -> None:
    client = scene.sign_in("quality_manager")
    url = f"/standards/calibrations/{scene.calibration.id}"
    assert post(client, f"{url}/extend", {"valid_until": "2026-01-01", "evidence": "x"}).status_code == 422
    assert post(client, f"{url}/extend", {"valid_until": "2027-06-01", "evidence": "Kiểm tra"}).status_code == 303
    version = str(scene.calibration.row_version)
    assert post(client, f"{url}/end", {"reason": "", "row_version": version}).status_code == 422
    assert post(client, f"{url}/end", {"reason": "Hiệu chỉnh", "row_version": version}).status_code == 303
    assert "The calibration has ended: Hiệu chỉnh" in client.get(url).text
    waiting = f"/standards/calibrations/{scene.waiting.id}"
    version = str(scene.waiting.row_version)
    assert post(client, f"{waiting}/reject", {"reason": "", "row_version": version}).status_code == 422
    assert post(client, f"{waiting}/reject", {"reason": "Sai số", "row_version": version}).status_code == 303


def test_a_technician_sees_but_does_not_change_standards(scene: Scene) -> None:
    client = scene.sign_in("technician")
    page = client.get(f"/standards/{scene.standard.id}")
    assert page.status_code == 200
    assert "Record a calibration" not in page.text
    assert client.get(f"/standards/{scene.standard.id}/calibrations/new").status_code == 403
    assert post(client, f"/standards/{scene.standard.id}/state", {"state": "out"}).status_code == 403


def test_what_does_not_exist_is_not_found(scene: Scene) -> None:
    client = scene.sign_in()
    for page in ("/standards/999999", "/standards/calibrations/999999", "/instruments/999999"):
        assert client.get(page).status_code == 404


def test_standards_that_need_attention_stand_on_the_first_page(scene: Scene) -> None:
    page = scene.sign_in("quality_manager").get("/").text
    assert "Standards that need attention" in page
    assert "certificate waits for acceptance" in page
    assert "Standards that need attention" not in scene.sign_in("technician").get("/").text
