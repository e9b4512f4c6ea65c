"""The errors of the calculation core: a code, the values at fault and the clause that asks for the rule.

Words for a reader are chosen by whoever shows the error; `ENGLISH` lists every code with a plain English line, so
that a translation can be checked for completeness.
"""

from __future__ import annotations

from typing import Self

from calc.error_texts import CLAUSES, ENGLISH

__all__ = ["CLAUSES", "ENGLISH", "CalcError", "InvalidModel", "InvalidQuantity", "NotConverged", "OutsideValidity"]


class CalcError(ValueError):
    """Something the core refuses.

    Attributes: `code` (a key of `ENGLISH`), `values` (what the line names: input, output, number, limit) and
    `clause` (the rule's source, or None; `CLAUSES` unless the keyword `clause` gives another).
    """

    def __init__(self, code: str, **values: object) -> None:
        clause = values.pop("clause", None) or CLAUSES.get(code)
        self.code = code
        self.clause: str | None = None if clause is None else str(clause)
        self.values: dict[str, object] = values
        super().__init__(ENGLISH[code].format_map(values))

    @classmethod
    def like(cls, error: CalcError, **values: object) -> Self:
        """Return an error of this class with code, clause and values of another, and further values."""
        return cls(error.code, **{**error.values, "clause": error.clause, **values})

    def with_values(self, **values: object) -> Self:
        """Return the same error with further values, for example the name of the input that a caller knows."""
        return type(self).like(self, **values)

    def __reduce__(self) -> tuple[object, ...]:
        """Support pickling, so that an error crosses a process border whole."""
        return (_rebuild, (type(self), self.code, self.clause, self.values))


def _rebuild(kind: type[CalcError], code: str, clause: str | None, values: dict[str, object]) -> CalcError:
    return kind(code, **{**values, "clause": clause})


class InvalidQuantity(CalcError):
    """An input, a number or a unit that cannot be used."""


class InvalidModel(CalcError):
    """A model that cannot be used: its syntax, names or units."""


class OutsideValidity(CalcError):
    """Numbers for which a model, curve or rule does not hold."""


class NotConverged(CalcError):
    """An iterative solution that did not settle."""
