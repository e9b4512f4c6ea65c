"""Cases written in the tests, as a TOML file would give them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal

from calc.cases.document import read_document
from calc.cases.evaluate import evaluate_case
from calc.cases.facts import CaseOutcome, Context
from calc.errors import InvalidQuantity


def rows(files: Mapping[str, Sequence[Sequence[str]]], name: str) -> Sequence[Sequence[str]]:
    """Return the rows of a data file held in memory."""
    if name not in files:
        raise InvalidQuantity("case.data_file", case="", field="data_file", value=name)
    return files[name]


def outcome(text: str, *, trials: int | None = None, seed: int = 0, **files: Sequence[Sequence[str]]) -> CaseOutcome:
    """Return the outcome of one case written as TOML, its table being `[[case]]`."""
    document = read_document(tomllib.loads(f"schema = 1\n[[case]]\n{text}", parse_float=Decimal))
    held = {f"{name}.csv": content for name, content in files.items()}
    return evaluate_case(document.cases[0], Context(lambda name: rows(held, name), seed, trials))


def numbers(text: str, *, trials: int | None = None, seed: int = 0, **files: Sequence[Sequence[str]]) -> list[float]:
    """Return the computed figures of one case; fails where anything was refused."""
    found = outcome(text, trials=trials, seed=seed, **files)
    assert found.error is None, found.error
    for figure in found.figures:
        assert figure.error is None, figure.error
    return [figure.computed for figure in found.figures if figure.computed is not None]


def expect(*entries: str) -> str:
    """Return `expect` tables, each given by its fields on one line."""
    return "\n".join(f"[[case.expect]]\n{entry}" for entry in ("\n".join(e.split("; ")) for e in entries))
