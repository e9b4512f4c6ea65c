"""Declared reductions of readings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

import pytest

from calc.errors import InvalidQuantity
from calc.quantities import Distribution, Evaluation
from calc.reductions import REDUCTIONS, Observation, Reduction, ReductionRule, reduce

ABBA = ("standard", "item", "item", "standard")


def cycles(*rows: Sequence[str]) -> list[Observation]:
    return [
        Observation(Decimal(text), cycle, sequence, role)
        for cycle, row in enumerate(rows, 1)
        for sequence, (text, role) in enumerate(zip(row, ABBA, strict=True), 1)
    ]


def test_abba_removes_a_linear_drift() -> None:
    found = reduce("abba_difference", cycles(("0", "3", "4", "3"), ("0.1", "3.2", "4.3", "3.4")), "mg")
    assert [detail.value for detail in found.details] == [2.0, 2.0]
    assert (found.estimate.value, found.estimate.standard_uncertainty, found.count) == (2.0, 0.0, 2)
    assert (found.evaluation, found.distribution) == (Evaluation.A, Distribution.T)


def test_abba_does_not_depend_on_the_order_of_entry() -> None:
    readings = cycles(("0.010", "0.020", "0.025", "0.015"), ("0.025", "0.050", "0.055", "0.020"))
    assert reduce("abba_difference", readings[::-1], "g") == reduce("abba_difference", readings, "g")


def test_abba_with_a_prior_deviation() -> None:
    one = cycles(("0.010", "0.020", "0.025", "0.015"))
    found = reduce("abba_difference", one, "g", {"prior_standard_deviation": 0.025, "prior_degrees_of_freedom": 20})
    assert found.estimate.value == 0.010
    assert (found.estimate.standard_uncertainty, found.estimate.degrees_of_freedom) == (0.025, 20.0)
    assert found.as_input("dm", "12 readings").origin == "12 readings"
    known = reduce("abba_difference", one, "g", {"prior_standard_deviation": 0.025})
    assert (known.estimate.degrees_of_freedom, known.distribution) == (math.inf, Distribution.NORMAL)


def test_other_reductions() -> None:
    readings = [Observation(value, 1, i) for i, value in enumerate((1.0, 2.0, 4.0), 1)]
    mean = reduce("mean", readings, "V")
    assert mean.estimate.value == pytest.approx(7 / 3, rel=1e-15)
    assert mean.estimate.degrees_of_freedom == 2.0
    deviation = reduce("standard_deviation", readings, "V")
    assert deviation.estimate.value == pytest.approx(math.sqrt(7 / 3), rel=1e-15)
    assert reduce("range", readings, "V").estimate.value == 3.0
    paired = [
        Observation(Decimal(text), 1, sequence, "item", direction)
        for sequence, direction, text in ((1, "up", "0.1"), (2, "up", "5.2"), (2, "down", "5.5"), (1, "down", "0.3"))
    ]
    hysteresis = reduce("maximum_up_down_difference", paired, "kPa")
    assert hysteresis.estimate.value == 0.3
    assert [detail.value for detail in hysteresis.details] == [0.2, 0.3]
    zeros = [
        Observation(Decimal(text), c, s, "zero")
        for c, s, text in ((1, 1, "0.1"), (1, 9, "0.4"), (2, 1, "0"), (2, 9, "0.1"))
    ]
    assert reduce("zero_shift", [*zeros, *readings], "kPa").estimate.value == 0.3


def test_aba_removes_a_linear_drift() -> None:
    roles = ("standard", "item", "standard")
    readings = [
        Observation(Decimal(text), cycle, sequence, role)
        for cycle, row in enumerate((("0", "3.1", "0.2"), ("0.2", "3.4", "0.4")), 1)
        for sequence, (text, role) in enumerate(zip(row, roles, strict=True), 1)
    ]
    found = reduce("aba_difference", readings, "mg")
    assert [detail.value for detail in found.details] == [3.0, 3.1]
    assert found.estimate.value == 3.05
    assert found.estimate.standard_uncertainty == pytest.approx(0.05, rel=1e-15)
    with pytest.raises(InvalidQuantity) as caught:
        reduce("aba_difference", readings[:5], "mg")
    assert (caught.value.code, caught.value.values["cycle"]) == ("reduction.pattern", 2)


def test_pairs_drop_what_both_share() -> None:
    """The bath moves by far more than the difference scatters."""
    bath = [Decimal(text) for text in ("20.1", "19.4", "21.3", "20.8")]
    readings = [
        Observation(value + (Decimal("0.5") if role == "item" else 0), cycle, sequence, role)
        for cycle, value in enumerate(bath, 1)
        for sequence, role in enumerate(("standard", "item") if cycle % 2 else ("item", "standard"), 1)
    ]
    found = reduce("ab_difference", readings, "degC")
    assert (found.estimate.value, found.estimate.standard_uncertainty) == (0.5, 0.0)
    assert (found.count, found.estimate.degrees_of_freedom) == (4, 3.0)
    with pytest.raises(InvalidQuantity) as caught:
        reduce("ab_difference", [*readings, Observation(1.0, 4, 3)], "degC")
    assert caught.value.code == "reduction.pair_count"


def test_reductions_over_cycles() -> None:
    """JCGM 100:2008, H.5: days as cycles; here with few readings and a day that stands apart."""
    readings = [
        Observation(Decimal(text), cycle, sequence)
        for cycle, row in enumerate((("1.1", "1.2"), ("1.1", "1.3"), ("2.1", "2.2")), 1)
        for sequence, text in enumerate(row, 1)
    ]
    pooled = reduce("pooled_standard_deviation", readings, "V")
    assert pooled.estimate.value == pytest.approx(math.sqrt((0.005 + 0.02 + 0.005) / 3), rel=1e-14)
    assert (pooled.estimate.degrees_of_freedom, pooled.count) == (3.0, 6)
    mean = reduce("mean_of_cycles", readings, "V")
    kept = reduce("mean_of_cycles", readings, "V", {"between_cycles": 1})
    rejected = reduce("mean_of_cycles", readings, "V", {"between_cycles": 0})
    assert mean.estimate == kept.estimate
    assert (kept.estimate.degrees_of_freedom, rejected.estimate.degrees_of_freedom) == (2.0, 5.0)
    assert rejected.estimate == reduce("mean", readings, "V").estimate
    assert reduce("mean_of_cycles", readings, "V", {"level": 1e-6}).estimate == rejected.estimate
    assert [detail.value for detail in mean.details] == [1.15, 1.2, 2.15]
    with pytest.raises(InvalidQuantity) as caught:
        reduce("mean_of_cycles", readings, "V", {"between_cycles": 0.5})
    assert caught.value.code == "quantity.out_of_range"


def test_readings_that_follow_each_other_are_flagged() -> None:
    drifting = [Observation(Decimal(i), 1, i) for i in range(1, 21)]
    assert reduce("mean", drifting, "V").warnings == ("type_a.autocorrelated",)
    assert reduce("mean", drifting[::-1], "V") == reduce("mean", drifting, "V")
    corrected = reduce("mean_of_series", drifting, "V")
    assert corrected.warnings == ("type_a.autocorrelated",)
    assert corrected.estimate.standard_uncertainty > reduce("mean", drifting, "V").estimate.standard_uncertainty
    assert reduce("mean", drifting[:3], "V").warnings == ()
    assert reduce("median", drifting, "V").estimate.value == 10.5


def test_a_caller_may_bring_more() -> None:
    def first(observations: Sequence[Observation], unit: str, parameters: object) -> Reduction:
        return reduce("mean", [observations[0]], unit, {"prior_standard_deviation": 1.0})

    rules = {**REDUCTIONS, "first": ReductionRule("first", first)}
    assert reduce("first", [Observation(5.0), Observation(6.0)], "V", rules=rules).estimate.value == 5.0


@pytest.mark.parametrize(
    ("name", "observations", "parameters", "code"),
    [
        ("mode", [], {}, "reduction.unknown"),
        ("mean", [], {}, "quantity.too_few_readings"),
        ("mean", [Observation(1.0)], {}, "quantity.too_few_readings"),
        ("mean", [Observation(1.0), Observation(math.nan)], {}, "quantity.not_finite"),
        ("mean", [Observation(1.0)], {"sigma": 1.0}, "quantity.parameter_unknown"),
        ("mean", [Observation(1.0)], {"prior_degrees_of_freedom": 5.0}, "quantity.parameter_missing"),
        ("mean", [Observation(1.0)], {"prior_standard_deviation": -1.0}, "quantity.negative"),
        ("mean", [Observation(1.0)], {"prior_standard_deviation": math.nan}, "quantity.not_finite"),
        (
            "mean",
            [Observation(1.0)],
            {"prior_standard_deviation": 1.0, "prior_degrees_of_freedom": 0.0},
            "quantity.degrees_of_freedom",
        ),
        ("standard_deviation", [Observation(1.0)], {}, "quantity.too_few_readings"),
        ("abba_difference", [], {}, "quantity.too_few_readings"),
        ("abba_difference", cycles(("1", "2", "3", "4"))[:3], {}, "reduction.incomplete_cycle"),
        (
            "abba_difference",
            [*cycles(("1", "2", "3", "4")), Observation(0.0, 1, 9, "zero")],
            {},
            "reduction.incomplete_cycle",
        ),
        ("abba_difference", cycles(("1", "2", "3", "4")), {}, "quantity.too_few_readings"),
        (
            "abba_difference",
            [Observation(1.0, 1, i, role) for i, role in enumerate(("item", "standard", "standard", "item"))],
            {"prior_standard_deviation": 1.0},
            "reduction.order",
        ),
        ("maximum_up_down_difference", [], {}, "quantity.too_few_readings"),
        ("maximum_up_down_difference", [Observation(1.0, direction="up")], {}, "reduction.unpaired"),
        ("zero_shift", [Observation(1.0)], {}, "reduction.missing"),
        ("zero_shift", [Observation(1.0, role="zero")], {}, "quantity.too_few_readings"),
    ],
)
def test_refused(name: str, observations: list[Observation], parameters: dict[str, float], code: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        reduce(name, observations, "g", parameters)
    assert caught.value.code == code


def loading(*rows: Sequence[str]) -> list[Observation]:
    """Return the readings of cycles up and down at one mark: each row is a cycle."""
    return [
        Observation(Decimal(text), cycle, 1, "standard", direction)
        for cycle, row in enumerate(rows, 1)
        for direction, text in zip(("up", "down"), row, strict=True)
    ]


def test_half_widths_of_a_gauge_at_a_mark() -> None:
    readings = loading(("801.5", "795.5"), ("799.5", "793.5"))
    hysteresis = reduce("up_down_half_difference", readings, "kPa")
    assert (hysteresis.estimate.value, hysteresis.estimate.standard_uncertainty, hysteresis.count) == (3.0, 0.0, 4)
    assert [(one.label, one.value) for one in hysteresis.details] == [("mean_up", 800.5), ("mean_down", 794.5)]
    repeatability = reduce("cycle_half_difference", readings, "kPa")
    assert repeatability.estimate.value == 1.0
    mean = reduce("mean_value", readings, "kPa")
    assert (mean.estimate.value, mean.estimate.standard_uncertainty, mean.count) == (797.5, 0.0, 4)
    assert reduce("up_down_half_difference", readings[::-1], "kPa") == hysteresis


def test_repeatability_takes_the_direction_that_repeats_worse() -> None:
    falling = reduce("cycle_half_difference", loading(("1", "10"), ("1.2", "11")), "kPa")
    rising = reduce("cycle_half_difference", loading(("1", "10"), ("3", "11")), "kPa")
    assert (falling.estimate.value, rising.estimate.value) == (0.5, 1.0)
    three = reduce("cycle_half_difference", loading(("1", "5"), ("2", "5"), ("4", "5")), "kPa")
    assert three.estimate.value == 1.5
    plain = [Observation(Decimal(text), cycle) for cycle, text in enumerate(("1", "1.5"), 1)]
    assert reduce("cycle_half_difference", plain, "kPa").estimate.value == 0.25


def test_only_differences_are_half_widths() -> None:
    values = {name for name, rule in REDUCTIONS.items() if not rule.difference}
    assert values == {"mean", "mean_value", "mean_of_series", "mean_of_cycles", "median"}


@pytest.mark.parametrize(
    ("name", "observations", "code"),
    [
        ("up_down_half_difference", loading(("1", "2"))[:1], "reduction.missing"),
        ("up_down_half_difference", [], "reduction.missing"),
        ("cycle_half_difference", loading(("1", "2")), "quantity.too_few_readings"),
        ("cycle_half_difference", [], "quantity.too_few_readings"),
        ("mean_value", [], "quantity.too_few_readings"),
    ],
    ids=("no_down", "nothing_to_part", "one_cycle", "no_cycle", "no_reading"),
)
def test_half_widths_refused(name: str, observations: list[Observation], code: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        reduce(name, observations, "kPa")
    assert caught.value.code == code
