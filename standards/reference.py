"""The value of a standard at a point and an instant, from what its calibration says: pure, in exact decimals.

Every figure is brought to the content's unit by an exact factor. Nothing is rounded; a division that has no end is
carried to 34 digits.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, localcontext
from typing import Final

from calc.errors import CalcError
from calc.serialise import digest
from calc.units import canonical_unit, convert, convert_difference
from standards.calibration_facts import (
    CalibrationFacts,
    ContentFacts,
    ContentKind,
    Contribution,
    DriftAllowance,
    DriftPeriod,
    Point,
    ReferenceCorrelation,
    ReferenceValue,
)
from standards.curve_points import interpolation_uncertainty, on_curve, refusal
from standards.facts import DriftFacts
from standards.formula import PRECISION, FormulaError, evaluate_formula
from standards.platinum import of_coefficients, temperature

_DAYS_PER_YEAR: Final = Decimal("365.25")


def reference_value(
    calibration: CalibrationFacts,
    content: ContentFacts,
    point: Point | None,
    drifts: Sequence[DriftFacts],
    on: date,
) -> ReferenceValue:
    """Return what a content realises at a point, with its certificate's uncertainty and the drift decided for it.

    Raises RuleViolation: reference.no_value (a content without a value or coefficients), reference.point_missing,
    reference.unit, reference.outside_points, reference.between_points, reference.no_uncertainty.
    """
    argument, second = _argument(content, point)
    value, stated, factor, freedom, interpolated = _certified(content, argument, second)
    if stated is None and content.kind is ContentKind.COEFFICIENTS and argument is not None:
        stated, factor = of_coefficients(content, argument)
    if stated is None or factor is None:
        raise refusal("reference.no_uncertainty", content)
    unit = canonical_unit(content.unit)
    uncertainty = _uncertainty_in_unit(content, stated, value)
    added = interpolation_uncertainty(content, argument, second) if interpolated and argument is not None else None
    if added:
        with localcontext(prec=PRECISION):
            uncertainty = (uncertainty * uncertainty + (factor * added) ** 2).sqrt()
    drift = drift_allowance(drifts, content, calibration, on, abs(argument if argument is not None else value))
    contributions = _contributions(calibration, content, stated, factor, added, drift)
    return ReferenceValue(
        standard_id=calibration.standard_id,
        calibration_id=calibration.id,
        content_id=content.id,
        range_id=content.range_id,
        quantity=content.quantity,
        value=value,
        unit=unit,
        expanded_uncertainty=uncertainty,
        coverage_factor=factor,
        degrees_of_freedom=freedom,
        distribution=content.distribution or "normal",
        interpolated=interpolated,
        drift=drift,
        contributions=contributions,
        digest=value_digest(
            calibration.content_digest,
            content.identifier,
            (f"{value:f}", unit),
            (f"{uncertainty:f}", f"{factor:f}", None if freedom is None else f"{freedom:f}"),
            None if drift is None else f"{drift.half_width:f} {drift.unit} {drift.distribution}",
        ),
    )


def value_digest(
    calibration: str,
    content: str,
    value: tuple[str, str],
    uncertainty: tuple[str, str, str | None],
    drift: str | None,
) -> str:
    """Return the digest of a reference value: of its calibration's digest, the content, and every figure as text.

    `value` with its unit; `uncertainty`: U, k and degrees of freedom (None: infinite).
    """
    return digest(
        {
            "calibration": calibration,
            "content": content,
            "value": value[0],
            "unit": value[1],
            "expanded_uncertainty": uncertainty[0],
            "coverage_factor": uncertainty[1],
            "degrees_of_freedom": uncertainty[2],
            "drift": drift,
        }
    )


def _contributions(
    calibration: CalibrationFacts,
    content: ContentFacts,
    stated: Decimal,
    factor: Decimal,
    added: Decimal | None,
    drift: DriftAllowance | None,
) -> tuple[Contribution, ...]:
    stated_unit = content.expanded_uncertainty_unit or content.unit
    first = Contribution(
        "certificate",
        content.id,
        stated,
        stated_unit,
        factor,
        f"{calibration.standard_code} {calibration.certificate_number}",
    )
    parts = [first]
    if added:
        parts.append(Contribution("interpolation", content.id, added, canonical_unit(content.unit), Decimal(1), ""))
    if drift is not None:
        parts.append(Contribution("drift", content.id, drift.half_width, drift.unit, None, drift.basis))
    return tuple(parts)


def _argument(content: ContentFacts, point: Point | None) -> tuple[Decimal | None, Decimal | None]:
    """Return the point in the content's argument unit. Elements and characteristics have a value without one."""
    if content.kind in {ContentKind.ELEMENT, ContentKind.CHARACTERISTIC}:
        return None, None
    if point is None:
        raise refusal("reference.point_missing", content)
    wanted = content.argument_unit or content.unit
    try:
        return convert(point.value, point.unit, wanted), point.second_value
    except CalcError as error:
        raise refusal("reference.unit", content, unit=point.unit, wanted=wanted) from error


def _certified(
    content: ContentFacts, argument: Decimal | None, second: Decimal | None
) -> tuple[Decimal, Decimal | None, Decimal | None, Decimal | None, bool]:
    """Return value, U as stated, k, degrees of freedom and whether it lies between points."""
    factor = content.coverage_factor
    if content.kind is ContentKind.CURVE and argument is not None:
        point, interpolated = on_curve(content, argument, second)
        return (
            point.value,
            content.expanded_uncertainty if point.expanded_uncertainty is None else point.expanded_uncertainty,
            point.coverage_factor or factor,
            content.degrees_of_freedom if point.degrees_of_freedom is None else point.degrees_of_freedom,
            interpolated,
        )
    value = argument if content.kind is ContentKind.EXPRESSION else content.value
    if content.kind is ContentKind.COEFFICIENTS and argument is not None:
        value = temperature(content, argument)
    if value is None:
        raise refusal("reference.no_value", content)
    stated = content.expanded_uncertainty
    if content.expanded_uncertainty_expression:
        try:
            stated = evaluate_formula(content.expanded_uncertainty_expression, abs(value))
        except FormulaError as error:
            raise refusal(error.reason, content, formula=error.text) from error
    return value, stated, factor, content.degrees_of_freedom, False


def _uncertainty_in_unit(content: ContentFacts, stated: Decimal, value: Decimal) -> Decimal:
    """Return U in the value's unit; "%" of a quantity that is no percentage itself is relative to the value."""
    given = content.expanded_uncertainty is not None or content.expanded_uncertainty_expression
    if content.kind is ContentKind.COEFFICIENTS and not given:
        return stated  # propagated from the coefficients: already in the unit of the value
    unit = content.expanded_uncertainty_unit or content.unit
    if is_relative(unit, content.unit):
        with localcontext(prec=PRECISION):
            return convert_difference(stated, unit, "1") * abs(value)
    return convert_difference(stated, unit, content.unit)


def is_relative(uncertainty_unit: str, unit: str) -> bool:
    """Return whether an uncertainty in one unit is relative to a value in the other (% or ppm of a mass, say)."""
    try:
        convert_difference(Decimal(1), uncertainty_unit, "1")
    except CalcError:
        return False
    try:
        convert_difference(Decimal(1), unit, "1")
    except CalcError:
        return True
    return False


def drift_allowance(
    drifts: Sequence[DriftFacts], content: ContentFacts, calibration: CalibrationFacts, on: date, size: Decimal
) -> DriftAllowance | None:
    """Return the drift in force for a range on a day, in the content's unit; None if none was decided.

    A decision for the range goes before one for the whole standard; the latest that holds on the day counts. Per year
    it grows with the days since the calibration (365.25 to the year).
    """
    fitting = [drift for drift in drifts if drift.range_id in {content.range_id, None} and drift.valid_from <= on]
    if not fitting:
        return None
    drift = max(fitting, key=lambda item: (item.range_id is not None, item.valid_from, item.id))
    try:
        x = abs(convert(size, content.argument_unit or content.unit, drift.unit)) if _uses_x(drift) else Decimal(0)
        half_width = evaluate_formula(drift.half_width_expression, x)
        correction = evaluate_formula(drift.correction_expression, x) if drift.correction_expression else Decimal(0)
        per = DriftPeriod(drift.per)
        if per is DriftPeriod.YEAR:
            with localcontext(prec=PRECISION):
                years = Decimal(max(0, (on - calibration.calibrated_on).days)) / _DAYS_PER_YEAR
                half_width, correction = half_width * years, correction * years
        return DriftAllowance(
            drift_id=drift.id,
            half_width=convert_difference(half_width, drift.unit, content.unit),
            unit=canonical_unit(content.unit),
            distribution=drift.distribution,
            correction=convert_difference(correction, drift.unit, content.unit),
            per=per,
            basis=drift.basis,
        )
    except (CalcError, FormulaError) as error:
        raise refusal("reference.drift", content, formula=drift.half_width_expression, unit=drift.unit) from error


def _uses_x(drift: DriftFacts) -> bool:
    return "x" in f"{drift.half_width_expression} {drift.correction_expression or ''}"


def correlations(contents: Sequence[ContentFacts]) -> list[ReferenceCorrelation]:
    """Return the correlation of every pair of contents used together, those that are zero left out.

    Elements of one calibration (weights of one set) were compared with the same standards: r = 1 unless the
    certificate states otherwise (`correlation`: JSON object of the other content's identifier and r). What two
    calibrations share further up is not known here: a procedure states it.
    """
    found = []
    for position, first in enumerate(contents):
        for second in contents[position + 1 :]:
            if first.calibration_id != second.calibration_id or first.id == second.id:
                continue
            stated = _stated_correlation(first, second)
            coefficient = Decimal(1) if stated is None else stated
            origin = "same_calibration" if stated is None else "certificate"
            if coefficient:
                found.append(ReferenceCorrelation(first.id, second.id, coefficient, origin))
    return found


def _stated_correlation(first: ContentFacts, second: ContentFacts) -> Decimal | None:
    for one, other in ((first, second), (second, first)):
        stated = json.loads(one.correlation) if one.correlation else {}
        if isinstance(stated, dict) and other.identifier in stated:
            return Decimal(str(stated[other.identifier]))
    return None
