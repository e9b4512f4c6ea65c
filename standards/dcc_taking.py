"""From what a person chose of a digital certificate to contents of a calibration, with the place of every number. Pure.

Numbers are never typed again: each is that of the file, or the exact sum or difference of two of them. A unit that is
not understood takes nothing over until a person names it; the name is kept beside the file's own words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from calc.errors import CalcError
from calc.units import canonical_unit, convert, convert_difference
from lims.core.canonical import canonical_json
from standards.calibration_facts import ContentKind
from standards.commands import NewContent, NewPoint
from standards.dcc_facts import ColumnChoice, Meaning, StatedUncertainty, Taking, ValueColumn
from standards.entries import Checker
from standards.facts import InstrumentFacts

COEFFICIENT_UNITS: Final = {"R0": "ohm", "A": "1/K", "B": "1/K2", "C": "1/K4"}
"""In which units the equation of a platinum thermometer takes its coefficients (IEC 60751)."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What becomes of the choices: contents, and for each the number of the column that it comes from."""

    contents: tuple[NewContent, ...]
    columns: tuple[int, ...]


def take(check: Checker, columns: Sequence[ValueColumn], taking: Taking, instrument: InstrumentFacts) -> Taken:
    """Return the contents of the choices; `check` gathers what is wrong, by the fields of the form (columns-N-…)."""
    taker = _Taker(check, columns, taking, instrument)
    found: list[tuple[int, NewContent]] = []
    for choice in taking.choices:
        if choice.kind is not ContentKind.COEFFICIENTS:
            found += [(choice.number, content) for content in taker.contents(choice)]
    for first, content in taker.coefficients():
        found.append((first, content))
    if not found and not check.errors:
        check.refuse("columns", "dcc_import.nothing_taken")
    return Taken(tuple(content for _, content in found), tuple(number for number, _ in found))


@dataclass(frozen=True, slots=True)
class _Taker:
    check: Checker
    columns: Sequence[ValueColumn]
    taking: Taking
    instrument: InstrumentFacts

    def contents(self, choice: ColumnChoice) -> list[NewContent]:
        column = self._column(choice.number)
        if column is None or not self._fitting(choice, column):
            return []
        if choice.kind is ContentKind.CURVE:
            return self._curve(choice, column)
        return [
            content for place in sorted(choice.taken) if (content := self._single(choice, column, place)) is not None
        ]

    def _column(self, number: int | None) -> ValueColumn | None:
        return self.columns[number] if number is not None and 0 <= number < len(self.columns) else None

    def _fitting(self, choice: ColumnChoice, column: ValueColumn) -> bool:
        """Note what is missing before a column can be taken: numbers, ranges, units, degrees of freedom."""
        row, before = f"columns-{column.number}", len(self.check.errors)
        if not choice.taken:
            self.check.refuse(f"{row}-kind", "dcc_import.no_value_taken")
        for place in sorted(choice.taken):
            if choice.range_ids[place] is None:
                self.check.refuse(_range_field(choice, column, place), "dcc_import.no_range")
            if column.values[place].value.number.decimal is None:
                self.check.refuse(f"{row}-kind", "dcc_import.not_a_number", place=column.values[place].place)
        used = {column.number: column}
        for number in (choice.argument, choice.uncertainty):
            other = self._column(number)
            if other is not None:
                used[other.number] = other
        for other in used.values():
            self.unit_of(other)
        source = self._column(choice.uncertainty) or column
        if choice.uncertainty is not None and not source.goes_with(column):
            self.check.refuse(f"{row}-uncertainty", "dcc_import.other_length")
        elif self._assumed(choice, source) and not self.taking.assume_degrees:
            self.check.refuse(f"{row}-degrees_of_freedom", "dcc_import.degrees_missing")
        return len(self.check.errors) == before

    def unit_of(self, column: ValueColumn) -> str | None:
        """Return the unit to calculate with: the file's, or the one that a person names for words not understood."""
        if column.unit.canonical is not None:
            return column.unit.canonical
        field, named = f"columns-{column.number}-unit", self.taking.named_units.get(column.number, "")
        if any(error.field == field for error in self.check.errors):
            return None
        if not named:
            self.check.refuse(field, "dcc_import.unit_not_understood", unit=column.unit.text[:80])
            return None
        try:
            return canonical_unit(named)
        except CalcError:
            self.check.refuse(field, "unit.unknown", unit=named)
            return None

    def _named(self, *columns: ValueColumn | None) -> str | None:
        """Return the units that were named by a person, by the file's own words: canonical JSON, None without any."""
        named = {
            column.unit.text: self.unit_of(column)
            for column in columns
            if column is not None and column.unit.canonical is None
        }
        return canonical_json(named) if named else None

    def _source(self, choice: ColumnChoice, column: ValueColumn) -> ValueColumn:
        return self._column(choice.uncertainty) or column

    def _freedom(self, choice: ColumnChoice, stated: StatedUncertainty | None) -> Decimal | None:
        if stated is not None and stated.degrees_of_freedom is not None:
            return stated.degrees_of_freedom
        return choice.degrees_of_freedom

    def _assumed(self, choice: ColumnChoice, source: ValueColumn) -> bool:
        return source.uncertain and source.lacks_degrees and choice.degrees_of_freedom is None

    def _single(self, choice: ColumnChoice, column: ValueColumn, place: int) -> NewContent | None:
        """Return an element or a characteristic: one number of one range."""
        range_id = choice.range_ids[place]
        address = None if range_id is None else self.instrument.range_address(range_id)
        if address is None:
            self.check.refuse(_range_field(choice, column, place), "entry.range_of_another")
            return None
        entry, source = column.values[place], self._source(choice, column)
        unit, stated = self.unit_of(column), source.values[place].stated
        value, nominal = entry.value.number.decimal, address.range.nominal
        if choice.meaning is not Meaning.VALUE:
            value, unit = self._from_nominal(choice, column, value, unit, nominal, address.range.unit)
        named = choice.identifier or (
            f"{column.number + 1}.{place + 1}" if choice.kind is ContentKind.CHARACTERISTIC else ""
        )
        return NewContent(
            address.range.id,
            choice.kind,
            unit=unit or "",
            identifier=named if len(choice.taken) == 1 or not named else f"{named}.{place + 1}",
            phase=choice.phase,
            nominal=nominal if choice.kind is ContentKind.ELEMENT else None,
            value=value,
            expanded_uncertainty=None if stated is None else stated.value,
            expanded_uncertainty_unit=None if stated is None else self.unit_of(source),
            coverage_factor=None if stated is None else stated.coverage_factor,
            coverage_probability=None if stated is None else stated.coverage_probability,
            degrees_of_freedom=self._freedom(choice, stated),
            degrees_of_freedom_assumed=stated is not None and self._assumed(choice, source),
            distribution=_distribution(choice, stated),
            source_path=_places(entry.place, stated),
            named_units=self._named(column, source),
        )

    def _from_nominal(
        self,
        choice: ColumnChoice,
        column: ValueColumn,
        value: Decimal | None,
        unit: str | None,
        nominal: Decimal | None,
        nominal_unit: str,
    ) -> tuple[Decimal | None, str | None]:
        """Return the value that a deviation from the nominal value (or an error, a correction) leads to."""
        field = f"columns-{column.number}-meaning"
        if nominal is None:
            self.check.refuse(field, "dcc_import.no_nominal")
            return None, unit
        if value is None or unit is None:
            return None, unit
        try:
            difference = convert_difference(value, unit, nominal_unit)
        except CalcError:
            self.check.refuse(field, "unit.incompatible", unit=unit, expected=nominal_unit)
            return None, unit
        sign = -1 if choice.meaning is Meaning.ERROR else 1
        return nominal + sign * difference, nominal_unit

    def _curve(self, choice: ColumnChoice, column: ValueColumn) -> list[NewContent]:
        row = f"columns-{column.number}"
        argument = self._column(choice.argument)
        if argument is None:
            self.check.refuse(f"{row}-argument", "dcc_import.no_argument")
            return []
        if argument.number != column.number and not argument.goes_with(column):
            self.check.refuse(f"{row}-argument", "dcc_import.other_length")
            return []
        range_id = next((one for one in choice.range_ids if one is not None), None)
        address = None if range_id is None else self.instrument.range_address(range_id)
        if address is None:
            self.check.refuse(f"{row}-range_id", "entry.range_of_another")
            return []
        source, argument_unit, unit = self._source(choice, column), self.unit_of(argument), self.unit_of(column)
        points = [self._point(choice, column, argument, place) for place in sorted(choice.taken)]
        kept = sorted((one for one in points if one is not None), key=lambda one: one.argument or Decimal(0))
        if len(kept) < len(points) or argument_unit is None or unit is None:
            return []
        return [
            NewContent(
                address.range.id,
                ContentKind.CURVE,
                unit=unit if choice.meaning is Meaning.VALUE else argument_unit,
                identifier=choice.identifier,
                phase=choice.phase,
                argument_unit=argument_unit,
                expanded_uncertainty_unit=self.unit_of(source) if source.uncertain else None,
                degrees_of_freedom_assumed=self._assumed(choice, source),
                distribution=_distribution(choice, source.values[0].stated),
                interpolation=choice.interpolation,
                source_path=column.path,
                named_units=self._named(column, argument, source),
                points=tuple(kept),
            )
        ]

    def _point(self, choice: ColumnChoice, column: ValueColumn, argument: ValueColumn, place: int) -> NewPoint | None:
        entry, source = column.values[place], self._source(choice, column)
        at, number = argument.values[place].value.number.decimal, entry.value.number.decimal
        if at is None or number is None:
            self.check.refuse(
                f"columns-{argument.number}-kind", "dcc_import.not_a_number", place=argument.values[place].place
            )
            return None
        stated = source.values[place].stated
        value = self._at_argument(choice, column, argument, at, number)
        if value is None:
            return None
        return NewPoint(
            value,
            argument=at,
            expanded_uncertainty=None if stated is None else stated.value,
            coverage_factor=None if stated is None else stated.coverage_factor,
            coverage_probability=None if stated is None else stated.coverage_probability,
            degrees_of_freedom=self._freedom(choice, stated),
            source_path=_places(entry.place, stated, argument.values[place].place),
        )

    def _at_argument(
        self, choice: ColumnChoice, column: ValueColumn, argument: ValueColumn, at: Decimal, number: Decimal
    ) -> Decimal | None:
        """Return the value at a point: the number, or the point less its error, or with its correction or deviation."""
        if choice.meaning is Meaning.VALUE:
            return number
        unit, argument_unit = self.unit_of(column), self.unit_of(argument)
        if unit is None or argument_unit is None:
            return None
        try:
            difference = convert_difference(number, unit, argument_unit)
        except CalcError:
            field = f"columns-{column.number}-meaning"
            if not any(error.field == field for error in self.check.errors):
                self.check.refuse(field, "unit.incompatible", unit=unit, expected=argument_unit)
            return None
        return at - difference if choice.meaning is Meaning.ERROR else at + difference

    def coefficients(self) -> list[tuple[int, NewContent]]:
        """Return one content for the coefficients of each range and phase, from all columns that give them."""
        groups: dict[tuple[int, str], list[ColumnChoice]] = {}
        for choice in self.taking.choices:
            if choice.kind is not ContentKind.COEFFICIENTS:
                continue
            column = self._column(choice.number)
            if column is not None and self._fitting(choice, column):
                range_id = next((one for one in choice.range_ids if one is not None), 0)
                groups.setdefault((range_id, choice.phase), []).append(choice)
        return [(choices[0].number, content) for choices in groups.values() if (content := self._equation(choices))]

    def _equation(self, choices: Sequence[ColumnChoice]) -> NewContent | None:
        first = choices[0]
        range_id = next((one for one in first.range_ids if one is not None), 0)
        points = [point for choice in choices if (point := self._coefficient(choice)) is not None]
        if len(points) < len(choices):
            return None
        address = self.instrument.range_address(range_id)
        if address is None:
            self.check.refuse(f"columns-{first.number}-range_id", "entry.range_of_another")
            return None
        return NewContent(
            range_id,
            ContentKind.COEFFICIENTS,
            phase=first.phase,
            argument_unit="ohm",
            equation=first.equation,
            degrees_of_freedom_assumed=any(
                self._assumed(one, column) for one in choices if (column := self._column(one.number)) is not None
            ),
            source_path=self.columns[first.number].path,
            points=tuple(points),
        )

    def _coefficient(self, choice: ColumnChoice) -> NewPoint | None:
        """Return one coefficient in the unit in which its equation takes it."""
        column, place = self.columns[choice.number], min(choice.taken)
        wanted = COEFFICIENT_UNITS.get(choice.identifier)
        entry, unit = column.values[place], self.unit_of(column)
        number, stated = entry.value.number.decimal, entry.stated
        if wanted is None:
            known = ", ".join(COEFFICIENT_UNITS)
            self.check.refuse(f"columns-{column.number}-identifier", "dcc_import.coefficient", known=known)
        if wanted is None or unit is None or number is None:
            return None
        try:
            value = convert(number, unit, wanted)
            uncertainty = None if stated is None else convert_difference(stated.value, unit, wanted)
        except CalcError:
            self.check.refuse(f"columns-{column.number}-unit", "unit.incompatible", unit=unit, expected=wanted)
            return None
        return NewPoint(
            value,
            name=choice.identifier,
            expanded_uncertainty=uncertainty,
            coverage_factor=None if stated is None else stated.coverage_factor,
            coverage_probability=None if stated is None else stated.coverage_probability,
            degrees_of_freedom=self._freedom(choice, stated),
            source_path=_places(entry.place, stated),
        )


def _range_field(choice: ColumnChoice, column: ValueColumn, place: int) -> str:
    several = choice.kind in {ContentKind.ELEMENT, ContentKind.CHARACTERISTIC} and len(column.values) > 1
    return f"columns-{column.number}-{place}-range_id" if several else f"columns-{column.number}-range_id"


def _distribution(choice: ColumnChoice, stated: StatedUncertainty | None) -> str | None:
    """Return the distribution where it is one that calculations know; a characteristic is a half-width."""
    if choice.kind is ContentKind.CHARACTERISTIC:
        return "rectangular"
    known = {"normal", "rectangular", "triangular"}
    return stated.distribution if stated is not None and stated.distribution in known else None


def _places(place: str, stated: StatedUncertainty | None, *others: str) -> str:
    """Return the XPaths of the numbers that a value comes from, each once, the value's own first."""
    return "\n".join(dict.fromkeys((place, *others, *(() if stated is None else (stated.path,)))))
