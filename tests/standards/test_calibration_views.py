"""Pages of calibrations: recorded, accepted, ended; what a form says after a mistake; values on a day."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from standards import queries
from tests.lims.web_client import post
from tests.standards.scene import Scene


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
