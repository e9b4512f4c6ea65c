"""Risks over a population: published tables, closed forms, and an independent double integral."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from calc.decisions.conformity import ToleranceInterval
from calc.decisions.global_risk import acceptance_limits, global_risk
from calc.decisions.priors import (
    ArcsinePrior,
    GammaPrior,
    NormalPrior,
    Prior,
    StudentPrior,
    TrapezoidalPrior,
    normal_prior_from_conformance,
)
from calc.decisions.risk import RiskDefinition, managed_guard_factor
from calc.errors import CalcError, InvalidQuantity, OutsideValidity

ONE = ToleranceInterval(-1.0, 1.0)


def test_ball_bearings() -> None:
    # JCGM 106:2012, 9.5.4: gamma prior with mean 1 µm and standard deviation 0.5 µm, upper limit 2 µm, u 0.25 µm
    prior, limit = GammaPrior(4.0, 4.0), ToleranceInterval(None, 2.0)
    found = global_risk(prior, 0.25, limit)
    assert found.nonconforming.probability == pytest.approx(0.0424, abs=5e-5)
    assert found.consumer.probability == pytest.approx(0.00802, abs=5e-6)
    assert found.consumer.definition is RiskDefinition.ACCEPTED_AND_NONCONFORMING
    limits = acceptance_limits(prior, 0.25, limit, 0.001)
    assert limits.upper == pytest.approx(1.672, abs=5e-4)
    assert limits.lower is None


@pytest.mark.parametrize(
    ("itp", "joint", "conditional"),
    [
        (0.6, 0.0483860326, 0.0826008199),
        (0.7, 0.0392234109, 0.0572322042),
        (0.8, 0.0285583037, 0.0363227145),
        (0.95, 0.0087100925, 0.0092389664),
        (0.99, 0.0019991684, 0.0020243866),
    ],
)
def test_false_accept_table(itp: float, joint: float, conditional: float) -> None:
    # NCSLI RP-19 draft, as recorded in the tests of suncal: measurement s.d. a quarter of the population's
    prior = normal_prior_from_conformance(itp)
    found = global_risk(prior, 0.25 * prior.standard_deviation, ONE)
    assert found.nonconforming.probability == pytest.approx(1.0 - itp, abs=1e-14)
    assert found.consumer.probability == pytest.approx(joint, abs=1e-8)
    assert found.consumer_conditional is not None
    assert found.consumer_conditional.probability == pytest.approx(conditional, abs=1e-8)
    assert found.consumer_conditional.definition is RiskDefinition.NONCONFORMING_GIVEN_ACCEPTED


def test_deaver_four_to_one() -> None:
    # Deaver's tables: limits at two standard deviations of the process, ratio 4:1
    found = global_risk(NormalPrior(0.0, 4.0), 1.0, ToleranceInterval(-8.0, 8.0))
    assert found.consumer.probability == pytest.approx(0.008, abs=5e-4)
    assert found.producer.probability == pytest.approx(0.015, abs=5e-4)


@pytest.mark.parametrize(
    ("limit", "u", "guard", "consumer", "producer"),
    [  # further figures of Deaver's paper, as recorded in the tests of suncal; standard deviation of the process 1
        (2.0, 0.25, 1.0, 0.008, None),
        (2.5, 0.25, 1.0, 0.0025, None),
        (2.0, 0.5, 0.91, 0.008, 0.066),
    ],
)
def test_deaver_with_guard_bands(limit: float, u: float, guard: float, consumer: float, producer: float | None) -> None:
    acceptance = ToleranceInterval(-guard * limit, guard * limit)
    found = global_risk(NormalPrior(0.0, 1.0), u, ToleranceInterval(-limit, limit), acceptance)
    assert found.consumer.probability == pytest.approx(consumer, abs=5e-4)
    if producer is not None:
        assert found.producer.probability == pytest.approx(producer, abs=1e-3)


def test_the_quadrant_of_a_bivariate_normal_distribution() -> None:
    # one limit at the mean: the joint probability is that of a quadrant, (π/2 − arcsin ρ)/2π
    s, u = 3.0, 0.7
    found = global_risk(NormalPrior(5.0, s), u, ToleranceInterval(None, 5.0))
    quadrant = (0.5 * math.pi - math.asin(s / math.hypot(s, u))) / (2.0 * math.pi)
    assert found.consumer.probability == pytest.approx(quadrant, abs=1e-15)
    assert found.producer.probability == pytest.approx(quadrant, abs=1e-15)
    assert found.accepted.probability == pytest.approx(0.5, abs=1e-15)


PRIORS = [
    (NormalPrior(0.3, 0.5), stats.norm(0.3, 0.5)),
    (NormalPrior(0.0, 0.002), stats.norm(0.0, 0.002)),
    (StudentPrior(0.1, 0.4, 3.0), stats.t(3, 0.1, 0.4)),
    (StudentPrior(-0.2, 0.3, 1.0), stats.t(1, -0.2, 0.3)),
    (StudentPrior(0.0, 0.4, 1e4), stats.t(1e4, 0.0, 0.4)),
    (GammaPrior(4.0, 5.0), stats.gamma(4.0, scale=0.2)),
    (GammaPrior(1.0, 2.0), stats.gamma(1.0, scale=0.5)),
    (GammaPrior(400.0, 400.0), stats.gamma(400.0, scale=1.0 / 400.0)),
    (GammaPrior(50.0, 50.0), stats.gamma(50.0, scale=1.0 / 50.0)),
    (TrapezoidalPrior(-1.5, 1.2), stats.uniform(-1.5, 2.7)),
    (TrapezoidalPrior(-1.0, 1.4, 0.0), stats.triang(0.5, -1.0, 2.4)),
    (TrapezoidalPrior(-1.5, 1.5, 0.4), stats.trapezoid(0.3, 0.7, -1.5, 3.0)),
    (ArcsinePrior(-1.2, 1.2), stats.arcsine(-1.2, 2.4)),
]


@pytest.mark.parametrize(("prior", "peer"), PRIORS, ids=[repr(prior) for prior, _ in PRIORS])
@pytest.mark.parametrize("u", [0.02, 0.25, 3.0])
def test_against_an_independent_integral(prior: Prior, peer: stats.distributions.rv_frozen, u: float) -> None:
    acceptance = ToleranceInterval(-0.8, 0.9)
    found = global_risk(prior, u, ONE, acceptance)

    def over_quantiles(low: float, high: float, rejected: bool) -> float:
        """Integrate over the probability instead of the value."""
        first, last = float(peer.cdf(low)), float(peer.cdf(high))
        edges = np.concatenate([peer.cdf(limit + u * np.arange(-8.0, 8.5)) for limit in (-0.8, 0.9)])
        ends = np.unique(np.clip(np.concatenate([[first, last], edges]), first, last))
        half = 0.5 * np.diff(ends)[:, np.newaxis]
        y = peer.ppf(ends[:-1, np.newaxis] + half * (1.0 + nodes))
        inside = stats.norm.cdf((0.9 - y) / u) - stats.norm.cdf((-0.8 - y) / u)
        return float(np.sum(half * weights * (1.0 - inside if rejected else inside)))

    nodes, weights = np.polynomial.legendre.leggauss(200)
    consumer = over_quantiles(-math.inf, -1.0, False) + over_quantiles(1.0, math.inf, False)
    assert found.nonconforming.probability == pytest.approx(peer.cdf(-1.0) + peer.sf(1.0), abs=1e-12)
    assert found.consumer.probability == pytest.approx(consumer, abs=2e-8)
    assert found.producer.probability == pytest.approx(over_quantiles(-1.0, 1.0, True), abs=2e-8)


@pytest.mark.parametrize(("prior", "peer"), PRIORS, ids=[repr(prior) for prior, _ in PRIORS])
def test_priors_hold_the_whole_population(prior: Prior, peer: stats.distributions.rv_frozen) -> None:
    everything = global_risk(prior, 0.0, ToleranceInterval(-1e9, None))
    assert everything.accepted.probability == pytest.approx(1.0, abs=1e-9)  # a Cauchy tail of 3e-10 lies below
    assert everything.producer_conditional is None or everything.producer.probability < 1e-9
    at_quantile = global_risk(prior, 0.0, ToleranceInterval(None, float(peer.ppf(0.3))))
    assert at_quantile.nonconforming.probability == pytest.approx(0.7, abs=1e-12)


def test_a_perfect_measurement_of_a_gamma_prior_of_small_shape() -> None:
    limit = float(stats.gamma(0.05).ppf(0.9))
    found = global_risk(GammaPrior(0.05, 1.0), 0.0, ToleranceInterval(None, limit))
    assert found.nonconforming.probability == pytest.approx(0.1, abs=1e-12)
    assert (found.consumer.probability, found.producer.probability) == (0.0, 0.0)


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("wanted", [1e-4, 0.01, 0.05])
def test_limits_that_meet_a_risk(wanted: float, conditional: bool) -> None:
    prior = NormalPrior(0.1, 0.7)
    limits = acceptance_limits(prior, 0.2, ONE, wanted, conditional=conditional)
    found = global_risk(prior, 0.2, ONE, ToleranceInterval(limits.lower, limits.upper))
    risk = found.consumer_conditional if conditional else found.consumer
    assert risk is not None
    assert risk.probability == pytest.approx(wanted, rel=1e-8)
    assert limits.lower == pytest.approx(-1.0 + limits.guard_band)


def test_a_risk_beyond_the_share_of_nonconforming_items_is_refused() -> None:
    for wanted in (0.2, 0.9):
        with pytest.raises(OutsideValidity) as refused:
            acceptance_limits(normal_prior_from_conformance(0.9), 0.1, ONE, wanted)
        assert refused.value.code == "risk.unattainable"


def test_the_managed_guard_band_holds_two_per_cent() -> None:
    # M. Dobbert, NCSLI Workshop 2008: whatever the in-tolerance probability, about 2 % at most
    for ratio in (1.5, 2.0, 3.0, 4.0):
        expanded = 1.0 / ratio
        guarded = 1.0 - managed_guard_factor(ratio) * expanded
        acceptance = ToleranceInterval(-guarded, guarded)
        worst = max(
            global_risk(
                normal_prior_from_conformance(itp / 100.0), expanded / 2.0, ONE, acceptance
            ).consumer.probability
            for itp in range(20, 100, 2)
        )
        assert worst == pytest.approx(0.02, abs=0.001)


@pytest.mark.parametrize(
    "call",
    [
        lambda: NormalPrior(0.0, 0.0),
        lambda: NormalPrior(0.0, 1e61),
        lambda: NormalPrior(1e61, 1.0),
        lambda: TrapezoidalPrior(0.0, 1e-61),
        lambda: NormalPrior(math.nan, 1.0),
        lambda: GammaPrior(-1.0, 1.0),
        lambda: StudentPrior(0.0, 1.0, math.inf),
        lambda: StudentPrior(0.0, 1.0, 0.0),
        lambda: TrapezoidalPrior(1.0, 1.0),
        lambda: TrapezoidalPrior(0.0, 1.0, 1.5),
        lambda: ArcsinePrior(1.0, -1.0),
        lambda: normal_prior_from_conformance(1.0),
        lambda: global_risk(NormalPrior(0.0, 1.0), -1.0, ONE),
        lambda: global_risk(NormalPrior(0.0, 1.0), math.inf, ONE),
        lambda: acceptance_limits(NormalPrior(0.0, 1.0), 0.0, ONE, 0.01),
        lambda: acceptance_limits(NormalPrior(0.0, 1.0), 0.1, ONE, 0.0),
    ],
)
def test_what_cannot_be_used_is_refused(call: object) -> None:
    assert callable(call)
    with pytest.raises(InvalidQuantity) as refused:
        call()
    assert isinstance(refused.value, CalcError)


@settings(max_examples=60)
@given(
    mean=st.floats(-1, 1),
    s=st.floats(0.05, 5),
    u=st.floats(0.01, 2),
    guard=st.floats(-0.5, 0.4),
    power=st.integers(-9, 9),
)
def test_risks_shrink_with_the_guard_band_mirror_and_know_no_unit(
    mean: float, s: float, u: float, guard: float, power: int
) -> None:
    def at(sign: float, scale: float, band: float) -> tuple[float, float]:
        limits = ToleranceInterval(-scale, scale)
        held = ToleranceInterval(-scale * (1.0 - band), scale * (1.0 - band))
        found = global_risk(NormalPrior(sign * mean * scale, s * scale), u * scale, limits, held)
        assert found.nonconforming.probability + found.accepted.probability == pytest.approx(
            1.0 + found.consumer.probability - found.producer.probability, abs=1e-12
        )
        return found.consumer.probability, found.producer.probability

    consumer, producer = at(1.0, 1.0, guard)
    assert at(-1.0, 1.0, guard) == pytest.approx((consumer, producer), abs=1e-13)
    assert at(1.0, 2.0**power, guard) == pytest.approx((consumer, producer), abs=1e-13)
    wider = at(1.0, 1.0, guard + 0.1)
    assert wider[0] <= consumer + 1e-15
    assert wider[1] >= producer - 1e-15
