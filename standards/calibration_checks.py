"""What is refused when a calibration is recorded, with the field that is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.blobs import get_blob
from lims.people.models import Organisation
from standards import queries
from standards.calibration_facts import (
    CalibrationSource,
    CalibrationState,
    ContentFacts,
    PointFacts,
    TerminalFacts,
    TerminalKind,
)
from standards.calibration_models import StandardCalibration
from standards.commands import NewContent, NewTerminal, RecordCalibration
from standards.dcc_queries import is_received
from standards.entries import Checker, check_contents_distinct, checked_content
from standards.facts import InstrumentFacts
from standards.standard_services import check_not_future
from standards.traceability import creates_cycle, edge_breaks, terminal_problems


def check_header(session: Session, check: Checker, command: RecordCalibration, today: date) -> None:
    """Note what is wrong with number, laboratory, dates and files."""
    number = command.certificate_number.strip()
    check.required("certificate_number", number)
    same = select(StandardCalibration.id).where(
        StandardCalibration.standard_id == command.standard_id,
        StandardCalibration.laboratory_id == command.laboratory_id,
        StandardCalibration.certificate_number == number,
        StandardCalibration.state != CalibrationState.REJECTED,
    )
    if session.execute(same.limit(1)).first() is not None:
        check.refuse("certificate_number", "calibration.recorded_already", text=number)
    if session.get(Organisation, command.laboratory_id) is None:
        check.refuse("laboratory_id", "entry.organisation_unknown")
    _check_dates(check, command, today)
    for sha256 in filter(None, (command.certificate_sha256, command.dcc_sha256)):
        get_blob(session, sha256)
    if command.dcc_sha256 is not None and not is_received(session, command.standard_id, command.dcc_sha256):
        check.refuse("certificate_number", "dcc_import.not_received")


def _check_dates(check: Checker, command: RecordCalibration, today: date) -> None:
    made, issued, end = command.calibrated_on, command.issued_on, command.valid_until
    check_not_future(check, "calibrated_on", made, today)
    if issued is not None:
        check_not_future(check, "issued_on", issued, today)
        if issued < made:
            check.refuse("issued_on", "entry.dates_reversed", earlier=made, later=issued)
    if end is not None and end < made:
        check.refuse("valid_until", "entry.dates_reversed", earlier=made, later=end)


def checked_contents(check: Checker, command: RecordCalibration, instrument: InstrumentFacts) -> list[NewContent]:
    """Return the contents with units in their one form; at least one is needed."""
    if not command.contents:
        check.refuse("contents", "entry.no_contents")
    found = [
        checked_content(check, content, instrument.range_address(content.range_id), f"contents-{number}")
        for number, content in enumerate(command.contents)
    ]
    check_contents_distinct(check, found)
    return found


def content_facts(content: NewContent, quantity: str) -> ContentFacts:
    """Return a checked content as it will be read again, without keys."""
    return ContentFacts(
        id=0,
        calibration_id=0,
        range_id=content.range_id,
        phase=content.phase,
        kind=content.kind,
        identifier=content.identifier,
        quantity=quantity,
        unit=content.unit,
        argument_unit=content.argument_unit,
        nominal=content.nominal,
        value=content.value,
        expanded_uncertainty=content.expanded_uncertainty,
        expanded_uncertainty_unit=content.expanded_uncertainty_unit,
        expanded_uncertainty_expression=content.expanded_uncertainty_expression,
        coverage_factor=content.coverage_factor,
        coverage_probability=content.coverage_probability,
        degrees_of_freedom=content.degrees_of_freedom,
        degrees_of_freedom_assumed=content.degrees_of_freedom_assumed,
        distribution=content.distribution,
        equation=content.equation,
        interpolation=content.interpolation,
        correlation=content.correlation,
        within_specification=content.within_specification,
        source_path=content.source_path,
        named_units=content.named_units,
        points=tuple(
            PointFacts(
                position=position,
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
            for position, point in enumerate(content.points, start=1)
        ),
    )


def check_terminals(
    check: Checker, terminals: Iterable[NewTerminal], source: CalibrationSource, calibrated_on: date
) -> None:
    """Note terminals of unknown kind, and those that would not hold a calibration made on the day."""
    for number, terminal in enumerate(terminals):
        field = f"terminals-{number}"
        if terminal.kind not in set(TerminalKind):
            check.refuse(f"{field}-kind", "terminal.unknown", text=terminal.kind)
            continue
        if terminal.valid_to is not None and terminal.valid_to < terminal.valid_from:
            check.refuse(
                f"{field}-valid_to", "entry.dates_reversed", earlier=terminal.valid_from, later=terminal.valid_to
            )
        for code in terminal_problems(_terminal_facts(terminal), source=source, calibrated_on=calibrated_on):
            check.refuse(f"{field}-{_TERMINAL_FIELDS[code]}", code, calibrated_on=calibrated_on)


_TERMINAL_FIELDS = {
    "terminal.kind_does_not_fit": "kind",
    "terminal.without_evidence": "evidence",
    "terminal.reference_missing": "evidence_reference",
    "terminal.symbol_missing": "symbol_on_certificate",
    "terminal.evaluation_missing": "evaluated_by",
    "terminal.not_valid_on_date": "valid_from",
}


def _terminal_facts(terminal: NewTerminal) -> TerminalFacts:
    return TerminalFacts(
        id=0,
        calibration_id=0,
        kind=TerminalKind(terminal.kind),
        evidence=terminal.evidence,
        evidence_reference=terminal.evidence_reference,
        symbol_on_certificate=terminal.symbol_on_certificate,
        valid_from=terminal.valid_from,
        valid_to=terminal.valid_to,
        evaluated_by=terminal.evaluated_by,
        evaluated_on=terminal.evaluated_on,
    )


def check_edges(session: Session, check: Checker, command: RecordCalibration) -> None:
    """Note edges that cannot be: none in house, unknown, of another laboratory, not valid on the day, or a cycle."""
    if command.source is CalibrationSource.IN_HOUSE and not command.edges and not command.terminals:
        check.refuse("edges", "calibration.in_house_without_edges")
    if command.source is CalibrationSource.EXTERNAL and command.edges:
        check.refuse("edges", "calibration.external_with_edges")
    if not command.edges:
        return
    chains = queries.chain_facts(session, {edge.upper_id for edge in command.edges})
    laboratory = queries.standard_facts(session, command.standard_id).laboratory_id
    for number, edge in enumerate(command.edges):
        field = f"edges-{number}-upper_id"
        upper = chains.calibrations.get(edge.upper_id)
        if upper is None or chains.standards[upper.standard_id].laboratory_id != laboratory:
            check.refuse(field, "calibration.not_found")
            continue
        if edge in command.edges[:number]:
            check.refuse(field, "calibration.edge_twice", certificate=upper.certificate_number)
        around = creates_cycle(chains, command.standard_id, [edge.upper_id])
        if around is not None:
            check.refuse(field, "calibration.cycle", certificate=around.certificate_number)
        for item in edge_breaks(upper, chains.standards[upper.standard_id], command.calibrated_on):
            check.refuse(field, "calibration.upper_not_usable", **{**item.values, "reason": item.reason})
