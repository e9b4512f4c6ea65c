"""The published cases carried with the tests, evaluated once per file through `calc.cases`."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from calc.cases.document import read_document
from calc.cases.evaluate import evaluate_case
from calc.cases.facts import CaseOutcome, Context, Figure, Load

DATA = Path(__file__).parent / "data"
REFERENCE = (
    "calibration_interval",
    "conformity",
    "ea402",
    "gum",
    "interlaboratory",
    "jcgm101",
    "jcgm102",
    "nist_tn1900",
    "other_propagation",
    "straight_line",
    "strd",
)
FURTHER = ("further",)
SEED = 0


@dataclass(frozen=True)
class Published:
    """One published figure and what the core computes for it."""

    name: str
    outcome: CaseOutcome
    figure: Figure


def loader(folder: Path) -> Load:
    """Return a reader of the data files of a folder."""

    def load(name: str) -> list[list[str]]:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            return [row for row in csv.reader(file) if row]

    return load


@cache
def outcomes(path: Path) -> tuple[CaseOutcome, ...]:
    """Return the outcomes of all cases of a file; every Monte Carlo runs once."""
    document = read_document(tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal))
    context = Context(loader(path.parent), SEED)
    return tuple(evaluate_case(case, context) for case in document.cases)


def published(path: Path) -> Iterator[Published]:
    """Yield the figures of a file in its order."""
    for outcome in outcomes(path):
        for number, figure in enumerate(outcome.figures, 1):
            yield Published(f"{outcome.identifier}-{number}-{figure.entry.what}", outcome, figure)


def names(path: Path) -> list[str]:
    """Return the name of every figure of a file, without computing anything."""
    cases = tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    return [
        f"{case['id']}-{number}-{entry['what']}"
        for case in cases
        for number, entry in enumerate(case.get("expect", []), 1)
    ]
