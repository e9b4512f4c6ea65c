"""A digital certificate through the pages: uploaded, looked at, mapped, recorded, accepted; and what is refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
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
from tests.lims.dcc.plain import RESULT
from tests.lims.web_client import make_app, make_client, post, set_language, sign_in
from tests.standards.dcc_files import weight_file


@dataclass(frozen=True)
class Scene:
    """A laboratory with a weight and a gauge that wait for their first calibration."""

    database: Database
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

    return Scene(sqlite_database, browser, weight, gauge, upstream.id)


EVIDENCE = {
    "terminals-0-kind": "nmi_cmc",
    "terminals-0-evidence": "CMC of the institute",
    "terminals-0-evidence_reference": "APMP.M.M-1",
    "terminals-0-valid_from": "01/01/2024",
}


def form_of(text: str) -> dict[str, str]:
    """The fields of the form on a page as a browser would send them."""
    from lxml import html

    form = next(one for one in html.fromstring(text).forms if "/standards/dcc/" in (one.action or ""))
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
