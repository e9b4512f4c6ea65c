"""The work most rows share: the end gauge of JCGM 100:2008, H.1 with its nine inputs apart, lengths in nm.

The measured difference d is its mean of five readings and two effects of the comparator (H.1.3.2); the temperature of
the test bed its mean and a cyclic variation (H.1.3.4).
"""

from __future__ import annotations

import math

from calc.model import CoverageRule, InputDefinition, MeasurementModel, OutputDefinition
from calc.quantities import Distribution, Estimate, InputQuantity, ModelInputs, PointBinding

EXPRESSION = "lS + d + d1 + d2 - lS*(dalpha*(theta + cycle) + alphaS*dtheta)"
P = 0.99

_INF = math.inf
_BY_SYMBOL = {
    # symbol: (unit, estimate, standard uncertainty, degrees of freedom, distribution, parameters)
    "lS": ("nm", 50000623.0, 25.0, 18.0, Distribution.T, {}),
    "d": ("nm", 215.0, 5.8, 24.0, Distribution.T, {}),
    "d1": ("nm", 0.0, 3.9, 5.0, Distribution.T, {}),
    "d2": ("nm", 0.0, 6.7, 8.0, Distribution.T, {}),
    "dalpha": ("1/delta_degC", 0.0, 1e-6 / math.sqrt(3.0), 50.0, Distribution.RECTANGULAR, {"half_width": 1e-6}),
    "theta": ("delta_degC", -0.1, 0.2, _INF, Distribution.NORMAL, {}),
    "cycle": ("delta_degC", 0.0, 0.5 / math.sqrt(2.0), _INF, Distribution.ARCSINE, {"half_width": 0.5}),
    "alphaS": ("1/delta_degC", 11.5e-6, 2e-6 / math.sqrt(3.0), _INF, Distribution.RECTANGULAR, {"half_width": 2e-6}),
    "dtheta": ("delta_degC", 0.0, 0.05 / math.sqrt(3.0), 2.0, Distribution.RECTANGULAR, {"half_width": 0.05}),
}

SYMBOLS = tuple(_BY_SYMBOL)
ESTIMATES = tuple(row[1] for row in _BY_SYMBOL.values())
STANDARD_UNCERTAINTIES = tuple(row[2] for row in _BY_SYMBOL.values())
DEGREES_OF_FREEDOM = tuple(row[3] for row in _BY_SYMBOL.values())

MODEL = MeasurementModel(
    (OutputDefinition("l", EXPRESSION, "nm"),),
    tuple(InputDefinition(symbol, row[0]) for symbol, row in _BY_SYMBOL.items()),
    (),
    CoverageRule(P, None),
)
INPUTS = ModelInputs(
    tuple(
        InputQuantity(symbol, Estimate(value, u, unit, nu), distribution, parameters=parameters)
        for symbol, (unit, value, u, nu, distribution, parameters) in _BY_SYMBOL.items()
    ),
    (),
    (PointBinding("1", {symbol: symbol for symbol in SYMBOLS}),),
)
