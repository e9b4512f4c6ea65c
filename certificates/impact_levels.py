"""From a run on a standard of the laboratory that moved to how far that standard's own calibration is off. Pure.

What the certificate of the lower standard says moves by what its run's result moves, unrounded and with the sign that
the result has there: the value that belongs to an indication falls as the error found at it rises.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from calc.errors import CalcError
from calc.units import canonical_unit, convert, convert_difference, difference_unit
from certificates.impact_facts import ImpactLine
from certificates.impact_shifts import Along, ContentShift
from certificates.own_standards import Said, placed, results_said
from lims.calibrations.results import results_of
from standards.calibration_facts import CalibrationFacts, ContentFacts, ContentKind
from standards.calibration_facts import Phase as ContentPhase
from standards.facts import InstrumentFacts

_ARTEFACTS = frozenset({ContentKind.ELEMENT, ContentKind.CHARACTERISTIC})


def lower_shifts(
    record: Mapping[str, Any],
    result: str,
    lines: Sequence[ImpactLine],
    lower: CalibrationFacts,
    instrument: InstrumentFacts,
    *,
    adjusted: bool,
) -> dict[int, ContentShift]:
    """Return how far each content of a lower calibration is off when the results of its run move as `lines` say.

    Raises RuleViolation own_standard.no_range for a result that belongs to none of the standard's ranges.
    """
    moved = {(line.section, line.point, line.output, line.phase): line for line in lines}
    said = results_said(record, results_of(record, json.loads(result)))
    deltas: dict[tuple[ContentPhase, int], dict[Decimal, Decimal]] = {}
    for phase, place, entry in placed(said, instrument, adjusted=adjusted):
        line = moved.get((entry.result.section, entry.result.point, entry.result.output, entry.result.phase))
        if line is not None:
            unit = place.range.unit
            delta = convert_difference(Decimal(line.shift), line.unit, difference_unit(unit)) * entry.sign
            deltas.setdefault((phase, place.range.id), {})[_nominal(entry, unit)] = delta
    found = {}
    for content in lower.contents:
        own = deltas.get((content.phase, content.range_id))
        if own and any(own.values()):
            found[content.id] = _shift(content, own, _unit_of(instrument, content))
    return found


def _nominal(said: Said, unit: str) -> Decimal:
    try:
        return convert(said.point.nominal, said.point.unit, unit)
    except CalcError:  # an artefact whose point is named in another kind of unit: it has one value only
        return Decimal(0)


def _unit_of(instrument: InstrumentFacts, content: ContentFacts) -> str:
    place = instrument.range_address(content.range_id)
    return content.unit if place is None else place.range.unit


def _shift(content: ContentFacts, deltas: Mapping[Decimal, Decimal], unit: str) -> ContentShift:
    """Return the shift of a content from those of its points, which are in the unit of its range."""
    own, argument = canonical_unit(content.unit), canonical_unit(content.argument_unit or content.unit)
    along = Along.of(
        {
            convert(nominal, unit, argument): convert_difference(delta, difference_unit(unit), difference_unit(own))
            for nominal, delta in deltas.items()
        }
    )
    return ContentShift(own, None if content.kind in _ARTEFACTS else argument, along=along)
