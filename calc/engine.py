"""Which engine made a result, and how a result made again compares with the stored one."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import scipy

from calc.errors import InvalidQuantity
from calc.quantities import MeasurementResult

ENGINE_VERSION = "2.1.0"
"""Raised whenever a change can move a computed number by a single bit."""

RELATIVE_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What the bits of a result depend on. Equal fingerprints promise equal bits; others agree within 1e-12."""

    engine: str
    numpy: str
    scipy: str
    python: str
    machine: str
    cpu_features: tuple[str, ...]


class Agreement(StrEnum):
    """How a result made again compares with the stored one."""

    IDENTICAL = "identical"
    EQUIVALENT = "equivalent"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Outcome of `compare`; `where` names the place of the largest relative difference, empty if there is none."""

    agreement: Agreement
    largest_relative_difference: float
    where: str


def fingerprint() -> Fingerprint:
    """Return the fingerprint of this process: versions of engine, numpy, scipy and Python, CPU features."""
    config: Any = np.show_config(mode="dicts")
    simd = config.get("SIMD Extensions", {})
    found = {*simd.get("baseline", ()), *simd.get("found", ())}
    python = ".".join(platform.python_version_tuple()[:2])
    return Fingerprint(
        ENGINE_VERSION, np.__version__, scipy.__version__, python, platform.machine(), tuple(sorted(found))
    )


def compare(stored: MeasurementResult, recomputed: MeasurementResult) -> Comparison:
    """Return whether two results are the same to the bit, within 1e-12 relative, or different.

    Covariances are compared relative to the product of the two standard uncertainties. Raises InvalidQuantity
    `record.result_shape` if they do not have the same outputs and budget lines, which no engine change explains.
    """
    largest, where = 0.0, ""
    identical = True
    for place, before, after, scale in _numbers(stored, recomputed):
        if before == after:
            continue
        identical = False
        finite = math.isfinite(before) and math.isfinite(after)
        reference = max(abs(before), abs(after)) if scale is None else scale
        difference = abs(before - after) / reference if finite and reference > 0.0 else math.inf
        if difference > largest:
            largest, where = difference, place
    if identical:
        return Comparison(Agreement.IDENTICAL, 0.0, "")
    close = largest <= RELATIVE_TOLERANCE
    return Comparison(Agreement.EQUIVALENT if close else Agreement.DIFFERENT, largest, where)


def _numbers(
    stored: MeasurementResult, recomputed: MeasurementResult
) -> Iterator[tuple[str, float, float, float | None]]:
    """Yield place, stored number, recomputed number and, where it differs from them, the scale of comparison."""
    names = [
        [(output.point, output.output, output.unit, [line.key for line in output.budget]) for output in result.outputs]
        for result in (stored, recomputed)
    ]
    if names[0] != names[1] or len(stored.covariance) != len(recomputed.covariance):
        raise InvalidQuantity("record.result_shape")
    for one, two in zip(stored.outputs, recomputed.outputs, strict=True):
        place = f"{one.point}/{one.output}"
        u = max(one.combined_standard_uncertainty, two.combined_standard_uncertainty)
        yield f"{place}/estimate", one.estimate, two.estimate, max(abs(one.estimate), u)
        for name in (
            "combined_standard_uncertainty",
            "effective_degrees_of_freedom",
            "coverage_factor",
            "expanded_uncertainty",
        ):
            yield f"{place}/{name}", getattr(one, name), getattr(two, name), None
        for first, second in zip(one.budget, two.budget, strict=True):
            yield f"{place}/{first.key}", first.contribution, second.contribution, u
    deviations = [output.combined_standard_uncertainty for output in stored.outputs]
    for i, (row, other) in enumerate(zip(stored.covariance, recomputed.covariance, strict=True)):
        for j, (before, after) in enumerate(zip(row, other, strict=True)):
            yield f"covariance/{i}/{j}", before, after, deviations[i] * deviations[j]
