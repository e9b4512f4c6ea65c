"""What every kind of case offers to the evaluation: its name, the fields it knows, and how a case is taken in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from calc.cases.facts import Context, Expectation, Extras
from calc.cases.tables import Table


class Evaluated:
    """A case whose inputs were taken in: gives the figures asked of it, one at a time."""

    @property
    def scale(self) -> float:
        """The size of the data, by which a published 0 is judged."""
        return 0.0

    def compute(self, entry: Expectation) -> float:
        """Return one figure; raises CalcError."""
        raise entry.unknown()

    def extras(self) -> Extras:
        """Return budgets, warnings and Monte Carlo summaries; raises CalcError."""
        return Extras()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of case: the fields of a case and of an `expect` entry besides the common ones, how to take one in."""

    name: str
    fields: frozenset[str]
    parameters: frozenset[str]
    take_in: Callable[[Table, Context, Sequence[Expectation]], Evaluated]


def figures(entry: Expectation, known: dict[str, Callable[[], float]]) -> float:
    """Return the figure that an entry asks for from those a case gives, each computed only when asked for."""
    if entry.what not in known:
        raise entry.unknown()
    return known[entry.what]()
