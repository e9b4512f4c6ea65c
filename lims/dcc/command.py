"""`lims dcc read` and `lims dcc check`: a file read and shown, or checked and judged; nothing is written anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from lims.core.errors import RuleViolation
from lims.core.messages import message
from lims.dcc.certificate_facts import Reading
from lims.dcc.document import as_document
from lims.dcc.facts import Severity
from lims.dcc.reading import read_certificate
from lims.dcc.report import certificate_lines, finding_line, printable, signature_lines, verdict_line
from lims.dcc.source import LARGEST_FILE
from lims.dcc.trust import read_trusted

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What is asked: a file, the certificates of trusted signers (PEM), and what the installation sets."""

    file: Path
    today: date
    now: datetime
    trusted: Sequence[Path] = ()
    schema_folder: Path | None = None


def read_file(request: ReadFile, *, as_json: bool, say: Say, complain: Say) -> bool:
    """Show all that a file says; return whether it is accepted. `complain` takes what is wrong with it."""
    reading = _reading(request)
    if as_json:
        say(as_document(reading, str(request.file)))
    else:
        for line in certificate_lines(reading):
            say(line)
        if reading.certificate is not None:
            say("")
        _tell(reading, request.file, say, complain)
        return reading.accepted
    for finding in reading.findings:
        if finding.severity is Severity.ERROR:
            complain(finding_line(finding))
    return reading.accepted


def check_file(request: ReadFile, *, as_json: bool, say: Say, complain: Say) -> bool:
    """Judge a file; return whether it is accepted: no error, no broken signature."""
    reading = _reading(request)
    if as_json:
        say(as_document(reading, str(request.file)))
        return reading.accepted
    _tell(reading, request.file, say, complain)
    return reading.accepted


def _tell(reading: Reading, file: Path, say: Say, complain: Say) -> None:
    for finding in reading.findings:
        (complain if finding.severity is Severity.ERROR else say)(finding_line(finding))
    if reading.findings_left_off:
        say(message("dcc.verdict.left_off", {"count": reading.findings_left_off}))
    for line in signature_lines(reading):
        say(line)
    (say if reading.accepted else complain)(verdict_line(reading, str(file)))


def _reading(request: ReadFile) -> Reading:
    try:
        if not request.file.is_file():  # a pipe or a device might never end
            raise RuleViolation("dcc.file_unreadable", file=printable(request.file))
        with request.file.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except OSError:
        raise RuleViolation("dcc.file_unreadable", file=printable(request.file)) from None
    return read_certificate(
        data,
        today=request.today,
        now=request.now,
        trusted=read_trusted(request.trusted),
        schema_folder=request.schema_folder,
    )
