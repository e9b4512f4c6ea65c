"""What is known of procedures, authorisations and scopes: states, commands, and what queries hand out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from lims.procedures.definition_facts import Definition


class VersionState(StrEnum):
    """Where a procedure version stands: it may be changed only as a draft."""

    DRAFT = "draft"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class Activity(StrEnum):
    """What an authorisation allows: the first three for a procedure, release as a kind of signatory."""

    PERFORM = "perform"
    SUPERVISE = "supervise"
    REVIEW = "review"
    RELEASE = "release"


class SignatoryKind(StrEnum):
    """What a signatory may sign."""

    CALIBRATION_CERTIFICATE = "calibration_certificate"
    VERIFICATION_CERTIFICATE = "verification_certificate"


class ScopeKind(StrEnum):
    """Under which recognition a scope holds; three different things."""

    ACCREDITATION = "accreditation"
    REGISTRATION = "registration"
    DESIGNATION = "designation"


@dataclass(frozen=True, slots=True)
class ProcedureHeader:
    """What a procedure file says of itself beside the definition."""

    code: str
    version: str
    title_vi: str
    instrument_kind: str
    method_reference: str
    title_en: str = ""
    activity: str = "calibration"
    legal_regime: str = "calibration"


@dataclass(frozen=True, slots=True)
class ProcedureFile:
    """A whole procedure as it is imported and exported."""

    header: ProcedureHeader
    definition: Definition


@dataclass(frozen=True, slots=True)
class ProcedureFacts:
    """A procedure in a list, with its newest version in force and whether a draft waits."""

    id: int
    organisation_id: int
    code: str
    title_vi: str
    title_en: str
    instrument_kind: str
    activity: str
    legal_regime: str
    current_version_id: int | None = None
    current_version: str = ""
    draft_version_id: int | None = None
    draft_version: str = ""
    newest_version_id: int | None = None


@dataclass(frozen=True, slots=True)
class ProcedureVersionFacts:
    """A version with its definition, as runs and pages use it."""

    id: int
    procedure_id: int
    organisation_id: int
    code: str
    version: str
    title_vi: str
    title_en: str
    state: VersionState
    method_reference: str
    instrument_kind: str
    activity: str
    legal_regime: str
    valid_from: date | None
    valid_to: date | None
    definition: Definition
    definition_digest: str
    created_by_id: int
    created_by_name: str
    created_at: datetime
    approved_by_name: str
    approved_at: datetime | None
    row_version: int


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version in a list, without its definition."""

    id: int
    procedure_id: int
    code: str
    version: str
    title_vi: str
    title_en: str
    state: VersionState
    method_reference: str
    valid_from: date | None
    valid_to: date | None
    approved_by_name: str


@dataclass(frozen=True, slots=True)
class AuthorisationFacts:
    """What a person may do, from when to when; `ended_on` is an early end."""

    id: int
    person_id: int
    person_name: str
    site_id: int | None
    procedure_id: int | None
    procedure_code: str
    signatory_kind: str | None
    activity: Activity
    valid_from: date
    valid_to: date | None
    evidence: str
    granted_by_id: int
    granted_by_name: str
    granted_at: datetime
    ended_on: date | None = None
    end_reason: str = ""


@dataclass(frozen=True, slots=True)
class ScopeLineFacts:
    """A line of a scope with what its version says: under which number, from when to when."""

    id: int
    scope_version_id: int
    kind: ScopeKind
    version: str
    body_number: str
    valid_from: date
    valid_to: date | None
    site_id: int
    position: int
    quantity: str
    instrument_kind: str
    title_vi: str
    title_en: str
    lower: Decimal | None
    upper: Decimal | None
    unit: str
    parameter: str
    method: str
    cmc_expression: str
    cmc_unit: str
    coverage_probability: Decimal
    on_site: bool


@dataclass(frozen=True, slots=True)
class ScopeVersionFacts:
    """A version of a site's scope with its lines."""

    id: int
    site_id: int
    kind: ScopeKind
    version: str
    body_number: str
    valid_from: date
    valid_to: date | None
    recorded_at: datetime
    lines: tuple[ScopeLineFacts, ...]


# Commands.


@dataclass(frozen=True, slots=True)
class CreateProcedure:
    """Take in a new procedure with its first version, a draft."""

    organisation_id: int
    file: ProcedureFile


@dataclass(frozen=True, slots=True)
class AddVersion:
    """Take in a further version of a procedure, a draft."""

    procedure_id: int
    file: ProcedureFile


@dataclass(frozen=True, slots=True)
class ReviseDraft:
    """Replace the definition of a draft; `row_version` is what the writer saw."""

    version_id: int
    row_version: int
    file: ProcedureFile


@dataclass(frozen=True, slots=True)
class ApproveVersion:
    """Approve a draft from a date on; versions in force before it end the day before."""

    version_id: int
    row_version: int
    valid_from: date


@dataclass(frozen=True, slots=True)
class WithdrawVersion:
    """End a version, with the reason."""

    version_id: int
    row_version: int
    ends_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class GrantAuthorisation:
    """Authorise a person: for a procedure (perform, supervise, review) or as a kind of signatory (release)."""

    person_id: int
    activity: Activity
    valid_from: date
    evidence: str
    procedure_id: int | None = None
    signatory_kind: str | None = None
    site_id: int | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class EndAuthorisation:
    """End an authorisation early: `ended_on` is the last day on which it holds."""

    authorisation_id: int
    ended_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class ScopeLineInput:
    """A line of a scope to record. The CMC expression may use `x`, the point's value in the line's unit."""

    quantity: str
    title_vi: str
    unit: str
    method: str
    cmc_expression: str
    cmc_unit: str
    title_en: str = ""
    instrument_kind: str = ""
    lower: Decimal | None = None
    upper: Decimal | None = None
    parameter: str = ""
    coverage_probability: Decimal = Decimal("0.9545")
    on_site: bool = False


@dataclass(frozen=True, slots=True)
class RecordScope:
    """Record a version of a site's scope; an open version of the same kind ends the day before."""

    site_id: int
    kind: ScopeKind
    version: str
    body_number: str
    valid_from: date
    lines: tuple[ScopeLineInput, ...]
    valid_to: date | None = None
    document: bytes | None = None
