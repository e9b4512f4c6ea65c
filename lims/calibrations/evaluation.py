"""One code path from an input record to a result record: preview, stored evaluation and recompute all run it. Pure.

Nothing is rounded before the reported texts. The reported U is the larger of U and the CMC for a point within scope,
and conformity is judged with it (DESIGN promise 8).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from calc import rounding, serialise
from calc.coverage import coverage_factor
from calc.decisions.conformity import Conformity, ToleranceInterval, decide, decide_weight_class
from calc.engine import ENGINE_VERSION
from calc.errors import CalcError
from calc.evaluate import evaluate
from calc.quantities import MeasurementResult, OutputResult
from calc.reductions import Reduction
from calc.units import canonical_unit, convert, convert_difference
from lims.calibrations.case import Failure, PointCase
from lims.calibrations.inputs import SectionInputs, build_section, failure
from lims.calibrations.record import InputRecord, read_record
from lims.core.canonical import canonical_json
from lims.jobs.facts import RuleKind, SpecificationKind
from lims.procedures.definition_facts import Definition, ErrorBasis, Output, ReportForm
from lims.procedures.scope import cmc_at

RESULT_SCHEMA: Final = 1


def evaluate_record(record: Mapping[str, Any], *, rows_only: bool = False) -> dict[str, Any]:
    """Evaluate a whole input record and return the whole result record: plain JSON, numbers as text.

    Points that cannot be evaluated stand under "failures" with a code; a submission refuses them. With `rows_only` the
    sections with their budgets are left out: whoever only compares results need not have them written down.
    """
    read = read_record(record)
    sections, rows, failures = [], [], []
    for section in read.case.definition.sections:
        built = build_section(read.case, section)
        measured = _measure(built, read.case.seed)
        failures += [_failure_data(entry) for entry in built.failures]
        if measured is None:
            continue
        own = [row for point in built.points for row in _rows(read, point, measured)]
        rows += own
        if not rows_only:
            sections.append(_section_data(built, measured, own))
    return {
        "schema": RESULT_SCHEMA,
        "engine_version": ENGINE_VERSION,
        "rows": rows,
        "sections": sections,
        "failures": failures,
    }


def _measure(built: SectionInputs, seed: int) -> MeasurementResult | None:
    """Run the calculation; what it refuses is told of every point of the section."""
    if built.model is None or built.inputs is None:
        return None
    try:
        return evaluate(built.model, built.inputs, seed=seed)
    except CalcError as error:
        built.failures += [failure(point, error) for point in built.points]
        return None


def _failure_data(entry: Failure) -> dict[str, Any]:
    return {
        "section": entry.section,
        "point": entry.point,
        "phase": entry.phase,
        "code": entry.code,
        "values": dict(entry.values),
        "clause": entry.clause,
    }


def _section_data(
    built: SectionInputs, measured: MeasurementResult, rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    derived = [_reduction_data(point, symbol, reduction) for (point, symbol), reduction in built.derived.items()]
    data: dict[str, Any] = {
        "code": built.section.code,
        "symbols": dict(built.symbols),
        "derived": derived,
        "measurement": serialise.to_record(measured),
    }
    if built.section.recorded:
        decimals = {f"{row['point']}|{row['phase']}": _decimals_in(row) for row in rows}
        data["recorded"] = [
            {**_reduction_data(point, symbol, reduction), "reported": _recorded_text(reduction, *decimals[point])}
            for (point, symbol), reduction in built.recorded.items()
        ]
    return data


def _reduction_data(point: str, symbol: str, reduction: Reduction) -> dict[str, Any]:
    data: dict[str, Any] = {
        "point": point,
        "symbol": symbol,
        "estimate": serialise.to_record(reduction.estimate),
        "count": reduction.count,
        "details": serialise.to_record(reduction.details),
    }
    return data | {"warnings": list(reduction.warnings)} if reduction.warnings else data


def _decimals_in(row: Mapping[str, Any]) -> tuple[int, str]:
    return row["reported"]["decimals"], row["reported"]["unit"]


def _recorded_text(reduction: Reduction, decimals: int, unit: str) -> dict[str, str]:
    """Return a quantity that is only recorded, printed to the decimal place and in the unit of its point's result."""
    value = convert_difference(reduction.estimate.value, reduction.estimate.unit, unit)
    return {"value": rounding.round_to_decimals(value, decimals), "unit": unit}


@dataclass(frozen=True, slots=True)
class _Judged:
    """A row on its way: what was measured, with the reported uncertainty, unrounded, in the output's unit."""

    point: PointCase
    output: Output
    result: OutputResult
    cmc: float | None
    reported_uncertainty: float
    error: float | None


def _rows(read: InputRecord, point: PointCase, measured: MeasurementResult) -> list[dict[str, Any]]:
    rows = []
    for output in point.section.outputs:
        result = measured.output(point.key, output.name)
        cmc = _cmc(read, point, output)
        judged = _Judged(
            point=point,
            output=output,
            result=result,
            cmc=cmc,
            reported_uncertainty=rounding.reported_uncertainty(result.expanded_uncertainty, cmc),
            error=_measurement_error(point, output, result),
        )
        rows.append(_row(read, judged))
    return rows


def _cmc(read: InputRecord, point: PointCase, output: Output) -> float | None:
    """Return the CMC at a point in the output's unit and for the procedure's coverage probability; None out of scope.

    A CMC stated for another probability is taken as that of a normal distribution.
    """
    line = read.scope.get((point.section.code, point.point.code))
    if line is None:
        return None
    stated = cmc_at(line, point.point.nominal, point.point.unit)
    value = convert_difference(stated.value, stated.unit, output.unit)
    wanted = read.case.definition.coverage.probability
    if line.coverage_probability == wanted:
        return value
    infinite = float("inf")
    factor = coverage_factor(infinite, float(wanted)) / coverage_factor(infinite, float(line.coverage_probability))
    return value * factor


def _measurement_error(point: PointCase, output: Output, result: OutputResult) -> float | None:
    match output.error:
        case ErrorBasis.NONE:
            return None
        case ErrorBasis.VALUE:
            return result.estimate
        case ErrorBasis.DEVIATION_FROM_NOMINAL:
            nominal = convert(point.point.nominal, point.point.unit, output.unit)
            return float(Decimal(repr(result.estimate)) - nominal)


def _row(read: InputRecord, judged: _Judged) -> dict[str, Any]:
    point, output, result = judged.point, judged.output, judged.result
    return {
        "section": point.section.code,
        "point": point.point.code,
        "output": output.name,
        "phase": str(point.phase),
        "quantity": point.section.quantity,
        "unit": output.unit,
        "estimate": repr(result.estimate),
        "measurement_error": None if judged.error is None else repr(judged.error),
        "combined_standard_uncertainty": repr(result.combined_standard_uncertainty),
        "effective_degrees_of_freedom": repr(result.effective_degrees_of_freedom),
        "coverage_probability": repr(result.coverage_probability),
        "coverage_factor": repr(result.coverage_factor),
        "expanded_uncertainty": repr(result.expanded_uncertainty),
        "cmc": None if judged.cmc is None else repr(judged.cmc),
        "in_scope": judged.cmc is not None,
        "reported": _reported(read.case.definition, judged),
        "conformity": _conformity(read, judged),
    }


def _reported(definition: Definition, judged: _Judged) -> dict[str, Any]:
    """Return the reported texts, canonical; the only roundings there are, all by calc.rounding."""
    report, output, result = judged.output.report, judged.output, judged.result
    digits = definition.rounding.digits
    mode = rounding.RoundingMode(definition.rounding.mode)
    factor = rounding.coverage_factor_text(result.coverage_factor, "en")
    if report.form is ReportForm.NOMINAL_PLUS_DEVIATION:
        nominal = _nominal_text(convert(judged.point.point.nominal, judged.point.point.unit, report.nominal_unit))
        deviation = rounding.report_deviation(
            nominal,
            report.nominal_unit,
            result.estimate,
            judged.reported_uncertainty,
            output.unit,
            report.deviation_unit,
            digits=digits,
            mode=mode,
            floor=judged.cmc,
        )
        return {
            "form": str(report.form),
            "nominal": deviation.nominal,
            "nominal_unit": deviation.nominal_unit,
            "value": deviation.deviation,
            "unit": deviation.unit,
            "expanded_uncertainty": deviation.expanded_uncertainty,
            "decimals": deviation.decimals,
            "coverage_factor": factor,
            "error": deviation.deviation,
        }
    unit = canonical_unit(report.unit)
    value = convert(result.estimate, output.unit, unit)
    expanded = convert_difference(judged.reported_uncertainty, output.unit, unit)
    floor = None if judged.cmc is None else convert_difference(judged.cmc, output.unit, unit)
    reported = rounding.report(value, expanded, unit, digits=digits, mode=mode, floor=floor)
    error = None
    if judged.error is not None:
        error = rounding.round_to_decimals(convert_difference(judged.error, output.unit, unit), reported.decimals)
    return {
        "form": str(report.form),
        "nominal": None,
        "nominal_unit": None,
        "value": reported.value,
        "unit": reported.unit,
        "expanded_uncertainty": reported.expanded_uncertainty,
        "decimals": reported.decimals,
        "coverage_factor": factor,
        "error": error,
    }


def _nominal_text(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _conformity(read: InputRecord, judged: _Judged) -> dict[str, Any] | None:
    """Judge the error against the agreed limits by the agreed rule, with the reported U; None where nothing is."""
    specification, rule, output = read.specification, read.rule, judged.output
    limits = (specification.lower, specification.upper)
    if judged.error is None or specification.kind is SpecificationKind.NONE or rule.kind is RuleKind.NONE:
        return None
    if limits == (None, None):
        return None
    lower, upper = (
        None if limit is None else float(convert_difference(limit, specification.unit, output.unit)) for limit in limits
    )
    tolerance = ToleranceInterval(lower, upper)
    found = _decided(read, judged.error, judged.reported_uncertainty, tolerance)
    return {
        "verdict": str(found.verdict),
        "rule": str(rule.kind),
        "guard_band": repr(found.guard_band),
        "tolerance_lower": _number(tolerance.lower),
        "tolerance_upper": _number(tolerance.upper),
        "acceptance_lower": _number(found.acceptance_lower),
        "acceptance_upper": _number(found.acceptance_upper),
    }


def _decided(read: InputRecord, error: float, expanded: float, tolerance: ToleranceInterval) -> Conformity:
    match read.rule.kind:
        case RuleKind.OIML_R111:
            permissible = min(abs(limit) for limit in (tolerance.lower, tolerance.upper) if limit is not None)
            return decide_weight_class(error, expanded, permissible)
        case RuleKind.GUARD_BAND_U:
            factor = read.rule.guard_factor
            return decide(
                error,
                expanded,
                tolerance,
                guard_factor=1.0 if factor is None else float(factor),
                statement=read.rule.statement,
            )
        case _:
            return decide(error, expanded, tolerance)


def _number(value: float | None) -> str | None:
    return None if value is None else repr(value)


def text_digest(text: str) -> str:
    """Return the SHA-256 of a stored canonical text."""
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(record: Mapping[str, Any]) -> str:
    """Return the one JSON text of a record."""
    return canonical_json(record)


def evaluation_digest(input_digest: str, result_digest: str) -> str:
    """Return the digest that review and release name: it covers the input and the result."""
    return text_digest(f"{input_digest}\n{result_digest}")
