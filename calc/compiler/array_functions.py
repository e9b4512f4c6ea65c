"""Operations on whole arrays by numpy's own functions, one name for each operation of a graph.

Where a point must have the same bits alone or among others the functions of `math` are used instead (`program`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

NUMPY_FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "+": np.add,
        "-": np.subtract,
        "*": np.multiply,
        "/": np.divide,
        "neg": np.negative,
        "sqrt": np.sqrt,
        "sin": np.sin,
        "cos": np.cos,
        "tan": np.tan,
        "asin": np.arcsin,
        "acos": np.arccos,
        "atan": np.arctan,
        "atan2": np.arctan2,
        "exp": np.exp,
        "log": np.log,
        "log10": np.log10,
        "abs": np.abs,
        "min": np.minimum,
        "max": np.maximum,
        "pow": np.power,
    }
)
