"""A laboratory with one calibrated standard and one that waits, and browsers of its people: for tests of pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask.testing import FlaskClient

from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.people.models import Site
from standards import queries
from standards.calibration_facts import CalibrationFacts
from standards.facts import InstrumentFacts, StandardFacts
from tests.factories import standards as make
from tests.factories.people import make_laboratory, make_organisation
from tests.lims.web_client import make_app, make_client, set_language, sign_in


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


def build_scene(database: Database, clock: FixedClock) -> Scene:
    """The laboratory and its pages; on SQLite, for services run on both databases elsewhere."""
    app = make_app(database, clock)
    with database.transaction() as session:
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
        database=database,
        sign_in=browser,
        customer_id=laboratory.customer_id,
        laboratory_id=laboratory.organisation_id,
        standard=standard,
        calibration=calibration,
        waiting=waiting,
        instrument=instrument,
        upstream_id=upstream.id,
    )
