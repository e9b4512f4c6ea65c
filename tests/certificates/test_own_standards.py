"""What a run found of a standard here, as content of its calibration; and what is refused to become one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from certificates import services
from certificates.facts import RecordOwnCalibration
from certificates.own_standard_services import record_own_calibration
from certificates.own_standards import contents_of, edges_of
from certificates.sources import gather
from lims.calibrations.facts import AdjustmentFacts, Phase, ReleasedRun
from lims.core.errors import Forbidden, RuleViolation
from standards import queries as standards
from standards.calibration_facts import ContentKind
from standards.calibration_facts import Phase as ContentPhase
from standards.facts import InstrumentFacts, StandardRole
from tests.factories import calibrations
from tests.factories.calibrations import NOW, Bench

ISSUE_AT = NOW + timedelta(hours=3)


@pytest.fixture
def bench(session: Session) -> Bench:
    """A laboratory that weighs."""
    return calibrations.make_bench(session)


@pytest.fixture
def found(session: Session, bench: Bench) -> tuple[ReleasedRun, InstrumentFacts]:
    """The released weighing of a 10 kg weight, and the weight."""
    run = gather(session, [calibrations.released_run(session, bench).id], ISSUE_AT.date()).runs[0]
    return run, standards.instrument_facts(session, run.run.instrument_id)


def artefact(instrument: InstrumentFacts, **changes: Any) -> InstrumentFacts:
    """Return the instrument with changes to its only range."""
    part = instrument.parts[0]
    function = part.functions[0]
    ranges = (replace(function.ranges[0], **changes),)
    return replace(instrument, parts=(replace(part, functions=(replace(function, ranges=ranges),)),))


def test_a_weight_becomes_an_element_with_what_its_certificate_prints(
    found: tuple[ReleasedRun, InstrumentFacts],
) -> None:
    run, instrument = found
    (content,) = contents_of(run, artefact(instrument, nominal=Decimal(10000), unit="g"))
    assert (content.kind, content.phase) == (ContentKind.ELEMENT, ContentPhase.AS_LEFT)
    assert (content.nominal, content.value) == (Decimal(10000), Decimal("10000.025"))
    assert (content.expanded_uncertainty, content.expanded_uncertainty_unit) == (Decimal(59), "mg")
    assert (content.coverage_factor, content.degrees_of_freedom) == (Decimal(2), None)


def test_a_range_without_a_nominal_value_becomes_a_curve(found: tuple[ReleasedRun, InstrumentFacts]) -> None:
    run, instrument = found
    span = artefact(instrument, nominal=None, lower=Decimal(0), upper=Decimal(20), unit="kg")
    (content,) = contents_of(run, span)
    assert content.kind is ContentKind.CURVE
    (point,) = content.points
    assert (point.argument, point.value) == (Decimal(10), Decimal("10.000025"))
    assert (point.expanded_uncertainty, content.unit) == (Decimal("0.000059"), "kg")


def test_what_was_found_and_what_was_left_stand_apart(found: tuple[ReleasedRun, InstrumentFacts]) -> None:
    run, instrument = found
    weight = artefact(instrument, nominal=Decimal(10000), unit="g")
    left = replace(run.results[0], phase=str(Phase.AS_LEFT), reported_value="3")
    both = replace(
        run,
        evaluation=replace(run.evaluation, results=(*run.results, left)),
        adjustments=(AdjustmentFacts(1, "adjustment", "Chỉnh", "", "", NOW, "", "", 1, "An", NOW),),
    )
    said = {content.phase: content.value for content in contents_of(both, weight)}
    assert said == {ContentPhase.AS_FOUND: Decimal("10000.025"), ContentPhase.AS_LEFT: Decimal("10000.003")}


def test_a_result_outside_every_range_is_refused(found: tuple[ReleasedRun, InstrumentFacts]) -> None:
    run, instrument = found
    with pytest.raises(RuleViolation) as refused:
        contents_of(run, artefact(instrument, nominal=None, lower=Decimal(0), upper=Decimal(5), unit="kg"))
    assert refused.value.code == "own_standard.no_range"


def test_each_calibration_used_is_an_edge_in_its_role(found: tuple[ReleasedRun, InstrumentFacts]) -> None:
    run, _ = found
    twice = replace(run, equipment=(*run.equipment, *run.equipment))
    assert edges_of(twice) == edges_of(run)
    assert {edge.role for edge in edges_of(run)} == {StandardRole.REFERENCE, StandardRole.INFLUENCE}


def test_what_is_refused(session: Session, bench: Bench) -> None:
    run_id = calibrations.released_run(session, bench).id
    begun = services.begin_issue(session, bench.signatory, [run_id], now=ISSUE_AT)

    def refusal(run: int) -> str:
        with pytest.raises(RuleViolation) as refused:
            record_own_calibration(session, bench.reviewer, RecordOwnCalibration(begun.id, run), now=ISSUE_AT)
        return refused.value.code

    assert refusal(run_id) == "own_standard.not_issued"
    services.finish_issue(session, begun.id, b"%PDF-1.7 test", now=ISSUE_AT)
    assert refusal(run_id + 1) == "own_standard.other_run"
    assert refusal(run_id) == "own_standard.other_purpose"
    with pytest.raises(Forbidden):
        record_own_calibration(session, bench.technician, RecordOwnCalibration(begun.id, run_id), now=ISSUE_AT)
