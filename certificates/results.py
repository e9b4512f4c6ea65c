"""The results of a released run as they stand on a certificate: tables, rows, what was left out and what departed."""

from __future__ import annotations

from collections.abc import Iterable

from certificates import sentences
from certificates.content import ResultRow, ResultTable, Text, optional_english
from certificates.head import accredited_places
from lims.calibrations.facts import ExclusionKind, ReleasedRun, ResultFacts


def result_tables(run: ReleasedRun) -> tuple[ResultTable, ...]:
    """Return the results by section and phase, in the evaluation's order; points not measurable have their row."""
    keys = list(dict.fromkeys((result.section, result.phase) for result in run.results))
    missing = _not_measurable(run)
    for section, _, phase in missing:
        if (section, phase) not in keys:
            keys.append((section, phase))
    return tuple(_table(run, section, phase, missing) for section, phase in keys)


def _table(run: ReleasedRun, section: str, phase: str, missing: dict[tuple[str, str, str], str]) -> ResultTable:
    results = [result for result in run.results if (result.section, result.phase) == (section, phase)]
    rows = [_row(run, result) for result in results]
    rows += [
        _empty_row(point, reason)
        for (its_section, point, its_phase), reason in missing.items()
        if (its_section, its_phase) == (section, phase)
    ]
    title = optional_english(results[0].section_vi, results[0].section_en) if results else Text(section)
    return ResultTable(section, title, phase, tuple(rows))


def _row(run: ReleasedRun, result: ResultFacts) -> ResultRow:
    agreed = run.run.agreed_specification
    judged = result.decision is not None
    with_nominal = result.reported_form == "nominal_plus_deviation"
    return ResultRow(
        point=optional_english(result.point_vi, result.point_en),
        output=optional_english(result.output_vi, result.output_en),
        unit=result.reported_unit,
        value=result.reported_value,
        expanded_uncertainty=result.reported_expanded_uncertainty,
        coverage_factor=result.reported_coverage_factor,
        coverage_probability=result.coverage_probability,
        degrees_of_freedom=result.effective_degrees_of_freedom,
        nominal=result.nominal if with_nominal else None,
        nominal_unit=result.nominal_unit if with_nominal else None,
        measurement_error=None if with_nominal else result.reported_error,
        lower_limit=None if not judged or agreed.lower is None else f"{agreed.lower:f}",
        upper_limit=None if not judged or agreed.upper is None else f"{agreed.upper:f}",
        limit_unit=agreed.unit if judged else None,
        decision=result.decision,
        in_scope=(result.section, result.point) in accredited_places(run),
        remark=_recorded(run, result),
    )


def _recorded(run: ReleasedRun, result: ResultFacts) -> Text | None:
    """Return what the procedure records at a point beside its result, with the first output of the point."""
    place = (result.section, result.point, result.phase)
    first = next(entry for entry in run.results if (entry.section, entry.point, entry.phase) == place)
    if result.output != first.output:
        return None
    said = [entry for entry in run.evaluation.recorded if (entry.section, entry.point, entry.phase) == place]
    return sentences.recorded(said) if said else None


def _empty_row(point: str, reason: str) -> ResultRow:
    return ResultRow(
        point=Text(point),
        output=Text(""),
        unit="",
        value=None,
        expanded_uncertainty=None,
        coverage_factor=None,
        coverage_probability=None,
        remark=sentences.not_measurable(reason),
    )


def _not_measurable(run: ReleasedRun) -> dict[tuple[str, str, str], str]:
    """Return the points that stayed unmeasurable: section, point, phase → reason."""
    last = {
        (entry.section, entry.point, entry.phase): entry
        for entry in sorted(run.exclusions, key=lambda entry: (entry.at, entry.id))
        if entry.reading_id is None
    }
    return {key: entry.reason for key, entry in last.items() if entry.kind == ExclusionKind.NOT_MEASURABLE}


def deviations(run: ReleasedRun) -> tuple[Text, ...]:
    """Return what departed from the method (7.8.2.1 n), and what was left out of the evaluation."""
    said = [optional_english(entry.text_vi, entry.text_en) for entry in run.justifications if entry.on_certificate]
    return (*said, *_exclusions(run))


def _exclusions(run: ReleasedRun) -> Iterable[Text]:
    points = {
        (result.section, result.point): optional_english(result.point_vi, result.point_en) for result in run.results
    }
    last = {
        (entry.reading_id, entry.section, entry.point, entry.phase): entry
        for entry in sorted(run.exclusions, key=lambda entry: (entry.at, entry.id))
    }
    counted: dict[tuple[str, str, str, str], int] = {}
    for entry in last.values():
        unread = entry.kind == ExclusionKind.NOT_MEASURABLE and entry.reading_id is not None
        if entry.kind == ExclusionKind.EXCLUDED or unread:
            key = (entry.kind, entry.section, entry.point, entry.reason)
            counted[key] = counted.get(key, 0) + 1
    for (kind, section, point, reason), count in counted.items():
        say = sentences.unread_cells if kind == ExclusionKind.NOT_MEASURABLE else sentences.excluded_reading
        yield say(points.get((section, point), Text(point)), count, reason)
