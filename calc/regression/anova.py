"""One-way analysis of variance in exact arithmetic, and the mean of groups with its between-group component."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from scipy.special import fdtrc

from calc.errors import InvalidQuantity
from calc.exact_numbers import Column, Number, exact_readings, nearest, root
from calc.quantities import Estimate, finite


class BetweenGroups(StrEnum):
    """What becomes of the scatter between groups (days, operators, positions) in the uncertainty of the mean.

    KEPT: it is an effect, whatever the test says. REJECTED: all readings count as one sample. BY_TEST: kept where the
    F test rejects equal means. Source: JCGM 100:2008, H.5.2.4 and H.5.2.5.
    """

    BY_TEST = "by_test"
    KEPT = "kept"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class OneWayAnalysis:
    """J groups of n_j readings, N in all; sums of squares in the readings' unit squared, deviations in their unit.

    `f` is the ratio of the mean squares, None where no group scatters within; `p_value` the probability of a larger
    one by chance. `s_within` = sqrt(ms_within); `s_a` = sqrt(ms_between); `s_between`² = (ms_between - ms_within)/n0,
    0 where that is negative, n0 = (N - Σ n_j²/N)/(J - 1) the readings of a group; `s_of_means` the experimental
    standard deviation of the group means. `mean` is that of all readings, with `u_mean_between` where the effect of
    the groups is kept (`df_mean_between` degrees of freedom, Satterthwaite's for groups of unequal size) and
    `u_mean_pooled` where it is rejected (N - 1 degrees of freedom).
    """

    groups: int
    readings: int
    mean: float
    ss_between: float
    ss_within: float
    df_between: int
    df_within: int
    ms_between: float
    ms_within: float
    f: float | None
    p_value: float
    r2: float
    s_within: float
    s_a: float
    s_between: float
    s_of_means: float
    u_mean_between: float
    df_mean_between: float
    u_mean_pooled: float

    def mean_estimate(self, unit: str, rule: BetweenGroups = BetweenGroups.BY_TEST, level: float = 0.05) -> GroupedMean:
        """Return the mean with the standard uncertainty that `rule` asks for.

        `level`: probability, strictly between 0 and 1, at which the F test rejects equal means that are equal.
        """
        if not 0.0 < finite(level, "analysis of variance", "level") < 1.0:
            raise InvalidQuantity(
                "quantity.out_of_range", name="analysis of variance", field="level", lower=0, upper=1, value=level
            )
        kept = rule is BetweenGroups.KEPT or (rule is BetweenGroups.BY_TEST and self.p_value <= level)
        if kept:
            estimate = Estimate(self.mean, self.u_mean_between, unit, self.df_mean_between)
        else:
            estimate = Estimate(self.mean, self.u_mean_pooled, unit, self.readings - 1.0)
        return GroupedMean(estimate, self, kept)


@dataclass(frozen=True, slots=True)
class GroupedMean:
    """The mean of grouped readings as an estimate, the analysis behind it, and whether the groups' effect is in it."""

    estimate: Estimate
    analysis: OneWayAnalysis
    between_kept: bool


def one_way(groups: Sequence[Sequence[Number]]) -> OneWayAnalysis:
    """Return the analysis of J groups of readings, which may differ in size.

    Raises InvalidQuantity for fewer than two groups, an empty group, or no group with two readings.
    Source: JCGM 100:2008, H.5; ISO 5725-2:2019, 7.4, for groups of unequal size.
    """
    columns = [Column.of(exact_readings(group, 1, f"group {j}")) for j, group in enumerate(groups, 1)]
    within = sum((column.squares_about_mean() for column in columns), Fraction(0))
    return _analysed([len(column.numerators) for column in columns], [column.mean() for column in columns], within)


def one_way_from_summaries(
    means: Sequence[Number], deviations: Sequence[Number], counts: Sequence[int]
) -> OneWayAnalysis:
    """Return the analysis of J groups of which mean, experimental standard deviation and number are known, each (J,).

    Raises InvalidQuantity for unequal lengths, a negative deviation or a count below 1.
    Source: JCGM 100:2008, H.5.2.2.
    """
    centres = exact_readings(means, 1, "group means")
    spreads = exact_readings(deviations, 1, "group standard deviations")
    for name, length in (("group standard deviations", len(spreads)), ("group counts", len(counts))):
        if length != len(centres):
            raise InvalidQuantity("regression.lengths", name=name, count=length, expected=len(centres))
    for count in counts:
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise InvalidQuantity("quantity.too_few_readings", name="group", count=count, needed=1)
    squares = Fraction(0)
    for spread, count in zip(spreads, counts, strict=True):
        if spread < 0:
            raise InvalidQuantity(
                "quantity.negative", name="group", field="standard_deviation", value=nearest(spread, "group")
            )
        squares += spread * spread * (count - 1)
    return _analysed(list(counts), centres, squares)


def _analysed(sizes: Sequence[int], means: Sequence[Fraction], within: Fraction) -> OneWayAnalysis:
    groups, total = len(sizes), sum(sizes)
    if groups < 2:
        raise InvalidQuantity("quantity.too_few_readings", name="groups", count=groups, needed=2)
    if total == groups:
        raise InvalidQuantity("quantity.too_few_readings", name="group", count=1, needed=2)
    mean = sum((size * value for size, value in zip(sizes, means, strict=True)), Fraction(0)) / total
    between = sum((size * (value - mean) ** 2 for size, value in zip(sizes, means, strict=True)), Fraction(0))
    df_between, df_within = groups - 1, total - groups
    ms_between, ms_within = between / df_between, within / df_within
    f = nearest(ms_between / ms_within, "F") if ms_within else None
    p_value = float(fdtrc(df_between, df_within, f)) if f is not None else (0.0 if ms_between else 1.0)
    size = (total - Fraction(sum(n * n for n in sizes), total)) / df_between
    centre = sum(means, Fraction(0)) / groups
    variance, freedom = _mean_with_groups(sizes, size, ms_between, ms_within)
    return OneWayAnalysis(
        groups=groups,
        readings=total,
        mean=nearest(mean, "mean"),
        ss_between=nearest(between, "sum of squares"),
        ss_within=nearest(within, "sum of squares"),
        df_between=df_between,
        df_within=df_within,
        ms_between=nearest(ms_between, "mean square"),
        ms_within=nearest(ms_within, "mean square"),
        f=f,
        p_value=p_value,
        r2=nearest(between / (between + within), "R²") if between else 0.0,
        s_within=root(ms_within),
        s_a=root(ms_between),
        s_between=root(max((ms_between - ms_within) / size, Fraction(0))),
        s_of_means=root(sum(((value - centre) ** 2 for value in means), Fraction(0)) / df_between),
        u_mean_between=root(variance),
        df_mean_between=freedom,
        u_mean_pooled=root((between + within) / (total - 1) / total),
    )


def _mean_with_groups(
    sizes: Sequence[int], size: Fraction, ms_between: Fraction, ms_within: Fraction
) -> tuple[Fraction, float]:
    """Return the variance of the mean of all readings, with the groups' effect in it, and its degrees of freedom.

    It is s_between² Σ n_j²/N² + ms_within/N = p ms_between + q ms_within: q is 0 for groups of equal size, where that
    is ms_between/N with J - 1 degrees of freedom (JCGM 100:2008, H.5.2.4). Otherwise the degrees of freedom are
    Satterthwaite's (G.4.1), at least 1; where the groups differ less than chance, ms_within/N is taken.
    """
    total = sum(sizes)
    p = Fraction(sum(n * n for n in sizes), total * total) / size
    q = Fraction(1, total) - p
    df_between, df_within = len(sizes) - 1, total - len(sizes)
    if q and ms_between < ms_within:
        return ms_within / total, float(df_within)
    variance = p * ms_between + q * ms_within
    below = (p * ms_between) ** 2 / df_between + (q * ms_within) ** 2 / df_within
    return variance, max(float(variance**2 / below), 1.0) if below else float(df_between)
