"""Tables of a case file read field by field: the right type, finite numbers, nothing missing, nothing misspelt.

Every refusal names the case, the field by its path (`input[2].half_width`) and what is allowed there. Numbers are
handed over as they stand in the text (int or Decimal), so that nothing is lost before the calculation.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeGuard

from calc.errors import InvalidQuantity

Number = int | Decimal
_LONGEST_TEXT = 20_000
_SHOWN = 60
LARGEST_EXPONENT = 307
_LARGEST = f"1e{LARGEST_EXPONENT}"
_COVERAGE = frozenset({"p", "k"})
_SPREAD = frozenset({"u", "U"})
"""Of these one is given where the other is not wanted: an entry that gives either takes neither from its case."""
REMARKS = frozenset(
    {"id", "title", "source", "unit", "verified", "verified_by", "figures", "note", "notes", "comment", "remark"}
    | {"tags", "keywords", "date", "year", "page"}
)
"""Fields that say something about a table and are never used to compute; allowed everywhere."""


def is_number(value: object) -> TypeGuard[int | float | Decimal]:
    """Return whether a value of a file is a number (true and false are not)."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def shortened(value: object) -> str:
    """Return a value as it is quoted in an error: at most 60 characters."""
    if isinstance(value, int) and value.bit_length() > 10_000:
        return "…"  # Python itself refuses to write such a number
    text = str(value) if is_number(value) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def plain(value: object) -> str:
    """Return a text as it is named between quotation marks: at most 60 characters."""
    return value if isinstance(value, str) and len(value) <= _SHOWN else str(value)[:_SHOWN] + "…"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a case: its `fields`, the case it belongs to, and its path in it ("" is the case itself).

    `borrowed` names the fields that were taken over from the case. `notes` collects, for all tables of one case, what
    a reader should know of it: pairs of a warning's code and the name that it speaks of.
    """

    fields: Mapping[str, object]
    case: str
    path: str = ""
    borrowed: frozenset[str] = frozenset()
    notes: list[tuple[str, str]] = field(default_factory=list, compare=False, repr=False)

    def __contains__(self, name: str) -> bool:
        """Return whether the field is given."""
        return name in self.fields

    def place(self, name: str) -> str:
        """Return the path of a field of this table."""
        return f"{self.path}.{name}" if self.path and name not in self.borrowed else name

    def note(self, code: str, name: str) -> None:
        """Remember a warning about a field of this table."""
        if (code, self.place(name)) not in self.notes:
            self.notes.append((code, self.place(name)))

    def refuse(self, code: str, name: str, /, **values: object) -> InvalidQuantity:
        """Return the error `code` about a field of this table."""
        return InvalidQuantity(code, case=self.case, field=self.place(name), **values)

    def _wrong(self, name: str, expected: str, value: object) -> InvalidQuantity:
        return self.refuse("case.wrong_type", name, expected=expected, value=shortened(value))

    def given(self, name: str) -> object:
        """Return a field as it stands; raises InvalidQuantity `case.missing_field` where there is none."""
        if name not in self.fields:
            raise self.refuse("case.missing_field", name)
        return self.fields[name]

    def _as_number(self, name: str, value: object) -> Number:
        if not is_number(value):
            raise self._wrong(name, "number", value)
        number = Decimal(repr(value)) if isinstance(value, float) else value
        if isinstance(number, Decimal):
            if not number.is_finite():
                raise self.refuse("case.not_finite", name, value=shortened(value))
            beyond = not number.is_zero() and abs(number.adjusted()) > LARGEST_EXPONENT
        else:
            beyond = abs(number) >= 10**LARGEST_EXPONENT
        if beyond:
            raise self.refuse("case.too_large", name, limit=_LARGEST, value=shortened(number))
        return number

    def exact(self, name: str) -> Number:
        """Return a finite number exactly as written."""
        return self._as_number(name, self.given(name))

    def number(self, name: str, default: float | None = None) -> float:
        """Return a finite number; `default` where it is not given."""
        if default is not None and name not in self.fields:
            return default
        return float(self.exact(name))

    def optional(self, name: str) -> float | None:
        """Return a finite number, or None where it is not given."""
        return self.number(name) if name in self.fields else None

    def degrees_of_freedom(self, name: str = "dof") -> float:
        """Return degrees of freedom: at least 1, infinite where they are not given."""
        value = self.fields.get(name, math.inf)
        if not is_number(value):
            raise self._wrong(name, "number", value)
        if value == math.inf:
            return math.inf
        unusable = isinstance(value, Decimal | float) and math.isnan(value)
        if unusable or not value >= 1:
            values = {"lower": 1, "upper": "inf", "value": shortened(value), "clause": "JCGM 100:2008, G.4.1"}
            raise self.refuse("case.out_of_range", name, **values)
        return self.number(name)

    def integer(self, name: str, lower: int, upper: int, default: int | None = None) -> int:
        """Return a whole number from `lower` to `upper` (20.0 counts as 20)."""
        if default is not None and name not in self.fields:
            return default
        number = self.exact(name)
        if number != int(number):
            raise self._wrong(name, "whole number", number)
        if not lower <= number <= upper:
            raise self.refuse("case.out_of_range", name, lower=lower, upper=upper, value=shortened(number))
        return int(number)

    def between(self, name: str, lower: float, upper: float) -> float:
        """Return a number strictly between two limits."""
        number = self.number(name)
        if not lower < number < upper:
            raise self.refuse("case.out_of_range", name, lower=lower, upper=upper, value=shortened(self.given(name)))
        return number

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text that is not empty; `default` where it is not given."""
        if default is not None and name not in self.fields:
            return default
        value = self.given(name)
        if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_TEXT:
            raise self._wrong(name, "text", value)
        return value

    def choice(self, name: str, allowed: Sequence[str], default: str | None = None) -> str:
        """Return a text that is one of `allowed`."""
        text = self.text(name, default)
        if text not in allowed:
            raise self.refuse("case.not_one_of", name, allowed=", ".join(allowed), value=shortened(text))
        return text

    def flag(self, name: str, default: bool) -> bool:
        """Return true or false."""
        value = self.fields.get(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false", value)
        return value

    def list(self, name: str) -> Sequence[object]:
        """Return a list of anything."""
        value = self.given(name)
        if not isinstance(value, list | tuple):
            raise self._wrong(name, "list", value)
        return value

    def numbers(self, name: str, needed: int = 1) -> tuple[Number, ...]:
        """Return a list of at least `needed` finite numbers exactly as written."""
        items = self.list(name)
        if len(items) < needed:
            raise self.refuse("case.too_few", name, needed=needed, count=len(items))
        return tuple(self._as_number(f"{name}[{index}]", item) for index, item in enumerate(items, 1))

    def floats(self, name: str, needed: int = 1) -> tuple[float, ...]:
        """Return a list of at least `needed` finite numbers."""
        return tuple(float(number) for number in self.numbers(name, needed))

    def texts(self, name: str, needed: int = 1) -> tuple[str, ...]:
        """Return a list of at least `needed` texts, each once."""
        items = self.list(name)
        if len(items) < needed:
            raise self.refuse("case.too_few", name, needed=needed, count=len(items))
        found: list[str] = []
        for index, item in enumerate(items, 1):
            if not isinstance(item, str) or not item.strip():
                raise self._wrong(f"{name}[{index}]", "text", item)
            if item in found:
                raise self.refuse("case.duplicate", f"{name}[{index}]", value=plain(item))
            found.append(item)
        return tuple(found)

    def table(self, name: str) -> Table:
        """Return a table within this one."""
        value = self.given(name)
        if not isinstance(value, Mapping):
            raise self._wrong(name, "table", value)
        return Table(value, self.case, self.place(name), notes=self.notes)

    def tables(self, name: str) -> Iterator[Table]:
        """Yield the tables of a list of at least one, each with its number (from 1) in its path."""
        items = self.list(name)
        if not items:
            raise self.refuse("case.too_few", name, needed=1, count=0)
        for index, item in enumerate(items, 1):
            if not isinstance(item, Mapping):
                raise self._wrong(f"{name}[{index}]", "table", item)
            yield Table(item, self.case, self.place(f"{name}[{index}]"), notes=self.notes)

    def over(self, other: Table, names: Collection[str] | None = None) -> Table:
        """Return this table with the fields of `other` (those of `names` alone) wherever it has none itself."""
        taken = set(other.fields if names is None else other.fields.keys() & set(names)) - self.fields.keys()
        for alternatives in (_SPREAD,) if names is None else (_SPREAD, _COVERAGE):
            if alternatives & self.fields.keys():
                taken -= alternatives
        fields = {**{name: other.fields[name] for name in other.fields if name in taken}, **self.fields}
        return Table(fields, self.case, self.path, frozenset(taken), self.notes)

    def only(self, known: Collection[str], remarks: Collection[str] = ()) -> None:
        """Refuse a field that is a misspelling of a known one that is not given; note any other that is not known.

        A field that is not known has no effect, so a warning names it; under a name nearly that of a known field, it
        would silently leave out what was meant.
        """
        missing = [name for name in sorted(known) if name not in self.fields and name not in remarks]
        for name in self.fields:
            if name in known or name in remarks or name in REMARKS:
                continue
            for one in missing:
                if _misspelt(name, one):
                    raise self.refuse("case.unknown_field", name, nearest=one)
            self.note("case.unknown_key", name)


def _misspelt(name: str, known: str) -> bool:
    """Return whether a name is that of a known field but for a slip: one, or two in a long name; the first letter fits.

    Names of one or two letters are too short to tell.
    """
    shorter = min(len(name), len(known))
    one, other = name.casefold().replace("-", "_"), known.casefold()
    if shorter <= 2 or len(name) > _SHOWN or one[0] != other[0]:
        return False
    return _slips(one, other) <= (2 if shorter >= 6 else 1)


def _slips(one: str, other: str) -> int:
    """Return how many letters were left out, added, changed, or swapped with their neighbour (Damerau)."""
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]
