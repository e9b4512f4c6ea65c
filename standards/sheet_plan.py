"""What reading in a table would do to the register, and everything that stands against it. Pure.

What is registered already is found by its tag and changed only on the version that the table carries; ranges are
added, never changed: calibrations and certificates rest on them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any, Final

from calc.errors import CalcError
from calc.units import canonical_unit
from lims.core.canonical import digest
from standards.commands import (
    AddRange,
    InstrumentIdentity,
    NewFunction,
    NewPart,
    NewRange,
    RegisterInstrument,
    RegisterStandard,
    UpdateInstrument,
)
from standards.entries import Checker, check_identity, checked_parts
from standards.facts import InstrumentFacts, RangeAddress, StandardFacts, StandardRole
from standards.register_facts import UpdateStandard
from standards.sheet_scheme import (
    BY_KEY,
    IDENTITY,
    Action,
    Change,
    PlannedStandard,
    RangeRow,
    SheetPlan,
    SheetProblem,
    StandardRows,
)

_NEEDED: Final = ("role", "kind", "name_vi")
_FIELDS: Final = {"parts": "part", "functions": "quantity", "name": "range_name"}
_COMPARED: Final = ("lower", "upper", "nominal", "resolution")


@dataclass(frozen=True, slots=True)
class Registered:
    """A standard as it is registered."""

    standard: StandardFacts
    instrument: InstrumentFacts

    @property
    def version(self) -> str:
        """The version that a written-out table carries; it says what its reader saw."""
        return version_of(self.standard, self.instrument)


@dataclass(frozen=True, slots=True)
class Laboratory:
    """What a plan needs to know of a laboratory."""

    organisation_id: int
    site_ids: Sequence[int]
    registered: Mapping[tuple[int, str], Registered]
    serial_numbers: Mapping[tuple[str, str, str, str], int]
    """Instrument by kind, maker, model and serial number."""
    year: int


def version_of(standard: StandardFacts, instrument: InstrumentFacts) -> str:
    """Return the version of a registered standard, written so that no spreadsheet takes it for a number or a date."""
    return f"v{instrument.row_version}-{standard.row_version}"


class Planner:
    """Works out what each standard of a table would become, and gathers what stands against it."""

    def __init__(self, laboratory: Laboratory, problems: Iterable[SheetProblem] = ()) -> None:
        self.problems = list(problems)
        self._laboratory = laboratory
        self._serials = dict(laboratory.serial_numbers)

    def plan(self, rows: Iterable[StandardRows], sha256: str) -> SheetPlan:
        """Return the plan of a table with this hash."""
        planned = [self._standard(one) for one in rows]
        ordered = tuple(sorted(self.problems, key=lambda problem: problem.row))
        said = digest("\n".join([sha256, *map(repr, planned), *map(repr, ordered)]))
        return SheetPlan(tuple(planned), ordered, said)

    def _note(self, row: int, column: str, code: str, text: str = "", **values: object) -> None:
        self._take(row, column, code, values, text)

    def _take(self, row: int, column: str, code: str, values: Mapping[str, object], text: str = "") -> None:
        problem = SheetProblem(row, column, code, values, text)
        if problem not in self.problems:  # a wrong unit is wrong for the function and for its range
            self.problems.append(problem)

    def _standard(self, rows: StandardRows) -> PlannedStandard:
        site_id = self._site(rows)
        known = self._laboratory.registered.get((site_id or 0, rows.code.casefold()))
        return self._new(rows, site_id) if known is None else self._change(rows, known)

    def _site(self, rows: StandardRows) -> int | None:
        """Return the site a row names, else the one that has the tag, else the only one."""
        named: int | None = rows.values.get("site")
        if named is not None:
            return named
        sites = self._laboratory.site_ids
        having = [site for site in sites if (site, rows.code.casefold()) in self._laboratory.registered]
        if len(having) == 1 or len(sites) == 1:
            return (having or list(sites))[0]
        self._note(rows.row, "site", "sheet.which_site")
        return None

    def _new(self, rows: StandardRows, site_id: int | None) -> PlannedStandard:
        values = rows.values
        for key in _NEEDED:
            if values.get(key) is None and not self._troubled(rows.row, key):
                self._note(rows.row, key, "field.missing")
        if values.get("version"):
            self._note(rows.row, "version", "sheet.version_of_none", str(values["version"]))
        identity = InstrumentIdentity(
            owner_id=self._laboratory.organisation_id,
            site_id=site_id,
            **{key: values.get(key) for key in IDENTITY if values.get(key) is not None}
            | {"kind": values.get("kind") or "other", "name_vi": values.get("name_vi") or rows.code},
        )
        parts = self._parts(rows, rows.ranges, identity.name_vi)
        if not parts:
            self._note(rows.row, "quantity", "entry.no_function")
        self._check_identity(rows.row, identity, None)
        standard = RegisterStandard(
            instrument_id=0,
            site_id=site_id or 0,
            code=rows.code,
            role=StandardRole(values.get("role") or StandardRole.REFERENCE),
            level=values.get("level"),
            needs_calibration=values.get("needs_calibration") is not False,
            interval_months=values.get("interval_months"),
            custodian_id=values.get("custodian"),
        )
        return PlannedStandard(
            rows.row,
            rows.code,
            identity.name_vi,
            Action.NEW,
            new_ranges=len(rows.ranges),
            register=RegisterInstrument(identity, parts=parts),
            standard=standard,
        )

    def _change(self, rows: StandardRows, known: Registered) -> PlannedStandard:
        values, standard, instrument = rows.values, known.standard, known.instrument
        given = values.get("version")
        if given != known.version and not self._troubled(rows.row, "version"):
            code = "sheet.no_version" if given is None else "sheet.changed_meanwhile"
            self._note(rows.row, "version", code, str(given or ""), present=known.version)
        self._check_fixed(rows, standard)
        present = {key: getattr(instrument, key) for key in IDENTITY}
        wanted = {key: values[key] if key in values else present[key] for key in IDENTITY}
        for key in ("kind", "name_vi"):
            if wanted[key] is None and not self._troubled(rows.row, key):
                self._note(rows.row, key, "field.missing")
                wanted[key] = present[key]
        changes = [
            Change(key, _shown(present[key]), _shown(wanted[key])) for key in IDENTITY if wanted[key] != present[key]
        ]
        keeping = self._keeping(rows, standard, changes)
        added = self._new_ranges(rows, instrument)
        update = None
        if any(wanted[key] != present[key] for key in IDENTITY):
            identity = _identity_of(instrument, wanted)
            self._check_identity(rows.row, identity, instrument.id)
            update = UpdateInstrument(instrument.id, instrument.row_version, identity)
        parts = self._parts(rows, added, instrument.name_vi)
        nothing = update is None and keeping is None and not added
        return PlannedStandard(
            rows.row,
            rows.code,
            instrument.name_vi,
            Action.SAME if nothing else Action.CHANGED,
            tuple(changes),
            len(added),
            update=update,
            keeping=keeping,
            ranges=tuple(AddRange(instrument.id, part) for part in parts),
        )

    def _keeping(self, rows: StandardRows, standard: StandardFacts, changes: list[Change]) -> UpdateStandard | None:
        level = rows.values.get("level", standard.level)
        custodian = rows.values.get("custodian", standard.custodian_id)
        if level != standard.level:
            changes.append(Change("level", _shown(standard.level), _shown(level)))
        if custodian != standard.custodian_id:
            changes.append(Change("custodian", _shown(standard.custodian_id), _shown(custodian)))
        if (level, custodian) == (standard.level, standard.custodian_id):
            return None
        return UpdateStandard(standard.id, standard.row_version, custodian, level)

    def _check_fixed(self, rows: StandardRows, standard: StandardFacts) -> None:
        present: dict[str, object] = {
            "site": standard.site_id,
            "role": standard.role,
            "needs_calibration": standard.needs_calibration,
            "interval_months": standard.interval_months,
        }
        for key, value in present.items():
            wanted = rows.values.get(key)
            if BY_KEY[key].fixed and wanted not in {None, value} and not self._troubled(rows.row, key):
                self._note(rows.row, key, "sheet.changed_elsewhere", _shown(wanted))

    def _check_identity(self, row: int, identity: InstrumentIdentity, instrument_id: int | None) -> None:
        check = Checker()
        check_identity(check, identity, self._laboratory.year)
        for error in check.errors:
            self._take(row, error.field, error.code, error.values)
        if identity.serial_number:
            key = serial_key(identity.kind, identity.manufacturer, identity.model, identity.serial_number)
            owner = self._serials.setdefault(key, -row if instrument_id is None else instrument_id)
            if owner != (-row if instrument_id is None else instrument_id):
                self._take(row, "serial_number", "instrument.serial_number_taken", {"text": identity.serial_number})

    def _new_ranges(self, rows: StandardRows, instrument: InstrumentFacts) -> list[RangeRow]:
        """Return the rows whose ranges are not registered yet; note those that differ from what is."""
        known = {_address_key(address): address for address in instrument.ranges()}
        added = []
        for entry in rows.ranges:
            values = entry.values
            key = (
                values.get("part") or "1",
                values.get("quantity"),
                values.get("function_name") or "",
                values.get("range_name") or "",
            )
            address = known.get(key)
            if address is None and len(instrument.parts) == 1 and not values.get("part"):
                address = known.get((instrument.parts[0].code, *key[1:]))
            if address is None:
                added.append(entry)
                continue
            for name, code in _differences(values, address):
                if not self._troubled(entry.row, name):
                    self._take(entry.row, name, code, {"unit": values.get(name)}, _shown(values.get(name)))
        return added

    def _parts(self, rows: StandardRows, ranges: Sequence[RangeRow], name: str) -> tuple[NewPart, ...]:
        """Gather rows to parts and functions as the form does, and note what is wrong in each row."""
        parts: dict[str, dict[tuple[str, str], list[RangeRow]]] = {}
        for entry in ranges:
            for key in ("quantity", "unit"):
                if entry.values.get(key) is None and not self._troubled(entry.row, key):
                    self._note(entry.row, key, "field.missing")
            if entry.values.get("quantity") is None or entry.values.get("unit") is None:
                continue
            function = (entry.values["quantity"], entry.values.get("function_name") or "")
            parts.setdefault(entry.values.get("part") or "1", {}).setdefault(function, []).append(entry)
        found = [_part(code, functions, name) for code, functions in parts.items()]
        check = Checker()
        checked = checked_parts(check, found)
        for error in check.errors:
            place, column = _placed(error.field, list(parts.values()))
            self._take(rows.row if place is None else place.row, column, error.code, error.values)
        return tuple(found) if check.errors else checked

    def _troubled(self, row: int, column: str) -> bool:
        """Whether a cell was refused already, so that it is not said to be missing besides."""
        return any(problem.row == row and problem.column == column for problem in self.problems)


def serial_key(kind: str, maker: str | None, model: str | None, serial_number: str) -> tuple[str, str, str, str]:
    """Return by what two instruments of one owner are taken for the same."""
    return kind, maker or "", model or "", serial_number


def _identity_of(instrument: InstrumentFacts, wanted: Mapping[str, Any]) -> InstrumentIdentity:
    names: Collection[str] = asdict(InstrumentIdentity(0, "other", "")).keys()
    present = InstrumentIdentity(**{name: getattr(instrument, name) for name in names})
    return replace(present, **wanted)


def _address_key(address: RangeAddress) -> tuple[Any, ...]:
    return address.part.code, address.function.quantity, address.function.name, address.range.name


def _differences(values: Mapping[str, Any], address: RangeAddress) -> list[tuple[str, str]]:
    """Return the columns in which a row differs from the range that is registered; numbers count by their value."""
    found = [
        (name, "sheet.range_differs")
        for name in _COMPARED
        if name in values and values[name] != getattr(address.range, name)
    ]
    present = {"unit": address.range.unit, "resolution_unit": address.range.resolution_unit or address.range.unit}
    for name, unit in present.items():
        given = values.get(name)
        if given is not None and _unit(given) != unit:
            found.append((name, "unit.unknown" if _unit(given) is None else "sheet.range_differs"))
    if "specification" in values and values["specification"] != address.range.specification:
        found.append(("specification", "sheet.range_differs"))
    return found


def _unit(text: str) -> str | None:
    """Return a unit in its one form, or None for one that is not known."""
    try:
        return canonical_unit(text)
    except CalcError:
        return None


def _part(code: str, functions: Mapping[tuple[str, str], Sequence[RangeRow]], name: str) -> NewPart:
    entered = []
    for (quantity, function_name), rows in functions.items():
        ranges = tuple(
            NewRange(
                unit=row.values["unit"],
                name=row.values.get("range_name") or ("" if place == 0 else str(place + 1)),
                lower=row.values.get("lower"),
                upper=row.values.get("upper"),
                nominal=row.values.get("nominal"),
                resolution=row.values.get("resolution"),
                resolution_unit=row.values.get("resolution_unit"),
                specification=row.values.get("specification"),
            )
            for place, row in enumerate(rows)
        )
        entered.append(NewFunction(quantity, rows[0].values["unit"], function_name, ranges=ranges))
    named = next(
        (row.values["part_name"] for rows in functions.values() for row in rows if row.values.get("part_name")), None
    )
    return NewPart(code, named or (name if code == "1" else code), tuple(entered))


def _placed(field: str, parts: Sequence[Mapping[tuple[str, str], Sequence[RangeRow]]]) -> tuple[RangeRow | None, str]:
    """Return the row and column that a field such as parts-0-functions-1-ranges-2-upper stands in."""
    pieces = field.split("-")
    numbers = [int(piece) for piece in pieces if piece.isdigit()]
    column = _FIELDS.get(pieces[-1], pieces[-1])
    if not numbers or numbers[0] >= len(parts):
        return None, column if column in BY_KEY else "quantity"
    functions = list(parts[numbers[0]].values())
    rows = functions[numbers[1]] if len(numbers) > 1 and numbers[1] < len(functions) else functions[0]
    row = rows[numbers[2]] if len(numbers) > 2 and numbers[2] < len(rows) else rows[0]
    return row, column if column in BY_KEY else "quantity"


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
