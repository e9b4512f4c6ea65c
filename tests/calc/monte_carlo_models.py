"""Models and inputs shared by the tests of Monte Carlo, in plain numbers (unit 1) unless said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from calc import type_b
from calc.model import InputDefinition, MeasurementModel, OutputDefinition
from calc.quantities import Correlation, Distribution, Estimate, InputQuantity, ModelInputs, PointBinding


def normal(value: float, u: float, **more: float) -> InputQuantity:
    return InputQuantity("x", Estimate(value, u, "1", more.get("nu", float("inf"))))


def rectangular(value: float, half_width: float) -> InputQuantity:
    return type_b.half_width(value, half_width, "1").as_input("x")


def model_of(outputs: Mapping[str, str], symbols: Sequence[str]) -> MeasurementModel:
    """Return a model of plain numbers."""
    return MeasurementModel(
        tuple(OutputDefinition(name, text, "1") for name, text in outputs.items()),
        tuple(InputDefinition(symbol, "1") for symbol in symbols),
    )


def inputs_of(
    quantities: Mapping[str, InputQuantity], correlations: Sequence[tuple[str, str, float]] = ()
) -> ModelInputs:
    """Return the inputs of one point, each quantity bound to the symbol of its own name."""
    named = tuple(
        InputQuantity(key, q.estimate, q.distribution, q.evaluation, q.parameters) for key, q in quantities.items()
    )
    point = PointBinding("1", {key: key for key in quantities})
    return ModelInputs(named, tuple(Correlation(*correlation) for correlation in correlations), (point,))


ADDITIVE = model_of({"Y": "X1 + X2 + X3 + X4"}, ["X1", "X2", "X3", "X4"])

_ROOT_3 = 3.0**0.5
ADDITIVE_NORMAL = inputs_of({f"X{i}": normal(0.0, 1.0) for i in range(1, 5)})
ADDITIVE_RECTANGULAR = inputs_of({f"X{i}": rectangular(0.0, _ROOT_3) for i in range(1, 5)})
ADDITIVE_DOMINATED = inputs_of(
    {**{f"X{i}": rectangular(0.0, _ROOT_3) for i in range(1, 4)}, "X4": rectangular(0.0, 10.0 * _ROOT_3)}
)

WEIGHING = model_of(
    {"dm": "(mRc + dmRc)*(1 + (rho_a - 1.2)*(1/rho_W - 1/rho_R)) - 100000"},
    ["mRc", "dmRc", "rho_a", "rho_W", "rho_R"],
)
WEIGHING_INPUTS = inputs_of(
    {
        "mRc": normal(100000.0, 0.05),
        "dmRc": normal(1.234, 0.02),
        "rho_a": rectangular(1.2, 0.1),
        "rho_W": rectangular(8000.0, 1000.0),
        "rho_R": rectangular(8000.0, 50.0),
    }
)

MISMATCH = model_of({"Y": "X1**2 + X2**2"}, ["X1", "X2"])


def mismatch_inputs(x1: float, r: float) -> ModelInputs:
    """Return the inputs of the comparison loss in power meter calibration, JCGM 101:2008, 9.4."""
    return inputs_of({"X1": normal(x1, 0.005), "X2": normal(0.0, 0.005)}, [("X1", "X2", r)] if r else [])


_GAUGE: dict[str, tuple[str, type_b.TypeB]] = {
    "Ls": ("nm", type_b.t(50000623.0, 25.0, 18.0, "nm")),
    "D": ("nm", type_b.t(215.0, 6.0, 24.0, "nm")),
    "d1": ("nm", type_b.t(0.0, 4.0, 5.0, "nm")),
    "d2": ("nm", type_b.t(0.0, 7.0, 8.0, "nm")),
    "alpha_s": ("1/delta_degC", type_b.limits(9.5e-6, 13.5e-6, "1/delta_degC")),
    "theta_0": ("delta_degC", type_b.standard(-0.1, 0.2, "delta_degC")),
    "cycle": ("delta_degC", type_b.half_width(0.0, 0.5, "delta_degC", Distribution.ARCSINE)),
    "d_alpha": ("1/delta_degC", type_b.curvilinear_trapezoid(0.0, 1e-6, 1e-7, "1/delta_degC")),
    "d_theta": ("delta_degC", type_b.curvilinear_trapezoid(0.0, 0.05, 0.025, "delta_degC")),
}
GAUGE_BLOCK = MeasurementModel(
    (
        OutputDefinition(
            "dL",
            "Ls*(1 + alpha_s*(theta_0 + cycle - d_theta))/(1 + (alpha_s + d_alpha)*(theta_0 + cycle))"
            " + (D + d1 + d2)/(1 + (alpha_s + d_alpha)*(theta_0 + cycle)) - Lnom",
            "nm",
        ),
    ),
    (*(InputDefinition(symbol, unit) for symbol, (unit, _) in _GAUGE.items()), InputDefinition("Lnom", "mm")),
)
GAUGE_BLOCK_INPUTS = ModelInputs(
    (
        *(stated.as_input(symbol) for symbol, (_, stated) in _GAUGE.items()),
        type_b.standard(50.0, 0.0, "mm").as_input("Lnom"),
    ),
    (),
    (PointBinding("1", {symbol: symbol for symbol in (*_GAUGE, "Lnom")}),),
)
"""JCGM 101:2008, 9.5, table 10: the end gauge of 50 mm."""
