"""A digital certificate through the pages: uploaded, looked at, mapped, recorded, accepted; and what is refused."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

from lims.core.blobs import get_blob
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.people.models import Site
from standards import queries
from standards.calibration_facts import CalibrationFacts, CalibrationState, ContentKind
from standards.commands import NewFunction, NewRange
from standards.facts import StandardFacts
from tests.factories import standards as make
from tests.factories.people import make_laboratory, make_organisation
from tests.lims.dcc.plain import RESULT, page
from tests.lims.dcc.test_signature import _signed, _signer
from tests.lims.web_client import make_app, make_client, post, set_language, sign_in, token
from tests.standards.dcc_files import WEIGHT, gauge_file, weight_file


@dataclass(frozen=True)
class Scene:
    """A laboratory with a weight and a gauge that wait for their first calibration."""

    database: Database
    app: Flask
    browser: Callable[..., FlaskClient]
    weight: StandardFacts
    gauge: StandardFacts
    upstream_id: int

    def send(self, data: bytes, standard: StandardFacts | None = None, name: str = "dcc.xml") -> TestResponse:
        """Upload a file as the technical manager."""
        of = standard or self.weight
        url = f"/standards/{of.id}/dcc"
        return post(self.browser(), url, {"file": (io.BytesIO(data), name)})

    def calibrations(self, standard: StandardFacts) -> list[CalibrationFacts]:
        with self.database.reading() as session:
            return queries.calibrations_of(session, standard.id)


@pytest.fixture
def scene(sqlite_database: Database, clock: FixedClock) -> Scene:
    app = make_app(sqlite_database, clock)
    with sqlite_database.transaction() as session:
        laboratory = make_laboratory(session)
        site = session.get_one(Site, laboratory.site_id)
        upstream = make_organisation(session, name_vi="Phòng thử", is_upstream=True, is_customer=False)
        weight = make.make_standard(session, site, code="KL-05")
        span = NewRange(lower=Decimal(0), upper=Decimal("2.5"))
        gauge = make.make_standard(
            session,
            site,
            code="AS-02",
            kind="pressure_gauge",
            functions=[NewFunction("pressure", "MPa", ranges=(span,))],
        )

    def browser(role: str = "technical_manager", language: str = "en") -> FlaskClient:
        client = make_client(app)
        assert sign_in(client, role).status_code == 303
        set_language(client, language)
        return client

    return Scene(sqlite_database, app, browser, weight, gauge, upstream.id)


EVIDENCE = {
    "terminals-0-kind": "nmi_cmc",
    "terminals-0-evidence": "CMC of the institute",
    "terminals-0-evidence_reference": "APMP.M.M-1",
    "terminals-0-valid_from": "01/01/2024",
}


def upload(client: FlaskClient, url: str, data: bytes, name: str) -> TestResponse:
    """Send a file of any size as a browser does; the body is one piece, so that nothing is left open on the way."""
    edge = b"--part\r\nContent-Disposition: form-data; name="
    body = edge + b'"csrf_token"\r\n\r\n' + token(client).encode() + b"\r\n"
    body += edge + b'"file"; filename="' + name.encode() + b'"\r\n\r\n' + data + b"\r\n--part--\r\n"
    return client.post(url, data=body, content_type="multipart/form-data; boundary=part")


def form_of(text: str) -> dict[str, str]:
    """The fields of the form on a page as a browser would send them."""
    whole: Any = html.document_fromstring(text)
    form = next(one for one in whole.forms if "/standards/dcc/" in (one.action or ""))
    return {name: value or "" for name, value in form.form_values() if name != "csrf_token"}


def test_a_weight_is_uploaded_mapped_recorded_and_accepted(scene: Scene) -> None:
    data = weight_file()
    answer = scene.send(data)
    assert answer.status_code == 303
    shown = scene.browser().get(answer.location).text
    assert "10.000012" in shown
    assert "si:real/si:value" in shown
    assert f"{RESULT}/dcc:quantity" in shown
    assert "not stated" in shown
    assert "SN-7" in shown  # another serial number than the standard's: said, for a person to judge
    form = {**form_of(shown), **EVIDENCE, "assume_degrees": "on"}
    assert form["laboratory_id"] == str(scene.upstream_id)
    assert form["columns-0-kind"] == "element"
    recorded = post(scene.browser(), answer.location, form)
    assert recorded.status_code == 303, recorded.text
    (calibration,) = scene.calibrations(scene.weight)
    (content,) = calibration.contents
    assert (calibration.certificate_number, calibration.calibrated_on.isoformat()) == ("HC-2026-001", "2026-01-06")
    assert (content.kind, content.value, content.unit) == (ContentKind.ELEMENT, Decimal("10.000012"), "kg")
    assert (content.expanded_uncertainty, content.expanded_uncertainty_unit) == (Decimal("0.000045"), "kg")
    assert (content.coverage_factor, content.coverage_probability) == (Decimal(2), Decimal("0.9545"))
    assert (content.degrees_of_freedom, content.degrees_of_freedom_assumed) == (None, True)
    value, uncertainty = (content.source_path or "").splitlines()
    assert value == f"{RESULT}/dcc:quantity/si:real/si:value"
    assert uncertainty.endswith("si:expandedMU/si:valueExpandedMU")
    with scene.database.reading() as session:
        assert calibration.dcc_sha256 is not None
        assert get_blob(session, calibration.dcc_sha256) == data
        assert queries.damaged_calibrations(session) == []
    accept = {"row_version": str(calibration.row_version), "note": ""}
    url = f"/standards/calibrations/{calibration.id}"
    assert post(scene.browser("quality_manager"), f"{url}/accept", accept).status_code == 303
    assert scene.calibrations(scene.weight)[0].state is CalibrationState.ACCEPTED
    assert "SHA-256 of the DCC" in scene.browser().get(url).text
    again = scene.browser().get(answer.location).text
    assert "recorded" in again


def test_a_curve_is_proposed_from_its_columns_and_keeps_every_place(scene: Scene) -> None:
    answer = scene.send(gauge_file(), scene.gauge)
    form = {**form_of(scene.browser().get(answer.location).text), **EVIDENCE, "assume_degrees": "on"}
    assert (form["columns-0-kind"], form["columns-0-argument"], form["columns-0-uncertainty"]) == ("curve", "1", "2")
    assert post(scene.browser(), answer.location, form).status_code == 303
    (content,) = scene.calibrations(scene.gauge)[0].contents
    assert (content.kind, content.unit, content.argument_unit, content.expanded_uncertainty_unit) == (
        ContentKind.CURVE,
        "MPa",
        "MPa",
        "kPa",
    )
    assert [(p.argument, p.value, p.expanded_uncertainty, p.coverage_factor) for p in content.points] == [
        (Decimal("0.000"), Decimal("0.0000"), Decimal("0.8"), Decimal(2)),
        (Decimal("0.400"), Decimal("0.4012"), Decimal("0.8"), Decimal(2)),
        (Decimal("0.800"), Decimal("0.8020"), Decimal("0.8"), Decimal(2)),
    ]
    value, argument, uncertainty = (content.points[1].source_path or "").splitlines()
    column_path = f"{RESULT}/dcc:list/dcc:quantity"
    assert value == f"{column_path}[1]/si:realListXMLList/si:valueXMLList [2]"
    assert argument == f"{column_path}[2]/si:realListXMLList/si:valueXMLList [2]"
    assert uncertainty.startswith(f"{column_path}[3]/si:realListXMLList/")


def test_what_is_wrong_stands_at_its_field_and_everything_chosen_stays(scene: Scene) -> None:
    answer = scene.send(weight_file(data=WEIGHT.replace(r"\kilogram", "kg")))
    page_text = scene.browser().get(answer.location).text
    assert "not understood" in page_text
    form = {**form_of(page_text), **EVIDENCE, "columns-0-kind": "element", "method": "So sánh"}
    refused = post(scene.browser(), answer.location, form)
    assert refused.status_code == 422
    for field in ("columns-0-unit", "columns-0-degrees_of_freedom", "columns-0-range_id"):
        assert f'href="#field-{field}"' in refused.text, field
        assert f'id="field-{field}"' in refused.text, field
    assert 'value="So sánh"' in refused.text
    assert scene.calibrations(scene.weight) == []
    with scene.database.reading() as session:
        instrument = queries.instrument_facts(session, scene.weight.instrument_id)
    form |= {"columns-0-unit": "kg", "columns-0-degrees_of_freedom": "50"}
    form["columns-0-range_id"] = str(instrument.ranges()[0].range.id)
    assert post(scene.browser(), answer.location, form).status_code == 303
    (content,) = scene.calibrations(scene.weight)[0].contents
    assert content.named_units == '{"kg":"kg"}'
    assert (content.degrees_of_freedom, content.degrees_of_freedom_assumed) == (Decimal(50), False)


NOISE = b"\x00\x9f noise \xff" * (50 * 1024 * 1024 // 10)
BOMB = b'<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><a>&b;</a>'
OUTSIDE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
NO_FACTOR = WEIGHT.replace("<si:coverageFactor>2</si:coverageFactor>", "")
REFUSED: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "The file is empty", "/"),
    "noise": (NOISE, "larger than 32 MB", "/"),
    "text": (b"certificate no. 7", "not an XML file", "/"),
    "pdf": (b"%PDF-1.7", "This is a PDF file", "/"),
    "bomb": (BOMB, "document type", "/lolz"),
    "external entity": (OUTSIDE, "document type", "/a"),
    "other root": (b"<html/>", "no digital calibration certificate", "/html"),
    "other format": (b'<digitalCalibrationExchange xmlns="https://dfm.dk"/>', "another format", "digitalCalibration"),
    "namespace": (weight_file(namespace="https://ptb.de/dccx"), "namespace", "/digitalCalibrationCertificate"),
    "version": (page("9.9.9", data=WEIGHT), "not known here", "@schemaVersion"),
    "no factor": (weight_file(data=NO_FACTOR), "", "si:expandedMU"),
    "ends in the future": (weight_file(ended="2027-01-01"), "lies in the future", "dcc:endPerformanceDate"),
    "ends before it begins": (weight_file(ended="2025-01-01"), "before it began", "dcc:endPerformanceDate"),
    "empty date": (weight_file(ended=""), "no date", "dcc:endPerformanceDate"),
    "foreign element": (weight_file(after="<dcc:more/>"), "dcc:more", "dcc:more"),
}


def test_what_is_refused_is_kept_aside_with_the_element_and_writes_nothing(scene: Scene) -> None:
    client = scene.browser()
    url = f"/standards/{scene.weight.id}/dcc"
    for number, (case, (data, words, element)) in enumerate(REFUSED.items(), start=1):
        answer = upload(client, url, data, f"{number}.xml")
        assert answer.status_code == 422, case
        assert "refused, kept aside" in answer.text, case
        assert words in answer.text, case
        assert element in answer.text, case
        kept = client.get(f"/standards/dcc/{number}/file")
        assert kept.data == data, case
        assert kept.headers["Content-Disposition"].startswith("attachment"), case
        recorded = post(client, f"/standards/dcc/{number}", {**EVIDENCE, "columns-0-kind": "element"})
        assert recorded.status_code == 409, case
    assert scene.calibrations(scene.weight) == []
    assert client.get(url).text.count("refused, kept aside") == len(REFUSED)
    assert "Choose the file of the certificate" in post(client, url, {}).text


def test_a_file_beyond_every_limit_is_told_the_limit(scene: Scene) -> None:
    client = scene.browser()
    answer = upload(client, f"/standards/{scene.weight.id}/dcc", b"x" * (65 << 20), "x.xml")
    assert answer.status_code == 413
    assert "larger than is allowed here (64 MB)" in answer.text
    other = upload(client, "/standards/new", b"x" * (17 << 20), "x.xml")
    assert other.status_code == 413
    assert "larger than is allowed here (16 MB)" in other.text


def test_strangers_and_technicians_open_no_file(scene: Scene) -> None:
    scene.send(weight_file())
    for role, status in (("technician", 403), ("customer", 404)):
        client = scene.browser(role)
        assert client.get("/standards/dcc/1").status_code == status
        assert client.get(f"/standards/{scene.weight.id}/dcc").status_code == status
    assert scene.browser().get("/standards/dcc/99").status_code == 404


def test_the_same_certificate_is_recorded_once(scene: Scene) -> None:
    for _ in range(2):
        answer = scene.send(weight_file())
        shown = scene.browser().get(answer.location).text
        if "already" in shown or scene.calibrations(scene.weight):
            assert "To the calibration" in shown
        else:
            form = {**form_of(shown), **EVIDENCE, "assume_degrees": "on"}
            assert post(scene.browser(), answer.location, form).status_code == 303
    assert len(scene.calibrations(scene.weight)) == 1


def test_the_three_states_of_a_signature_are_told_and_a_broken_one_is_refused(scene: Scene) -> None:
    signer = _signer()
    whole = _signed(weight_file(), signer)
    unknown = scene.browser().get(scene.send(whole).location).text
    assert "cannot be verified" in unknown
    assert "the file is as it was signed" in unknown
    scene.app.config["LIMS_DCC_TRUSTED"] = (signer.root,)
    trusted = scene.browser().get(scene.send(whole).location).text
    assert re.search(r"state-good[^>]*><span[^>]*></span>valid", trusted)
    assert "CN=Laboratory" in trusted
    broken = scene.send(whole.replace(b"10.000012", b"10.000013"))
    assert broken.status_code == 422
    assert "The signature is broken" in broken.text
    assert "/ds:Signature" in broken.text
    recorded = post(scene.browser(), "/standards/dcc/3", {**EVIDENCE, "columns-0-kind": "element"})
    assert recorded.status_code == 409
    assert "not signed" in scene.browser().get(scene.send(weight_file()).location).text
    assert scene.calibrations(scene.weight) == []


def test_two_who_record_a_file_at_once_one_is_told_and_keeps_what_was_chosen(scene: Scene) -> None:
    opened = []
    for number in ("A-1", "A-2"):
        answer = scene.send(weight_file().replace(b"HC-2026-001", number.encode()))
        form = {**form_of(scene.browser().get(answer.location).text), **EVIDENCE, "assume_degrees": "on"}
        opened.append((answer.location, {**form, "method": f"Cách {number}"}))
    (first, chosen), (second, other) = opened
    assert post(scene.browser(), first, chosen).status_code == 303
    told = post(scene.browser(), second, other)
    assert told.status_code == 409
    assert "recorded the certificate A-1 of this standard" in told.text
    assert 'value="Cách A-2"' in told.text
    again = {**other, "row_version": form_of(told.text)["row_version"]}
    assert post(scene.browser(), second, again).status_code == 303
    assert {one.certificate_number for one in scene.calibrations(scene.weight)} == {"A-1", "A-2"}
