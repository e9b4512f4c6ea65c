"""From the quantities of a point to the numbers that the compiled model takes: bindings, units, correlations."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from calc.combination import Pair, complete
from calc.compiler.kernel import Kernel, Structure, kernel_of
from calc.compiler.symbol_values import in_unit
from calc.errors import InvalidQuantity
from calc.model import CompiledModel, MeasurementModel
from calc.propagation import Pairs, kernel_of_pairs
from calc.quantities import InputQuantity, PointBinding
from calc.second_order_check import SecondOrderCheck
from calc.units import exact_factor


@dataclass(frozen=True, slots=True)
class BoundPoint:
    """A point's input quantities in the model's order, each once, with their numbers as the model takes them.

    `values`: (n_inputs,) by symbol, in the model's units. By quantity: `symbols` as text, `units`, `estimates` and
    `deviations` (standard uncertainties), all in the unit of the quantity's first symbol by name. `correlated` names
    places in `quantities` with their coefficient.
    """

    kernel: Kernel
    quantities: Sequence[InputQuantity]
    symbols: Sequence[str]
    units: Sequence[str]
    values: Sequence[float]
    estimates: Sequence[float]
    deviations: Sequence[float]
    degrees: Sequence[float]
    correlated: Mapping[tuple[int, int], float]


@dataclass(frozen=True, slots=True)
class Binder:
    """Binds points to a model; made once for a model. In `compiled.model` arrays and look-ups are written out.

    `hidden` are the symbols that only look-ups need and no budget shows.
    """

    compiled: CompiledModel
    model: MeasurementModel
    symbols: tuple[str, ...] = field(init=False)
    units: list[str] = field(init=False)
    hidden: frozenset[str] = field(init=False)
    second_order: SecondOrderCheck = field(init=False, repr=False)
    _keys_of: Callable[[Mapping[str, str]], Sequence[str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        symbols = self.compiled.symbols
        object.__setattr__(self, "symbols", symbols)
        hidden = frozenset(symbol for lookup in self.compiled.lookups for symbol in lookup.hidden)
        object.__setattr__(self, "hidden", hidden)
        object.__setattr__(self, "second_order", SecondOrderCheck(self.compiled))
        object.__setattr__(self, "units", [definition.unit for definition in self.compiled.model.inputs])
        getter: Callable[[Mapping[str, str]], Sequence[str]]
        if len(symbols) > 1:
            getter = operator.itemgetter(*symbols)
        else:

            def getter(binding: Mapping[str, str]) -> Sequence[str]:
                return [binding[symbol] for symbol in symbols]

        object.__setattr__(self, "_keys_of", getter)

    def bind(
        self, binding: PointBinding, quantities: Mapping[str, InputQuantity], neighbours: Mapping[str, Pairs]
    ) -> BoundPoint:
        """Return a point's quantities and numbers.

        `neighbours`: for every correlated key its pairs, as the whole evaluation has them. Raises InvalidQuantity
        naming point and symbol, or the quantity whose unit does not fit.
        """
        try:
            keys = self._keys_of(binding.symbols)
            bound = [quantities[key] for key in keys]
        except KeyError:
            raise self._fault(binding, quantities) from None
        if len(binding.symbols) != len(keys):
            raise self._fault(binding, quantities)
        if len(set(keys)) < len(keys):
            return self._bind_shared(keys, quantities, neighbours)
        estimates = [quantity.estimate for quantity in bound]
        values = [estimate.value for estimate in estimates]
        deviations = [estimate.standard_uncertainty for estimate in estimates]
        if [estimate.unit for estimate in estimates] != self.units:
            for place, (quantity, unit) in enumerate(zip(bound, self.units, strict=True)):
                values[place], deviations[place] = in_unit(quantity, unit)
        degrees = [estimate.degrees_of_freedom for estimate in estimates]
        correlated = _correlated(keys, neighbours) if neighbours else {}
        kernel = kernel_of_pairs(self.compiled, _pairs(correlated))
        return BoundPoint(kernel, bound, self.symbols, self.units, values, values, deviations, degrees, correlated)

    def _bind_shared(
        self, keys: Sequence[str], quantities: Mapping[str, InputQuantity], neighbours: Mapping[str, Pairs]
    ) -> BoundPoint:
        """Return a point at which one quantity stands for several symbols: it counts once."""
        places: dict[str, list[int]] = {}
        for place, key in enumerate(keys):
            places.setdefault(key, []).append(place)
        groups = [sorted(group, key=self.symbols.__getitem__) for group in places.values()]
        values = [in_unit(quantities[key], unit)[0] for key, unit in zip(keys, self.units, strict=True)]
        bound = [quantities[key] for key in places]
        first = [group[0] for group in groups]
        correlated = _correlated(list(places), neighbours)
        shared = tuple(tuple((place, self._factor(group[0], place)) for place in group) for group in groups)
        return BoundPoint(
            kernel_of(self.compiled.program, Structure(shared, _pairs(correlated))),
            bound,
            [", ".join(self.symbols[place] for place in group) for group in groups],
            [self.units[place] for place in first],
            values,
            [values[place] for place in first],
            [in_unit(quantity, self.units[place])[1] for quantity, place in zip(bound, first, strict=True)],
            [quantity.estimate.degrees_of_freedom for quantity in bound],
            correlated,
        )

    def _factor(self, first: int, place: int) -> float:
        one, two = self.units[first], self.units[place]
        return 1.0 if one == two else float(exact_factor(one, two))

    def _fault(self, binding: PointBinding, quantities: Mapping[str, InputQuantity]) -> InvalidQuantity:
        """Return the error that names the symbol or key for which a point is not bound."""
        for symbol in binding.symbols:
            if symbol not in self.symbols:
                return InvalidQuantity("inputs.unknown_symbol", point=binding.point, name=symbol)
        for symbol in self.symbols:
            if symbol not in binding.symbols:
                return InvalidQuantity("inputs.missing_symbol", point=binding.point, name=symbol)
        missing = next(key for key in map(binding.symbols.__getitem__, self.symbols) if key not in quantities)
        return InvalidQuantity("inputs.unknown_quantity", name=missing)


def neighbours_of(pairs: Pairs) -> dict[str, dict[tuple[str, str], float]]:
    """Return, for every correlated key, the pairs it stands first in."""
    found: dict[str, dict[tuple[str, str], float]] = {}
    for (first, second), r in pairs.items():
        found.setdefault(first, {})[first, second] = r
    return found


def _correlated(keys: Sequence[str], neighbours: Mapping[str, Pairs]) -> dict[tuple[int, int], float]:
    """Return the correlations among a point's quantities by place, the smaller place first, in order."""
    place = {key: index for index, key in enumerate(keys)}
    found: dict[tuple[int, int], float] = {}
    for key in keys:
        for (_, other), r in neighbours.get(key, {}).items():
            if other in place:
                one, two = sorted((place[key], place[other]))
                found[one, two] = r
    return dict(sorted(found.items()))


def _pairs(correlated: Mapping[tuple[int, int], float]) -> tuple[Pair, ...]:
    return tuple((one, two, complete(r)) for (one, two), r in correlated.items())
