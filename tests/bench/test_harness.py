"""The harness states ratios of what it was given, and refuses sides that disagree."""

from __future__ import annotations

import time

import pytest

from calc.evaluate import evaluate
from tests.bench import gauge_block
from tests.bench.__main__ import rows, topics
from tests.bench.harness import Counted, Row, measure


def same(ours: object, other: object) -> None:
    assert ours == other


def nap(seconds: float) -> int:
    time.sleep(seconds)
    return 1


def test_slower_side_is_seen() -> None:
    outcome = measure(Row("nap", lambda: nap(0.02), lambda: nap(0.002), 1.0, same, rounds=3))
    assert not outcome.ok
    assert outcome.ratio > 2.0
    assert outcome.unit == "ms"


def test_time_is_that_of_one_item() -> None:
    outcome = measure(Row("nap", lambda: nap(0.02), lambda: nap(0.02), 0.5, same, ours_count=10, rounds=3))
    assert outcome.ok
    assert outcome.ours < outcome.other


def test_what_is_counted_is_held_to_its_limit() -> None:
    assert measure(Counted("count", lambda: 7, lambda: 7, 1.0, "statements")).ok
    outcome = measure(Counted("count", lambda: 8, lambda: 7, 1.0, "statements"))
    assert (outcome.ok, outcome.ours, outcome.other, outcome.unit) == (False, 8, 7, "statements")


def test_different_answers_are_refused() -> None:
    with pytest.raises(AssertionError):
        measure(Row("differ", lambda: 1, lambda: 2, 1.0, same, rounds=1))


@pytest.mark.filterwarnings("ignore:.scipy.odr. is deprecated:DeprecationWarning")  # a peer imports it
def test_every_topic_offers_rows_with_names_of_their_own() -> None:
    names = [row.name for row in rows([])]
    assert len(set(names)) == len(names)
    assert len(names) >= len(topics())


def test_shared_work_is_the_published_example() -> None:
    result = evaluate(gauge_block.MODEL, gauge_block.INPUTS, seed=0).outputs[0]
    assert result.estimate == pytest.approx(50000838.0, abs=0.5)  # JCGM 100:2008, H.1.7
    assert result.combined_standard_uncertainty == pytest.approx(32.0, abs=0.5)
    assert len(result.budget) == 9
