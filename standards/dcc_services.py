"""Taking in a digital certificate: the file is kept as received, whether it can be read or is kept aside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.blobs import put_blob
from lims.core.canonical import canonical_json
from lims.core.errors import RuleViolation
from lims.dcc.certificate_facts import Reading
from lims.people.access import Permission, require
from standards.dcc_facts import ReceivedDcc
from standards.dcc_models import ReceivedCertificate
from standards.dcc_queries import received_dcc
from standards.facts import StandardState
from standards.standard_services import own_standard

_CLAUSE: Final = "ISO/IEC 17025:2017, 6.4.4"
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class ReceiveDcc:
    """A file that came for a standard, and what reading it found."""

    standard_id: int
    file_name: str
    data: bytes
    reading: Reading


def receive_dcc(session: Session, actor: Actor, command: ReceiveDcc, *, now: datetime) -> ReceivedDcc:
    """Keep a file that came for a standard with what was noticed in it. For those who manage standards (6.4.13).

    Nothing of it is taken over yet. A file that is refused is kept aside for inspection and can never be recorded.
    """
    require(actor, Permission.MANAGE_STANDARDS)
    row, standard = own_standard(session, actor, command.standard_id)
    if standard.states and standard.states[-1].state is StandardState.RETIRED:
        raise RuleViolation("standard.retired", clause=_CLAUSE)
    reading = command.reading
    number = None if reading.certificate is None else reading.certificate.core.unique_identifier[:_LONGEST_NAME]
    received = ReceivedCertificate(
        standard_id=row.id,
        sha256=put_blob(session, command.data, "application/xml", now=now),
        file_name=_plain_name(command.file_name),
        size=reading.size,
        accepted=reading.accepted,
        version=reading.version,
        signature_state=reading.signature_state,
        certificate_number=number,
        findings=canonical_json(
            [
                {"severity": one.severity, "code": one.code, "path": one.path, "values": dict(one.values)}
                for one in reading.findings
            ]
        ),
        findings_left_off=reading.findings_left_off,
        received_at=now,
        received_by_id=actor.person_id,
        received_by_name=actor.name,
    )
    session.add(received)
    session.flush()
    audit.record(
        session,
        actor,
        "standard.dcc_received",
        ("standard", row.id),
        now=now,
        site_id=row.site_id,
        after={"file": received.id, "sha256": received.sha256, "size": received.size, "accepted": received.accepted},
    )
    return received_dcc(session, received.id)


def _plain_name(name: str) -> str:
    """Return the last part of a file's name without what would move a cursor or lead into a folder."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in last if letter.isprintable()).strip()
    return kept[-_LONGEST_NAME:] or "certificate.xml"
