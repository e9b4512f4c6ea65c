"""What a look-up in a formula needs of a calibration curve; `calc.curves.curve.Curve` offers it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


class Note(Protocol):
    """What a reviewer should know about a value of a curve: a code and numbers."""

    @property
    def code(self) -> str: ...

    @property
    def numbers(self) -> Mapping[str, float]: ...


class ValidRange(Protocol):
    """Where a curve may be used, in its argument's unit."""

    def notes(self, argument: float, name: str) -> Iterable[Note]:
        """Return what is to be said of a value at `argument`, for example beyond the certified range."""


@runtime_checkable
class CalibrationCurve(Protocol):
    """A curve y = c(x) with units, exact derivatives, its own uncertainty, and a range outside which it refuses.

    All methods raise OutsideValidity outside the range. Standard uncertainty and covariance are those of the curve at
    exactly known arguments.
    """

    @property
    def kind(self) -> str:
        """What names the class of the curve in a record."""

    @property
    def name(self) -> str: ...

    @property
    def argument_unit(self) -> str: ...

    @property
    def value_unit(self) -> str: ...

    @property
    def domain(self) -> ValidRange: ...

    def value(self, x: float) -> float:
        """Return c(x), in the value's unit."""

    def derivative(self, x: float) -> float:
        """Return dc/dx, exact, in value unit per argument unit."""

    def second_derivative(self, x: float) -> float:
        """Return d²c/dx², exact, in value unit per argument unit squared."""

    def standard_uncertainty(self, x: float) -> float:
        """Return u(c(x)), in the value's unit."""

    def degrees_of_freedom(self, x: float) -> float:
        """Return the degrees of freedom of u(c(x)), which may be infinite."""

    def covariance_matrix(self, arguments: Sequence[float]) -> NDArray[np.float64]:
        """Return the covariance of the values at several arguments, (n, n), value unit squared."""
