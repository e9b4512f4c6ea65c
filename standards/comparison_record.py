"""A comparison as it is kept with the calibration that was accepted on it: canonical JSON, and back. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from lims.core.canonical import canonical_json
from standards.calibration_comparison import ComparedPoint, Comparison, SkippedPoint
from standards.calibration_facts import CalibrationFacts

_EXACT = frozenset(
    {
        "argument",
        "former",
        "former_expanded_uncertainty",
        "found",
        "found_expanded_uncertainty",
        "allowance",
    }
)


def as_record(comparison: Comparison) -> str:
    """Return a comparison as canonical JSON; of the former calibrations their keys."""
    return canonical_json(
        {
            "found_on": comparison.found_on,
            "former": [calibration.id for calibration in comparison.former],
            "points": [asdict(point) for point in comparison.points],
            "skipped": [asdict(point) for point in comparison.skipped],
            "as_found": comparison.as_found,
        }
    )


def former_keys(text: str) -> list[int]:
    """Return the keys of the calibrations that a kept comparison was made with."""
    keys: list[int] = json.loads(text)["former"]
    return keys


def from_record(text: str, former: dict[int, CalibrationFacts]) -> Comparison:
    """Return a comparison as it was kept; `former` are the calibrations by their keys."""
    kept = json.loads(text)
    return Comparison(
        date.fromisoformat(kept["found_on"]),
        tuple(former[key] for key in kept["former"] if key in former),
        tuple(ComparedPoint(**_exact(point)) for point in kept["points"]),
        tuple(SkippedPoint(**_exact(point)) for point in kept["skipped"]),
        kept["as_found"],
    )


def _exact(point: dict[str, Any]) -> dict[str, Any]:
    return {
        name: Decimal(str(value)) if name in _EXACT and value is not None else value for name, value in point.items()
    }
