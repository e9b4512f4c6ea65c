"""What a certificate says: every item of ISO/IEC 17025:2017, 7.8.2.1 and 7.8.4.1, frozen when it is begun.

The page, the machine-readable certificate and the database are all made from this one snapshot. Numbers are canonical
decimal text (point, no grouping) with a unit beside; how they look in a language is decided where they are printed.
Free text is kept in Vietnamese and, where given, English. `CLAUSES` says which clause each field answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from certificates import canonical

SCHEMA: Final = 1


class Language(StrEnum):
    """The language of the paper: Vietnamese with English beneath, or one of them alone."""

    VIETNAMESE_ENGLISH = "vi-en"
    VIETNAMESE = "vi"
    ENGLISH = "en"


class HeadNumberKind(StrEnum):
    """The numbers that may stand in a certificate's head."""

    REGISTRATION = "registration"
    DESIGNATION = "designation"
    ACCREDITATION = "accreditation"


class SignatoryRole(StrEnum):
    """Who answers for what on the paper."""

    PERFORMED = "performed"
    REVIEWED = "reviewed"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class Text:
    """Words in Vietnamese and, where given, English."""

    vi: str
    en: str | None = None

    @property
    def english(self) -> str:
        """Return the English words, or the Vietnamese ones where there are none."""
        return self.en or self.vi


def optional_english(vi: str, en: str | None) -> Text:
    """Return words whose English is empty or missing where there is none."""
    return Text(vi, en or None)


@dataclass(frozen=True, slots=True)
class HeadNumber:
    """A number of registration, designation or accreditation in the head."""

    kind: HeadNumberKind
    number: str


@dataclass(frozen=True, slots=True)
class Laboratory:
    """The issuing laboratory and the site that did the work (7.8.2.1 b)."""

    name: Text
    address: Text
    site_code: str
    site_name: Text | None = None
    phone: str | None = None
    email: str | None = None
    place_line: Text | None = None
    numbers: tuple[HeadNumber, ...] = ()


@dataclass(frozen=True, slots=True)
class Identification:
    """The unique number (7.8.2.1 d). An amendment keeps the number, raises the version and prints a suffix."""

    number: str
    version: int
    job_number: str

    @property
    def printed(self) -> str:
        """Return the number as it is printed and asked for, for example "HC-TM-2026-00012.R1"."""
        return printed_number(self.number, self.version)


@dataclass(frozen=True, slots=True)
class Party:
    """A customer or addressee as it was on the day of issue (7.8.2.1 e)."""

    name: Text
    address: Text
    tax_code: str | None = None
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """The procedure and its version (7.8.2.1 f)."""

    code: str
    version: str
    title: Text
    reference: str


@dataclass(frozen=True, slots=True)
class Item:
    """The item: description, unambiguous identification, condition (7.8.2.1 g) and date of receipt (h)."""

    name: Text
    manufacturer: str | None = None
    model: str | None = None
    serial_number: str | None = None
    asset_tag: str | None = None
    year_made: int | None = None
    country_made: str | None = None
    specification: Text | None = None
    condition_on_receipt: Text | None = None
    received_on: date | None = None
    place_of_use: str | None = None
    purpose_of_use: str = "group_1"


@dataclass(frozen=True, slots=True)
class Location:
    """Where the work was done (7.8.2.1 c)."""

    kind: str
    description: Text


@dataclass(frozen=True, slots=True)
class Condition:
    """An influence quantity as it was during the work (7.8.4.1 b): from its lowest to its highest reading."""

    quantity: str
    title: Text
    lowest: str
    highest: str
    unit: str


@dataclass(frozen=True, slots=True)
class StandardUsed:
    """Equipment used, with the calibration it rests on and where that ends (7.8.4.1 c).

    `dcc_sha256` names the digital certificate that its values were read from.
    """

    code: str
    name: Text
    role: str
    serial_number: str | None
    certificate_number: str | None
    laboratory: Text | None
    calibrated_on: date | None
    valid_until: date | None
    traceability: Text | None
    dcc_sha256: str | None = field(default=None, metadata={canonical.LATER: True})


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One result with its unit (7.8.2.1 m), its uncertainty (7.8.4.1 a) and, where agreed, its conformity (e).

    `nominal` is set where the result is printed as nominal value plus deviation ("10 kg + 25 mg"): `value` is then
    the deviation. `coverage_probability` is a fraction. `provider` names an outside provider of this result
    (7.8.2.1 p). `value` and what follows are None where the point could not be measured: `remark` then says why.
    """

    point: Text
    output: Text
    unit: str
    value: str | None
    expanded_uncertainty: str | None
    coverage_factor: str | None
    coverage_probability: str | None
    degrees_of_freedom: str | None = None
    nominal: str | None = None
    nominal_unit: str | None = None
    measurement_error: str | None = None
    lower_limit: str | None = None
    upper_limit: str | None = None
    limit_unit: str | None = None
    decision: str | None = None
    in_scope: bool = False
    remark: Text | None = None
    provider: Text | None = None


@dataclass(frozen=True, slots=True)
class ResultTable:
    """The results of a section, as found or as left (7.8.4.1 d: both stand where an adjustment was made)."""

    section: str
    title: Text
    phase: str
    rows: tuple[ResultRow, ...]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One released run: dates (7.8.2.1 i), conditions, equipment, results, deviations (n), what was agreed (e)."""

    number: str
    item: int
    method: int
    performed_from: date
    performed_to: date
    location: Location
    conditions: tuple[Condition, ...]
    standards: tuple[int, ...]
    results: tuple[ResultTable, ...]
    evaluation_digest: str
    deviations: tuple[Text, ...] = ()
    adjustment: Text | None = None
    specification: Text | None = None
    decision_rule: Text | None = None


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who performed, reviewed and approved (7.8.2.1 o)."""

    role: SignatoryRole
    name: str
    title: Text | None
    on: date


@dataclass(frozen=True, slots=True)
class Statements:
    """The sentences of the paper: composed once, so that every form of the certificate says the same."""

    uncertainty: Text
    results_relate_to_items: Text
    traceability: Text
    reproduction: Text
    sampling: Text | None = None
    scope: Text | None = None
    verification: Text | None = None
    outside_providers: Text | None = None
    next_calibration: Text | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """An opinion or interpretation with its basis and the person authorised to give it (7.8.4.1 f, 7.8.7)."""

    text: Text
    basis: Text
    author: str


@dataclass(frozen=True, slots=True)
class Relation:
    """What this certificate does to an earlier one, and why (7.8.8)."""

    kind: str
    number: str
    issued_on: date
    reason: Text


@dataclass(frozen=True, slots=True)
class CertificateContent:
    """The whole certificate, frozen."""

    kind: str
    language: Language
    title: Text
    laboratory: Laboratory
    identification: Identification
    customer: Party
    addressee: Party
    methods: tuple[Method, ...]
    items: tuple[Item, ...]
    runs: tuple[RunRecord, ...]
    standards: tuple[StandardUsed, ...]
    statements: Statements
    signatories: tuple[Signatory, ...]
    issued_on: date
    opinions: tuple[Opinion, ...] = ()
    relation: Relation | None = None
    schema: int = SCHEMA

    def rows(self) -> tuple[ResultRow, ...]:
        """Return every result row of every run, in printing order."""
        return tuple(row for run in self.runs for table in run.results for row in table.rows)


CLAUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "7.8.2.1 a": "title",
        "7.8.2.1 b": "laboratory",
        "7.8.2.1 c": "runs.location",
        "7.8.2.1 d": "identification",
        "7.8.2.1 e": "customer",
        "7.8.2.1 f": "methods",
        "7.8.2.1 g": "items",
        "7.8.2.1 h": "items.received_on",
        "7.8.2.1 i": "runs.performed_from",
        "7.8.2.1 j": "issued_on",
        "7.8.2.1 k": "statements.sampling",
        "7.8.2.1 l": "statements.results_relate_to_items",
        "7.8.2.1 m": "runs.results",
        "7.8.2.1 n": "runs.deviations",
        "7.8.2.1 o": "signatories",
        "7.8.2.1 p": "statements.outside_providers",
        "7.8.4.1 a": "statements.uncertainty",
        "7.8.4.1 b": "runs.conditions",
        "7.8.4.1 c": "standards",
        "7.8.4.1 d": "runs.adjustment",
        "7.8.4.1 e": "runs.decision_rule",
        "7.8.4.1 f": "opinions",
    }
)
"""Clause of ISO/IEC 17025:2017 → the field (dotted path) of the content that answers it."""


def printed_number(number: str, version: int) -> str:
    """Return a number with the suffix of its version: none for the first, ".R1" for the first amendment."""
    return number if version == 1 else f"{number}.R{version - 1}"


def to_text(content: CertificateContent) -> str:
    """Return the canonical JSON that is stored and hashed."""
    return canonical.canonical_text(content)


def from_text(text: str) -> CertificateContent:
    """Return the content that a stored text holds. Raises IntegrityFailure if it does not fit."""
    return canonical.read_text(CertificateContent, text)


def content_digest(content: CertificateContent) -> str:
    """Return the SHA-256 of the content's canonical JSON."""
    return canonical.digest(to_text(content))
