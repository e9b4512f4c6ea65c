"""The walk upward: chains that hold, and every break, on plain facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from standards.calibration_facts import (
    CalibrationFacts,
    CalibrationSource,
    CalibrationState,
    EdgeFacts,
    TerminalKind,
)
from standards.facts import StandardRole, StandardState, StateChange
from standards.traceability import ChainFacts, creates_cycle, terminal_problems, trace
from tests.standards.plain import calibration, standard, terminal

ON = date(2026, 3, 2)
REFERENCE = StandardRole.REFERENCE


def in_house(calibration_id: int, *upper_ids: int) -> CalibrationFacts:
    """A calibration made here in February against others."""
    return replace(
        calibration(calibration_id, calibration_id),
        source=CalibrationSource.IN_HOUSE,
        calibrated_on=date(2026, 2, 2),
        accepted_at=datetime(2026, 2, 4, tzinfo=UTC),
        terminals=(),
        edges=tuple(EdgeFacts(calibration_id, upper_id, REFERENCE) for upper_id in upper_ids),
    )


def chain_of(*calibrations: CalibrationFacts, **states: tuple[StateChange, ...]) -> ChainFacts:
    """The facts of some calibrations, each of a standard of its own."""
    standards = {item.standard_id: standard(item.standard_id) for item in calibrations}
    for key, changes in states.items():
        number = int(key.removeprefix("standard_"))
        standards[number] = replace(standards[number], states=changes)
    return ChainFacts({item.id: item for item in calibrations}, standards)


def codes(facts: ChainFacts, start: int = 1) -> list[str]:
    """Return the breaks above a start."""
    return [item.code for item in trace(facts, start, ON).breaks]


def test_a_calibration_from_outside_ends_at_its_evidence() -> None:
    chain = trace(chain_of(calibration(1)), 1, ON)
    assert chain.holds
    assert [node.layer for node in chain.nodes] == [1]
    assert chain.terminals == (terminal(1),)


def test_two_layers_hold_and_are_ordered_from_below() -> None:
    chain = trace(chain_of(in_house(1, 2), calibration(2, 2)), 1, ON)
    assert chain.holds
    assert [(node.calibration_id, node.layer, node.used_on) for node in chain.nodes] == [
        (1, 2, ON),
        (2, 1, date(2026, 2, 2)),
    ]


def test_a_diamond_is_no_cycle() -> None:
    middle = [
        replace(in_house(key, 4), calibrated_on=date(2026, 1, 20), accepted_at=datetime(2026, 1, 21, tzinfo=UTC))
        for key in (2, 3)
    ]
    chain = trace(chain_of(in_house(1, 2, 3), *middle, calibration(4, 4)), 1, ON)
    assert chain.holds
    assert sorted(node.calibration_id for node in chain.nodes) == [1, 2, 3, 4]
    assert len(chain.edges) == 4


def test_a_path_without_terminal_is_a_break() -> None:
    assert codes(chain_of(replace(calibration(1), terminals=()))) == ["chain.no_terminal"]
    assert codes(chain_of(in_house(1))) == ["chain.no_edges"]
    assert codes(chain_of(in_house(1, 9))) == ["chain.missing"]
    assert codes(chain_of(in_house(1, 2), replace(calibration(2, 2), terminals=()))) == ["chain.no_terminal"]


def test_one_good_path_does_not_hide_a_broken_one() -> None:
    broken = replace(calibration(3, 3), terminals=())
    assert codes(chain_of(in_house(1, 2, 3), calibration(2, 2), broken)) == ["chain.no_terminal"]


def test_a_cycle_is_found_and_does_not_run_for_ever() -> None:
    facts = chain_of(in_house(1, 2), in_house(2, 1))
    assert "chain.cycle" in codes(facts)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valid_until": date(2026, 2, 1)}, "use.expired"),
        ({"accepted_at": datetime(2026, 2, 3, tzinfo=UTC)}, "use.not_yet_accepted"),
        ({"accepted_at": None, "state": CalibrationState.REJECTED}, "use.rejected"),
        ({"calibrated_on": date(2026, 2, 3), "accepted_at": datetime(2026, 2, 1, tzinfo=UTC)}, "use.calibrated_later"),
        ({"ended_at": datetime(2026, 1, 31, tzinfo=UTC), "state": CalibrationState.ENDED}, "use.ended"),
    ],
)
def test_the_day_the_lower_one_was_made_counts(changes: dict[str, Any], code: str) -> None:
    upper = replace(calibration(2, 2), **changes)
    assert codes(chain_of(in_house(1, 2), upper)) == [code]


def test_what_happened_to_the_upper_one_later_does_not_break_the_chain() -> None:
    ended = replace(
        calibration(2, 2),
        valid_until=date(2026, 2, 2),
        ended_at=datetime(2026, 2, 10, tzinfo=UTC),
        state=CalibrationState.ENDED,
    )
    assert codes(chain_of(in_house(1, 2), ended)) == []


def test_a_quarantined_upper_standard_breaks_the_chain_unless_it_was_usable_that_day() -> None:
    available = StateChange(StandardState.AVAILABLE, datetime(2026, 1, 1, tzinfo=UTC))
    before = StateChange(StandardState.QUARANTINED, datetime(2026, 1, 20, tzinfo=UTC))
    same_day = StateChange(StandardState.QUARANTINED, datetime(2026, 2, 2, 10, tzinfo=UTC))
    facts = (in_house(1, 2), calibration(2, 2))
    assert codes(chain_of(*facts, standard_2=(available, before))) == ["use.quarantined"]
    assert codes(chain_of(*facts, standard_2=(available, same_day))) == []
    assert codes(chain_of(*facts, standard_2=())) == ["use.no_state"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"evidence": " "}, "terminal.without_evidence"),
        ({"evidence_reference": None}, "terminal.reference_missing"),
        ({"valid_from": date(2026, 1, 13)}, "terminal.not_valid_on_date"),
        ({"valid_to": date(2026, 1, 11)}, "terminal.not_valid_on_date"),
        ({"kind": TerminalKind.ACCREDITED_LABORATORY}, "terminal.symbol_missing"),
        ({"kind": TerminalKind.OUTSIDE_EVALUATED}, "terminal.evaluation_missing"),
        ({"kind": TerminalKind.OUTSIDE_NMI, "evaluated_by": "KT-01"}, "terminal.evaluation_missing"),
        (
            {"kind": TerminalKind.OUTSIDE_LABORATORY, "evaluated_by": " ", "evaluated_on": date(2026, 1, 2)},
            "terminal.evaluation_missing",
        ),
        ({"kind": TerminalKind.INTRINSIC_REALIZATION}, "terminal.kind_does_not_fit"),
    ],
)
def test_evidence_that_does_not_hold_on_the_calibration_date(changes: dict[str, Any], code: str) -> None:
    bad = replace(terminal(1), **changes)
    assert codes(chain_of(replace(calibration(1), terminals=(bad,)))) == [code]
    assert codes(chain_of(replace(calibration(1), terminals=(bad, terminal(1))))) == []


@pytest.mark.parametrize("kind", list(TerminalKind))
def test_every_kind_of_terminal_can_hold_somewhere(kind: TerminalKind) -> None:
    whole = replace(
        terminal(1), kind=kind, symbol_on_certificate=True, evaluated_by="KT-01", evaluated_on=date(2026, 1, 2)
    )
    sources = [
        source
        for source in CalibrationSource
        if not terminal_problems(whole, source=source, calibrated_on=date(2026, 1, 12))
    ]
    assert sources


def test_an_intrinsic_realization_made_here_needs_nothing_above() -> None:
    end = replace(terminal(1), kind=TerminalKind.INTRINSIC_REALIZATION)
    assert codes(chain_of(replace(in_house(1), terminals=(end,)))) == []


@pytest.mark.parametrize(
    "kind", [TerminalKind.OUTSIDE_NMI, TerminalKind.OUTSIDE_LABORATORY, TerminalKind.OUTSIDE_EVALUATED]
)
def test_terminals_outside_the_arrangements_are_stated(kind: TerminalKind) -> None:
    outside = replace(terminal(1), kind=kind, evaluated_by="KT-01", evaluated_on=date(2026, 1, 2))
    chain = trace(chain_of(replace(calibration(1), terminals=(outside,))), 1, ON)
    assert (chain.holds, chain.stated) == (True, (outside,))
    assert trace(chain_of(calibration(1)), 1, ON).stated == ()


def test_a_standard_cannot_support_itself_at_any_distance() -> None:
    facts = chain_of(in_house(1, 2), calibration(2, 2))
    found = creates_cycle(facts, 2, [1])
    assert found is not None
    assert found.id == 2
    assert creates_cycle(facts, 5, [1]) is None
