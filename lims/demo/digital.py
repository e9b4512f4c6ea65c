"""A standard's certificate that comes as a digital file: written here, then received, read and taken over as any other.

The file is this laboratory's own sample of the format, unsigned; no certificate of anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import resources
from string import Template
from typing import Any, Final
from xml.sax.saxutils import escape

from sqlalchemy.orm import Session

from lims.core.clock import local_date
from lims.dcc.reading import read_certificate
from lims.demo.laboratory import Laboratory
from lims.people import queries as people
from standards import services
from standards.calibration_facts import ContentKind
from standards.commands import NewContent, RecordCalibration
from standards.dcc_columns import columns_of
from standards.dcc_facts import Taking
from standards.dcc_head import conditions_text, method_text
from standards.dcc_proposal import propose
from standards.dcc_services import ReceiveDcc
from standards.dcc_taking import take
from standards.entries import Checker
from standards.facts import InstrumentFacts

_TEMPLATE: Final = "registers/weight.dcc.xml"


def by_file(
    session: Session,
    laboratory: Laboratory,
    instrument: InstrumentFacts,
    command: RecordCalibration,
    *,
    now: datetime,
) -> RecordCalibration:
    """Return the same calibration as it comes out of its digital file: the file is received, what it proposes taken."""
    (weight,) = command.contents
    data = _file(session, laboratory, instrument, command, weight)
    reading = read_certificate(data, today=local_date(now, laboratory.timezone), now=now)
    if reading.certificate is None or not reading.accepted:
        raise ValueError(f"the demonstration's certificate is refused: {reading.findings}")
    file = ReceiveDcc(command.standard_id, f"{command.certificate_number}.xml", data, reading)
    received = services.receive_dcc(session, laboratory.actor("kt01"), file, now=now)
    columns, check = columns_of(reading.certificate), Checker()
    choices = tuple(
        replace(choice, identifier=weight.identifier) for choice in propose(reading.certificate, columns, instrument)
    )
    contents = take(check, columns, Taking(choices, assume_degrees=True), instrument).contents
    check.finish()
    return replace(
        command,
        contents=contents,
        method=method_text(reading.certificate, "vi"),
        conditions=conditions_text(reading.certificate, "vi"),
        dcc_sha256=received.sha256,
    )


def _file(
    session: Session,
    laboratory: Laboratory,
    instrument: InstrumentFacts,
    command: RecordCalibration,
    weight: NewContent,
) -> bytes:
    if weight.kind is not ContentKind.ELEMENT or weight.expanded_uncertainty is None:
        raise ValueError("only a single weight comes as a file")
    maker = people.organisation_facts(session, command.laboratory_id, command.calibrated_on)
    own = people.organisation_facts(session, laboratory.organisation_id, command.calibrated_on)
    words: Mapping[str, Any] = {
        "number": command.certificate_number,
        "received": command.calibrated_on - timedelta(days=3),
        "began": command.calibrated_on - timedelta(days=1),
        "ended": command.calibrated_on,
        "issued": command.issued_on or command.calibrated_on,
        "name_vi": instrument.name_vi,
        "name_en": instrument.name_en or instrument.name_vi,
        "serial_number": instrument.serial_number,
        "laboratory_vi": maker.name_vi,
        "laboratory_en": maker.name_en or maker.name_vi,
        "customer_vi": own.name_vi,
        "value": f"{weight.value:f}",
        "uncertainty": f"{weight.expanded_uncertainty / 1000:f}",
    }
    template = Template(resources.files("lims.demo").joinpath(_TEMPLATE).read_text(encoding="utf-8"))
    return template.substitute({name: escape(str(text)) for name, text in words.items()}).encode()
