"""Brings together what an evaluation rests on: reads the database and writes the input record of `record.py`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy.orm import Session

from calc.errors import CalcError
from calc.units import convert
from lims.calibrations import queries
from lims.calibrations.ancestor_queries import made_with_ancestors
from lims.calibrations.facts import (
    CONDITIONS,
    AdjustmentFacts,
    EquipmentUseFacts,
    ExclusionFacts,
    ReadingFacts,
    RunFacts,
)
from lims.calibrations.record import SCHEMA, address_data
from lims.calibrations.scope_lines import lines_on, measured_on_another_day
from lims.calibrations.shared_ancestors import Made, shared_correlations
from lims.calibrations.workflow import UseFault
from lims.core.errors import LimsError
from lims.jobs.facts import points_from_json
from lims.procedures.definition import to_data
from lims.procedures.definition_facts import (
    CharacteristicInput,
    ConditionInput,
    Definition,
    MeasuringPoint,
    ReferenceValueInput,
    ResolutionInput,
    Section,
    StandardDriftInput,
)
from lims.procedures.facts import ProcedureVersionFacts
from standards import queries as standards
from standards.calibration_facts import CalibrationChoice, ContentChoice, ContentKind, Point, ReferenceValue
from standards.facts import InstrumentFacts

_TOGETHER: Final = 2


@dataclass(frozen=True, slots=True)
class Gathered:
    """An input record, and what a calibration could not say."""

    record: dict[str, Any]
    faults: tuple[UseFault, ...]


@dataclass(frozen=True, slots=True)
class RunMaterial:
    """A run with everything stored under it, read once."""

    run: RunFacts
    procedure: ProcedureVersionFacts
    instrument: InstrumentFacts
    readings: tuple[ReadingFacts, ...]
    uses: tuple[EquipmentUseFacts, ...]
    exclusions: tuple[ExclusionFacts, ...] = ()
    adjustments: tuple[AdjustmentFacts, ...] = ()
    last_observed_at: datetime | None = None

    @property
    def definition(self) -> Definition:
        """Return the definition of the procedure version."""
        return self.procedure.definition

    @property
    def current(self) -> tuple[ReadingFacts, ...]:
        """Return the readings that hold."""
        return queries.current(self.readings)

    def points_of(self, section: Section) -> tuple[MeasuringPoint, ...]:
        """Return the points of a section: those agreed for the item, or else the procedure's own."""
        agreed = {entry.section: entry.points for entry in points_from_json(self.run.points)}
        return agreed.get(section.code, ()) or section.points

    def measured_at(self, fallback: datetime) -> datetime:
        """Return the time of the last reading, the instant for which the standards' values are taken.

        `last_observed_at` is given where not all readings of the run are at hand.
        """
        if self.last_observed_at is not None:
            return self.last_observed_at
        return max((reading.observed_at for reading in self.current), default=fallback)


def seed_of(run: RunFacts) -> int:
    """Return the run's own seed: fixed by its token, within 48 bits."""
    return int(hashlib.sha256(run.token.encode()).hexdigest()[:12], 16)


Places = Collection[tuple[str, str]]
"""Section and point of the rows that are asked for."""


class Sources:
    """What the calibrations of a run say, each read once however many points are asked of it."""

    def __init__(self, session: Session, known: Sources | None = None) -> None:
        self._session = session
        self._sources: dict[tuple[int, int | None], standards.ReferenceSource] = {} if known is None else known._sources
        self._choices: dict[int, CalibrationChoice] = {} if known is None else known._choices
        self._made: dict[frozenset[int], dict[int, Made]] = {} if known is None else known._made

    def source(self, calibration_id: int, content_id: int | None) -> standards.ReferenceSource:
        """Return a content of a calibration, or its only one. Raises NotFound, RuleViolation."""
        key = (calibration_id, content_id)
        if key not in self._sources:
            self._sources[key] = standards.reference_source(self._session, calibration_id, content_id)
        return self._sources[key]

    def made(self, calibration_ids: Iterable[int]) -> dict[int, Made]:
        """Return calibrations with all above them and the evaluations behind those that were made here."""
        key = frozenset(calibration_ids)
        if key not in self._made:
            self._made[key] = made_with_ancestors(self._session, key)
        return self._made[key]

    def contents(self, calibration_id: int) -> tuple[ContentChoice, ...]:
        """Return what a calibration has to say."""
        if calibration_id not in self._choices:
            self._choices[calibration_id] = standards.calibration_choice(self._session, calibration_id)
        return self._choices[calibration_id].contents


def input_record(session: Session, material: RunMaterial, *, now: datetime, sources: Sources | None = None) -> Gathered:
    """Return the whole input of the run's evaluation as plain data; `sources` are calibrations read before."""
    run, version = material.run, material.procedure
    sources = sources or Sources(session)
    references, faults = _references(sources, material, material.measured_at(now))
    left_out = queries.points_left_out(material.exclusions)
    contents = sorted({use.content_id for use in material.uses if use.content_id is not None})
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "run": {
            "token": run.token,
            "number": run.number,
            "purpose": str(run.purpose),
            "legal_regime": run.legal_regime,
            "location_kind": run.location_kind,
        },
        "procedure": {
            "code": version.code,
            "version": version.version,
            "method_reference": version.method_reference,
            "definition_digest": version.definition_digest,
            "definition": to_data(version.definition),
        },
        "points": None if run.points is None else json.loads(run.points),
        "item": {"instrument": material.instrument.token, "resolution": _item_resolution(material)},
        "readings": [_reading_data(r) for r in sorted(material.current, key=lambda r: r.address.key)],
        "left_out": [
            {"section": section, "point": point, "phase": phase, "kind": entry.kind}
            for (section, point, phase), entry in sorted(left_out.items())
        ],
        "references": references,
        "correlations": [
            {
                "first": min(entry.first_content_id, entry.second_content_id),
                "second": max(entry.first_content_id, entry.second_content_id),
                "coefficient": f"{entry.coefficient:f}",
                "origin": entry.origin,
            }
            for entry in (standards.reference_correlations(session, contents) if len(contents) > 1 else ())
        ],
        "specification": json.loads(run.agreed_specification.to_json()),
        "decision_rule": json.loads(run.decision_rule.to_json()),
        "scope": _scope(session, material, now),
        "seed": seed_of(run),
    }
    if characteristics := list(_characteristics(sources, material)):
        record["characteristics"] = characteristics
    if shared := _shared(sources, record):
        record["shared"] = shared
    return Gathered(record, tuple(faults))


def _scope(session: Session, material: RunMaterial, now: datetime) -> list[dict[str, Any]]:
    """Return the scope lines in force on the day of the readings: those frozen, unless that was another day."""
    run = material.run
    day = measured_on_another_day(run, material.measured_at(now)) if material.readings else None
    if day is None:
        return [{"section": e.section, "point": e.point, "line": dict(e.line)} for e in run.scope]
    return lines_on(
        session,
        site_id=run.site_id,
        location_kind=run.location_kind,
        instrument_kind=material.instrument.kind,
        version=material.procedure,
        points={section.code: material.points_of(section) for section in material.definition.sections},
        on=day,
    )


def _shared(sources: Sources, record: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the correlations of standards that rest on the same calibration, as far as the chain holds them."""
    used = {
        (entry["calibration_id"], entry["content_id"])
        for entry in record["references"]
        if entry["section"] != CONDITIONS
    }
    calibrations = {key: sources.source(key, content).calibration for key, content in used}
    if len(calibrations) < _TOGETHER or all(entry.run_id is None for entry in calibrations.values()):
        return []
    return shared_correlations(record, sources.made(calibrations))


def _reading_data(reading: ReadingFacts) -> dict[str, Any]:
    return {
        "id": reading.id,
        **address_data(reading.address),
        "text": reading.text,
        "unit": reading.unit,
        "value": None if reading.value is None else f"{reading.value:f}",
        "observed_at": reading.observed_at.isoformat(),
        "observer": reading.observer_id,
        "excluded": reading.excluded,
    }


def _item_resolution(material: RunMaterial) -> dict[str, dict[str, str]]:
    """Return the item's resolution for each section: that of its first range of the section's quantity."""
    found: dict[str, dict[str, str]] = {}
    for section in material.definition.sections:
        for place in material.instrument.ranges():
            if place.function.quantity == section.quantity and place.range.resolution is not None:
                unit = place.range.resolution_unit or place.range.unit
                found[section.code] = {"step": f"{place.range.resolution:f}", "unit": unit}
                break
    return found


def _references(sources: Sources, material: RunMaterial, at: datetime) -> tuple[list[dict[str, Any]], list[UseFault]]:
    """Ask each chosen calibration for its value at every point where the model wants it."""
    found: list[dict[str, Any]] = []
    faults: dict[tuple[int, str], UseFault] = {}
    for use, section, point, asked in _wanted(sources, material):
        if use.calibration_id is None:
            continue
        content_id = asked or use.content_id
        try:
            source = sources.source(use.calibration_id, content_id)
            value = source.value_at(point, at)
        except LimsError as error:
            faults.setdefault(
                (use.id, error.code),
                UseFault(use.id, use.standard_code, error.code, False, error.clause, error.values),
            )
            continue
        kept = {"dcc": source.calibration.dcc_sha256} if source.calibration.dcc_sha256 is not None else {}
        found.append(_reference_data(sources, use, section, value) | kept)
    return found, list(faults.values())


def _wanted(
    sources: Sources, material: RunMaterial
) -> Iterator[tuple[EquipmentUseFacts, tuple[str, str], Point, int | None]]:
    """Yield each use with the section and point, and the value of the argument, that a model asks it for."""
    for section in material.definition.sections:
        slots = {
            entry.slot
            for entry in section.inputs
            if isinstance(entry, ReferenceValueInput | StandardDriftInput | ResolutionInput) and entry.slot
        }
        for point in material.points_of(section):
            for use in material.uses:
                here = use.section in {"", section.code} and use.point in {"", point.code}
                if use.slot in slots and here:
                    yield use, (section.code, point.code), Point(point.nominal, point.unit), None
    yield from _wanted_sensors(sources, material)


def _characteristics(sources: Sources, material: RunMaterial) -> Iterator[dict[str, Any]]:
    """Yield what the certificates of equipment say of its characteristics, at every point whose model asks for one."""
    for section in material.definition.sections:
        asked = [entry for entry in section.inputs if isinstance(entry, CharacteristicInput)]
        for entry in asked:
            for point in material.points_of(section):
                found = _characteristic_of(sources, material, entry, section, point)
                if found is not None:
                    yield found


def _characteristic_of(
    sources: Sources, material: RunMaterial, entry: CharacteristicInput, section: Section, point: MeasuringPoint
) -> dict[str, Any] | None:
    quantity = material.definition.slot(entry.slot).quantity
    for use in material.uses:
        here = use.slot == entry.slot and use.section in {"", section.code} and use.point in {"", point.code}
        if not here or use.calibration_id is None:
            continue
        for content in sources.contents(use.calibration_id):
            wanted = (ContentKind.CHARACTERISTIC, entry.characteristic, quantity)
            if (content.kind, content.identifier, content.quantity) == wanted and content.value is not None:
                value, place = f"{content.value:f}", f"{use.standard_code}/{use.certificate_number}"
                return {
                    "slot": entry.slot,
                    "section": section.code,
                    "point": point.code,
                    "identifier": entry.characteristic,
                    "standard": use.standard_code,
                    "certificate": use.certificate_number,
                    "calibration_id": use.calibration_id,
                    "content_id": content.content_id,
                    "value": value,
                    "unit": content.unit,
                    "digest": f"{place}/{entry.characteristic}/{value} {content.unit}",
                }
    return None


def _wanted_sensors(
    sources: Sources, material: RunMaterial
) -> Iterator[tuple[EquipmentUseFacts, tuple[str, str], Point, int | None]]:
    """Yield the sensors of those conditions that enter a model, at the mean of what was read."""
    entering = {
        entry.quantity
        for section in material.definition.sections
        for entry in section.inputs
        if isinstance(entry, ConditionInput)
    }
    for quantity in sorted(entering):
        slots = {slot.slot for slot in material.definition.equipment if quantity in slot.condition_quantities}
        mean = condition_mean(material, quantity)
        for use in material.uses:
            if use.slot in slots and use.calibration_id is not None and mean is not None:
                contents = sources.contents(use.calibration_id)
                content_id = next((c.content_id for c in contents if c.quantity == quantity), None)
                yield use, (CONDITIONS, quantity), mean, content_id
                break


def condition_mean(material: RunMaterial, quantity: str) -> Point | None:
    """Return the mean of a condition's readings in the procedure's unit, None while nothing was read."""
    unit = next((entry.unit for entry in material.definition.conditions if entry.quantity == quantity), "")
    values = condition_values(material.current, quantity, unit)
    return Point(sum(values, Decimal(0)) / len(values), unit) if values else None


def condition_values(readings: Sequence[ReadingFacts], quantity: str, unit: str) -> list[Decimal]:
    """Return a condition's indications in a unit; one whose unit does not fit is left to the guards."""
    values = []
    for reading in readings:
        here = (reading.address.section, reading.address.point) == (CONDITIONS, quantity)
        if here and reading.excluded is None and reading.value is not None:
            try:
                values.append(convert(reading.value, reading.unit, unit))
            except CalcError:
                continue
    return values


def _reference_data(
    sources: Sources, use: EquipmentUseFacts, where: tuple[str, str], value: ReferenceValue
) -> dict[str, Any]:
    drift = value.drift
    contents = sources.contents(value.calibration_id)
    content = next((entry for entry in contents if entry.content_id == value.content_id), None)
    resolution = None
    if content is not None and content.resolution is not None:
        resolution = {"step": f"{content.resolution:f}", "unit": content.resolution_unit or content.unit}
    return {
        "slot": use.slot,
        "section": where[0],
        "point": where[1],
        "standard": use.standard_code,
        "certificate": use.certificate_number,
        "calibration_id": value.calibration_id,
        "content_id": value.content_id,
        "value": f"{value.value:f}",
        "unit": value.unit,
        "expanded_uncertainty": f"{value.expanded_uncertainty:f}",
        "expanded_uncertainty_unit": value.unit,
        "coverage_factor": f"{value.coverage_factor:f}",
        "degrees_of_freedom": ("Infinity" if value.degrees_of_freedom is None else f"{value.degrees_of_freedom:f}"),
        "drift": None
        if drift is None
        else {"half_width": f"{drift.half_width:f}", "unit": drift.unit, "distribution": drift.distribution},
        "resolution": resolution,
        "digest": value.digest,
    }
