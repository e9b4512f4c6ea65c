"""What is known of certificates: states, kinds, commands, and what queries hand out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from certificates.content import Relation, Text, printed_number
from lims.calibrations.facts import ReleasedRun
from lims.jobs.facts import JobFacts, JobItemFacts
from lims.people.facts import OrganisationFacts, SiteFacts
from lims.procedures.facts import ProcedureVersionFacts
from standards.chain_facts import TraceabilityChain
from standards.facts import InstrumentFacts


class CertificateState(StrEnum):
    """Where a certificate stands. Only the status beside it ever moves, never what it says."""

    ISSUING = "issuing"
    ISSUED = "issued"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"


class CertificateKind(StrEnum):
    """Which product it is; verification follows rules of its own and comes as a second product."""

    CALIBRATION = "calibration"


class RelationKind(StrEnum):
    """What a certificate does to an earlier one (ISO/IEC 17025:2017, 7.8.8)."""

    AMENDS = "amends"
    REPLACES = "replaces"
    SUPPLEMENTS = "supplements"


class NoticeKind(StrEnum):
    """What is said beside a certificate."""

    SUPERSEDED = "superseded"
    REVOKED = "revoked"
    UNDER_INVESTIGATION = "under_investigation"
    CLEARED = "cleared"


class PublicStatus(StrEnum):
    """What the public check page answers."""

    VALID = "valid"
    UNDER_INVESTIGATION = "under_investigation"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
    BEING_ISSUED = "being_issued"


ISSUE_CLAUSE: Final = "ISO/IEC 17025:2017, 7.8.1.1"
AMEND_CLAUSE: Final = "ISO/IEC 17025:2017, 7.8.8"


# Commands.


@dataclass(frozen=True, slots=True)
class IssueSuccessor:
    """Amend (same number, next version) or replace (new number) a certificate, or supplement it, from released runs."""

    certificate_id: int
    kind: RelationKind
    run_ids: tuple[int, ...]
    reason_vi: str
    reason_en: str = ""


@dataclass(frozen=True, slots=True)
class RevokeCertificate:
    """Withdraw a certificate, saying why."""

    certificate_id: int
    reason_vi: str
    reason_en: str = ""
    row_version: int | None = None


@dataclass(frozen=True, slots=True)
class AddNotice:
    """Say beside a certificate that it is under investigation, or that it is cleared."""

    certificate_id: int
    kind: NoticeKind
    text_vi: str
    text_en: str = ""


@dataclass(frozen=True, slots=True)
class RecordOwnCalibration:
    """Record a run on a standard of the laboratory, as certified, as a calibration of that standard."""

    certificate_id: int
    run_id: int


# What a certificate is composed of.


@dataclass(frozen=True, slots=True)
class CertificateSources:
    """Everything a certificate is composed of, as it was on the day of issue."""

    runs: tuple[ReleasedRun, ...]
    job: JobFacts
    items: Mapping[int, JobItemFacts]
    instruments: Mapping[int, InstrumentFacts]
    procedures: Mapping[int, ProcedureVersionFacts]
    chains: Mapping[int, TraceabilityChain]
    laboratory: OrganisationFacts
    site: SiteFacts
    customer: OrganisationFacts
    addressee: OrganisationFacts
    issued_on: date
    number: str = ""
    version: int = 1
    relation: Relation | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """What a certificate lacks: the clause that asks for it, a code, and the values its words need."""

    clause: str
    code: str
    values: Mapping[str, object] = field(default_factory=dict)


# What is handed out.


@dataclass(frozen=True, slots=True)
class CoveredRun:
    """A run that a certificate covers, with the evaluation it prints."""

    run_id: int
    run_number: str
    evaluation_id: int
    evaluation_digest: str


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """A notice beside a certificate."""

    id: int
    kind: NoticeKind
    text: Text
    related_id: int | None
    actor_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class JobToIssue:
    """A job with released runs that stand on no certificate yet."""

    job_id: int
    job_number: str
    customer_name_vi: str
    customer_name_en: str
    runs: int
    released_at: datetime | None


@dataclass(frozen=True, slots=True)
class CertificateLine:
    """A certificate in a list."""

    id: int
    token: str
    number: str
    version: int
    state: CertificateState
    kind: CertificateKind
    job_id: int
    job_number: str
    customer_name_vi: str
    customer_name_en: str | None
    item_vi: str
    item_en: str
    issued_on: date

    @property
    def printed(self) -> str:
        """Return the number as printed."""
        return printed_number(self.number, self.version)


@dataclass(frozen=True, slots=True)
class IssuableRun:
    """A run on the page that issues; `certificate` is the one in force that covers it already.

    `job_id` is the job whose certificate a released run waits for, None where it may reach none.
    """

    id: int
    number: str
    item: Text
    serial_number: str
    ended_at: datetime | None
    certificate: CertificateLine | None
    job_id: int | None


@dataclass(frozen=True, slots=True)
class OwnStandardRun:
    """A run of a certificate that calibrates a standard here; `calibration_id` is what was recorded from it."""

    run_id: int
    run_number: str
    standard_id: int
    standard_code: str
    calibration_id: int | None


@dataclass(frozen=True, slots=True)
class OwnToRecord:
    """A certificate in force of a standard here whose results nobody has recorded as its calibration."""

    certificate_id: int
    printed: str
    standard_id: int
    standard_code: str
    instrument_vi: str
    instrument_en: str
    issued_on: date


@dataclass(frozen=True, slots=True)
class CertificateView:
    """A certificate with what it covers and what is said beside it."""

    id: int
    token: str
    site_id: int
    number: str
    version: int
    kind: CertificateKind
    state: CertificateState
    job_id: int
    job_number: str
    customer_id: int
    addressee_id: int
    customer: Text
    items: tuple[Text, ...]
    language: str
    content_digest: str
    pdf_sha256: str | None
    template: str
    template_version: int
    relation: RelationKind | None
    related_id: int | None
    related_printed: str
    relation_reason: str
    issued_on: date
    begun_at: datetime
    begun_by_name: str
    finished_at: datetime | None
    runs: tuple[CoveredRun, ...]
    notices: tuple[NoticeFacts, ...]
    row_version: int

    @property
    def printed(self) -> str:
        """Return the number as printed."""
        return printed_number(self.number, self.version)

    @property
    def under_investigation(self) -> bool:
        """Return whether the last word on an investigation is that it goes on."""
        said = [
            notice.kind
            for notice in self.notices
            if notice.kind in {NoticeKind.UNDER_INVESTIGATION, NoticeKind.CLEARED}
        ]
        return bool(said) and said[-1] is NoticeKind.UNDER_INVESTIGATION

    @property
    def status(self) -> PublicStatus:
        """Return what the public is told of it."""
        if self.state is CertificateState.ISSUED:
            return PublicStatus.UNDER_INVESTIGATION if self.under_investigation else PublicStatus.VALID
        return {
            CertificateState.ISSUING: PublicStatus.BEING_ISSUED,
            CertificateState.SUPERSEDED: PublicStatus.SUPERSEDED,
            CertificateState.REVOKED: PublicStatus.REVOKED,
        }[self.state]


@dataclass(frozen=True, slots=True)
class PublicCheck:
    """What anybody who holds number and token may know: nothing secret."""

    printed: str
    laboratory_vi: str
    laboratory_en: str | None
    status: PublicStatus
    issued_on: date
    pdf_sha256: str | None
    superseded_by: str
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedDocument:
    """An issued certificate as a file."""

    file_name: str
    pdf: bytes


@dataclass(frozen=True, slots=True)
class StoredFile:
    """The stored bytes of a certificate and the name they are saved under."""

    name: str
    media_type: str
    data: bytes
    sha256: str


class FileStatus(StrEnum):
    """What a file turns out to be."""

    GENUINE = "genuine"
    UNKNOWN = "unknown"
    DAMAGED = "damaged"
    UNDER_INVESTIGATION = "under_investigation"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """What a file is against what is stored; `status` goes with the words "verification.<status>"."""

    status: FileStatus
    sha256: str
    printed: str = ""
    issued_on: date | None = None
    superseded_by: str = ""

    @property
    def holds(self) -> bool:
        """Return whether nothing is wrong: known, unaltered and valid today."""
        return self.status is FileStatus.GENUINE

    def values(self) -> dict[str, object]:
        """Return what the words of the status need."""
        return {
            "number": self.printed,
            "sha256": self.sha256,
            "issued_on": self.issued_on,
            "superseded_by": self.superseded_by,
        }
