"""Turns the text of forms on instruments and standards into commands. Rows left empty are left out.

Services name the fields of the command; a form's rows have numbers of their own. A parser that leaves rows out returns
besides the command the `Renames` that lead the service's field names back to the form's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from lims.core.errors import FieldError, InvalidInput
from lims.core.fields import Fields
from standards.calibration_facts import DriftPeriod
from standards.commands import (
    AcceptCalibration,
    AddRange,
    AgreeInterval,
    ChangeStandardState,
    EndCalibration,
    EndCalibrations,
    ExtendCalibration,
    InstrumentIdentity,
    NewFunction,
    NewPart,
    NewRange,
    RecordDrift,
    RecordPaper,
    RegisterInstrument,
    RegisterStandard,
    RejectCalibration,
    UpdateInstrument,
)
from standards.event_facts import Course, EndKind
from standards.facts import PaperKind, StandardRole, StandardState

INSTRUMENT_ROWS: Final = 4
_MOST_ROWS: Final = 60
_ROW: Final = ("part", "quantity", "unit", "name", "lower", "upper", "nominal", "resolution")
_DISTRIBUTIONS: Final = ("rectangular", "triangular", "normal")


@dataclass
class Renames:
    """Where the fields of a command stand in the form: whole names, and beginnings (with a "-" at their end)."""

    prefixes: dict[str, str] = field(default_factory=dict)

    def add(self, in_command: str, in_form: str) -> None:
        """Note that a name, or names beginning so, are otherwise in the form."""
        self.prefixes.setdefault(in_command, in_form)

    def renamed(self, name: str) -> str:
        """Return the form's name of a command's field; the longest beginning counts."""
        if name in self.prefixes:
            return self.prefixes[name]
        for prefix in sorted(self.prefixes, key=len, reverse=True):
            if prefix.endswith("-") and name.startswith(prefix):
                return self.prefixes[prefix] + name[len(prefix) :]
        return name

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let what a service refuses inside name the form's fields."""
        try:
            yield
        except InvalidInput as error:
            fields = [FieldError(self.renamed(item.field), item.code, item.values) for item in error.fields]
            raise InvalidInput(fields) from error


def row_count(form: Mapping[str, str], least: int = INSTRUMENT_ROWS) -> int:
    """Return how many rows a posted form has, at least some and never too many."""
    count = least
    while count < _MOST_ROWS and any(f"rows-{count}-{name}" in form for name in _ROW):
        count += 1
    return count


def parse_register_instrument(form: Mapping[str, str]) -> tuple[RegisterInstrument, Renames]:
    """Read the form of a new instrument: what it is, and rows of part, quantity and range."""
    fields = Fields(form)
    identity = _identity(fields)
    parts, renames = _parts(fields, form, identity)
    fields.finish()
    named = len(parts) > 1 or any(fields.raw(f"rows-{number}-part").strip() for number in range(row_count(form)))
    if named:
        return RegisterInstrument(identity, parts=tuple(parts)), renames
    plain = Renames({"functions": "rows-0-quantity"})
    for prefix, target in renames.prefixes.items():
        plain.add(prefix.removeprefix("parts-0-"), target)
    functions = parts[0].functions if parts else ()
    return RegisterInstrument(identity, functions=functions), plain


def parse_update_instrument(instrument_id: int, form: Mapping[str, str]) -> UpdateInstrument:
    """Read the form of a changed instrument with the version it was read at."""
    fields = Fields(form)
    command = UpdateInstrument(instrument_id, fields.integer("row_version"), _identity(fields))
    fields.finish()
    return command


def parse_agree_interval(instrument_id: int, form: Mapping[str, str]) -> AgreeInterval:
    """Read the form of a calibration interval; without a number nothing falls due at fixed times."""
    fields = Fields(form)
    command = AgreeInterval(
        instrument_id,
        fields.optional_integer("interval_months", lower=1, upper=600),
        fields.date("interval_from"),
        fields.text("interval_basis", maximum=200),
    )
    fields.finish()
    return command


def parse_add_range(instrument_id: int, form: Mapping[str, str]) -> tuple[list[AddRange], Renames]:
    """Read rows of further ranges: one command for each part."""
    fields = Fields(form)
    parts, renames = _parts(fields, form, None)
    if not parts:
        fields.refuse("rows-0-quantity", "field.missing")
    fields.finish()
    return [AddRange(instrument_id, part) for part in parts], renames


def _identity(fields: Fields) -> InstrumentIdentity:
    return InstrumentIdentity(
        owner_id=fields.integer("owner_id", lower=1),
        kind=fields.text("kind", maximum=64),
        name_vi=fields.text("name_vi"),
        name_en=fields.optional_text("name_en"),
        manufacturer=fields.optional_text("manufacturer", maximum=200),
        model=fields.optional_text("model", maximum=200),
        serial_number=fields.optional_text("serial_number", maximum=100),
        asset_tag=fields.optional_text("asset_tag", maximum=100),
        year_made=fields.optional_integer("year_made", lower=1800, upper=9999),
        country_made=fields.optional_text("country_made", maximum=100),
        accuracy_class=fields.optional_text("accuracy_class", maximum=40),
        firmware=fields.optional_text("firmware", maximum=100),
        type_approval_number=fields.optional_text("type_approval_number", maximum=60),
        purpose_of_use=fields.one_of("purpose_of_use", ("group_1", "group_2")),
        place_of_use=fields.optional_text("place_of_use"),
        location=fields.optional_text("location", maximum=200),
        note=fields.optional_text("note", maximum=2000),
    )


def _parts(
    fields: Fields, form: Mapping[str, str], identity: InstrumentIdentity | None
) -> tuple[list[NewPart], Renames]:
    """Gather rows to parts and functions: rows of one part, quantity and unit are ranges of one function."""
    parts: dict[str, dict[tuple[str, str], list[NewRange]]] = {}
    renames = Renames()
    for number in range(row_count(form)):
        row = f"rows-{number}"
        if not any(fields.raw(f"{row}-{name}").strip() for name in _ROW):
            continue
        code = fields.optional_text(f"{row}-part", maximum=64) or "1"
        functions = parts.setdefault(code, {})
        key = (fields.text(f"{row}-quantity", maximum=64), fields.text(f"{row}-unit", maximum=40))
        ranges = functions.setdefault(key, [])
        part_at, function_at = list(parts).index(code), list(functions).index(key)
        function_prefix = f"parts-{part_at}-functions-{function_at}"
        renames.add(f"parts-{part_at}-code", f"{row}-part")
        renames.add(f"{function_prefix}-", f"{row}-")
        renames.add(f"{function_prefix}-ranges-{len(ranges)}-", f"{row}-")
        ranges.append(_range(fields, row, len(ranges)))
    name_vi = identity.name_vi if identity is not None else ""
    found = []
    for code, functions in parts.items():
        entered = tuple(NewFunction(quantity, unit, ranges=tuple(r)) for (quantity, unit), r in functions.items())
        found.append(NewPart(code, code if code != "1" or not name_vi else name_vi, entered))
    return found, renames


def _range(fields: Fields, row: str, place: int) -> NewRange:
    return NewRange(
        name=fields.optional_text(f"{row}-name", maximum=64) or ("" if place == 0 else str(place + 1)),
        lower=fields.optional_decimal(f"{row}-lower"),
        upper=fields.optional_decimal(f"{row}-upper"),
        nominal=fields.optional_decimal(f"{row}-nominal"),
        resolution=fields.optional_decimal(f"{row}-resolution"),
    )


def parse_register_standard(form: Mapping[str, str]) -> RegisterStandard:
    """Read the form that takes an instrument into a role."""
    fields = Fields(form)
    command = RegisterStandard(
        instrument_id=fields.integer("instrument_id", lower=1),
        site_id=fields.integer("site_id", lower=1),
        code=fields.text("code", maximum=64),
        role=fields.choice("role", StandardRole),
        level=fields.optional_text("level", maximum=40),
        needs_calibration=not fields.flag("needs_no_calibration"),
        interval_months=fields.optional_integer("interval_months", lower=1, upper=600),
        interval_policy=fields.optional_text("interval_policy", maximum=2000),
        custodian_id=fields.optional_integer("custodian_id", lower=1),
    )
    fields.finish()
    return command


def parse_change_state(standard_id: int, form: Mapping[str, str]) -> ChangeStandardState:
    """Read the form of a new state."""
    fields = Fields(form)
    command = ChangeStandardState(
        standard_id=standard_id,
        state=fields.choice("state", StandardState),
        reason=fields.optional_text("reason", maximum=2000),
        limitation=fields.optional_text("limitation", maximum=2000),
        row_version=fields.integer("row_version"),
    )
    fields.finish()
    return command


def parse_record_drift(standard_id: int, form: Mapping[str, str]) -> RecordDrift:
    """Read the form of a drift decision; a comma in a plain number counts as the decimal mark."""
    fields = Fields(form)
    command = RecordDrift(
        standard_id=standard_id,
        half_width_expression=fields.text("half_width_expression", maximum=400),
        unit=fields.text("unit", maximum=40),
        basis=fields.text("basis", maximum=2000),
        valid_from=fields.date("valid_from"),
        range_id=fields.optional_integer("range_id", lower=1),
        distribution=fields.one_of("distribution", _DISTRIBUTIONS),
        per=fields.choice("per", DriftPeriod),
    )
    fields.finish()
    return replace(command, half_width_expression=command.half_width_expression.replace(",", "."))


def parse_record_paper(standard_id: int, form: Mapping[str, str]) -> RecordPaper:
    """Read the form of a paper."""
    fields = Fields(form)
    command = RecordPaper(
        standard_id=standard_id,
        kind=fields.choice("kind", PaperKind),
        number=fields.text("number", maximum=100),
        issued_on=fields.date("issued_on"),
        valid_until=fields.optional_date("valid_until"),
        issuer_id=fields.optional_integer("issuer_id", lower=1),
    )
    fields.finish()
    return command


def parse_accept(calibration_id: int, form: Mapping[str, str]) -> AcceptCalibration:
    """Read the form that accepts a calibration."""
    fields = Fields(form)
    command = AcceptCalibration(
        calibration_id,
        fields.integer("row_version"),
        fields.optional_text("note", maximum=2000),
        fields.optional_choice("course", Course) or Course.STEP,
    )
    fields.finish()
    return command


def parse_reject(calibration_id: int, form: Mapping[str, str]) -> RejectCalibration:
    """Read the form that rejects a calibration; it says why."""
    fields = Fields(form)
    command = RejectCalibration(calibration_id, fields.text("reason", maximum=2000), fields.integer("row_version"))
    fields.finish()
    return command


def parse_end(calibration_id: int, form: Mapping[str, str], timezone: str) -> EndCalibration:
    """Read the form that ends a calibration, now or since an instant."""
    fields = Fields(form)
    command = EndCalibration(
        calibration_id,
        fields.text("reason", maximum=2000),
        fields.optional_instant("at", timezone),
        fields.integer("row_version"),
        fields.optional_choice("kind", EndKind),
    )
    fields.finish()
    return command


def parse_end_all(
    standard_id: int, range_ids: Iterable[int], form: Mapping[str, str], timezone: str
) -> EndCalibrations:
    """Read the form by which a standard was adjusted, repaired or damaged; `range_ids` may be ticked in it."""
    fields = Fields(form)
    command = EndCalibrations(
        standard_id,
        fields.choice("kind", EndKind),
        fields.text("reason", maximum=2000),
        fields.optional_instant("at", timezone),
        tuple(range_id for range_id in range_ids if fields.flag(f"range-{range_id}")),
        fields.integer("row_version"),
    )
    fields.finish()
    return command


def parse_extend(calibration_id: int, form: Mapping[str, str]) -> ExtendCalibration:
    """Read the form that extends a calibration on evidence."""
    fields = Fields(form)
    command = ExtendCalibration(calibration_id, fields.date("valid_until"), fields.text("evidence", maximum=2000))
    fields.finish()
    return command
