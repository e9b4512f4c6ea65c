"""The picture of a chain: layers from the SI down, the path in question in ink, breaks at their boxes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from standards.calibration_facts import EdgeFacts, TerminalKind
from standards.chain_facts import BreakReason
from standards.chain_picture import (
    SI,
    Box,
    NodeKind,
    Picture,
    Standing,
    Use,
    as_printed,
    calibration_key,
    chain_picture,
)
from standards.facts import StandardRole
from standards.traceability import trace
from tests.standards.plain import calibration, terminal
from tests.standards.test_traceability import ON, chain_of, in_house

RUN = Standing("run:1", NodeKind.RUN, "R26-TM-00001", "Cân", "Scale", ON, 1)
PAPER = Standing("certificate:1", NodeKind.CERTIFICATE, "HC-1", "Cân", "Scale", ON, 1)


def drawn(via: int | None = None) -> Picture:
    """A certificate over a run that used 1, calibrated here by 2, and 3 for its conditions."""
    facts = chain_of(in_house(1, 2), calibration(2, 2), calibration(3, 3))
    uses = [
        Use(calibration_key(1), "run:1", StandardRole.REFERENCE, ON),
        Use(calibration_key(3), "run:1", StandardRole.INFLUENCE, ON),
        Use("run:1", "certificate:1"),
    ]
    return chain_picture([trace(facts, 1, ON), trace(facts, 3, ON)], [RUN, PAPER], uses, via)


def of_kind(picture: Picture, kind: NodeKind) -> list[Box]:
    return [box for box in picture.boxes if box.kind is kind]


def test_the_layers_go_from_the_si_down_to_the_certificate() -> None:
    picture = drawn()
    order = [
        SI,
        of_kind(picture, NodeKind.END)[0].key,
        calibration_key(2),
        calibration_key(1),
        "run:1",
        "certificate:1",
    ]
    heights = [picture.box(key).y for key in order]
    assert heights == sorted(heights)
    assert len(set(heights)) == len(order)
    assert [box.key for box in picture.boxes if box.start] == ["certificate:1"]
    assert [box.key for box in picture.rows][:2] == ["certificate:1", "run:1"]


def test_calibrations_with_the_same_evidence_share_their_end() -> None:
    picture = drawn()
    (end,) = of_kind(picture, NodeKind.END)
    lowers = {line.lower for line in picture.lines if line.upper == end.key}
    assert lowers == {calibration_key(2), calibration_key(3)}


def test_the_line_says_for_what_on_which_day_and_until_when() -> None:
    picture = drawn()
    line = next(line for line in picture.lines if line.upper == calibration_key(2))
    assert (line.role, line.used_on, line.until) == (StandardRole.REFERENCE, date(2026, 2, 2), date(2027, 1, 12))
    assert line.path.startswith("M")


def test_reference_standards_are_in_ink_and_the_rest_is_muted() -> None:
    picture = drawn()
    assert {box.key for box in picture.boxes if box.muted} == {calibration_key(3)}
    assert {line.upper for line in picture.lines if line.muted} >= {calibration_key(3)}
    other = drawn(via=3)
    assert {box.key for box in other.boxes if box.muted} == {calibration_key(1), calibration_key(2)}
    assert not next(line for line in other.lines if line.upper == calibration_key(3)).muted


def test_a_break_stands_at_its_box_and_on_the_line_that_used_it() -> None:
    expired = replace(calibration(2, 2), valid_until=date(2026, 2, 1))
    picture = chain_picture([trace(chain_of(in_house(1, 2), expired), 1, ON)])
    assert [item.reason for item in picture.box(calibration_key(2)).breaks] == [BreakReason.EXPIRED]
    assert [line.lower for line in picture.lines if line.breaks] == [calibration_key(1)]
    assert picture.box(calibration_key(1)).start


def test_customers_see_what_certificates_print() -> None:
    expired = replace(calibration(2, 2), valid_until=date(2026, 2, 1))
    picture = chain_picture([trace(chain_of(in_house(1, 2), expired), 1, ON)])
    shown = as_printed(picture)
    assert any(box.breaks for box in picture.boxes)
    assert not any(box.breaks or box.warnings for box in shown.boxes)
    assert not any(line.breaks for line in shown.lines)
    nodes = [box.node for box in shown.boxes if box.node is not None]
    assert [node.certificate_number for node in nodes] == [
        box.node.certificate_number for box in picture.boxes if box.node is not None
    ]
    assert not any(node.uncertainties for node in nodes)


def test_a_terminal_outside_the_si_does_not_reach_it() -> None:
    other = replace(terminal(1), kind=TerminalKind.NON_SI_REFERENCE)
    picture = chain_picture([trace(chain_of(replace(calibration(1), terminals=(other,))), 1, ON)])
    assert [line.lower for line in picture.lines] == [calibration_key(1)]


def test_a_cycle_is_drawn_without_end() -> None:
    facts = chain_of(in_house(1, 2), replace(in_house(2, 1), edges=(EdgeFacts(2, 1, StandardRole.REFERENCE),)))
    picture = chain_picture([trace(facts, 1, ON)])
    assert {item.reason for box in picture.boxes for item in box.breaks} >= {BreakReason.CYCLE}
