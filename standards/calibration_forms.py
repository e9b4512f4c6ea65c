"""Turns the form of a calibration into a command: certificate, blocks of results of any kind, evidence.

A block holds results of one kind and state of the standard: values, formulas or characteristics with a line for each
range, the points of a curve, or the coefficients of an equation with their correlations. A form has as many as needed.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from decimal import Decimal
from typing import Final

from lims.core.canonical import canonical_json
from lims.core.fields import Fields
from standards.calibration_facts import CalibrationSource, ContentKind, Interpolation, Phase, TerminalKind
from standards.commands import NewContent, NewEdge, NewPoint, NewTerminal, RecordCalibration
from standards.facts import StandardRole
from standards.forms import Renames
from standards.platinum import CALLENDAR_VAN_DUSEN

FORM_KINDS: Final = (
    ContentKind.ELEMENT,
    ContentKind.CURVE,
    ContentKind.COEFFICIENTS,
    ContentKind.EXPRESSION,
    ContentKind.CHARACTERISTIC,
)
EQUATIONS: Final = (CALLENDAR_VAN_DUSEN, "other")
CURVE_ROWS: Final = 12
COEFFICIENT_ROWS: Final = 5
EDGE_ROWS: Final = 4
MOST_BLOCKS: Final = 20
_MOST_ROWS: Final = 400
_TYPED: Final = ("value", "expanded_uncertainty", "expanded_uncertainty_expression")
_POINT: Final = ("argument", "value", "expanded_uncertainty", "coverage_factor")
_COEFFICIENT: Final = ("name", "value", "expanded_uncertainty", "coverage_factor")


def block_count(form: Mapping[str, str]) -> int:
    """Return how many blocks of results a form has."""
    count = 0
    while count < MOST_BLOCKS and f"results-{count}-kind" in form:
        count += 1
    return count


def row_count(form: Mapping[str, str], block: str, least: int) -> int:
    """Return how many lines of points a block has, at least some and never too many."""
    count = least
    while count < _MOST_ROWS and f"{block}-points-{count}-value" in form:
        count += 1
    return count


def new_block(
    number: int, kind: ContentKind, ranges: Sequence[tuple[int, str, Decimal | None, str]], phase: Phase = Phase.AS_LEFT
) -> dict[str, object]:
    """Return the fields of an empty block; `ranges` are key, unit, nominal value and mark of each range."""
    row = f"results-{number}"
    values: dict[str, object] = {
        f"{row}-kind": kind,
        f"{row}-phase": phase,
        f"{row}-coverage_probability": Decimal("95.45"),
        f"{row}-interpolation": Interpolation.NONE,
        f"{row}-equation": CALLENDAR_VAN_DUSEN,
    }
    if kind in {ContentKind.CURVE, ContentKind.COEFFICIENTS}:
        values[f"{row}-range_id"] = ranges[0][0] if len(ranges) == 1 else None
        return values
    for place, (_key, unit, nominal, mark) in enumerate(ranges):
        line = f"{row}-{place}"
        values |= {f"{line}-unit": unit, f"{line}-nominal": nominal, f"{line}-coverage_factor": "2"}
        values[f"{line}-identifier"] = mark if len(ranges) > 1 else None
    return values


def removed_block(values: MutableMapping[str, list[str]], number: int) -> None:
    """Take a block out of a form's fields; those after it move up."""
    count = block_count(dict.fromkeys(values, ""))
    for name in [name for name in values if name.startswith(f"results-{number}-")]:
        del values[name]
    for later in range(number + 1, count):
        old = f"results-{later}-"
        for name in [name for name in values if name.startswith(old)]:
            values[f"results-{later - 1}-{name.removeprefix(old)}"] = values.pop(name)


def parse_record_calibration(
    standard_id: int, range_ids: Sequence[int], form: Mapping[str, str], certificate_sha256: str | None
) -> tuple[RecordCalibration, Renames]:
    """Read the form of a calibration of a standard with these ranges."""
    fields = Fields(form)
    renames = Renames()
    source = fields.choice("source", CalibrationSource)
    contents: list[NewContent] = []
    for number in range(block_count(form)):
        _read_block(fields, form, f"results-{number}", range_ids, contents, renames)
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
        row_version=fields.optional_integer("row_version"),
    )
    renames.add("contents", "results-0-0-value")
    renames.add("edges", "edges-0-upper_id")
    fields.finish()
    return command, renames


def _read_block(
    fields: Fields,
    form: Mapping[str, str],
    block: str,
    range_ids: Sequence[int],
    contents: list[NewContent],
    renames: Renames,
) -> None:
    """Add what a block says to the contents."""
    kind = fields.choice(f"{block}-kind", ContentKind)
    phase = fields.optional_choice(f"{block}-phase", Phase) or Phase.AS_LEFT
    if kind is ContentKind.CURVE:
        contents.append(_curve(fields, form, block, phase, len(contents), renames))
    elif kind is ContentKind.COEFFICIENTS:
        contents.append(_coefficients(fields, form, block, phase, len(contents), renames))
    else:
        _lines(fields, block, kind, phase, range_ids, contents, renames)


def _lines(
    fields: Fields,
    block: str,
    kind: ContentKind,
    phase: Phase,
    range_ids: Sequence[int],
    contents: list[NewContent],
    renames: Renames,
) -> None:
    """Read one line for each range of the instrument; lines without any number are ranges not calibrated."""
    for place, range_id in enumerate(range_ids):
        row = f"{block}-{place}"
        if not any(fields.raw(f"{row}-{name}").strip() for name in _TYPED):
            continue
        renames.add(f"contents-{len(contents)}-", f"{row}-")
        formula = fields.optional_text(f"{row}-expanded_uncertainty_expression", maximum=400)
        contents.append(
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
                coverage_probability=_probability(fields, block),
                degrees_of_freedom=fields.optional_decimal(f"{row}-degrees_of_freedom"),
                distribution="rectangular" if kind is ContentKind.CHARACTERISTIC else None,
            )
        )


def _curve(
    fields: Fields, form: Mapping[str, str], block: str, phase: Phase, place: int, renames: Renames
) -> NewContent:
    interpolation = fields.optional_choice(f"{block}-interpolation", Interpolation) or Interpolation.NONE
    renames.add(f"contents-{place}-", f"{block}-")
    renames.add(f"contents-{place}-points", f"{block}-points-0-argument")
    points: list[NewPoint] = []
    for number in range(row_count(form, block, CURVE_ROWS)):
        row = f"{block}-points-{number}"
        if not any(fields.raw(f"{row}-{name}").strip() for name in _POINT):
            continue
        renames.add(f"contents-{place}-points-{len(points)}-", f"{row}-")
        points.append(
            NewPoint(
                argument=fields.decimal(f"{row}-argument"),
                second_argument=fields.optional_decimal(f"{row}-second_argument"),
                value=fields.decimal(f"{row}-value"),
                expanded_uncertainty=fields.optional_decimal(f"{row}-expanded_uncertainty"),
                coverage_factor=fields.optional_decimal(f"{row}-coverage_factor"),
                degrees_of_freedom=fields.optional_decimal(f"{row}-degrees_of_freedom"),
            )
        )
    return NewContent(
        range_id=fields.integer(f"{block}-range_id", lower=1),
        kind=ContentKind.CURVE,
        phase=phase,
        unit=fields.optional_text(f"{block}-unit", maximum=40) or "",
        argument_unit=fields.optional_text(f"{block}-argument_unit", maximum=40),
        identifier=fields.optional_text(f"{block}-identifier", maximum=64) or "",
        expanded_uncertainty_unit=fields.optional_text(f"{block}-expanded_uncertainty_unit", maximum=40),
        coverage_factor=fields.optional_decimal(f"{block}-coverage_factor"),
        coverage_probability=_probability(fields, block),
        interpolation=interpolation,
        points=tuple(points),
    )


def _coefficients(
    fields: Fields, form: Mapping[str, str], block: str, phase: Phase, place: int, renames: Renames
) -> NewContent:
    renames.add(f"contents-{place}-", f"{block}-")
    renames.add(f"contents-{place}-points", f"{block}-points-0-name")
    rows: list[int] = []
    points: list[NewPoint] = []
    for number in range(row_count(form, block, COEFFICIENT_ROWS)):
        row = f"{block}-points-{number}"
        if not any(fields.raw(f"{row}-{name}").strip() for name in _COEFFICIENT):
            continue
        renames.add(f"contents-{place}-points-{len(points)}-", f"{row}-")
        rows.append(number)
        points.append(
            NewPoint(
                name=fields.text(f"{row}-name", maximum=64),
                value=fields.decimal(f"{row}-value"),
                expanded_uncertainty=fields.optional_decimal(f"{row}-expanded_uncertainty"),
                coverage_factor=fields.optional_decimal(f"{row}-coverage_factor"),
                degrees_of_freedom=fields.optional_decimal(f"{row}-degrees_of_freedom"),
            )
        )
    known = fields.one_of(f"{block}-equation", EQUATIONS)
    written = fields.optional_text(f"{block}-equation_text", maximum=2000)
    return NewContent(
        range_id=fields.integer(f"{block}-range_id", lower=1),
        kind=ContentKind.COEFFICIENTS,
        phase=phase,
        argument_unit=fields.optional_text(f"{block}-argument_unit", maximum=40),
        identifier=fields.optional_text(f"{block}-identifier", maximum=64) or "",
        expanded_uncertainty=fields.optional_decimal(f"{block}-expanded_uncertainty"),
        expanded_uncertainty_unit=fields.optional_text(f"{block}-expanded_uncertainty_unit", maximum=40),
        coverage_factor=fields.optional_decimal(f"{block}-coverage_factor"),
        coverage_probability=_probability(fields, block),
        equation=written if known == "other" else known,
        correlation=_correlation(fields, block, rows, points),
        points=tuple(points),
    )


def _correlation(fields: Fields, block: str, rows: Sequence[int], points: Sequence[NewPoint]) -> str | None:
    """Return the correlation coefficients typed, by the names of their two coefficients; None without any."""
    found: dict[str, str] = {}
    for lower, row in enumerate(rows):
        for upper in range(lower):
            name = f"{block}-correlation-{row}-{rows[upper]}"
            number = fields.optional_decimal(name)
            if number is None:
                continue
            if abs(number) > 1:
                fields.refuse(name, "entry.correlation_range", value=number)
                continue
            found[f"{points[upper].name}|{points[lower].name}"] = f"{number:f}"
    return canonical_json(found) if found else None


def _probability(fields: Fields, block: str) -> Decimal | None:
    """Read a probability in per cent, as certificates print it."""
    percent = fields.optional_decimal(f"{block}-coverage_probability")
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
