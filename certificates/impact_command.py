"""`lims impact`: every certificate that a calibration of a standard reached, with how far each result moves.

Nothing is stored: the same code as a study works it out while one waits. A calibration is named by its key, by its
certificate's number, by "CODE/number", or by the code of the standard for the one accepted last.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from calc.rounding import round_to_decimals
from calc.units import display_unit
from certificates import impact_plan_queries, impact_services
from certificates.impact_facts import Course, ImpactLine, OpenStudy, Sense
from certificates.impact_plan_queries import Assessed
from certificates.impact_shifts import default_sense, shifts_of
from certificates.reach_list_queries import certificates_of_runs
from lims.calibrations.models import CalibrationRun
from lims.core import messages
from lims.core.errors import NotFound, RuleViolation
from lims.core.formats import number
from standards import queries as standards
from standards.calibration_facts import CalibrationFacts, CalibrationState
from standards.calibration_models import Standard, StandardCalibration

_PIECE = 200
_RUNS = 5000


@dataclass(frozen=True, slots=True)
class AskImpact:
    """Which calibration, and what is doubted of it."""

    name: str
    shift: str = ""
    sense: Sense | None = None
    onset: date | None = None
    until: date | None = None
    course: Course = Course.STEP


def named(session: Session, name: str) -> CalibrationFacts:
    """Return the calibration that a text names. Raises NotFound, or RuleViolation where it names several."""
    query = select(StandardCalibration.id, Standard.code, StandardCalibration.certificate_number).join(
        Standard, Standard.id == StandardCalibration.standard_id
    )
    code, _slash, number = name.partition("/")
    own = Standard.code == code
    for condition in (
        StandardCalibration.certificate_number == name,
        own & (StandardCalibration.certificate_number == number),
    ):
        found = list(session.execute(query.where(condition)))
        if len(found) > 1:
            names = ", ".join(f"{row[1]}/{row[2]}" for row in found)
            raise RuleViolation("cli.impact.several", text=name, names=names)
        if found:
            return standards.calibration_facts(session, found[0][0])
    last = _first(session, query.where(Standard.code == name, _in_use()))
    if last is None and name.isascii() and name.isdigit() and len(name) < 19:
        last = _first(session, query.where(StandardCalibration.id == int(name)))
    if last is None:
        raise NotFound("cli.impact.unknown", text=name)
    return standards.calibration_facts(session, last)


def _in_use() -> ColumnElement[bool]:
    return StandardCalibration.state.in_([CalibrationState.ACCEPTED.value, CalibrationState.ENDED.value])


def _first(session: Session, query: Select[*tuple[Any, ...]]) -> int | None:
    ordered = query.order_by(StandardCalibration.calibrated_on.desc(), StandardCalibration.id.desc()).limit(1)
    found: int | None = session.execute(ordered).scalars().first()
    return found


def impact(session: Session, asked: AskImpact, *, today: date, as_json: bool, say: Callable[[str], object]) -> None:
    """Work out and print what a calibration reached, the largest shift in units of U first.

    Raises NotFound for an unknown calibration, InvalidInput for a shift that cannot be read or fits nothing.
    """
    calibration = named(session, asked.name)
    command = OpenStudy(
        calibration.id, asked.shift, asked.sense, onset=asked.onset, until=asked.until, course=asked.course
    )
    doubt = impact_services.doubt_of(command, since=calibration.calibrated_on, today=today)
    shifts_of(doubt, calibration)
    made = impact_plan_queries.plan(session, doubt)
    found = [
        entry
        for start in range(0, len(made.run_ids), _PIECE)
        for entry in impact_plan_queries.assess(session, made, made.run_ids[start : start + _PIECE])
    ]
    found.sort(key=lambda entry: (-entry.outcome.worst, entry.run_id))
    rows = list(_rows(session, found))
    if as_json:
        sense = None if doubt.shift is None else str(doubt.sense or default_sense(calibration))
        head = {
            "calibration": calibration.id,
            "standard": calibration.standard_code,
            "certificate": calibration.certificate_number,
            "calibrated_on": calibration.calibrated_on.isoformat(),
            "shift": None if doubt.shift is None else f"{doubt.shift.amount:f} {doubt.shift.unit}",
            "sense": sense,
            "course": str(doubt.course),
            "onset": None if doubt.onset is None else doubt.onset.isoformat(),
            "until": None if doubt.until is None else doubt.until.isoformat(),
        }
        say(json.dumps({**head, **_totals(rows), "runs": rows}, ensure_ascii=False))
        return
    for line in _text(calibration, rows):
        say(line)


def _rows(session: Session, found: Sequence[Assessed]) -> Iterable[dict[str, Any]]:
    keys = [entry.run_id for entry in found]
    runs: dict[int, tuple[str, str]] = {}
    for start in range(0, len(keys), _RUNS):
        query = select(CalibrationRun.id, CalibrationRun.number, CalibrationRun.state)
        held = query.where(CalibrationRun.id.in_(keys[start : start + _RUNS]))
        runs |= {row[0]: (row[1], row[2]) for row in session.execute(held)}
    certificates = certificates_of_runs(session, keys)
    for entry in found:
        outcome = entry.outcome
        yield {
            "run": runs[entry.run_id][0],
            "state": runs[entry.run_id][1],
            "certificates": [one.printed for one in certificates.get(entry.run_id, ())],
            "steps": entry.steps,
            "finding": str(outcome.finding),
            "conformity_changed": outcome.changed,
            "largest_shift_in_u": outcome.worst,
            "reason": outcome.reason or None,
            "results": [_result(line) for line in outcome.lines],
        }


def _result(line: ImpactLine) -> dict[str, Any]:
    return {
        "section": line.section,
        "point": line.point,
        "output": line.output,
        "phase": line.phase,
        "unit": line.unit,
        "old": float(line.old),
        "new": float(line.new),
        "shift": float(line.shift),
        "shift_in_u": float(line.shift_in_u),
        "expanded_uncertainty": float(line.expanded_uncertainty),
        "reported_old": line.reported_old,
        "reported_new": line.reported_new,
        "reported_unit": line.reported_unit,
        "conformity_old": line.old_verdict,
        "conformity_new": line.new_verdict,
        "conformity_changed": line.changed,
    }


def _totals(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    certificates = {number for row in rows for number in row["certificates"]}
    return {
        "affected_runs": len(rows),
        "affected_certificates": len(certificates),
        "conformity_changed": sum(row["conformity_changed"] for row in rows),
    }


def _text(calibration: CalibrationFacts, rows: Sequence[dict[str, Any]]) -> Iterable[str]:
    """Yield the lines that people read, in their language's numbers."""
    yield f"{calibration.standard_code} · {calibration.certificate_number} · {calibration.calibrated_on:%d/%m/%Y}"
    if rows:
        yield messages.message("cli.impact.order")
    for row in rows:
        where = ", ".join(row["certificates"]) or messages.label(row["state"], "run_state")
        yield f"{row['run']}  {where}  {messages.label(row['finding'], 'finding')}"
        for result in row["results"]:
            moved = number(round_to_decimals(result["shift_in_u"], 2))
            old, new = number(result["reported_old"]), number(result["reported_new"])
            line = f"    {result['section']}/{result['point']}: {old} → {new} {display_unit(result['reported_unit'])}"
            verdicts = ""
            if result["conformity_changed"]:
                words = [
                    messages.label(result[name] or "–", "verdict") for name in ("conformity_old", "conformity_new")
                ]
                verdicts = f"  {words[0]} → {words[1]}"
            yield f"{line}  ({moved} U){verdicts}"
    yield messages.message("cli.impact.total", _totals(rows))
