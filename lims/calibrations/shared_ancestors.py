"""What two standards of one run owe to the same calibration above them: r = shared variance / (u1·u2). Pure.

A standard calibrated here has a stored evaluation whose budget says what each calibration above it brought in, with
the sign of its sensitivity. From budget to budget upward that parts the uncertainty of a certified value into what
comes from each calibration above and what is its own; two values are correlated by the parts they share. Where the
chain does not hold the parts (both standards come from outside) nothing is said here: the procedure states r.

Elements of one calibration were compared with the same standards and count as one ancestor, as they do when they are
used together (r = 1; OIML R 111-1:2004, C.6.3); points of a curve or formula are ancestors each for itself.
Source: JCGM 100:2008, F.1.2.3, equation (F.1).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations
from typing import Any, Final

from calc.correlations import Ancestry, shared_ancestor_correlation
from calc.errors import CalcError
from calc.units import convert, convert_difference
from lims.calibrations.facts import CONDITIONS, Phase
from lims.calibrations.record import definition_of
from lims.calibrations.results import agreed_points
from lims.procedures.definition_facts import ErrorBasis, MeasuringPoint, ReportForm
from standards.calibration_facts import CalibrationFacts, ContentFacts, ContentKind, Interpolation, PointFacts

ORIGIN: Final = "shared_ancestor"
_DEEPEST: Final = 12
"""How many calibrations above each other are followed; no laboratory has more layers."""


@dataclass(frozen=True, slots=True)
class Behind:
    """The stored evaluation behind a calibration made here: its input and result records."""

    input: Mapping[str, Any]
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """A calibration and, where it was made here in a run, the evaluation behind it."""

    calibration: CalibrationFacts
    behind: Behind | None = None

    @property
    def name(self) -> str:
        """Return standard and certificate."""
        return f"{self.calibration.standard_code} {self.calibration.certificate_number}"


@dataclass(frozen=True, slots=True)
class Parts:
    """A certified value's standard uncertainty by where it comes from; the parts are independent of each other."""

    standard_uncertainty: float
    parts: Mapping[str, float] = field(default_factory=dict)

    def ancestry(self, key: str) -> Ancestry:
        """Return the same as the calculation takes it: a statement rounded down does not lie below its parts."""
        whole = math.sqrt(math.fsum(part * part for part in self.parts.values()))
        return Ancestry(key, max(self.standard_uncertainty, whole), self.parts)


def shared_correlations(record: Mapping[str, Any], made: Mapping[int, Made]) -> list[dict[str, Any]]:
    """Return the correlations of an input record's reference values that come from calibrations they share.

    `made` holds the calibrations used and all above them. Only values of different calibrations that stand in one
    section; where there are such, also the values of one calibration at different points, so that all fit together.
    """
    found: list[dict[str, Any]] = []
    sections: dict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for entry in record["references"]:
        if entry["section"] != CONDITIONS:
            sections[entry["section"]].setdefault(entry["digest"], entry)
    for entries in sections.values():
        if len({entry["calibration_id"] for entry in entries.values()}) > 1:
            found += _of_section(record, entries, made)
    unique = {(entry["first"], entry["second"]): entry for entry in found}
    return [unique[pair] for pair in sorted(unique)]


def _of_section(
    record: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]], made: Mapping[int, Made]
) -> Iterator[dict[str, Any]]:
    parts = {digest: parts_of(record, entry, made) for digest, entry in entries.items()}
    pairs = []
    crossed = False
    for (one, first), (other, second) in combinations(sorted(entries.items()), 2):
        same = first["calibration_id"] == second["calibration_id"]
        if same and first["content_id"] != second["content_id"]:
            continue  # of one set: its certificate or the rule for sets says how they correlate
        r = shared_ancestor_correlation(parts[one].ancestry(one), parts[other].ancestry(other))
        if r:
            crossed = crossed or not same
            pairs.append((one, other, r, _names(parts[one], parts[other], made)))
    if crossed:
        for one, other, r, names in pairs:
            yield {"first": one, "second": other, "coefficient": repr(r), "origin": ORIGIN, "ancestors": names}


def _names(one: Parts, other: Parts, made: Mapping[int, Made]) -> list[str]:
    keys = {int(key.split("/")[0]) for key in one.parts.keys() & other.parts.keys()}
    return sorted(made[key].name for key in keys)


def parts_of(
    record: Mapping[str, Any], entry: Mapping[str, Any], made: Mapping[int, Made], depth: int = _DEEPEST
) -> Parts:
    """Return where the uncertainty of a reference value comes from, in the value's unit."""
    u = float(
        convert_difference(Decimal(entry["expanded_uncertainty"]), entry["expanded_uncertainty_unit"], entry["unit"])
    ) / float(entry["coverage_factor"])
    holder = made.get(entry["calibration_id"])
    content = None if holder is None else holder.calibration.content(entry["content_id"])
    if holder is None or content is None:
        return Parts(u)
    argument = _argument(record, entry, content)
    above: dict[str, float] = defaultdict(float)
    if depth and holder.behind is not None:
        for weight, row, sign in _rows_behind(holder.behind, content, argument):
            for key, part in _from_row(holder.behind, row, entry["unit"], made, depth):
                above[key] += weight * sign * part
    own = math.sqrt(max(0.0, u * u - math.fsum(part * part for part in above.values())))
    return Parts(u, {**above, _own_key(content, argument): own} if own else dict(above))


def _own_key(content: ContentFacts, argument: Decimal | None) -> str:
    """Return the name of an ancestor: the calibration for elements that correlate fully, else the content's point."""
    if content.kind is ContentKind.ELEMENT and not content.correlation:
        return f"{content.calibration_id}/"
    return f"{content.calibration_id}/{content.id}@{'' if argument is None else argument.normalize()}"


def _argument(record: Mapping[str, Any], entry: Mapping[str, Any], content: ContentFacts) -> Decimal | None:
    """Return the argument that a content was asked for: the point's nominal value, in the content's unit."""
    if content.kind in {ContentKind.ELEMENT, ContentKind.CHARACTERISTIC}:
        return None
    section = definition_of(record).section(entry["section"])
    agreed = agreed_points(record).get(section.code, ())
    point = next((one for one in (*agreed, *section.points) if one.code == entry["point"]), None)
    if point is None:
        return None
    return _converted(point.nominal, point.unit, content.argument_unit or content.unit)


def _converted(value: Decimal, unit: str, wanted: str) -> Decimal | None:
    try:
        return convert(value, unit, wanted)
    except CalcError:  # a unit of another kind: not this content
        return None


def _rows_behind(
    behind: Behind, content: ContentFacts, argument: Decimal | None
) -> Iterator[tuple[float, Mapping[str, Any], float]]:
    """Yield the evaluated rows that a certified value was made of: weight, row, and +1 or -1 for value or error."""
    for weight, wanted, name in _certified(content, argument):
        row = _row(behind, content, wanted, name)
        if row is not None:
            yield weight, row, _sign(behind, row)


def _certified(content: ContentFacts, argument: Decimal | None) -> Iterator[tuple[float, Decimal, str]]:
    """Yield the certified points behind a value with their weights: itself, or its two neighbours on a line."""
    if content.kind is ContentKind.ELEMENT and content.nominal is not None:
        yield 1.0, content.nominal, content.identifier
        return
    if content.kind is not ContentKind.CURVE or argument is None:
        return
    points: Sequence[PointFacts] = [p for p in content.points if p.argument is not None and p.second_argument is None]
    arguments = sorted(p.argument for p in points if p.argument is not None)
    if argument in arguments:
        yield 1.0, argument, ""
        return
    below, above = [x for x in arguments if x < argument], [x for x in arguments if x > argument]
    if below and above and content.interpolation == Interpolation.LINEAR:
        share = float((argument - below[-1]) / (above[0] - below[-1]))
        yield 1.0 - share, below[-1], ""
        yield share, above[0], ""


def _row(behind: Behind, content: ContentFacts, wanted: Decimal, name: str) -> Mapping[str, Any] | None:
    """Return the row of the evaluation that found a certified value, None where none or several could have."""
    unit = content.unit if content.kind is ContentKind.ELEMENT else content.argument_unit or content.unit
    found: dict[tuple[str, str], tuple[Mapping[str, Any], MeasuringPoint]] = {}
    agreed = agreed_points(behind.input)
    definition = definition_of(behind.input)
    for row in behind.result["rows"]:
        section = definition.section(row["section"])
        if row["quantity"] != content.quantity:
            continue
        points = (*agreed.get(section.code, ()), *section.points)
        point = next((one for one in points if one.code == row["point"]), None)
        if point is None or _converted(point.nominal, point.unit, unit) != wanted:
            continue
        place = (row["section"], row["point"])
        # Of each point the first output is the standard's value; after an adjustment that as left.
        if place not in found or (found[place][0]["phase"] != row["phase"] and row["phase"] == str(Phase.AS_LEFT)):
            found[place] = (row, point)
    rows = list(found.values())
    if len(rows) > 1:
        rows = [(row, point) for row, point in rows if point.title_vi == name]
    return rows[0][0] if len(rows) == 1 else None


def _sign(behind: Behind, row: Mapping[str, Any]) -> float:
    """Return -1 where the certified value is an indication less the row's error, else 1."""
    section = definition_of(behind.input).section(row["section"])
    output = next(one for one in section.outputs if one.name == row["output"])
    deviation = row["reported"]["form"] == ReportForm.NOMINAL_PLUS_DEVIATION
    return -1.0 if output.error is ErrorBasis.VALUE and not deviation else 1.0


def _from_row(
    behind: Behind, row: Mapping[str, Any], unit: str, made: Mapping[int, Made], depth: int
) -> Iterator[tuple[str, float]]:
    """Yield what a row owes to each calibration above, signed, in a unit: each budget line through to its ancestors."""
    references = {entry["digest"]: entry for entry in behind.input["references"]}
    for line in _budget(behind, row):
        kind, _, digest = line["key"].partition("/")
        entry = references.get(digest) if kind == "reference" else None
        u_above = float(line["standard_uncertainty"])
        if entry is None or u_above == 0.0:
            continue
        contribution = float(convert_difference(float(line["contribution"]), row["unit"], unit))
        upper = parts_of(behind.input, entry, made, depth - 1)
        whole = upper.standard_uncertainty
        for key, part in upper.parts.items():
            yield key, contribution * part / whole


def _budget(behind: Behind, row: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    wanted = (f"{row['point']}|{row['phase']}", row["output"])
    for section in behind.result["sections"]:
        if section["code"] == row["section"]:
            for output in section["measurement"]["outputs"]:
                if (output["point"], output["output"]) == wanted:
                    found: list[Mapping[str, Any]] = output["budget"]
                    return found
    return ()
