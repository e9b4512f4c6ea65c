"""A file read and checked as a whole: the one entry for commands, and for whoever takes a certificate in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final

from cryptography.x509 import Certificate as SigningCertificate

from lims.dcc.certificate import certificate_of
from lims.dcc.certificate_facts import Certificate, Reading, SignatureFacts, SignatureState
from lims.dcc.facts import Finding, Severity
from lims.dcc.rules import findings_of
from lims.dcc.schema import schema_findings
from lims.dcc.signature import verify
from lims.dcc.source import Refused, Source, parse
from lims.dcc.structure import read_structure

_MOST_FINDINGS: Final = 500
_ORDER: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def read_certificate(
    data: bytes,
    *,
    today: date,
    now: datetime,
    trusted: Sequence[SigningCertificate] = (),
    schema_folder: Path | None = None,
) -> Reading:
    """Read a file and check it: structure by its version, the own rules, PTB's schema where there is one, signatures.

    Never raises for what the file holds: `Reading.findings` says at which element and why it is refused. Raises
    ConfigurationError where the schema folder does not hold the schema of a version.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        source = parse(data)
    except Refused as refused:
        return Reading(sha256, len(data), None, None, (), (refused.finding,))
    root, found = read_structure(source)
    certificate: Certificate | None = None
    if not any(one.severity is Severity.ERROR for one in found):
        certificate = certificate_of(root, source.version)
        found.extend(findings_of(certificate, today))
    signatures = verify(data, trusted=trusted, now=now)
    found.extend(_of_signatures(signatures))
    found.extend(_of_version(source))
    if schema_folder is not None:
        found.extend(schema_findings(source, schema_folder))
    findings = sorted(found, key=lambda one: _ORDER[one.severity])
    return Reading(
        sha256,
        len(data),
        source.version,
        certificate,
        signatures,
        tuple(findings[:_MOST_FINDINGS]),
        schema_folder is not None,
        max(0, len(findings) - _MOST_FINDINGS),
    )


def _of_signatures(signatures: Sequence[SignatureFacts]) -> Iterable[Finding]:
    for signature in signatures:
        if signature.state is SignatureState.INVALID:
            yield Finding(Severity.ERROR, f"dcc.signature.{signature.reason}", signature.path, {})


def _of_version(source: Source) -> Iterable[Finding]:
    if source.root.get("schemaVersion") is None:
        path = "/dcc:digitalCalibrationCertificate"
        yield Finding(Severity.NOTE, "dcc.no_version", path, {"version": source.version})
