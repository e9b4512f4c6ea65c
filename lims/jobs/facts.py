"""What is known of orders: states, what is agreed for an item, commands, and what queries hand out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from calc.decisions.conformity import Statement
from lims.core.canonical import canonical_json
from lims.procedures.definition_facts import MeasuringPoint


class ItemState(StrEnum):
    """Where an item stands on its way through the laboratory."""

    EXPECTED = "expected"
    RECEIVED = "received"
    ATTENDED = "attended"
    IN_WORK = "in_work"
    ON_HOLD = "on_hold"
    DONE = "done"
    SUBCONTRACTED = "subcontracted"
    NOT_CALIBRATABLE = "not_calibratable"
    CANCELLED = "cancelled"
    RELEASED = "released"
    HANDED_BACK = "handed_back"


class JobState(StrEnum):
    """Where a job stands: derived from its items, never stored."""

    EMPTY = "empty"
    EXPECTED = "expected"
    RECEIVED = "received"
    IN_WORK = "in_work"
    ON_HOLD = "on_hold"
    READY = "ready"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class HoldReason(StrEnum):
    """What an item on hold waits for."""

    CUSTOMER = "customer"
    STANDARD = "standard"
    PART = "part"
    REPAIR = "repair"


class LocationKind(StrEnum):
    """Where an item is calibrated."""

    LABORATORY = "laboratory"
    ON_SITE = "on_site"


class PurposeOfUse(StrEnum):
    """Group 1 or group 2 of the Law on Measurement; the use decides as well as the kind."""

    GROUP_1 = "group_1"
    GROUP_2 = "group_2"


class LegalRegime(StrEnum):
    """Under which rules the work is done; the two never mix on one paper."""

    CALIBRATION = "calibration"
    VERIFICATION = "verification"


CERTIFICATE_LANGUAGES: Final = ("vi-en", "vi", "en")


class SpecificationKind(StrEnum):
    """What the item is to meet: nothing, its accuracy class, or limits of the customer's own."""

    NONE = "none"
    CLASS = "class"
    LIMITS = "limits"


class RuleKind(StrEnum):
    """How conformity is decided with the expanded uncertainty."""

    NONE = "none"
    SIMPLE_ACCEPTANCE = "simple_acceptance"
    GUARD_BAND_U = "guard_band_U"
    OIML_R111 = "oiml_r111"


@dataclass(frozen=True, slots=True)
class AgreedSpecification:
    """What was agreed that the item must meet; `lower` and `upper` are deviations from nominal, in `unit`."""

    kind: SpecificationKind = SpecificationKind.NONE
    title_vi: str = ""
    title_en: str = ""
    reference: str = ""
    lower: Decimal | None = None
    upper: Decimal | None = None
    unit: str = ""
    accuracy_class: str = ""

    def to_json(self) -> str:
        """Return the canonical JSON of the specification."""
        return canonical_json(
            {
                "kind": self.kind,
                "title_vi": self.title_vi,
                "title_en": self.title_en,
                "reference": self.reference,
                "lower": self.lower,
                "upper": self.upper,
                "unit": self.unit,
                "accuracy_class": self.accuracy_class,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> AgreedSpecification:
        """Read what `to_json` wrote."""
        data: Mapping[str, Any] = json.loads(text)
        return cls(
            kind=SpecificationKind(data["kind"]),
            title_vi=str(data["title_vi"]),
            title_en=str(data["title_en"]),
            reference=str(data["reference"]),
            lower=_decimal(data["lower"]),
            upper=_decimal(data["upper"]),
            unit=str(data["unit"]),
            accuracy_class=str(data["accuracy_class"]),
        )


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """The rule agreed for the statement of conformity; `guard_factor` times U is the guard band.

    A negative factor accepts up to that far beyond the limits. `statement` says how many answers there are: pass and
    fail, or the conditional ones between them too. Source: ILAC-G8:09/2019, 4.2 and table 1.
    """

    kind: RuleKind = RuleKind.NONE
    reference: str = ""
    guard_factor: Decimal | None = None
    agreed_on: date | None = None
    statement: Statement = Statement.BINARY

    def to_json(self) -> str:
        """Return the canonical JSON of the rule."""
        record = {
            "kind": self.kind,
            "reference": self.reference,
            "guard_factor": self.guard_factor,
            "agreed_on": self.agreed_on,
        }
        if self.statement is not Statement.BINARY:
            record["statement"] = self.statement
        return canonical_json(record)

    @classmethod
    def from_json(cls, text: str) -> DecisionRule:
        """Read what `to_json` wrote."""
        data: Mapping[str, Any] = json.loads(text)
        return cls(
            kind=RuleKind(data["kind"]),
            reference=str(data["reference"]),
            guard_factor=_decimal(data["guard_factor"]),
            agreed_on=date.fromisoformat(data["agreed_on"]) if data["agreed_on"] else None,
            statement=Statement(data.get("statement", Statement.BINARY)),
        )


@dataclass(frozen=True, slots=True)
class AgreedPoints:
    """The points agreed for a section of the procedure in place of its own."""

    section: str
    points: tuple[MeasuringPoint, ...]


def points_to_json(agreed: tuple[AgreedPoints, ...]) -> str | None:
    """Return the canonical JSON of agreed points, None where the procedure's own hold."""
    if not agreed:
        return None
    return canonical_json(
        [
            {
                "section": entry.section,
                "points": [
                    {
                        "code": point.code,
                        "nominal": point.nominal,
                        "unit": point.unit,
                        "title_vi": point.title_vi,
                        "title_en": point.title_en,
                    }
                    for point in entry.points
                ],
            }
            for entry in agreed
        ]
    )


def points_from_json(text: str | None) -> tuple[AgreedPoints, ...]:
    """Read what `points_to_json` wrote."""
    entries = json.loads(text) if text else []
    return tuple(
        AgreedPoints(
            section=entry["section"],
            points=tuple(
                MeasuringPoint(
                    code=point["code"],
                    nominal=Decimal(point["nominal"]),
                    unit=point["unit"],
                    title_vi=point["title_vi"],
                    title_en=point["title_en"],
                )
                for point in entry["points"]
            ),
        )
        for entry in entries
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job as its page shows it."""

    id: int
    token: str
    number: str
    site_id: int
    customer_id: int
    contact_id: int | None
    customer_reference: str
    requested_on: date
    promised_on: date | None
    note: str
    contract_reviewed_at: datetime | None
    contract_reviewed_by: str
    state: JobState
    created_at: datetime
    row_version: int


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job in a list."""

    id: int
    number: str
    customer_name_vi: str
    customer_name_en: str
    requested_on: date
    promised_on: date | None
    """The soonest day promised for something still to be done; else the last one (see `workflow.promised_for_job`)."""
    item_count: int
    state: JobState


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item as a line of a list; `days_left` until the promised day while something is still to be done."""

    id: int
    job_id: int
    job_number: str
    position: int
    instrument_id: int
    instrument_vi: str
    instrument_en: str
    serial_number: str
    customer_name_vi: str
    customer_name_en: str
    procedure_code: str
    location_kind: str
    state: ItemState
    hold_reason: HoldReason | None
    received_on: date | None
    promised_on: date | None
    days_left: int | None


@dataclass(frozen=True, slots=True)
class JobItemFacts:
    """An item with all that was agreed for it, as runs and certificates use it."""

    id: int
    token: str
    job_id: int
    job_number: str
    site_id: int
    customer_id: int
    position: int
    instrument_id: int
    procedure_version_id: int | None
    ordering_party_id: int
    addressee_id: int
    parties_reason: str
    place_of_use: str
    location_kind: LocationKind
    location_address: str
    agreed_specification: AgreedSpecification
    decision_rule: DecisionRule
    points: tuple[AgreedPoints, ...]
    adjust: bool
    recommend_next_date: bool
    certificate_language: str
    purpose_of_use: PurposeOfUse
    legal_regime: LegalRegime
    condition_on_receipt: str
    condition_on_receipt_en: str
    accessories: str
    received_on: date | None
    promised_on: date | None
    state: ItemState
    hold_reason: HoldReason | None
    subcontractor_id: int | None
    contract_reviewed: bool
    row_version: int
    due_on: date | None = None
    """The day promised for it: its own, or its job's."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """A step of an item on its way."""

    from_state: ItemState | None
    to_state: ItemState
    reason: str
    at: datetime
    actor_name: str


# Commands.


@dataclass(frozen=True, slots=True)
class OpenJob:
    """Take an order of a customer at a site."""

    site_id: int
    customer_id: int
    requested_on: date
    promised_on: date | None = None
    customer_reference: str = ""
    contact_id: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ItemAgreement:
    """What is agreed for an item."""

    procedure_version_id: int | None = None
    agreed_specification: AgreedSpecification = AgreedSpecification()
    decision_rule: DecisionRule = DecisionRule()
    points: tuple[AgreedPoints, ...] = ()
    adjust: bool = False
    recommend_next_date: bool = False
    certificate_language: str = "vi-en"
    addressee_id: int | None = None
    ordering_party_id: int | None = None
    parties_reason: str = ""
    place_of_use: str = ""
    location_kind: LocationKind = LocationKind.LABORATORY
    location_address: str = ""
    purpose_of_use: PurposeOfUse = PurposeOfUse.GROUP_1
    legal_regime: LegalRegime = LegalRegime.CALIBRATION
    promised_on: date | None = None


@dataclass(frozen=True, slots=True)
class AddItem:
    """Put an instrument into a job. Addressee and ordering party are the customer unless the agreement says otherwise.

    An instrument of another owner, or another addressee or ordering party, needs `agreement.parties_reason`.
    """

    job_id: int
    instrument_id: int
    agreement: ItemAgreement = ItemAgreement()


@dataclass(frozen=True, slots=True)
class AgreeSpecification:
    """Change what is agreed for an item; `row_version` is what the writer saw."""

    item_id: int
    row_version: int
    agreement: ItemAgreement


@dataclass(frozen=True, slots=True)
class ReviewContract:
    """Note that the laboratory can and will do what the job asks (ISO/IEC 17025:2017, 7.1.1)."""

    job_id: int
    row_version: int


@dataclass(frozen=True, slots=True)
class ReceiveItem:
    """Take an item in (or, with `on_site`, attend to it at the customer's), with its condition."""

    item_id: int
    received_on: date
    condition_on_receipt: str
    condition_on_receipt_en: str = ""
    accessories: str = ""
    on_site: bool = False
    row_version: int | None = None


@dataclass(frozen=True, slots=True)
class HoldItem:
    """Put an item on hold: what it waits for, and why."""

    item_id: int
    hold_reason: HoldReason
    reason: str
    row_version: int | None = None


@dataclass(frozen=True, slots=True)
class SubcontractItem:
    """Give an item to another laboratory, with the customer's consent noted as the reason."""

    item_id: int
    subcontractor_id: int
    reason: str
    row_version: int | None = None


@dataclass(frozen=True, slots=True)
class MoveItem:
    """Take an item a step further; `reason` is needed where the workflow says so."""

    item_id: int
    reason: str = ""
    row_version: int | None = None
