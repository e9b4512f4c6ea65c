"""A stored evaluation evaluated again with corrected reference values, by the code that evaluates every run. Pure.

Only the values of the doubted contents move; readings, uncertainties, drifts, specification and rule are those of the
stored record, which itself is left as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Any, Final

from calc.units import convert, convert_difference
from certificates.impact_facts import Finding, ImpactLine, Reevaluated
from certificates.impact_shifts import Shifts
from lims.calibrations.evaluation import evaluate_record
from lims.calibrations.facts import CONDITIONS
from lims.core.canonical import digest
from lims.core.clock import local_date
from standards.calibration_facts import Point
from standards.formula import PRECISION

_DECODER: Final = json.JSONDecoder()
_ROWS: Final = '"rows":'


@dataclass(frozen=True, slots=True)
class StoredEvaluation:
    """An evaluation as stored, with the zone in which its laboratory counts days."""

    id: int
    run_id: int
    input: str
    result: str
    timezone: str


def reevaluate(stored: StoredEvaluation, shifts: Shifts) -> Reevaluated:
    """Return how each result of a stored evaluation moves with corrected reference values."""
    corrected = corrected_record(json.loads(stored.input), shifts, stored.timezone)
    if corrected is None:
        return Reevaluated(Finding.UNCHANGED, 0.0)
    return compared(rows_of(stored.result), evaluate_record(corrected, rows_only=True)["rows"])


def rows_of(result: str) -> list[dict[str, Any]]:
    """Return the rows of a stored result, without reading the budgets behind them: its keys stand in their order."""
    found: list[dict[str, Any]] = _DECODER.raw_decode(result, result.index(_ROWS) + len(_ROWS))[0]
    return found


def corrected_record(record: Mapping[str, Any], shifts: Shifts, timezone: str) -> dict[str, Any] | None:
    """Return the input record with corrected reference values, or None where none of them moves."""
    on = measured_on(record["readings"], timezone)
    moved = False
    references, conditions = [], {}
    points = _Points(record)
    for entry in record["references"]:
        shift = shifts.get(entry["content_id"])
        value = Decimal(entry["value"])
        delta = Decimal(0) if shift is None else shift.at(points.of(entry), value, on)
        if shift is None or not delta:
            references.append(entry)
            continue
        moved = True
        by = convert_difference(delta, shift.unit, entry["unit"])
        references.append(_moved(entry, value, by))
        if entry["section"] == CONDITIONS:
            conditions[entry["point"]] = (by, entry["unit"])
    characteristics = [_characteristic(entry, shifts, on) for entry in record.get("characteristics", ())]
    moved = moved or characteristics != list(record.get("characteristics", ()))
    if not moved:
        return None
    found = {**record, "references": references}
    if record.get("shared"):
        found["shared"] = _renamed(record, references)
    if conditions:
        found["readings"] = [_condition(entry, conditions) for entry in record["readings"]]
    if characteristics:
        found["characteristics"] = characteristics
    return found


def _renamed(record: Mapping[str, Any], references: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the correlations of the record with the names that the corrected values have now."""
    names = {old["digest"]: new["digest"] for old, new in zip(record["references"], references, strict=True)}
    return [
        {**entry, **{end: names.get(entry[end], entry[end]) for end in ("first", "second")}}
        for entry in record["shared"]
    ]


def measured_on(readings: Iterable[Mapping[str, Any]], timezone: str) -> date:
    """Return the day for which the standards' values were taken: that of the last reading."""
    last = max(entry["observed_at"] for entry in readings)  # all in UTC and in one form
    return local_date(datetime.fromisoformat(last), timezone)


class _Points:
    """Where the references of a record were asked for; read only as far as needed."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record
        self._nominals: dict[tuple[str, str], Point] | None = None

    def of(self, entry: Mapping[str, Any]) -> Point | None:
        """Return the point of a reference: the nominal value of its point, or the mean that a sensor showed."""
        if entry["section"] == CONDITIONS:
            return self._mean(entry["point"], entry["unit"])
        if self._nominals is None:
            self._nominals = dict(self._read())
        return self._nominals.get((entry["section"], entry["point"]))

    def _read(self) -> Iterable[tuple[tuple[str, str], Point]]:
        agreed = {entry["section"]: entry["points"] for entry in self._record["points"] or ()}
        for section in self._record["procedure"]["definition"]["sections"]:
            for point in (*section["points"], *agreed.get(section["code"], ())):
                yield (section["code"], point["code"]), Point(Decimal(point["nominal"]), point["unit"])

    def _mean(self, quantity: str, unit: str) -> Point | None:
        values = []
        for entry in self._record["readings"]:
            here = (entry["section"], entry["point"]) == (CONDITIONS, quantity)
            if here and entry["excluded"] is None and entry["value"] is not None:
                values.append(convert(Decimal(entry["value"]), entry["unit"], unit))
        with localcontext(prec=PRECISION):
            return Point(sum(values, Decimal(0)) / len(values), unit) if values else None


def _moved(entry: Mapping[str, Any], value: Decimal, by: Decimal) -> dict[str, Any]:
    with localcontext(prec=PRECISION):
        text = f"{value + by:f}"
    return {**entry, "value": text, "digest": digest(f"{entry['digest']}\n{text}")}


def _condition(entry: Mapping[str, Any], conditions: Mapping[str, tuple[Decimal, str]]) -> Mapping[str, Any]:
    """Return a reading of a condition as its sensor would have shown it without its fault."""
    if entry["section"] != CONDITIONS or entry["point"] not in conditions or entry["value"] is None:
        return entry
    by, unit = conditions[entry["point"]]
    return {**entry, "value": f"{Decimal(entry['value']) + convert_difference(by, unit, entry['unit']):f}"}


def _characteristic(entry: Mapping[str, Any], shifts: Shifts, on: date) -> Mapping[str, Any]:
    shift, value = shifts.get(entry["content_id"]), Decimal(entry["value"])
    delta = Decimal(0) if shift is None else shift.at(None, value, on)
    if shift is None or not delta:
        return entry
    return _moved(entry, value, convert_difference(delta, shift.unit, entry["unit"]))


def compared(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> Reevaluated:
    """Return how far the rows of a result lie from those of the same input but for its references."""
    after = {_key(row): row for row in new}
    lines, lost = [], []
    for row in old:
        found = after.get(_key(row))
        if found is None:
            lost.append("/".join(_key(row)))
        else:
            lines.append(_line(row, found))
    worst = max((abs(float(line.shift_in_u)) for line in lines), default=0.0)
    if lost:
        return Reevaluated(Finding.UNKNOWN, worst, tuple(lines), ", ".join(lost))
    return Reevaluated(_finding(lines), worst, tuple(lines))


def _finding(lines: Sequence[ImpactLine]) -> Finding:
    if any(line.changed for line in lines):
        return Finding.CHANGED
    return Finding.SHIFTED if any(line.moved for line in lines) else Finding.UNCHANGED


def _key(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return row["section"], row["point"], row["output"], row["phase"]


def _line(old: Mapping[str, Any], new: Mapping[str, Any]) -> ImpactLine:
    expanded = float(old["expanded_uncertainty"])
    if old["cmc"] is not None:
        expanded = max(expanded, float(old["cmc"]))
    shift = float(new["estimate"]) - float(old["estimate"])
    before, judged = old["reported"], old["conformity"] or {}
    return ImpactLine(
        section=old["section"],
        point=old["point"],
        output=old["output"],
        phase=old["phase"],
        unit=old["unit"],
        old=old["estimate"],
        new=new["estimate"],
        shift=repr(shift),
        shift_in_u=repr(shift / expanded if expanded else 0.0),
        expanded_uncertainty=repr(expanded),
        old_error=old["measurement_error"],
        new_error=new["measurement_error"],
        old_verdict=judged.get("verdict"),
        new_verdict=(new["conformity"] or {}).get("verdict"),
        lower=judged.get("tolerance_lower"),
        upper=judged.get("tolerance_upper"),
        reported_old=before["value"],
        reported_new=new["reported"]["value"],
        reported_unit=before["unit"],
        reported_uncertainty=before["expanded_uncertainty"],
    )
