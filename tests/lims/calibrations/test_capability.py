"""What procedures and standards can do at best: the budget without the item, held against each line of the scope."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lims.calibrations.capability import (
    LineCapability,
    PointCapability,
    Verdict,
    best_of,
    best_uncertainty,
    is_of_item,
)
from lims.procedures.facts import ScopeKind, ScopeLineFacts

LINE = ScopeLineFacts(
    id=1,
    scope_version_id=1,
    kind=ScopeKind.ACCREDITATION,
    version="1",
    body_number="VILAS 0000",
    valid_from=date(2026, 1, 1),
    valid_to=None,
    site_id=1,
    position=1,
    quantity="pressure",
    instrument_kind="",
    title_vi="Áp kế",
    title_en="Gauges",
    lower=None,
    upper=None,
    unit="MPa",
    parameter="",
    method="M",
    cmc_expression="1.5",
    cmc_unit="kPa",
    coverage_probability=Decimal("0.9545"),
    on_site=False,
)


def _point(best: float, *, current: bool = True, nominal: str = "1", cmc: float = 1.5, run: int = 1) -> PointCapability:
    return PointCapability(run, f"R{run}", "P", "Sai số", "", Decimal(nominal), "MPa", "kPa", best, 5.0, cmc, current)


@pytest.mark.parametrize(
    ("points", "verdict"),
    [
        ((), Verdict.NO_EVIDENCE),
        ((1.5,), Verdict.SUPPORTED),
        ((1.4, 0.1), Verdict.SUPPORTED),
        ((1.51, 0.1), Verdict.NOT_SUPPORTED),
        ((1.19, 0.1), Verdict.COULD_BE_LOWERED),
        ((1.2,), Verdict.SUPPORTED),
    ],
)
def test_the_worst_point_decides(points: tuple[float, ...], verdict: Verdict) -> None:
    entry = LineCapability(LINE, tuple(_point(best) for best in points))
    assert entry.verdict is verdict


def test_earlier_calibrations_count_only_where_there_is_nothing_else() -> None:
    old = _point(9.0, current=False)
    assert LineCapability(LINE, (old,)).verdict is Verdict.NOT_SUPPORTED
    assert not LineCapability(LINE, (old,)).is_current
    assert LineCapability(LINE, (old, _point(1.4, nominal="2"))).verdict is Verdict.SUPPORTED


def test_the_best_at_each_place_is_kept() -> None:
    kept = best_of(
        [_point(2.0, run=1), _point(1.0, run=2), _point(0.5, current=False, run=3), _point(3.0, nominal="2")]
    )
    assert [(point.nominal, point.run_id) for point in kept] == [(Decimal(1), 2), (Decimal(2), 1)]


def _record(stated: str | None = "2") -> dict[str, Any]:
    inputs = [
        {"symbol": "p_S", "kind": "reference_value", "slot": "reference"},
        {"symbol": "dp_S", "kind": "resolution", "slot": "reference"},
        {"symbol": "dp_X", "kind": "resolution"},
        {"symbol": "x", "kind": "derived"},
        {"symbol": "dp_H", "kind": "derived_half_width"},
        {"symbol": "dp_L", "kind": "half_width"},
    ]
    coverage = {"probability": "0.9545", "stated_factor": stated, "stated_from": "50"}
    return {"procedure": {"definition": {"coverage": coverage, "sections": [{"code": "p", "inputs": inputs}]}}}


def _output(**contributions: float) -> dict[str, Any]:
    whole = sum(value**2 for value in contributions.values()) ** 0.5
    budget = [{"symbol": symbol, "contribution": repr(value)} for symbol, value in contributions.items()]
    return {"combined_standard_uncertainty": repr(whole), "budget": budget}


def test_the_item_s_part_is_taken_off_the_budget() -> None:
    output = _output(p_S=3.0, dp_S=0.0, dp_X=-7.0, x=5.0, dp_H=2.0, dp_L=4.0)
    assert best_uncertainty(_record(), "p", output) == pytest.approx(2 * 5.0, rel=1e-12)
    assert best_uncertainty(_record(None), "p", output) == pytest.approx(2.0000 * 5.0, rel=1e-4)
    assert best_uncertainty(_record(), "p", _output(dp_X=7.0)) == 0.0


def test_a_correlation_between_standards_stays() -> None:
    """u² = (3 + 4)² + 7² where the two standards are fully correlated: 49 stay."""
    output = _output(p_S=3.0, dp_L=4.0, dp_X=7.0)
    output["combined_standard_uncertainty"] = repr(98.0**0.5)
    assert best_uncertainty(_record(), "p", output) == pytest.approx(2 * 7.0, rel=1e-12)


def test_what_is_of_the_item() -> None:
    assert [
        entry["symbol"] for entry in _record()["procedure"]["definition"]["sections"][0]["inputs"] if is_of_item(entry)
    ] == [
        "dp_X",
        "x",
        "dp_H",
    ]
