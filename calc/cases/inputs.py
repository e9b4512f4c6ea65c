"""The model and the input quantities of a propagation case."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Final

from calc import type_a, type_b
from calc.cases.places import named_field
from calc.cases.tables import Number, Table, plain, shortened
from calc.errors import InvalidQuantity
from calc.expression import is_name
from calc.model import CoverageRule, InputDefinition, MeasurementModel, OutputDefinition
from calc.quantities import Correlation, Distribution, Estimate, Evaluation, InputQuantity, ModelInputs, PointBinding

POINT: Final = "1"
UNIT: Final = "1"  # the numbers of a case are of one coherent set of units, which its note describes
_FORMS: Final = ("series", "u", "U", "half_width", "a")
_SHAPES: Final = {
    "normal": Distribution.NORMAL,
    "rectangular": Distribution.RECTANGULAR,
    "triangular": Distribution.TRIANGULAR,
    "arcsine": Distribution.ARCSINE,
    "trapezoidal": Distribution.TRAPEZOIDAL,
    "exponential": Distribution.EXPONENTIAL,
}
_NAMES: Final = (*_SHAPES, "t", "t_std", "ctrap", "gamma")
_FIELDS: Final = frozenset(
    {"name", "value", "u", "U", "k", "p", "half_width", "dist", "beta", "series", "dof", "a", "b", "d", "shape", "rate"}
)
MOST_INPUTS: Final = 1000


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a case states: the model and its inputs, bound at one point.

    `normal_by_default` names the inputs that Monte Carlo draws from a normal distribution although they have finite
    degrees of freedom, because the case names no distribution. `given_names` are the outputs as the case names them, by
    their symbols in the model.
    """

    model: MeasurementModel
    inputs: ModelInputs
    normal_by_default: tuple[str, ...]
    given_names: Mapping[str, str]

    def symbol(self, given: str) -> str | None:
        """Return the symbol of an output by the name that the case gives it, or None."""
        return next((symbol for symbol, name in self.given_names.items() if name == given), None)

    def quantity(self, name: str) -> InputQuantity | None:
        """Return the input quantity of a name, or None."""
        return next((quantity for quantity in self.inputs.quantities if quantity.key == name), None)


def read_inputs(case: Table, coverage: CoverageRule) -> Inputs:
    """Return model and inputs of a propagation case; raises InvalidQuantity or InvalidModel naming the field."""
    formulas = case.table("model")
    if not formulas.fields:
        raise case.refuse("case.too_few", "model", needed=1, count=0)
    quantities: list[InputQuantity] = []
    series: dict[str, tuple[Number, ...]] = {}
    undrawn: list[str] = []
    for table in case.tables("input"):
        quantity = _quantity(table)
        if any(other.key == quantity.key for other in quantities):
            raise table.refuse("case.duplicate", "name", value=plain(quantity.key))
        if len(quantities) == MOST_INPUTS:
            raise case.refuse("case.too_large", "input", limit=MOST_INPUTS, value=len(case.list("input")))
        quantities.append(quantity)
        if "series" in table:
            series[quantity.key] = table.numbers("series")
        elif "dist" not in table and quantity.distribution is Distribution.NORMAL and _finite(quantity):
            undrawn.append(quantity.key)
    symbols = _symbols(tuple(formulas.fields), {quantity.key for quantity in quantities})
    outputs = tuple(OutputDefinition(symbol, formulas.text(name), UNIT) for symbol, name in symbols.items())
    definitions = tuple(InputDefinition(quantity.key, UNIT) for quantity in quantities)
    names = {quantity.key: quantity.key for quantity in quantities}
    correlations = _given(case, names) + _joint(case, series)
    return Inputs(
        MeasurementModel(outputs, definitions, (), coverage),
        ModelInputs(tuple(quantities), correlations, (PointBinding(POINT, names),)),
        tuple(undrawn),
        symbols,
    )


def _symbols(names: Sequence[str], inputs: Collection[str]) -> dict[str, str]:
    """Return names of outputs by symbols for the model: itself, unless it is no symbol or that of an input."""
    found: dict[str, str] = {}
    taken = {*names, *inputs}
    for number, name in enumerate(names, 1):
        symbol = name
        if not is_name(name) or name in inputs:
            symbol = f"output_{number}"
            while symbol in taken:
                symbol += "_"
        taken.add(symbol)
        found[symbol] = name
    return found


def _finite(quantity: InputQuantity) -> bool:
    return math.isfinite(quantity.estimate.degrees_of_freedom)


def _quantity(table: Table) -> InputQuantity:
    """Return one input, given in exactly one of the forms that there are."""
    table.only(_FIELDS)
    name = table.text("name")
    shape = table.choice("dist", _NAMES, "t" if "series" in table else "normal")
    forms = [form for form in _FORMS if form in table]
    if len(forms) > 1:
        raise table.refuse("case.conflict", forms[0], other=forms[1])
    try:
        if shape == "ctrap":
            return _curvilinear(table, name)
        if shape == "gamma" and not forms:
            return _gamma(table).as_input(name)
        if not forms:
            raise table.refuse("case.missing_field", "u")
        return _READERS[forms[0]](table, name, shape)
    except InvalidQuantity as error:
        if error.code.startswith("case."):
            raise
        # the input's name in place of the builder's own
        field = table.place(named_field(error) or (forms[0] if forms else "dist"))
        raise error.with_values(name=name, case=table.case, field=field) from None


def _series(table: Table, name: str, shape: str) -> InputQuantity:
    """Repeated observations: mean, s/sqrt(n), n - 1 degrees of freedom (JCGM 100:2008, 4.2; JCGM 101:2008, 6.4.9)."""
    if shape not in {"t", "normal"}:
        raise table.refuse("case.not_one_of", "dist", allowed="t, normal", value=shape)
    readings = [Decimal(number) for number in table.numbers("series", 1)]
    distribution = Distribution.T if shape == "t" else Distribution.NORMAL
    return InputQuantity(name, type_a.mean_of(readings, UNIT), distribution, Evaluation.A)


def _standard(table: Table, name: str, shape: str) -> InputQuantity:
    u = table.number("u")
    if u == 0.0:
        return type_b.standard(table.number("value"), 0.0, UNIT).as_input(name)
    if shape in {"t", "t_std"}:
        return _student(table, name, u, shape)
    if shape == "normal":
        return type_b.standard(table.number("value"), u, UNIT, table.degrees_of_freedom()).as_input(name)
    parameters = {"beta": table.number("beta")} if shape == "trapezoidal" else {}
    estimate = Estimate(table.number("value"), u, UNIT, table.degrees_of_freedom())
    return InputQuantity(name, estimate, _shape(table, shape), Evaluation.B, parameters)


def _student(table: Table, name: str, u: float, shape: str) -> InputQuantity:
    nu = table.degrees_of_freedom()
    if math.isinf(nu):
        raise table.refuse("case.missing_field", "dof")
    stated = type_b.TScale.SCALE if shape == "t" else type_b.TScale.STANDARD_DEVIATION
    return type_b.t(table.number("value"), u, nu, UNIT, stated=stated).as_input(name)


def _expanded(table: Table, name: str, shape: str) -> InputQuantity:
    """A certificate's U with its k, or with its level of confidence `p` (JCGM 100:2008, 4.3.3 and 4.3.4)."""
    if "k" in table and "p" in table:
        raise table.refuse("case.conflict", "k", other="p")
    value, spread, nu = table.number("value"), table.number("U"), table.degrees_of_freedom()
    if "p" in table:
        stated = type_b.expanded_at_level(value, spread, table.between("p", 0.0, 1.0), UNIT, nu)
    else:
        stated = type_b.expanded(value, spread, table.number("k"), UNIT, nu)
    u = stated.estimate.standard_uncertainty
    if shape in {"t", "t_std"} and u > 0.0:
        return _student(table, name, u, shape)
    if shape == "normal" or u == 0.0:
        return stated.as_input(name)
    parameters = {"beta": table.number("beta")} if shape == "trapezoidal" else {}
    return InputQuantity(name, stated.estimate, _shape(table, shape), Evaluation.B, parameters)


def _bounded(table: Table, name: str, shape: str) -> InputQuantity:
    """Bounds on both sides; rectangular where no distribution is named (JCGM 100:2008, 4.3.7)."""
    distribution = Distribution.RECTANGULAR if "dist" not in table else _shape(table, shape)
    beta = table.number("beta") if distribution is Distribution.TRAPEZOIDAL else None
    value, width, nu = table.number("value"), table.number("half_width"), table.degrees_of_freedom()
    return type_b.half_width(value, width, UNIT, distribution, nu, beta=beta).as_input(name)


def _shape(table: Table, shape: str) -> Distribution:
    if shape not in _SHAPES:
        raise table.refuse("case.not_one_of", "dist", allowed=", ".join(_SHAPES), value=shape)
    return _SHAPES[shape]


def _curvilinear(table: Table, name: str) -> InputQuantity:
    """Bounds a ± d and b ± d, or value ± half_width with bounds inexact by d (JCGM 101:2008, 6.4.3)."""
    if "half_width" in table:
        middle, width = table.number("value"), table.number("half_width")
    else:
        a, b = table.exact("a"), table.exact("b")
        if not a <= b:
            raise table.refuse("case.out_of_range", "a", lower="-1e308", upper=shortened(b), value=shortened(a))
        exact_a, exact_b = Decimal(a), Decimal(b)
        middle, width = float((exact_a + exact_b) / 2), float((exact_b - exact_a) / 2)
        if "value" in table and abs(table.number("value") - middle) > 1e-6 * width:
            raise table.refuse("case.conflict", "value", other="a, b")
    nu = table.degrees_of_freedom()
    if width == 0.0 and table.number("d") == 0.0:  # limits without any distance: an exact constant
        return type_b.standard(middle, 0.0, UNIT).as_input(name)
    return type_b.curvilinear_trapezoid(middle, width, table.number("d"), UNIT, nu).as_input(name)


def _gamma(table: Table) -> type_b.TypeB:
    rate = table.number("rate")
    if rate <= 0.0:
        raise table.refuse("case.out_of_range", "rate", lower=0, upper="1e308", value=rate)
    return type_b.gamma(table.number("shape"), 1.0 / rate, UNIT)


_READERS: Final[Mapping[str, Callable[[Table, str, str], InputQuantity]]] = {
    "series": _series,
    "u": _standard,
    "U": _expanded,
    "half_width": _bounded,
    "a": lambda table, _name, shape: _refused_bounds(table, shape),
}


def _refused_bounds(table: Table, shape: str) -> InputQuantity:
    """Bounds a and b belong to the curvilinear trapezoid alone."""
    raise table.refuse("case.not_one_of", "dist", allowed="ctrap", value=shape)


def _given(case: Table, names: Mapping[str, str]) -> tuple[Correlation, ...]:
    """Return the correlations that the case states."""
    if "correlation" not in case:
        return ()
    found = []
    for index, item in enumerate(case.list("correlation"), 1):
        place = f"correlation[{index}]"
        if not isinstance(item, list) or len(item) != 3:
            raise case.refuse(
                "case.wrong_type", place, expected="list of two names and a number", value=shortened(item)
            )
        triple = Table(dict(zip(("1", "2", "3"), item, strict=True)), case.case, case.place(place))
        first, second = triple.text("1"), triple.text("2")
        for name in (first, second):
            if name not in names:
                raise case.refuse("case.unknown_name", place, value=plain(name))
        found.append(Correlation(first, second, triple.number("3")))
    return tuple(found)


def _joint(case: Table, series: Mapping[str, tuple[Number, ...]]) -> tuple[Correlation, ...]:
    """Return the sample correlations of series that were observed together. Source: JCGM 100:2008, 5.2.3."""
    if not case.flag("joint_series", False):
        return ()
    lengths = {name: len(numbers) for name, numbers in series.items()}
    for name, count in lengths.items():
        first, expected = next(iter(lengths.items()))
        if count != expected:
            raise case.refuse("case.lengths", f"series {name}", count=count, other=f"series {first}", expected=expected)
    exact = {name: [Decimal(number) for number in numbers] for name, numbers in series.items()}
    return tuple(
        Correlation(one, two, type_a.correlation_of_means(exact[one], exact[two]))
        for one, two in combinations(exact, 2)
    )
