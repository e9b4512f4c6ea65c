"""A generated laboratory of three levels with a hidden shift, and what the shift does to it, worked out apart.

A reference standard calibrates working standards here, these calibrate others, and all of them measure customers'
gauges; another reference of the same kind has nothing to do with it. The runs are copies of one that was measured
through the services, with readings and reference values of their own and evaluated by the code that evaluates every
run. `expected` is plain arithmetic on what was drawn and knows nothing of records, graphs or evaluations.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from certificates.models import Certificate, CertificateRun
from lims.calibrations.commands import ChooseEquipment, Decide, OpenRun, RecordReading
from lims.calibrations.decision_services import submit_run
from lims.calibrations.evaluation import canonical, evaluate_record, evaluation_digest, text_digest
from lims.calibrations.facts import Address, RunPurpose, RunState
from lims.calibrations.models import CalibrationRun, EquipmentUse, Evaluation
from lims.calibrations.reading_services import record_reading
from lims.calibrations.services import choose_equipment, open_run
from lims.core.actor import Actor
from lims.jobs.facts import AgreedSpecification, SpecificationKind
from standards import queries as standards
from standards.calibration_facts import CalibrationFacts, ContentKind, Interpolation
from standards.commands import NewContent, NewPoint
from standards.facts import StandardFacts
from tests.factories.calibrations import NOW, Bench
from tests.factories.gauges import gauge_file, gauge_section, make_gauge_bench, pressure_function, repeats
from tests.factories.standards import make_calibration, make_lower_calibration, make_standard

POINTS: Final = {"p1": Decimal("2.5"), "p2": Decimal(5), "p3": Decimal("7.5"), "p4": Decimal(10)}
READINGS: Final = 2
LIMIT: Final = Decimal("0.1")
SPECIFICATION: Final = AgreedSpecification(
    kind=SpecificationKind.LIMITS, title_vi="Cấp 1", title_en="Class 1", lower=-LIMIT, upper=LIMIT, unit="bar"
)


@dataclass(frozen=True, slots=True)
class Hidden:
    """What nobody was told: the reference indicates so much of its reading too high from a day on, above a pressure."""

    fraction: Decimal
    onset: date
    above: Decimal


@dataclass(frozen=True, slots=True)
class Source:
    """A standard to measure with: its calibration, what its certificate gives at each point, and its hidden truth."""

    standard: StandardFacts
    calibration: CalibrationFacts
    values: Mapping[str, Decimal]
    own_run: int | None = None
    own_day: date | None = None


@dataclass(slots=True)
class ThreeLevels:
    """What was made, and what the hidden shift does to each run: by run, the shift and the verdicts at each point."""

    bench: Bench
    actor: Actor
    hidden: Hidden
    root: int
    shifts: dict[int, dict[str, Decimal]] = field(default_factory=dict)
    errors: dict[int, dict[str, Decimal]] = field(default_factory=dict)
    judged: set[int] = field(default_factory=set)

    def affected(self) -> set[tuple[int, str]]:
        """Return the points whose result truly moves."""
        return {(run, point) for run, found in self.shifts.items() for point, shift in found.items() if shift}

    def flipped(self) -> set[tuple[int, str]]:
        """Return the points whose statement of conformity truly changes, by simple acceptance."""
        return {
            (run, point)
            for run in self.judged
            for point, shift in self.shifts[run].items()
            if (abs(self.errors[run][point]) <= LIMIT) != (abs(self.errors[run][point] + shift) <= LIMIT)
        }


class _Maker:
    """Copies the run that was measured, with other readings, standards and days."""

    def __init__(self, session: Session, bench: Bench, run_id: int, seed: int) -> None:
        self.session, self.random = session, random.Random(seed)
        self.run = _row(session, CalibrationRun, CalibrationRun.id == run_id)
        self.use = _row(session, EquipmentUse, EquipmentUse.run_id == run_id)
        self.evaluation = _row(session, Evaluation, Evaluation.run_id == run_id)
        self.record = json.loads(self.evaluation["input"])
        self.next = session.execute(select(func.max(CalibrationRun.id))).scalar_one() + 1
        self.bench = bench
        self.rows: dict[type, list[dict[str, Any]]] = {}

    def add(
        self, source: Source, day: date, wanted: Mapping[str, Decimal], *, instrument_id: int | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Add a run on a day whose errors come near what is wanted; returns its key and its result.

        With the instrument of a standard it is a run on that standard, else one on a customer's gauge.
        """
        run_id, self.next = self.next, self.next + 1
        record = self._record(run_id, source, day, wanted, own=instrument_id is not None)
        given = canonical(record)
        result = evaluate_record(record)
        self._keep(run_id, source, given, canonical(result), instrument_id)
        return run_id, result

    def _record(
        self, run_id: int, source: Source, day: date, wanted: Mapping[str, Decimal], *, own: bool
    ) -> dict[str, Any]:
        observed = f"{day.isoformat()}T03:00:00+00:00"
        readings = []
        for entry in self.record["readings"]:
            spread = Decimal(self.random.randrange(-2, 3)) / 1000
            shown = f"{source.values[entry['point']] + wanted[entry['point']] + spread:.3f}"
            readings.append({**entry, "value": shown, "text": shown, "observed_at": observed})
        (content,) = source.calibration.contents
        references = [
            {
                **entry,
                "calibration_id": source.calibration.id,
                "content_id": content.id,
                "standard": source.standard.code,
                "certificate": source.calibration.certificate_number,
                "value": f"{source.values[entry['point']]:f}",
                "digest": text_digest(f"{content.id}/{entry['point']}"),
            }
            for entry in self.record["references"]
        ]
        head = {**self.record["run"], "token": f"generated-{run_id}", "number": f"R-{run_id}"}
        rule = {**self.record["decision_rule"], "kind": "simple_acceptance", "guard_factor": None}
        return {
            **self.record,
            "run": head,
            "readings": readings,
            "references": references,
            "decision_rule": rule,
            "specification": json.loads(AgreedSpecification().to_json()) if own else self.record["specification"],
        }

    def _keep(self, run_id: int, source: Source, given: str, result: str, instrument_id: int | None) -> None:
        purpose = RunPurpose.CUSTOMER if instrument_id is None else RunPurpose.OWN_STANDARD
        digests = text_digest(given), text_digest(result)
        head = {"id": run_id, "token": f"generated-{run_id}", "number": f"R-{run_id}"}
        run = {**self.run, **head, "state": RunState.RELEASED.value, "purpose": purpose.value}
        self._row(CalibrationRun, {**run, "instrument_id": instrument_id or self.run["instrument_id"]})
        used = {"run_id": run_id, "standard_id": source.standard.id, "calibration_id": source.calibration.id}
        self._row(EquipmentUse, {**self.use, **used, "id": None, "content_id": source.calibration.contents[0].id})
        kept = {"input": given, "result": result, "input_digest": digests[0], "result_digest": digests[1]}
        whole = evaluation_digest(*digests)
        self._row(Evaluation, {**self.evaluation, **kept, "id": run_id + 1_000_000, "run_id": run_id, "digest": whole})
        if instrument_id is None:
            self._certificate(run_id, whole)

    def _certificate(self, run_id: int, digest: str) -> None:
        self._row(
            Certificate,
            {
                "id": run_id,
                "token": f"generated-{run_id}",
                "site_id": self.bench.site.id,
                "number": f"HC-{run_id}",
                "version": 1,
                "kind": "calibration",
                "state": "issuing",
                "job_id": self.bench.item.job_id,
                "customer_id": self.bench.item.customer_id,
                "addressee_id": self.bench.item.customer_id,
                "language": "vi",
                "content": "{}",
                "content_digest": text_digest("{}"),
                "template": "certificate",
                "template_version": 1,
                "issued_on": NOW.date(),
                "begun_at": NOW,
                "begun_by_id": 1,
                "begun_by_name": "An",
                "search_text": "",
                "row_version": 1,
            },
        )
        covered = {"certificate_id": run_id, "run_id": run_id, "evaluation_id": run_id + 1_000_000}
        self._row(CertificateRun, {**covered, "evaluation_digest": digest})

    def _row(self, table: type, values: dict[str, Any]) -> None:
        self.rows.setdefault(table, []).append({name: one for name, one in values.items() if name != "id" or one})

    def flush(self) -> None:
        """Write what was added."""
        for table in (CalibrationRun, EquipmentUse, Evaluation, Certificate, CertificateRun):
            for start in range(0, len(self.rows.get(table, ())), 500):
                self.session.execute(insert(table), self.rows[table][start : start + 500])
        self.rows.clear()


def _row(session: Session, table: Any, condition: Any) -> dict[str, Any]:
    row = session.execute(select(table).where(condition)).scalars().one()
    return {column.key: getattr(row, column.key) for column in table.__table__.columns}


def make_three_levels(session: Session, certificates: int, *, working: int = 6, seed: int = 7) -> ThreeLevels:
    """Generate the laboratory: so many certificates on two levels of working standards and on the references."""
    bench = make_gauge_bench(
        session, gauge_file([gauge_section("error", repeats(READINGS), len(POINTS))]), specification=SPECIFICATION
    )
    template = _measured(session, bench)
    maker = _Maker(session, bench, template, seed)
    hidden = Hidden(Decimal("0.002137"), NOW.date() + timedelta(days=20), Decimal(4))
    made = ThreeLevels(bench, bench.reviewer, hidden, bench.calibration.id)
    reference = Source(bench.standard, bench.calibration, dict(POINTS))
    stranger = _lower(session, maker, made, reference, NOW.date(), alone=True)
    upper = [_lower(session, maker, made, reference, NOW.date() + timedelta(days=7 * n)) for n in range(working)]
    lower = [_lower(session, maker, made, one, NOW.date() + timedelta(days=60)) for one in upper]
    sources = [reference, stranger, *upper, *lower]
    for _number in range(certificates):
        source = sources[maker.random.randrange(len(sources))]
        first = NOW.date() if source.own_day is None else source.own_day
        day = first + timedelta(days=maker.random.randrange(1, 60))
        wanted = {point: Decimal(maker.random.randrange(-119, 120)) / 1000 for point in POINTS}
        run_id, result = maker.add(source, day, wanted)
        made.judged.add(run_id)
        _expect(made, run_id, source, day, result)
    maker.flush()
    # The copied run was measured with the reference itself, before the onset: it is reached and does not move.
    made.shifts[template] = dict.fromkeys(POINTS, Decimal(0))
    return made


def _measured(session: Session, bench: Bench) -> int:
    """Measure the gauge with the reference, through the services, up to submission."""
    run = open_run(session, bench.technician, OpenRun(job_item_id=bench.item.id), now=NOW)
    chosen = ChooseEquipment(run.id, "reference", bench.standard.id, bench.calibration.id)
    choose_equipment(session, bench.technician, chosen, now=NOW)
    for point, nominal in POINTS.items():
        for repeat in range(1, READINGS + 1):
            address = Address("error", point, 1, "", repeat)
            command = RecordReading(run.id, address, f"{nominal:.2f}", "bar", f"generated-reading-{point}-{repeat}")
            record_reading(session, bench.technician, command, now=NOW)
    submit_run(session, bench.technician, Decide(run.id), now=NOW)
    return run.id


def _lower(
    session: Session, maker: _Maker, made: ThreeLevels, above: Source, day: date, *, alone: bool = False
) -> Source:
    """Calibrate a standard here with the one above it; `alone` ones only look like it and rest on nothing here."""
    standard = make_standard(
        session,
        made.bench.site,
        kind="pressure_gauge",
        name_vi="Áp kế công tác",
        name_en="Working gauge",
        functions=(pressure_function("0.001"),),
    )
    place = standards.instrument_facts(session, standard.instrument_id).ranges()[0]
    wanted = {point: Decimal(maker.random.randrange(-20, 21)) / 1000 for point in POINTS}
    values, run_id = {point: nominal + wanted[point] for point, nominal in POINTS.items()}, None
    if not alone:
        run_id, result = maker.add(above, day, wanted, instrument_id=standard.instrument_id)
        _expect(made, run_id, above, day, result)
        found = {row["point"]: Decimal(row["reported"]["value"]) for row in result["rows"]}
        values = {point: nominal - found[point] for point, nominal in POINTS.items()}
        maker.flush()
    content = NewContent(
        place.range.id,
        ContentKind.CURVE,
        unit="bar",
        identifier="pressure",
        argument_unit="bar",
        interpolation=Interpolation.LINEAR,
        expanded_uncertainty_unit="bar",
        points=tuple(
            NewPoint(values[point], argument=nominal, expanded_uncertainty=Decimal("0.01"), coverage_factor=Decimal(2))
            for point, nominal in POINTS.items()
        ),
    )
    if alone:
        return Source(standard, make_calibration(session, standard, contents=(content,)), values)
    recorded = {"run_id": run_id, "run_number": f"R-{run_id}", "contents": (content,), "calibrated_on": day}
    later = datetime.combine(day + timedelta(days=1), NOW.timetz())
    calibration = make_lower_calibration(
        session, above.calibration, standard, **recorded, recorded_at=later, accepted_at=later + timedelta(hours=1)
    )
    return Source(standard, calibration, values, run_id, day)


def _expect(made: ThreeLevels, run_id: int, source: Source, day: date, result: Mapping[str, Any]) -> None:
    """Note what the hidden shift does to a run: nothing, or as much as its standard, or the one above, was off."""
    hidden = made.hidden
    if source.own_run is not None:
        shifts = made.shifts[source.own_run]
    elif source.calibration.id == made.root and day >= hidden.onset:
        shifts = {p: hidden.fraction * x if x >= hidden.above else Decimal(0) for p, x in POINTS.items()}
    else:
        shifts = dict.fromkeys(POINTS, Decimal(0))
    made.shifts[run_id] = shifts
    made.errors[run_id] = {row["point"]: Decimal(row["measurement_error"]) for row in result["rows"]}
