"""Pages of standards through HTTP: what each shows, what a form says after a mistake, two people at one record."""

from __future__ import annotations

import pytest

from lims.core.lists import ListRequest
from lims.core.text import fold
from standards import queries
from standards.facts import InstrumentFacts
from tests.lims.web_client import post
from tests.standards.scene import Scene


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
