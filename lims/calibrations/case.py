"""What an evaluation rests on, read from a record to typed values: readings, references, points. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from lims.calibrations.facts import Address
from lims.procedures import definition_facts as procedure


@dataclass(frozen=True, slots=True)
class CaseReading:
    """A current reading of the record; without a value where it was left out as not measurable."""

    id: int
    address: Address
    value: Decimal | None
    unit: str
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """What a chosen content of a calibration says at one point; `digest` names the value itself."""

    slot: str
    section: str
    point: str
    standard: str
    content_id: int
    digest: str
    value: Decimal
    unit: str
    expanded_uncertainty: Decimal
    expanded_uncertainty_unit: str
    coverage_factor: Decimal
    degrees_of_freedom: Decimal
    drift_half_width: Decimal | None = None
    drift_unit: str = ""
    drift_distribution: str = "rectangular"
    resolution: Decimal | None = None
    resolution_unit: str = ""


@dataclass(frozen=True, slots=True)
class Characteristic:
    """What a calibration says of equipment that is no standard (a bath's stability), where a model asks for it."""

    slot: str
    section: str
    point: str
    identifier: str
    standard: str
    value: Decimal
    unit: str
    digest: str

    @property
    def place(self) -> tuple[str, str, str, str]:
        """Return where it holds, and which characteristic it is."""
        return self.slot, self.section, self.point, self.identifier


@dataclass(frozen=True, slots=True)
class SharedPart:
    """The correlation of two reference values, named by their digests, that come from the same calibration above."""

    first: str
    second: str
    coefficient: float


@dataclass(frozen=True, slots=True)
class Case:
    """A record, read: everything that the evaluation of a run rests on, but the specification, rule and scope."""

    definition: procedure.Definition
    points: Mapping[str, tuple[procedure.MeasuringPoint, ...]]
    readings: tuple[CaseReading, ...]
    left_out: frozenset[tuple[str, str, str]]
    references: tuple[Reference, ...]
    item_resolution: Mapping[str, tuple[Decimal, str]]
    correlations: Mapping[tuple[int, int], float]
    seed: int
    characteristics: tuple[Characteristic, ...] = ()
    shared: tuple[SharedPart, ...] = ()

    def points_of(self, section: procedure.Section) -> tuple[procedure.MeasuringPoint, ...]:
        """Return the points of a section: those agreed for the item, or else the procedure's own."""
        return tuple(self.points.get(section.code, ())) or section.points


@dataclass(frozen=True, slots=True)
class PointCase:
    """A point of a section in a phase."""

    section: procedure.Section
    point: procedure.MeasuringPoint
    phase: str

    @property
    def key(self) -> str:
        """Return the point's name in the calculation."""
        return f"{self.point.code}|{self.phase}"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a point has no result yet: a code and its values."""

    section: str
    point: str
    phase: str
    code: str
    values: Mapping[str, str]
    clause: str | None
