"""The numbers of a point in the order and units of a model's symbols, for what is computed besides the evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calc.errors import CalcError, InvalidQuantity
from calc.model import CompiledModel
from calc.quantities import InputQuantity, ModelInputs, PointBinding
from calc.units import convert, convert_difference, parse_unit


@dataclass(frozen=True, slots=True)
class BoundSymbols:
    """One point: key, estimate and standard uncertainty for every symbol, in the model's order and units."""

    keys: tuple[str, ...]
    values: tuple[float, ...]
    standard_uncertainties: tuple[float, ...]

    def correlation(self, pairs: Mapping[tuple[str, str], float]) -> NDArray[np.float64]:
        """Return the correlation matrix of the symbols, (n_symbols, n_symbols); those of one quantity have 1.

        `pairs`: the coefficients that are not zero, by pair of keys.
        """
        matrix = np.eye(len(self.keys))
        for i, one in enumerate(self.keys):
            for j, two in enumerate(self.keys[:i]):
                r = 1.0 if one == two else pairs.get((one, two), pairs.get((two, one), 0.0))
                matrix[i, j] = matrix[j, i] = r
        return matrix


def quantities_by_key(inputs: ModelInputs) -> dict[str, InputQuantity]:
    """Return the input quantities by key; raises InvalidQuantity for a key given twice."""
    quantities = {quantity.key: quantity for quantity in inputs.quantities}
    if len(quantities) < len(inputs.quantities):
        raise _duplicate([quantity.key for quantity in inputs.quantities], "input quantity")
    return quantities


def checked_points(points: Sequence[PointBinding]) -> None:
    """Raise InvalidQuantity unless there is a point and every point has a name of its own."""
    if not points:
        raise InvalidQuantity("inputs.no_points")
    names = [binding.point for binding in points]
    if len(set(names)) < len(names):
        raise _duplicate(names, "point")


def _duplicate(names: Sequence[str], field: str) -> InvalidQuantity:
    first = next(name for index, name in enumerate(names) if name in names[:index])
    return InvalidQuantity("quantity.duplicate", name=first, field=field)


def in_unit(quantity: InputQuantity, unit: str) -> tuple[float, float]:
    """Return estimate and standard uncertainty of a quantity in the unit of a model's symbol.

    Raises InvalidQuantity naming the quantity where its unit does not fit, or a temperature meets a difference.
    """
    estimate = quantity.estimate
    if estimate.unit == unit:
        return estimate.value, estimate.standard_uncertainty
    try:
        given, wanted = parse_unit(estimate.unit), parse_unit(unit)
        if given.dimension == wanted.dimension and (given.offset is None) != (wanted.offset is None):
            raise InvalidQuantity("unit.point_and_difference", name=quantity.key, unit=given.text, expected=wanted.text)
        u = convert_difference(estimate.standard_uncertainty, estimate.unit, unit)
        return convert(estimate.value, estimate.unit, unit), u
    except CalcError as error:
        raise error.with_values(name=quantity.key) from None


def bound_symbols(
    compiled: CompiledModel, binding: PointBinding, quantities: Mapping[str, InputQuantity]
) -> BoundSymbols:
    """Return the numbers of one point; raises InvalidQuantity for a symbol or quantity that is missing or unknown."""
    for symbol in binding.symbols:
        if symbol not in compiled.symbols:
            raise InvalidQuantity("inputs.unknown_symbol", point=binding.point, name=symbol)
    keys, values, uncertainties = [], [], []
    for definition in compiled.model.inputs:
        key = binding.symbols.get(definition.symbol)
        if key is None:
            raise InvalidQuantity("inputs.missing_symbol", point=binding.point, name=definition.symbol)
        if key not in quantities:
            raise InvalidQuantity("inputs.unknown_quantity", name=key)
        value, u = in_unit(quantities[key], definition.unit)
        keys.append(key)
        values.append(value)
        uncertainties.append(u)
    return BoundSymbols(tuple(keys), tuple(values), tuple(uncertainties))
