"""The lines of an uncertainty budget, in the order of the model's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from calc.quantities import BudgetLine, InputQuantity


@dataclass(frozen=True, slots=True)
class BoundQuantity:
    """An input quantity of a point: the symbols it stands for and its numbers in `unit`, that of the first symbol."""

    quantity: InputQuantity
    symbols: tuple[str, ...]
    estimate: float
    standard_uncertainty: float
    unit: str


def budget_lines(
    bound: Mapping[str, BoundQuantity],
    coefficients: Mapping[str, float],
    contributions: Mapping[str, float],
    rows: Mapping[str, float],
) -> tuple[BudgetLine, ...]:
    """Return one line for each bound quantity (by key), in the order of the model's symbols.

    `coefficients` c_i, `contributions` c_i u_i and `rows` of the variance are by key. The shares add up to 1 (with
    correlations single ones may be negative), or are all 0 where nothing contributes.
    """
    variance = sum(rows.values())
    return tuple(
        BudgetLine(
            key=key,
            symbol=", ".join(item.symbols),
            estimate=item.estimate,
            unit=item.unit,
            standard_uncertainty=item.standard_uncertainty,
            distribution=item.quantity.distribution,
            evaluation=item.quantity.evaluation,
            degrees_of_freedom=item.quantity.estimate.degrees_of_freedom,
            sensitivity_coefficient=coefficients[key],
            contribution=contributions[key],
            share=rows[key] / variance if variance > 0.0 else 0.0,
            origin=item.quantity.origin,
        )
        for key, item in bound.items()
    )
