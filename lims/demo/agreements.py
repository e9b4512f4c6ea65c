"""What the demonstration agrees with its customers: limits and a rule for the decision; the job says by which day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from lims.demo.laboratory import Laboratory
from lims.jobs.facts import AgreedSpecification, DecisionRule, ItemAgreement, RuleKind, SpecificationKind


def agreed(
    laboratory: Laboratory,
    code: str,
    specification: AgreedSpecification,
    rule: tuple[RuleKind, str],
    on: date,
    *,
    place: str = "",
) -> ItemAgreement:
    """Return what is agreed for an instrument: the procedure, limits, and a rule of decision with its source."""
    kind, reference = rule
    return ItemAgreement(
        procedure_version_id=laboratory.procedure_versions[code],
        agreed_specification=specification,
        decision_rule=DecisionRule(kind=kind, reference=reference, agreed_on=on),
        place_of_use=place,
    )


def class_limits(
    title_vi: str, title_en: str, accuracy_class: str, limit: Decimal, unit: str, reference: str
) -> AgreedSpecification:
    """Return the limits of an accuracy class, as far below as above."""
    return AgreedSpecification(
        kind=SpecificationKind.CLASS,
        title_vi=title_vi,
        title_en=title_en,
        reference=reference,
        lower=-limit,
        upper=limit,
        unit=unit,
        accuracy_class=accuracy_class,
    )
