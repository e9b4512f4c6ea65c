"""From a released run on a standard of the laboratory to what its calibration says of each range. Pure.

The figures are those of the certificate, as reported: whoever uses the standard uses what its certificate prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from calc.errors import CalcError
from calc.units import convert, convert_difference, difference_unit
from lims.calibrations.facts import Phase, ReleasedRun, ResultFacts
from lims.calibrations.record import definition_of
from lims.calibrations.results import agreed_points
from lims.core.errors import RuleViolation
from lims.procedures.definition_facts import ErrorBasis, MeasuringPoint, ReportForm
from standards.calibration_facts import ContentKind, Interpolation
from standards.calibration_facts import Phase as ContentPhase
from standards.commands import NewContent, NewEdge, NewPoint
from standards.facts import InstrumentFacts, RangeAddress, StandardRole

CLAUSE: Final = "ISO/IEC 17025:2017, 6.5.2"
_STATED_FACTOR: Final = Decimal(2)


@dataclass(frozen=True, slots=True)
class Said:
    """A result with the point it was found at, and whether it is the error of an indication."""

    result: ResultFacts
    point: MeasuringPoint
    is_error: bool

    @property
    def freedom(self) -> Decimal | None:
        """Return the degrees of freedom worth stating: none where k = 2 stands for the normal distribution."""
        freedom = Decimal(self.result.effective_degrees_of_freedom)
        return None if Decimal(self.result.reported_coverage_factor) == _STATED_FACTOR else freedom

    @property
    def sign(self) -> int:
        """Return whether the standard's value grows with the result (1) or, being its error, shrinks (-1)."""
        whole = self.result.reported_form == ReportForm.NOMINAL_PLUS_DEVIATION
        return -1 if self.is_error and not whole else 1


def contents_of(run: ReleasedRun, instrument: InstrumentFacts) -> tuple[NewContent, ...]:
    """Return what a run found of a standard: an element for each artefact, a curve for a range that it indicates.

    As found and as left where it was adjusted between them, else as left: what was found is what is used.
    Raises RuleViolation for a result that belongs to none of the standard's ranges.
    """
    said = results_said(run.evaluation.input, run.evaluation.results)
    found: dict[tuple[ContentPhase, int], list[Said]] = {}
    places: dict[int, RangeAddress] = {}
    for phase, place, entry in placed(said, instrument, adjusted=bool(run.adjustments)):
        places[place.range.id] = place
        found.setdefault((phase, place.range.id), []).append(entry)
    return tuple(
        _content(places[range_id], phase, sorted(entries, key=lambda one: one.point.nominal))
        for (phase, range_id), entries in found.items()
    )


def placed(
    said: Sequence[Said], instrument: InstrumentFacts, *, adjusted: bool
) -> Iterator[tuple[ContentPhase, RangeAddress, Said]]:
    """Yield each result with the range of the standard that it speaks of, and whether it is as found or as left."""
    for entry in said:
        alike = [other for other in said if other.result.quantity == entry.result.quantity]
        before = adjusted and entry.result.phase == Phase.AS_FOUND
        yield ContentPhase.AS_FOUND if before else ContentPhase.AS_LEFT, _range_of(instrument, entry, alike), entry


def edges_of(run: ReleasedRun) -> tuple[NewEdge, ...]:
    """Return the calibrations that the run rests on, each once in its role."""
    return tuple(
        dict.fromkeys(
            NewEdge(use.calibration_id, StandardRole(use.role))
            for use in run.equipment
            if use.calibration_id is not None and use.withdrawn_at is None
        )
    )


def results_said(record: Mapping[str, Any], results: Iterable[ResultFacts]) -> list[Said]:
    """Return the results, of each point its first output: what else a model gives is no value of the standard."""
    definition = definition_of(record)
    agreed = agreed_points(record)
    found: dict[tuple[str, str, str], Said] = {}
    for result in results:
        section = definition.section(result.section)
        point = next(p for p in (*agreed.get(section.code, ()), *section.points) if p.code == result.point)
        output = next(entry for entry in section.outputs if entry.name == result.output)
        is_error = output.error is ErrorBasis.VALUE
        found.setdefault((result.section, result.point, result.phase), Said(result, point, is_error))
    return list(found.values())


def _range_of(instrument: InstrumentFacts, said: Said, all_said: Sequence[Said]) -> RangeAddress:
    """Return the artefact of the point's nominal value, or the narrowest range that holds all points measured."""
    ranges = [place for place in instrument.ranges() if place.function.quantity == said.result.quantity]
    artefacts = [place for place in ranges if place.range.nominal == _in_unit(said, place.range.unit)]
    if len(artefacts) > 1:
        artefacts = [place for place in artefacts if place.part.code == said.point.title_vi]
    if len(artefacts) == 1:
        return artefacts[0]
    holding = [place for place in ranges if all(_holds(place, one) for one in all_said)]
    if not holding:
        point = said.point.title_vi
        raise RuleViolation("own_standard.no_range", clause=CLAUSE, point=point, instrument=instrument.name_vi)
    return min(holding, key=_width)


def _in_unit(said: Said, unit: str) -> Decimal | None:
    try:
        return convert(said.point.nominal, said.point.unit, unit)
    except CalcError:  # a unit of another kind: not this range
        return None


def _holds(place: RangeAddress, said: Said) -> bool:
    value, ends = _in_unit(said, place.range.unit), (place.range.lower, place.range.upper)
    return value is not None and ends[0] is not None and ends[1] is not None and ends[0] <= value <= ends[1]


def _width(place: RangeAddress) -> Decimal:
    return (place.range.upper or Decimal(0)) - (place.range.lower or Decimal(0))


def _content(place: RangeAddress, phase: ContentPhase, said: Sequence[Said]) -> NewContent:
    if place.range.nominal is not None:
        return _element(place, phase, said[0])
    unit = place.range.unit
    return NewContent(
        place.range.id,
        ContentKind.CURVE,
        unit=unit,
        identifier=place.function.quantity,
        phase=phase,
        argument_unit=unit,
        interpolation=Interpolation.LINEAR,
        expanded_uncertainty_unit=difference_unit(unit),
        points=tuple(_curve_point(one, unit) for one in said),
    )


def _element(place: RangeAddress, phase: ContentPhase, said: Said) -> NewContent:
    unit, result = place.range.unit, said.result
    return NewContent(
        place.range.id,
        ContentKind.ELEMENT,
        unit=unit,
        identifier=place.part.code,
        phase=phase,
        nominal=place.range.nominal,
        value=_value(said, unit),
        expanded_uncertainty=Decimal(result.reported_expanded_uncertainty),
        expanded_uncertainty_unit=result.reported_unit,
        coverage_factor=Decimal(result.reported_coverage_factor),
        coverage_probability=Decimal(result.coverage_probability),
        degrees_of_freedom=said.freedom,
    )


def _curve_point(said: Said, unit: str) -> NewPoint:
    """Return the value that belongs to an indication: the indication less its error, in the range's unit."""
    result = said.result
    return NewPoint(
        _value(said, unit),
        argument=_in_unit(said, unit),
        expanded_uncertainty=convert_difference(
            Decimal(result.reported_expanded_uncertainty), result.reported_unit, difference_unit(unit)
        ),
        coverage_factor=Decimal(result.reported_coverage_factor),
        coverage_probability=Decimal(result.coverage_probability),
        degrees_of_freedom=said.freedom,
    )


def _value(said: Said, unit: str) -> Decimal:
    result, reported = said.result, Decimal(said.result.reported_value)
    nominal = convert(said.point.nominal, said.point.unit, unit)
    if result.reported_form == ReportForm.NOMINAL_PLUS_DEVIATION:
        return nominal + convert_difference(reported, result.reported_unit, unit)
    if said.is_error:
        return nominal - convert_difference(reported, result.reported_unit, unit)
    return convert(reported, result.reported_unit, unit)
