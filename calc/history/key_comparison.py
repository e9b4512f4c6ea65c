"""Reference value of a key comparison and the laboratories' degrees of equivalence.

Three procedures: weighted mean with a test of consistency (Cox's procedure A), median by Monte Carlo (procedure B),
and the plain mean. All values and uncertainties are in one unit. Laboratories that are not included form no part of
the reference value; their degree of equivalence is stated all the same.
Source: M. G. Cox, Metrologia 39 (2002) 589–595 and 44 (2007) 187–200.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, chdtri

from calc.coverage import coverage_factor
from calc.errors import InvalidQuantity, OutsideValidity
from calc.magnitudes import bounded, spread

Values = npt.NDArray[np.float64]

_CLAUSE = "Metrologia 39 (2002) 589, clause 5"
_MOST_IN_SEARCH = 18  # every subset may have to be tried
_BLOCK = 65_536


class ReferenceMethod(StrEnum):
    """How the reference value is found."""

    MEAN = "mean"
    WEIGHTED_MEAN = "weighted_mean"
    MEDIAN = "median"


@dataclass(frozen=True, slots=True)
class Laboratory:
    """A participant's value with its standard uncertainty (1e-60 to 1e60), and whether it enters the reference."""

    name: str
    value: float
    standard_uncertainty: float
    included: bool = True

    def __post_init__(self) -> None:
        name = self.name or "laboratory"
        object.__setattr__(self, "value", bounded(self.value, name, "value"))
        u = spread(self.standard_uncertainty, name, "standard_uncertainty")
        object.__setattr__(self, "standard_uncertainty", u)


@dataclass(frozen=True, slots=True)
class DegreeOfEquivalence:
    """Difference d from the reference value (or of two laboratories), with u(d), U(d) and a 95 % interval.

    `within` tells whether |d| ≤ U(d), `interval` is d ± U(d) except for the median, where it is the shortest interval
    of the simulated differences.
    """

    name: str
    difference: float
    standard_uncertainty: float
    expanded_uncertainty: float
    interval: tuple[float, float]
    included: bool

    @property
    def within(self) -> bool:
        """Return whether the laboratory agrees with the reference value within its expanded uncertainty."""
        return math.fabs(self.difference) <= self.expanded_uncertainty


@dataclass(frozen=True, slots=True)
class Consistency:
    """Test whether the results in the reference value agree with their weighted mean: χ² observed and its probability.

    `probability` is that of a χ² at least as large where the uncertainties are right; `consistent` where it is not
    below the level of the test. `birge_ratio` = √(χ²/ν).
    """

    chi_squared: float
    degrees_of_freedom: int
    probability: float
    consistent: bool
    birge_ratio: float


@dataclass(frozen=True, slots=True)
class KeyComparison:
    """Reference value with u and U, its test, and every laboratory's degree of equivalence in the order given.

    `excluded` names the laboratories that were included but left out as discrepant.
    """

    method: ReferenceMethod
    reference: float
    standard_uncertainty: float
    expanded_uncertainty: float
    consistency: Consistency
    degrees_of_equivalence: tuple[DegreeOfEquivalence, ...]
    excluded: tuple[str, ...] = ()

    def degree_of_equivalence(self, name: str) -> DegreeOfEquivalence:
        """Return the degree of equivalence of one laboratory; raises InvalidQuantity for an unknown name."""
        for degree in self.degrees_of_equivalence:
            if degree.name == name:
                return degree
        raise InvalidQuantity("inputs.unknown_quantity", name=name)


def reference_mean(
    laboratories: Sequence[Laboratory], *, coverage_probability: float = 0.95, level: float = 0.05
) -> KeyComparison:
    """Take the mean of the included values, u = s/√n, U = t·u with n − 1 degrees of freedom.

    U(d) = 2·√(u_i² + u_ref²) for every laboratory, as CCQM-K30 does: the correlation of an included result with the
    mean is left out. Needs two included laboratories. `level` is that of the χ² test.
    """
    labs = _checked(laboratories, 2)
    included = [lab for lab in labs if lab.included]
    values = np.array([lab.value for lab in included])
    reference = math.fsum(values) / len(included)
    scatter = math.sqrt(math.fsum((values - reference) ** 2) / (len(included) - 1))
    u = scatter / math.sqrt(len(included))
    factor = coverage_factor(len(included) - 1.0, coverage_probability)
    degrees = [_degree(lab, lab.value - reference, math.hypot(lab.standard_uncertainty, u)) for lab in labs]
    return KeyComparison(ReferenceMethod.MEAN, reference, u, factor * u, _weighted(included, level)[2], tuple(degrees))


def reference_weighted_mean(
    laboratories: Sequence[Laboratory], *, level: float = 0.05, largest_consistent_subset: bool = False
) -> KeyComparison:
    """Take the mean weighted with 1/u², Cox's procedure A; U = 2u.

    u²(d) = u_i² − u_ref² for results in the mean (they are correlated with it), u_i² + u_ref² for the others. The test:
    χ²_obs = Σ (x_i − x_ref)²/u_i² against χ² with N − 1 degrees of freedom, passed where the probability of a larger
    one is at least `level`. A failed test is reported, or, with `largest_consistent_subset`, the largest subset that
    passes is taken (of equal ones that with the smallest χ²); the rest is named in `excluded`.
    Raises OutsideValidity for more than 18 laboratories in such a search, InvalidQuantity otherwise.
    """
    labs = _checked(laboratories, 1)
    included = [lab for lab in labs if lab.included]
    used = included
    if largest_consistent_subset and not _weighted(included, level)[2].consistent:
        used = _largest_consistent(included, level)
    reference, u, test = _weighted(used, level)
    inside = {id(lab) for lab in used}
    degrees = []
    for lab in labs:
        own = lab.standard_uncertainty
        spread = math.hypot(own, u)
        if id(lab) in inside:
            spread = math.sqrt(max((own - u) * (own + u), 0.0))
        degrees.append(_degree(lab, lab.value - reference, spread, id(lab) in inside))
    excluded = tuple(lab.name for lab in included if id(lab) not in inside)
    return KeyComparison(ReferenceMethod.WEIGHTED_MEAN, reference, u, 2.0 * u, test, tuple(degrees), excluded)


def reference_median(
    laboratories: Sequence[Laboratory], *, seed: int, trials: int = 200_000, level: float = 0.05
) -> KeyComparison:
    """Take the median by Monte Carlo, Cox's procedure B, for results that are not consistent; U = 2u.

    In each trial every included value is drawn from N(x_i, u_i²) and the median taken; the reference is the mean of the
    medians and u their standard deviation. The differences of a trial keep their correlation with its median: u(d) is
    their standard deviation, U(d) half the shortest 95 % interval, which is stated too. Reproducible from the seed (a
    whole number from 0); at least 10 000 trials. Memory grows with the trials, not with the laboratories.
    """
    labs = _checked(laboratories, 2)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InvalidQuantity("evaluation.seed", value=repr(seed))
    if trials < 10_000:
        raise InvalidQuantity("quantity.too_few_readings", name="trials", count=trials, needed=10_000)
    medians, origin = _medians(labs, seed, trials)
    centre, u = float(np.mean(medians)), float(np.std(medians, ddof=1))
    reference = origin + centre
    degrees = [
        _simulated(lab, (lab.value - origin) + drawn - medians, lab.value - reference)
        for lab, drawn in zip(labs, (_deviates(stream, trials) for stream in _streams(labs, seed)), strict=True)
    ]
    test = _weighted([lab for lab in labs if lab.included], level)[2]
    return KeyComparison(ReferenceMethod.MEDIAN, reference, u, 2.0 * u, test, tuple(degrees))


@dataclass(frozen=True, slots=True)
class _Stream:
    """The random numbers of one laboratory, which can be drawn again from the start."""

    seed: np.random.SeedSequence
    standard_uncertainty: float

    def generator(self) -> np.random.Generator:
        return np.random.Generator(np.random.SFC64(self.seed))


def _streams(labs: Sequence[Laboratory], seed: int) -> list[_Stream]:
    seeds = np.random.SeedSequence(seed).spawn(len(labs))
    return [_Stream(own, lab.standard_uncertainty) for own, lab in zip(seeds, labs, strict=True)]


def _deviates(stream: _Stream, trials: int) -> Values:
    """Return the deviations of one laboratory from its value, (trials,)."""
    drawn = stream.generator().standard_normal(trials)
    drawn *= stream.standard_uncertainty
    return drawn


def _medians(labs: Sequence[Laboratory], seed: int, trials: int) -> tuple[Values, float]:
    """Return the median of the included laboratories in each trial, less an origin, and the origin."""
    chosen = [(lab, stream) for lab, stream in zip(labs, _streams(labs, seed), strict=True) if lab.included]
    origin = float(np.median([lab.value for lab, _ in chosen]))
    generators = [stream.generator() for _, stream in chosen]
    medians = np.empty(trials)
    for start in range(0, trials, _BLOCK):
        size = min(_BLOCK, trials - start)
        drawn = np.empty((len(chosen), size))
        for row, (lab, stream), generator in zip(drawn, chosen, generators, strict=True):
            row[:] = (lab.value - origin) + generator.standard_normal(size) * stream.standard_uncertainty
        medians[start : start + size] = np.median(drawn, axis=0)
    return medians, origin


def mutual_degree_of_equivalence(first: Laboratory, second: Laboratory) -> DegreeOfEquivalence:
    """Return the difference of two independent laboratories, U = 2·√(u_1² + u_2²)."""
    spread = math.hypot(first.standard_uncertainty, second.standard_uncertainty)
    lab = Laboratory(f"{first.name}, {second.name}", first.value, first.standard_uncertainty)
    return _degree(lab, first.value - second.value, spread)


def _checked(laboratories: Sequence[Laboratory], needed: int) -> list[Laboratory]:
    labs = list(laboratories)
    names = [lab.name for lab in labs]
    for name in names:
        if names.count(name) > 1:
            raise InvalidQuantity("quantity.duplicate", name=name, field="laboratory")
    count = sum(lab.included for lab in labs)
    if count < needed:
        raise InvalidQuantity(
            "quantity.too_few_readings", name="laboratories", count=count, needed=needed, clause=_CLAUSE
        )
    return labs


def _degree(lab: Laboratory, difference: float, spread: float, included: bool | None = None) -> DegreeOfEquivalence:
    expanded = 2.0 * spread
    interval = (difference - expanded, difference + expanded)
    inside = lab.included if included is None else included
    return DegreeOfEquivalence(lab.name, difference, spread, expanded, interval, inside)


def _simulated(lab: Laboratory, draws: Values, difference: float) -> DegreeOfEquivalence:
    ordered = np.sort(draws)
    span = math.ceil(0.95 * ordered.size)
    widths = ordered[span:] - ordered[:-span]
    start = int(np.argmin(widths))
    shift = difference - float(np.mean(draws))  # the mean difference is known without sampling error
    low, high = float(ordered[start]) + shift, float(ordered[start + span]) + shift
    return DegreeOfEquivalence(
        lab.name, difference, float(np.std(draws, ddof=1)), 0.5 * (high - low), (low, high), lab.included
    )


def _consistency(labs: Sequence[Laboratory], reference: float, level: float) -> Consistency:
    if not 0.0 < level < 1.0:
        raise InvalidQuantity("quantity.out_of_range", name="level", field="level", value=level, lower=0, upper=1)
    chi_squared = math.fsum(((lab.value - reference) / lab.standard_uncertainty) ** 2 for lab in labs)
    degrees = len(labs) - 1
    if degrees == 0:
        return Consistency(0.0, 0, 1.0, True, 0.0)
    probability = float(chdtrc(degrees, chi_squared))
    return Consistency(chi_squared, degrees, probability, probability >= level, math.sqrt(chi_squared / degrees))


def _weighted(labs: Sequence[Laboratory], level: float) -> tuple[float, float, Consistency]:
    least = min(lab.standard_uncertainty for lab in labs)
    weights = [(least / lab.standard_uncertainty) ** 2 for lab in labs]
    total = math.fsum(weights)
    origin = labs[0].value
    pairs = zip(weights, labs, strict=True)
    reference = origin + math.fsum(weight * (lab.value - origin) for weight, lab in pairs) / total
    return reference, least / math.sqrt(total), _consistency(labs, reference, level)


def _largest_consistent(labs: Sequence[Laboratory], level: float) -> list[Laboratory]:
    """Return the largest subset whose weighted mean passes the test; one laboratory always does."""
    if len(labs) > _MOST_IN_SEARCH:
        raise OutsideValidity("history.too_many", name="laboratories", count=len(labs), limit=_MOST_IN_SEARCH)
    origin = labs[0].value
    x = np.array([lab.value - origin for lab in labs])
    scale = min(lab.standard_uncertainty for lab in labs)
    weights = np.array([(scale / lab.standard_uncertainty) ** 2 for lab in labs])
    for size in range(len(labs) - 1, 1, -1):
        subsets = np.array(list(combinations(range(len(labs)), size)))
        w, values = weights[subsets], x[subsets] / scale
        means = np.sum(w * values, axis=1) / np.sum(w, axis=1)
        chi_squared = np.sum(w * (values - means[:, np.newaxis]) ** 2, axis=1)
        best = int(np.argmin(chi_squared))
        if chi_squared[best] <= chdtri(size - 1, level):
            return [labs[position] for position in subsets[best]]
    return [min(labs, key=lambda lab: lab.standard_uncertainty)]
