"""From the text of a form to a command on orders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from calc.decisions.conformity import Statement
from calc.errors import CalcError
from calc.units import difference_unit, display_unit
from lims.core.fields import Fields
from lims.core.formats import typed_number
from lims.jobs.facts import (
    CERTIFICATE_LANGUAGES,
    AgreedPoints,
    AgreedSpecification,
    DecisionRule,
    HoldItem,
    HoldReason,
    ItemAgreement,
    JobItemFacts,
    LegalRegime,
    LocationKind,
    MoveItem,
    OpenJob,
    PurposeOfUse,
    ReceiveItem,
    RuleKind,
    SpecificationKind,
    SubcontractItem,
)


def parse_open_job(form: Mapping[str, str]) -> OpenJob:
    """Return the order that a form means. Raises InvalidInput."""
    fields = Fields(form)
    command = OpenJob(
        site_id=fields.integer("site_id", lower=1),
        customer_id=fields.integer("customer_id", lower=1),
        requested_on=fields.date("requested_on"),
        promised_on=fields.optional_date("promised_on"),
        customer_reference=fields.optional_text("customer_reference", maximum=100) or "",
        note=fields.optional_text("note", maximum=2000) or "",
    )
    fields.finish()
    return command


def parse_agreement(form: Mapping[str, str], *, kept_points: tuple[AgreedPoints, ...] = ()) -> ItemAgreement:
    """Return what a form agrees for an item. Raises InvalidInput with every mistake."""
    fields = Fields(form)
    agreement = ItemAgreement(
        procedure_version_id=fields.optional_integer("procedure_version_id", lower=1),
        agreed_specification=_specification(fields),
        decision_rule=_rule(fields),
        points=kept_points,
        adjust=fields.flag("adjust"),
        recommend_next_date=fields.flag("recommend_next_date"),
        certificate_language=fields.one_of("certificate_language", CERTIFICATE_LANGUAGES),
        addressee_id=fields.optional_integer("addressee_id", lower=1),
        ordering_party_id=fields.optional_integer("ordering_party_id", lower=1),
        parties_reason=fields.optional_text("parties_reason", maximum=1000) or "",
        place_of_use=fields.optional_text("place_of_use") or "",
        location_kind=fields.choice("location_kind", LocationKind),
        location_address=fields.optional_text("location_address") or "",
        purpose_of_use=fields.choice("purpose_of_use", PurposeOfUse),
        legal_regime=fields.choice("legal_regime", LegalRegime),
        promised_on=fields.optional_date("promised_on"),
    )
    fields.finish()
    return agreement


def agreement_values(item: JobItemFacts) -> dict[str, object]:
    """Return the fields of the form that means what is agreed for an item now."""
    specification, rule = item.agreed_specification, item.decision_rule
    return {
        "row_version": item.row_version,
        "instrument_id": item.instrument_id,
        "procedure_version_id": item.procedure_version_id,
        "specification_kind": specification.kind.value,
        "accuracy_class": specification.accuracy_class,
        "specification_reference": specification.reference,
        "specification_title_vi": specification.title_vi,
        "specification_title_en": specification.title_en,
        "lower": _plain(specification.lower),
        "upper": _plain(specification.upper),
        "specification_unit": _symbol(specification.unit),
        "rule_kind": rule.kind.value,
        "rule_reference": rule.reference,
        "guard_factor": _plain(rule.guard_factor),
        "statement": rule.statement.value,
        "agreed_on": rule.agreed_on,
        "adjust": item.adjust,
        "recommend_next_date": item.recommend_next_date,
        "certificate_language": item.certificate_language,
        "addressee_id": item.addressee_id,
        "ordering_party_id": item.ordering_party_id,
        "parties_reason": item.parties_reason,
        "place_of_use": item.place_of_use,
        "location_kind": item.location_kind.value,
        "location_address": item.location_address,
        "purpose_of_use": item.purpose_of_use.value,
        "legal_regime": item.legal_regime.value,
        "promised_on": item.promised_on,
    }


def new_agreement_values(today: date, purpose_of_use: str, place_of_use: str) -> dict[str, object]:
    """Return the fields of an empty agreement: the usual choices."""
    return {
        "specification_kind": SpecificationKind.NONE.value,
        "rule_kind": RuleKind.NONE.value,
        "certificate_language": CERTIFICATE_LANGUAGES[0],
        "location_kind": LocationKind.LABORATORY.value,
        "purpose_of_use": purpose_of_use,
        "legal_regime": LegalRegime.CALIBRATION.value,
        "place_of_use": place_of_use,
        "agreed_on": today,
    }


def parse_receive(item_id: int, form: Mapping[str, str]) -> ReceiveItem:
    """Return the reception that a form means. Raises InvalidInput."""
    fields = Fields(form)
    command = ReceiveItem(
        item_id=item_id,
        received_on=fields.date("received_on"),
        condition_on_receipt=fields.text("condition_on_receipt", maximum=2000),
        condition_on_receipt_en=fields.optional_text("condition_on_receipt_en", maximum=2000) or "",
        accessories=fields.optional_text("accessories", maximum=1000) or "",
        on_site=fields.flag("on_site"),
        row_version=fields.integer("row_version"),
    )
    fields.finish()
    return command


def parse_move(item_id: int, form: Mapping[str, str]) -> MoveItem:
    """Return the step that a form means. Raises InvalidInput."""
    fields = Fields(form)
    reason = fields.optional_text("reason", maximum=2000) or ""
    command = MoveItem(item_id, reason, fields.integer("row_version"))
    fields.finish()
    return command


def parse_hold(item_id: int, form: Mapping[str, str]) -> HoldItem:
    """Return the hold that a form means. Raises InvalidInput."""
    fields = Fields(form)
    command = HoldItem(
        item_id=item_id,
        hold_reason=fields.choice("hold_reason", HoldReason),
        reason=fields.text("reason", maximum=2000),
        row_version=fields.integer("row_version"),
    )
    fields.finish()
    return command


def parse_subcontract(item_id: int, form: Mapping[str, str]) -> SubcontractItem:
    """Return the subcontract that a form means. Raises InvalidInput."""
    fields = Fields(form)
    command = SubcontractItem(
        item_id=item_id,
        subcontractor_id=fields.integer("subcontractor_id", lower=1),
        reason=fields.text("reason", maximum=2000),
        row_version=fields.integer("row_version"),
    )
    fields.finish()
    return command


def parse_row_version(form: Mapping[str, str]) -> int:
    """Return the version of the record that the form was filled from. Raises InvalidInput."""
    fields = Fields(form)
    found = fields.integer("row_version")
    fields.finish()
    return found


def _specification(fields: Fields) -> AgreedSpecification:
    """Read the specification. Fields that its kind does not use are ignored, but stay in the form."""
    kind = fields.choice("specification_kind", SpecificationKind)
    if kind is SpecificationKind.NONE:
        return AgreedSpecification()
    lower, upper = fields.optional_decimal("lower"), fields.optional_decimal("upper")
    if not fields.raw("lower").strip() and not fields.raw("upper").strip():
        fields.refuse("upper", "item.specification_without_limits")
    is_class = kind is SpecificationKind.CLASS
    accuracy_class = fields.text("accuracy_class", maximum=40) if is_class else ""
    return AgreedSpecification(
        kind=kind,
        title_vi=fields.optional_text("specification_title_vi") or "",
        title_en=fields.optional_text("specification_title_en") or "",
        reference=fields.optional_text("specification_reference") or "",
        lower=lower,
        upper=upper,
        unit=_unit(fields, "specification_unit"),
        accuracy_class=accuracy_class,
    )


def _rule(fields: Fields) -> DecisionRule:
    kind = fields.choice("rule_kind", RuleKind)
    if kind is RuleKind.NONE:
        return DecisionRule()
    factor = fields.optional_decimal("guard_factor") if kind is RuleKind.GUARD_BAND_U else None
    if factor is not None and not -1 <= factor <= 10:
        fields.refuse("guard_factor", "item.guard_factor")
    return DecisionRule(
        kind=kind,
        reference=fields.optional_text("rule_reference") or "",
        guard_factor=factor,
        agreed_on=fields.date("agreed_on"),
        statement=fields.choice("statement", Statement) if fields.raw("statement") else Statement.BINARY,
    )


def _unit(fields: Fields, name: str) -> str:
    """Read the unit of limits, which are deviations: °C there is a difference of temperatures."""
    text = fields.text(name, maximum=40)
    try:
        return difference_unit(text) if text else ""
    except CalcError:
        fields.refuse(name, "unit.unknown", unit=text)
        return ""


def _plain(number: Decimal | None) -> str:
    return "" if number is None else typed_number(number)


def _symbol(unit: str) -> str:
    """Return a unit as a person writes it, where reading it gives the same unit again."""
    shown = display_unit(unit) if unit else ""
    try:
        return shown if difference_unit(shown) == unit else unit
    except CalcError:
        return unit
