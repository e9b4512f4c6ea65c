"""Turns the form of a calibration into a command: certificate, results per range or points of a curve, evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from lims.core.fields import Fields
from standards.calibration_facts import CalibrationSource, ContentKind, Interpolation, Phase, TerminalKind
from standards.commands import NewContent, NewEdge, NewPoint, NewTerminal, RecordCalibration
from standards.facts import StandardRole
from standards.forms import Renames

FORM_KINDS: Final = (ContentKind.ELEMENT, ContentKind.CURVE, ContentKind.EXPRESSION, ContentKind.CHARACTERISTIC)
"""Kinds that can be typed in; coefficients come from a file."""

CURVE_ROWS: Final = 12
EDGE_ROWS: Final = 4
_TYPED: Final = ("value", "expanded_uncertainty", "expanded_uncertainty_expression")
_POINT: Final = ("argument", "value", "expanded_uncertainty", "coverage_factor")


def parse_record_calibration(
    standard_id: int, range_ids: Sequence[int], form: Mapping[str, str], certificate_sha256: str | None
) -> tuple[RecordCalibration, Renames]:
    """Read the form of a calibration of a standard with these ranges."""
    fields = Fields(form)
    renames = Renames()
    kind = fields.choice("kind", ContentKind)
    source = fields.choice("source", CalibrationSource)
    phase = fields.optional_choice("phase", Phase) or Phase.AS_LEFT
    curve = kind is ContentKind.CURVE
    contents = [_curve(fields, phase, renames)] if curve else _per_range(fields, kind, phase, range_ids, renames)
    command = RecordCalibration(
        standard_id=standard_id,
        certificate_number=fields.text("certificate_number", maximum=100),
        laboratory_id=fields.integer("laboratory_id", lower=1),
        calibrated_on=fields.date("calibrated_on"),
        contents=tuple(contents),
        source=source,
        issued_on=fields.optional_date("issued_on"),
        valid_until=fields.optional_date("valid_until"),
        method=fields.optional_text("method"),
        conditions=fields.optional_text("conditions", maximum=2000),
        accredited_symbol=fields.flag("terminals-0-symbol_on_certificate"),
        terminals=parse_terminals(fields),
        edges=_edges(fields, renames) if source is CalibrationSource.IN_HOUSE else (),
        certificate_sha256=certificate_sha256,
    )
    renames.add("contents", "contents-0-value")
    renames.add("edges", "edges-0-upper_id")
    fields.finish()
    return command, renames


def _per_range(
    fields: Fields, kind: ContentKind, phase: Phase, range_ids: Sequence[int], renames: Renames
) -> list[NewContent]:
    """Read one row for each range of the instrument; rows without any number are ranges not calibrated."""
    found: list[NewContent] = []
    for number, range_id in enumerate(range_ids):
        row = f"contents-{number}"
        if not any(fields.raw(f"{row}-{name}").strip() for name in _TYPED):
            continue
        renames.add(f"contents-{len(found)}-", f"{row}-")
        formula = fields.optional_text(f"{row}-expanded_uncertainty_expression", maximum=400)
        found.append(
            NewContent(
                range_id=range_id,
                kind=kind,
                phase=phase,
                unit=fields.optional_text(f"{row}-unit", maximum=40) or "",
                identifier=fields.optional_text(f"{row}-identifier", maximum=64) or "",
                nominal=fields.optional_decimal(f"{row}-nominal"),
                value=fields.optional_decimal(f"{row}-value"),
                expanded_uncertainty=fields.optional_decimal(f"{row}-expanded_uncertainty"),
                expanded_uncertainty_unit=fields.optional_text(f"{row}-expanded_uncertainty_unit", maximum=40),
                expanded_uncertainty_expression=formula.replace(",", ".") if formula else None,
                coverage_factor=fields.optional_decimal(f"{row}-coverage_factor"),
                coverage_probability=_probability(fields),
                distribution="rectangular" if kind is ContentKind.CHARACTERISTIC else None,
            )
        )
    return found


def _curve(fields: Fields, phase: Phase, renames: Renames) -> NewContent:
    points: list[NewPoint] = []
    for number in range(_curve_rows(fields)):
        row = f"points-{number}"
        if not any(fields.raw(f"{row}-{name}").strip() for name in _POINT):
            continue
        renames.add(f"contents-0-points-{len(points)}-", f"{row}-")
        points.append(
            NewPoint(
                argument=fields.decimal(f"{row}-argument"),
                value=fields.decimal(f"{row}-value"),
                expanded_uncertainty=fields.optional_decimal(f"{row}-expanded_uncertainty"),
                coverage_factor=fields.optional_decimal(f"{row}-coverage_factor"),
            )
        )
    renames.add("contents-0-points", "points-0-argument")
    interpolation = fields.optional_choice("contents-0-interpolation", Interpolation)
    return NewContent(
        range_id=fields.integer("contents-0-range_id", lower=1),
        kind=ContentKind.CURVE,
        phase=phase,
        unit=fields.optional_text("contents-0-unit", maximum=40) or "",
        identifier=fields.optional_text("contents-0-identifier", maximum=64) or "",
        expanded_uncertainty_unit=fields.optional_text("contents-0-expanded_uncertainty_unit", maximum=40),
        coverage_factor=fields.optional_decimal("contents-0-coverage_factor"),
        coverage_probability=_probability(fields),
        interpolation=interpolation.value if interpolation is not None else Interpolation.NONE.value,
        points=tuple(points),
    )


def _curve_rows(fields: Fields) -> int:
    rows = CURVE_ROWS
    while rows < 200 and fields.raw(f"points-{rows}-argument"):
        rows += 1
    return rows


def _probability(fields: Fields) -> Decimal | None:
    """Read a probability in per cent, as certificates print it."""
    percent = fields.optional_decimal("coverage_probability")
    return None if percent is None else percent / 100


def parse_terminals(fields: Fields) -> tuple[NewTerminal, ...]:
    """Read the evidence at which the path ends; none where no kind was chosen."""
    row = "terminals-0"
    kind = fields.optional_choice(f"{row}-kind", TerminalKind)
    if kind is None:
        return ()
    return (
        NewTerminal(
            kind=kind,
            evidence=fields.optional_text(f"{row}-evidence", maximum=2000) or "",
            evidence_reference=fields.optional_text(f"{row}-evidence_reference", maximum=200),
            valid_from=fields.date(f"{row}-valid_from"),
            valid_to=fields.optional_date(f"{row}-valid_to"),
            symbol_on_certificate=fields.flag(f"{row}-symbol_on_certificate"),
            evaluated_by=fields.optional_text(f"{row}-evaluated_by"),
            evaluated_on=fields.optional_date(f"{row}-evaluated_on"),
        ),
    )


def _edges(fields: Fields, renames: Renames) -> tuple[NewEdge, ...]:
    found: list[NewEdge] = []
    for number in range(EDGE_ROWS):
        upper_id = fields.optional_integer(f"edges-{number}-upper_id", lower=1)
        if upper_id is None:
            continue
        renames.add(f"edges-{len(found)}-", f"edges-{number}-")
        role = fields.optional_choice(f"edges-{number}-role", StandardRole) or StandardRole.REFERENCE
        found.append(NewEdge(upper_id, role))
    return tuple(found)
