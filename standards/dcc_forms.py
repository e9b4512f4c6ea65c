"""The form in which a person says what of a digital certificate is taken over, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from lims.core.fields import Fields
from standards.calibration_facts import ContentKind, Interpolation, Phase
from standards.calibration_forms import parse_terminals
from standards.commands import RecordCalibration
from standards.dcc_facts import ColumnChoice, DccHead, Meaning, Taking, ValueColumn
from standards.dcc_taking import COEFFICIENT_UNITS, take
from standards.entries import Checker
from standards.facts import InstrumentFacts, StandardFacts
from standards.forms import Renames
from standards.platinum import CALLENDAR_VAN_DUSEN

KINDS: Final = (ContentKind.ELEMENT, ContentKind.CURVE, ContentKind.CHARACTERISTIC, ContentKind.COEFFICIENTS)
"""What a column can become; a formula of U is no number of a column."""


def initial_values(choices: Sequence[ColumnChoice], columns: Sequence[ValueColumn], head: DccHead) -> dict[str, object]:
    """Return the form's fields filled with what the file suggests."""
    values: dict[str, object] = {
        "certificate_number": head.certificate_number,
        "calibrated_on": head.calibrated_on,
        "issued_on": head.issued_on,
        "terminals-0-valid_from": None,
    }
    for column in columns:
        values[f"columns-{column.number}-phase"] = Phase.AS_LEFT
        values[f"columns-{column.number}-meaning"] = Meaning.VALUE
        values[f"columns-{column.number}-interpolation"] = Interpolation.NONE
        label = column.values[0].value.label
        if len(column.values) == 1 and label in COEFFICIENT_UNITS:
            values[f"columns-{column.number}-identifier"] = label
        for place in range(len(column.values)):
            values[f"columns-{column.number}-{place}-taken"] = True
    for choice in choices:
        row = f"columns-{choice.number}"
        values |= {
            f"{row}-kind": choice.kind,
            f"{row}-phase": choice.phase,
            f"{row}-meaning": choice.meaning,
            f"{row}-argument": choice.argument,
            f"{row}-uncertainty": choice.uncertainty,
            f"{row}-interpolation": choice.interpolation,
            f"{row}-range_id": next((one for one in choice.range_ids if one is not None), None),
        }
        for place, range_id in enumerate(choice.range_ids):
            values[f"{row}-{place}-range_id"] = range_id
            values[f"{row}-{place}-taken"] = place in choice.taken
    return values


def parse_taking(columns: Sequence[ValueColumn], fields: Fields) -> Taking:
    """Read what is chosen of each column; columns without a kind are left."""
    choices = []
    named: dict[int, str] = {}
    for column in columns:
        row = f"columns-{column.number}"
        unit = fields.optional_text(f"{row}-unit", maximum=40)
        if unit:
            named[column.number] = unit
        kind = fields.optional_choice(f"{row}-kind", ContentKind)
        if kind is None:
            continue
        if kind not in KINDS:
            fields.refuse(f"{row}-kind", "field.not_a_choice", text=kind.value)
            continue
        choices.append(_choice(fields, column, kind))
    return Taking(tuple(choices), fields.flag("assume_degrees"), named)


def _choice(fields: Fields, column: ValueColumn, kind: ContentKind) -> ColumnChoice:
    row, count = f"columns-{column.number}", len(column.values)
    one_by_one = kind in {ContentKind.ELEMENT, ContentKind.CHARACTERISTIC} and count > 1
    whole = None if one_by_one else fields.optional_integer(f"{row}-range_id", lower=1)
    ranges = tuple(
        fields.optional_integer(f"{row}-{place}-range_id", lower=1) if one_by_one else whole for place in range(count)
    )
    return ColumnChoice(
        column.number,
        kind,
        ranges,
        frozenset(place for place in range(count) if fields.flag(f"{row}-{place}-taken")),
        fields.optional_choice(f"{row}-phase", Phase) or Phase.AS_LEFT,
        fields.optional_choice(f"{row}-meaning", Meaning) or Meaning.VALUE,
        identifier=fields.optional_text(f"{row}-identifier", maximum=64) or "",
        argument=fields.optional_integer(f"{row}-argument"),
        uncertainty=fields.optional_integer(f"{row}-uncertainty"),
        interpolation=fields.optional_choice(f"{row}-interpolation", Interpolation) or Interpolation.NONE,
        degrees_of_freedom=fields.optional_decimal(f"{row}-degrees_of_freedom"),
        equation=CALLENDAR_VAN_DUSEN if kind is ContentKind.COEFFICIENTS else None,
    )


def parse_record_dcc(
    standard: StandardFacts,
    instrument: InstrumentFacts,
    columns: Sequence[ValueColumn],
    sha256: str,
    form: Mapping[str, str],
) -> tuple[RecordCalibration, Renames]:
    """Read the whole form of a calibration from a file; every mistake is named at its field."""
    fields = Fields(form)
    taking = parse_taking(columns, fields)
    check = Checker()
    taken = take(check, columns, taking, instrument)
    fields.errors += check.errors
    renames = Renames()
    for number, column in enumerate(taken.columns):
        renames.add(f"contents-{number}-", f"columns-{column}-")
        renames.add(f"contents-{number}-points", f"columns-{column}-kind")
        renames.add(f"contents-{number}-value", f"columns-{column}-kind")
        renames.add(f"contents-{number}-expanded_uncertainty", f"columns-{column}-uncertainty")
        renames.add(f"contents-{number}-expanded_uncertainty_unit", f"columns-{column}-uncertainty")
        renames.add(f"contents-{number}-coverage_factor", f"columns-{column}-uncertainty")
        for place in range(len(taken.contents[number].points)):
            renames.add(f"contents-{number}-points-{place}-", f"columns-{column}-")
            for name, field in (("expanded_uncertainty", "uncertainty"), ("coverage_factor", "uncertainty")):
                renames.add(f"contents-{number}-points-{place}-{name}", f"columns-{column}-{field}")
            renames.add(f"contents-{number}-points-{place}-argument", f"columns-{column}-argument")
    command = RecordCalibration(
        standard_id=standard.id,
        certificate_number=fields.text("certificate_number", maximum=100),
        laboratory_id=fields.integer("laboratory_id", lower=1),
        calibrated_on=fields.date("calibrated_on"),
        contents=taken.contents,
        issued_on=fields.optional_date("issued_on"),
        valid_until=fields.optional_date("valid_until"),
        method=fields.optional_text("method"),
        conditions=fields.optional_text("conditions", maximum=2000),
        accredited_symbol=fields.flag("terminals-0-symbol_on_certificate"),
        terminals=parse_terminals(fields),
        dcc_sha256=sha256,
        row_version=fields.optional_integer("row_version"),
    )
    fields.finish()
    return command, renames
