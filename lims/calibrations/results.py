"""From an input record and its result record to the rows that pages and certificates show. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lims.calibrations.correlation_rows import correlations_of
from lims.calibrations.detail_facts import BudgetRow, DerivedFacts, FailureFacts, RecordedFacts, WarningFacts
from lims.calibrations.facts import ResultFacts
from lims.calibrations.record import definition_of
from lims.core.canonical import canonical_json
from lims.jobs.facts import points_from_json
from lims.procedures.definition_facts import Definition, MeasuringPoint, Output, Section


def results_of(record: Mapping[str, Any], result: Mapping[str, Any]) -> tuple[ResultFacts, ...]:
    """Return the rows of an evaluation with their titles and budgets, in the order of the procedure."""
    definition = definition_of(record)
    agreed = agreed_points(record)
    sections = {entry["code"]: entry for entry in result["sections"]}
    return tuple(_result(record, definition, agreed, sections[row["section"]], row) for row in result["rows"])


def agreed_points(record: Mapping[str, Any]) -> dict[str, tuple[MeasuringPoint, ...]]:
    """Return the points that were agreed for the item, by section."""
    text = None if record["points"] is None else canonical_json(record["points"])
    return {entry.section: entry.points for entry in points_from_json(text)}


def _point(section: Section, agreed: Mapping[str, tuple[MeasuringPoint, ...]], code: str) -> MeasuringPoint:
    return next(point for point in (*agreed.get(section.code, ()), *section.points) if point.code == code)


def _result(
    record: Mapping[str, Any],
    definition: Definition,
    agreed: Mapping[str, tuple[MeasuringPoint, ...]],
    measured: Mapping[str, Any],
    row: Mapping[str, Any],
) -> ResultFacts:
    section = definition.section(row["section"])
    point = _point(section, agreed, row["point"])
    output = next(entry for entry in section.outputs if entry.name == row["output"])
    reported, conformity = row["reported"], row["conformity"] or {}
    return ResultFacts(
        section=section.code,
        point=point.code,
        output=output.name,
        phase=row["phase"],
        section_vi=section.title_vi,
        section_en=section.title_en or section.title_vi,
        point_vi=point.title_vi,
        point_en=point.title_en or point.title_vi,
        output_vi=output.title_vi,
        output_en=output.title_en or output.title_vi,
        quantity=row["quantity"],
        unit=row["unit"],
        estimate=row["estimate"],
        measurement_error=row["measurement_error"],
        combined_standard_uncertainty=row["combined_standard_uncertainty"],
        effective_degrees_of_freedom=row["effective_degrees_of_freedom"],
        coverage_probability=row["coverage_probability"],
        coverage_factor=row["coverage_factor"],
        expanded_uncertainty=row["expanded_uncertainty"],
        cmc=row["cmc"],
        in_scope=row["in_scope"],
        reported_form=reported["form"],
        reported_value=reported["value"],
        reported_unit=reported["unit"],
        reported_expanded_uncertainty=reported["expanded_uncertainty"],
        reported_coverage_factor=reported["coverage_factor"],
        reported_decimals=reported["decimals"],
        nominal=reported["nominal"],
        nominal_unit=reported["nominal_unit"],
        reported_error=reported["error"],
        decision=conformity.get("verdict"),
        tolerance_lower=conformity.get("tolerance_lower"),
        tolerance_upper=conformity.get("tolerance_upper"),
        acceptance_lower=conformity.get("acceptance_lower"),
        acceptance_upper=conformity.get("acceptance_upper"),
        budget=tuple(_budget(section, measured, row)),
        warnings=tuple(_warnings(section, output, measured, row)),
        correlations=correlations_of(record, section, measured["symbols"], _measured(measured, row)["budget"]),
    )


def _measured(measured: Mapping[str, Any], row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the calculation says of a row."""
    wanted = (f"{row['point']}|{row['phase']}", row["output"])
    found: Mapping[str, Any] = next(
        entry for entry in measured["measurement"]["outputs"] if (entry["point"], entry["output"]) == wanted
    )
    return found


def _budget(section: Section, measured: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[BudgetRow]:
    """Yield the lines of a row's budget; the zero that fills up a sum of fewer standards is no line."""
    found = _measured(measured, row)
    titles = {entry.symbol: entry for entry in section.inputs}
    for line in found["budget"]:
        if line["key"].startswith("none/"):
            continue
        entry = titles[measured["symbols"][line["symbol"].split(", ")[0]]]
        yield BudgetRow(
            symbol=entry.symbol,
            title_vi=entry.title_vi,
            title_en=entry.title_en or entry.title_vi,
            origin=line["origin"],
            estimate=line["estimate"],
            unit=line["unit"],
            standard_uncertainty=line["standard_uncertainty"],
            distribution=line["distribution"],
            evaluation=line["evaluation"],
            degrees_of_freedom=line["degrees_of_freedom"],
            sensitivity_coefficient=line["sensitivity_coefficient"],
            contribution=line["contribution"],
            share=float(line["share"]),
        )


def _warnings(
    section: Section, output: Output, measured: Mapping[str, Any], row: Mapping[str, Any]
) -> Iterator[WarningFacts]:
    """Yield what the calculation warns of at a row, and what of the readings behind it; inputs go by their titles."""
    found = _measured(measured, row)
    symbols = {line["key"]: measured["symbols"][line["symbol"].split(", ")[0]] for line in found["budget"]}
    titles = {entry.symbol: (entry.title_vi, entry.title_en or entry.title_vi) for entry in section.inputs}
    own = (output.title_vi, output.title_en or output.title_vi)
    for warning in measured["measurement"].get("warnings", ()):
        if warning["point"] == found["point"] and warning["output"] in {"", found["output"]}:
            title_vi, title_en = titles.get(symbols.get(warning["name"], ""), own)
            yield WarningFacts(warning["code"], title_vi, title_en)
    for entry in measured["derived"]:
        if entry["point"] == found["point"]:
            for code in entry.get("warnings", ()):
                yield WarningFacts(code, *titles.get(entry["symbol"], own))


def derived_of(result: Mapping[str, Any]) -> tuple[DerivedFacts, ...]:
    """Return the derived inputs worth showing, for example the difference of each weighing cycle."""
    return tuple(
        DerivedFacts(
            section=section["code"],
            point=entry["point"].split("|")[0],
            phase=entry["point"].split("|")[1],
            symbol=entry["symbol"],
            estimate=entry["estimate"]["value"],
            standard_uncertainty=entry["estimate"]["standard_uncertainty"],
            unit=entry["estimate"]["unit"],
            count=entry["count"],
            details=tuple((detail["label"], detail["cycle"], detail["value"]) for detail in entry["details"]),
        )
        for section in result["sections"]
        for entry in section["derived"]
    )


def recorded_of(record: Mapping[str, Any], result: Mapping[str, Any]) -> tuple[RecordedFacts, ...]:
    """Return what the procedure records beside its results, in the procedure's order."""
    definition, agreed = definition_of(record), agreed_points(record)
    return tuple(
        _recorded(definition.section(section["code"]), agreed, entry)
        for section in result["sections"]
        for entry in section.get("recorded", ())
    )


def _recorded(
    section: Section, agreed: Mapping[str, tuple[MeasuringPoint, ...]], entry: Mapping[str, Any]
) -> RecordedFacts:
    code, _mark, phase = entry["point"].partition("|")
    said = next(one for one in section.recorded if one.symbol == entry["symbol"])
    point = _point(section, agreed, code)
    return RecordedFacts(
        section=section.code,
        point=code,
        phase=phase,
        symbol=said.symbol,
        title_vi=said.title_vi,
        title_en=said.title_en or said.title_vi,
        point_vi=point.title_vi,
        point_en=point.title_en or point.title_vi,
        estimate=entry["estimate"]["value"],
        unit=entry["estimate"]["unit"],
        reported_value=entry["reported"]["value"],
        reported_unit=entry["reported"]["unit"],
    )


def failures_of(result: Mapping[str, Any]) -> tuple[FailureFacts, ...]:
    """Return the points that have no result, and why."""
    return tuple(FailureFacts(**entry) for entry in result["failures"])
