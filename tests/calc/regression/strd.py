"""NIST StRD data sets: the published cases, and further ones of higher difficulty, ready to be fitted."""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

PUBLISHED = Path(__file__).parents[1] / "published" / "data"
FURTHER = Path(__file__).parent / "data" / "strd_more.toml"
Case = dict[str, Any]


def published(kind: str) -> dict[str, Case]:
    """Return the published StRD cases of one kind by id."""
    cases = tomllib.loads((PUBLISHED / "strd.toml").read_text(encoding="utf-8"))["case"]
    return {case["id"]: case for case in cases if case["kind"] == kind}


def further(kind: str) -> dict[str, Case]:
    """Return the further cases, "linear" or "nonlinear", by id."""
    return {case["id"]: case for case in tomllib.loads(FURTHER.read_text(encoding="utf-8"))[kind]}


def columns(case: Case) -> dict[str, list[Decimal]]:
    """Return the columns of a published case as exact decimals."""
    with (PUBLISHED / case["data_file"]).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [Decimal(row[name]) for row in rows] for name in rows[0] if name != "group"}


def groups(case: Case) -> list[list[Decimal]]:
    """Return the groups of a published analysis of variance."""
    found: dict[str, list[Decimal]] = {}
    with (PUBLISHED / case["data_file"]).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["group"], []).append(Decimal(row["value"]))
    return list(found.values())


def digits(computed: float, certified: float) -> float:
    """Return the log relative error, the number of correct digits; of the error itself where 0 is certified."""
    miss = abs(computed - certified)
    if miss == 0.0:
        return math.inf
    return -math.log10(miss / abs(certified)) if certified else -math.log10(miss)


def least(computed: Sequence[float], certified: Sequence[float]) -> float:
    """Return the number of correct digits that all of several figures reach."""
    return min(digits(one, other) for one, other in zip(computed, certified, strict=True))
