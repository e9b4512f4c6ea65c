"""Reads of calibration events, with contents, terminals, edges and extensions; whole sets at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.errors import NotFound
from standards.calibration_facts import (
    CalibrationFacts,
    CalibrationSource,
    CalibrationState,
    ContentFacts,
    ContentKind,
    EdgeFacts,
    ExtensionFacts,
    Phase,
    PointFacts,
    TerminalFacts,
    TerminalKind,
)
from standards.calibration_models import (
    CalibrationContent,
    CalibrationEdge,
    CalibrationExtension,
    CalibrationPoint,
    CalibrationTerminal,
    Standard,
    StandardCalibration,
    StandardDrift,
)
from standards.chain_facts import TraceabilityChain
from standards.chain_rules import rules_for
from standards.curve_points import Span
from standards.facts import DriftFacts, LegalRegime, StandardRole
from standards.instrument_queries import Names, names_of, standards_by_id
from standards.models import InstrumentRange
from standards.traceability import ChainFacts, trace, with_warnings


def calibration_facts(session: Session, calibration_id: int) -> CalibrationFacts:
    """Return a calibration with everything it says. Raises NotFound."""
    found = calibrations_by_id(session, [calibration_id])
    if not found:
        raise NotFound("calibration.not_found")
    return found[calibration_id]


def calibrations_of(session: Session, standard_id: int) -> list[CalibrationFacts]:
    """Return the calibrations of a standard, newest first."""
    return calibrations_of_all(session, [standard_id])[standard_id]


def calibrations_of_all(session: Session, standard_ids: Collection[int]) -> dict[int, list[CalibrationFacts]]:
    """Return the calibrations of several standards, newest first, by the standard's key."""
    keys = select(StandardCalibration.id).where(StandardCalibration.standard_id.in_(set(standard_ids)))
    found: dict[int, list[CalibrationFacts]] = defaultdict(list)
    for facts in calibrations_by_id(session, list(session.execute(keys).scalars())).values():
        found[facts.standard_id].append(facts)
    for facts_of_one in found.values():
        facts_of_one.sort(key=lambda item: (item.calibrated_on, item.id), reverse=True)
    return found


def calibrations_by_id(session: Session, calibration_ids: Collection[int]) -> dict[int, CalibrationFacts]:
    """Return several calibrations by their keys, in the order of their keys; unknown keys are left out."""
    wanted = set(calibration_ids)
    query = (
        select(StandardCalibration, Standard.code)
        .join(Standard, Standard.id == StandardCalibration.standard_id)
        .where(StandardCalibration.id.in_(wanted))
        .order_by(StandardCalibration.id)
    )
    rows = list(session.execute(query))
    names = names_of(session, {row.laboratory_id for row, _ in rows})
    contents = _contents_of(session, wanted)
    terminals = _terminals_of(session, wanted)
    edges = _edges_of(session, wanted)
    extensions = _extensions_of(session, wanted)
    return {
        row.id: _calibration_facts(
            row, code, names, contents[row.id], terminals[row.id], edges[row.id], extensions[row.id]
        )
        for row, code in rows
    }


def calibration_of_run(session: Session, run_id: int) -> int | None:
    """Return the calibration that was recorded from a run here, None where there is none that counts."""
    query = (
        select(StandardCalibration.id)
        .where(StandardCalibration.run_id == run_id, StandardCalibration.state != CalibrationState.REJECTED)
        .order_by(StandardCalibration.id.desc())
    )
    return session.execute(query.limit(1)).scalar_one_or_none()


def _calibration_facts(
    row: StandardCalibration,
    standard_code: str,
    names: Names,
    contents: list[ContentFacts],
    terminals: list[TerminalFacts],
    edges: list[EdgeFacts],
    extensions: list[ExtensionFacts],
) -> CalibrationFacts:
    laboratory_vi, laboratory_en = names.get(row.laboratory_id, ("", None))
    return CalibrationFacts(
        id=row.id,
        token=row.token,
        standard_id=row.standard_id,
        standard_code=standard_code,
        source=CalibrationSource(row.source),
        certificate_number=row.certificate_number,
        laboratory_id=row.laboratory_id,
        laboratory_name_vi=laboratory_vi,
        laboratory_name_en=laboratory_en,
        run_id=row.run_id,
        run_number=row.run_number,
        run_digest=row.run_digest,
        calibrated_on=row.calibrated_on,
        issued_on=row.issued_on,
        valid_until=row.valid_until,
        method=row.method,
        conditions=row.conditions,
        accredited_symbol=row.accredited_symbol,
        state=CalibrationState(row.state),
        recorded_at=row.recorded_at,
        recorded_by_id=row.recorded_by_id,
        recorded_by_name=row.recorded_by_name,
        accepted_at=row.accepted_at,
        accepted_by_id=row.accepted_by_id,
        accepted_by_name=row.accepted_by_name,
        acceptance_note=row.acceptance_note,
        ended_at=row.ended_at,
        ended_reason=row.ended_reason,
        ended_kind=row.ended_kind,
        comparison=row.comparison,
        content_digest=row.content_digest,
        certificate_sha256=row.certificate_sha256,
        dcc_sha256=row.dcc_sha256,
        row_version=row.row_version,
        contents=tuple(contents),
        terminals=tuple(terminals),
        edges=tuple(edges),
        extensions=tuple(extensions),
    )


def _contents_of(session: Session, calibration_ids: Collection[int]) -> dict[int, list[ContentFacts]]:
    of_calibrations = CalibrationContent.calibration_id.in_(calibration_ids)
    points: dict[int, list[PointFacts]] = defaultdict(list)
    wanted = select(CalibrationContent.id).where(of_calibrations)
    query = (
        select(CalibrationPoint)
        .where(CalibrationPoint.content_id.in_(wanted))
        .order_by(CalibrationPoint.content_id, CalibrationPoint.position)
    )
    for point in session.execute(query).scalars():
        points[point.content_id].append(
            PointFacts(
                position=point.position,
                value=point.value,
                name=point.name,
                argument=point.argument,
                second_argument=point.second_argument,
                expanded_uncertainty=point.expanded_uncertainty,
                coverage_factor=point.coverage_factor,
                coverage_probability=point.coverage_probability,
                degrees_of_freedom=point.degrees_of_freedom,
                source_path=point.source_path,
            )
        )
    contents: dict[int, list[ContentFacts]] = defaultdict(list)
    for row in session.execute(
        select(CalibrationContent).where(of_calibrations).order_by(CalibrationContent.id)
    ).scalars():
        contents[row.calibration_id].append(_content_facts(row, points[row.id]))
    return contents


def _content_facts(row: CalibrationContent, points: list[PointFacts]) -> ContentFacts:
    return ContentFacts(
        id=row.id,
        calibration_id=row.calibration_id,
        range_id=row.range_id,
        phase=Phase(row.phase),
        kind=ContentKind(row.kind),
        identifier=row.identifier,
        quantity=row.quantity,
        unit=row.unit,
        argument_unit=row.argument_unit,
        nominal=row.nominal,
        value=row.value,
        expanded_uncertainty=row.expanded_uncertainty,
        expanded_uncertainty_unit=row.expanded_uncertainty_unit,
        expanded_uncertainty_expression=row.expanded_uncertainty_expression,
        coverage_factor=row.coverage_factor,
        coverage_probability=row.coverage_probability,
        degrees_of_freedom=row.degrees_of_freedom,
        degrees_of_freedom_assumed=row.degrees_of_freedom_assumed,
        distribution=row.distribution,
        equation=row.equation,
        interpolation=row.interpolation,
        correlation=row.correlation,
        within_specification=row.within_specification,
        source_path=row.source_path,
        named_units=row.named_units,
        points=tuple(points),
    )


def _terminals_of(session: Session, calibration_ids: Collection[int]) -> dict[int, list[TerminalFacts]]:
    query = (
        select(CalibrationTerminal)
        .where(CalibrationTerminal.calibration_id.in_(calibration_ids))
        .order_by(CalibrationTerminal.id)
    )
    found: dict[int, list[TerminalFacts]] = defaultdict(list)
    for row in session.execute(query).scalars():
        found[row.calibration_id].append(
            TerminalFacts(
                id=row.id,
                calibration_id=row.calibration_id,
                kind=TerminalKind(row.kind),
                evidence=row.evidence,
                evidence_reference=row.evidence_reference,
                symbol_on_certificate=row.symbol_on_certificate,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
                evaluated_by=row.evaluated_by,
                evaluated_on=row.evaluated_on,
                document_sha256=row.document_sha256,
            )
        )
    return found


def _edges_of(session: Session, calibration_ids: Collection[int]) -> dict[int, list[EdgeFacts]]:
    query = select(CalibrationEdge).where(CalibrationEdge.lower_id.in_(calibration_ids)).order_by(CalibrationEdge.id)
    found: dict[int, list[EdgeFacts]] = defaultdict(list)
    for row in session.execute(query).scalars():
        found[row.lower_id].append(EdgeFacts(row.lower_id, row.upper_id, StandardRole(row.role), row.run_id))
    return found


def _extensions_of(session: Session, calibration_ids: Collection[int]) -> dict[int, list[ExtensionFacts]]:
    query = (
        select(CalibrationExtension)
        .where(CalibrationExtension.calibration_id.in_(calibration_ids))
        .order_by(CalibrationExtension.decided_on, CalibrationExtension.id)
    )
    found: dict[int, list[ExtensionFacts]] = defaultdict(list)
    for row in session.execute(query).scalars():
        found[row.calibration_id].append(
            ExtensionFacts(row.valid_until, row.decided_on, row.evidence, row.decided_by_name)
        )
    return found


def drifts_of(session: Session, standard_id: int) -> list[DriftFacts]:
    """Return the drift decisions of a standard, newest first."""
    query = (
        select(StandardDrift)
        .where(StandardDrift.standard_id == standard_id)
        .order_by(StandardDrift.valid_from.desc(), StandardDrift.id.desc())
    )
    return [
        DriftFacts(
            id=row.id,
            standard_id=row.standard_id,
            range_id=row.range_id,
            half_width_expression=row.half_width_expression,
            unit=row.unit,
            distribution=row.distribution,
            per=row.per,
            correction_expression=row.correction_expression,
            basis=row.basis,
            valid_from=row.valid_from,
            decided_by_name=row.decided_by_name,
        )
        for row in session.execute(query).scalars()
    ]


def chain_facts(session: Session, calibration_ids: Collection[int]) -> ChainFacts:
    """Return everything above some calibrations: one recursive statement finds the keys, the rest loads them."""
    upward = select(StandardCalibration.id.label("id")).where(StandardCalibration.id.in_(set(calibration_ids)))
    walk = upward.cte("upward", recursive=True)
    walk = walk.union(select(CalibrationEdge.upper_id).join(walk, CalibrationEdge.lower_id == walk.c.id))
    calibrations = calibrations_by_id(session, list(session.execute(select(walk.c.id)).scalars()))
    standards = standards_by_id(session, {facts.standard_id for facts in calibrations.values()})
    joined = any(facts.edges for facts in calibrations.values())
    return ChainFacts(calibrations, standards, _spans(session, calibrations) if joined else {})


def _spans(session: Session, calibrations: Mapping[int, CalibrationFacts]) -> dict[int, Span]:
    """Return the ends of the ranges that the calibrations speak of by a formula, by the range's key."""
    keys = {
        content.range_id
        for facts in calibrations.values()
        for content in facts.contents
        if content.kind in {ContentKind.EXPRESSION, ContentKind.COEFFICIENTS}
    }
    rows = session.execute(select(InstrumentRange).where(InstrumentRange.id.in_(keys))).scalars() if keys else ()
    return {row.id: Span(row.lower, row.upper, row.unit) for row in rows}


def traceability_chain(
    session: Session, calibration_id: int, on: date, legal_regime: LegalRegime | str = LegalRegime.CALIBRATION
) -> TraceabilityChain:
    """Return the chain upward of a calibration used on a day, with every break and warning. Raises NotFound."""
    facts = chain_facts(session, [calibration_id])
    if calibration_id not in facts.calibrations:
        raise NotFound("calibration.not_found")
    rules = rules_for(legal_regime)
    return with_warnings(facts, trace(facts, calibration_id, on, rules), rules)
