"""From a calibration upward: does every path end at a terminal with evidence valid on its calibration date?

Pure functions on facts. Time-correct: what matters for an upper calibration is the day on which the lower one was
made, not today. ISO/IEC 17025:2017, 6.5; ILAC-P10.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Final

from lims.core.clock import local_date
from standards.calibration_facts import (
    OUTSIDE_KINDS,
    CalibrationFacts,
    CalibrationSource,
    CalibrationState,
    ContentFacts,
    ContentKind,
    EdgeFacts,
    Phase,
    TerminalFacts,
    TerminalKind,
)
from standards.chain_coverage import coverage_breaks, uncertainty_warnings
from standards.chain_facts import BreakReason, ChainBreak, ChainNode, StatedUncertainty, TraceabilityChain
from standards.chain_rules import CALIBRATION_RULES, ChainRules
from standards.curve_points import Span
from standards.facts import StandardFacts, StandardRole
from standards.validity import USABLE_STATES, paper_problem

_NEEDS_REFERENCE: Final = frozenset(
    {TerminalKind.NMI_CMC, TerminalKind.ACCREDITED_LABORATORY, TerminalKind.REFERENCE_MATERIAL}
)


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """Everything a walk upward needs, loaded once: calibrations and standards by their keys."""

    calibrations: Mapping[int, CalibrationFacts]
    standards: Mapping[int, StandardFacts]
    spans: Mapping[int, Span] = field(default_factory=dict)
    _coverage: dict[tuple[int, str], list[ChainBreak]] = field(default_factory=dict, compare=False, repr=False)

    def coverage(self, calibration_id: int, rules: ChainRules) -> list[ChainBreak]:
        """Return where a calibration lies outside what those above it speak of; worked out once, whatever the day."""
        key = (calibration_id, str(rules.regime))
        if key not in self._coverage:
            lower = self.calibrations[calibration_id]
            self._coverage[key] = coverage_breaks(lower, self.calibrations, self.spans, rules)
        return self._coverage[key]


def terminal_problems(
    terminal: TerminalFacts,
    *,
    source: CalibrationSource,
    calibrated_on: date,
    rules: ChainRules = CALIBRATION_RULES,
) -> list[str]:
    """Return the codes of what a terminal lacks to hold a calibration made on a day; empty: it holds."""
    problems = []
    if terminal.kind not in rules.terminals[source]:
        problems.append("terminal.kind_does_not_fit")
    if not terminal.evidence.strip():
        problems.append("terminal.without_evidence")
    if terminal.kind in _NEEDS_REFERENCE and not (terminal.evidence_reference or "").strip():
        problems.append("terminal.reference_missing")
    if terminal.kind is TerminalKind.ACCREDITED_LABORATORY and not terminal.symbol_on_certificate:
        problems.append("terminal.symbol_missing")
    if terminal.kind in OUTSIDE_KINDS and (not (terminal.evaluated_by or "").strip() or terminal.evaluated_on is None):
        problems.append("terminal.evaluation_missing")
    if calibrated_on < terminal.valid_from or (terminal.valid_to is not None and calibrated_on > terminal.valid_to):
        problems.append("terminal.not_valid_on_date")
    return problems


def trace(
    facts: ChainFacts,
    calibration_id: int,
    on: date,
    rules: ChainRules = CALIBRATION_RULES,
    role: StandardRole | None = None,
) -> TraceabilityChain:
    """Walk upward from a calibration used on a day and return its chain with every break.

    The starting calibration is looked at for its terminals and what is above it only; whether it may be used itself
    on that day is the business of `validity`. With `role`, the papers are asked that the rules want of a standard
    used directly in that role.
    """
    order, breaks = _upward(facts, calibration_id, rules)
    used_on = {calibration_id: on}
    edges: list[EdgeFacts] = []
    terminals: list[TerminalFacts] = []
    if role is not None:
        breaks += _paper_breaks(facts, calibration_id, on, rules, role)
    for key in order:
        calibration = facts.calibrations[key]
        breaks += _ground_breaks(calibration, rules)
        terminals += calibration.terminals
        for edge in calibration.edges:
            edges.append(edge)
            upper = facts.calibrations.get(edge.upper_id)
            if upper is None:
                breaks.append(_break(calibration, "chain.missing", rules, calibration_id=edge.upper_id))
                continue
            day = used_on.get(upper.id, date.min)
            used_on[upper.id] = max(day, calibration.calibrated_on)
            standard = facts.standards[upper.standard_id]
            found = edge_breaks(upper, standard, calibration.calibrated_on, rules)
            breaks += [replace(item, lower_id=calibration.id) for item in found]
        breaks += facts.coverage(key, rules)
    layers = _layers(facts, order)
    nodes = tuple(node_of(facts, key, used_on.get(key, on), layers[key]) for key in order)
    return TraceabilityChain(
        calibration_id, on, nodes, tuple(edges), tuple(terminals), tuple(breaks), rules=str(rules.regime)
    )


def with_warnings(facts: ChainFacts, chain: TraceabilityChain, rules: ChainRules) -> TraceabilityChain:
    """Return a chain with what is worth a look: an upper calibration less certain than the lower one."""
    warnings = [
        warning
        for node in chain.nodes
        for warning in uncertainty_warnings(facts.calibrations[node.calibration_id], facts.calibrations, rules)
    ]
    return replace(chain, warnings=tuple(warnings))


def _paper_breaks(
    facts: ChainFacts, calibration_id: int, on: date, rules: ChainRules, role: StandardRole
) -> list[ChainBreak]:
    calibration = facts.calibrations[calibration_id]
    papers = facts.standards[calibration.standard_id].papers
    problems = [paper_problem(papers, kind, on) for kind in rules.papers.get(role, ())]
    return [_break(calibration, problem.code, rules, **problem.values) for problem in problems if problem is not None]


def creates_cycle(facts: ChainFacts, standard_id: int, upper_ids: Iterable[int]) -> CalibrationFacts | None:
    """Return the calibration above which rests on the same standard, or None.

    A standard whose new calibration rests, at any distance, on one of its own earlier ones would support itself.
    """
    for upper_id in upper_ids:
        order, _ = _upward(facts, upper_id, CALIBRATION_RULES)
        for key in order:
            if facts.calibrations[key].standard_id == standard_id:
                return facts.calibrations[key]
    return None


def _upward(facts: ChainFacts, start: int, rules: ChainRules) -> tuple[list[int], list[ChainBreak]]:
    """Return the calibrations at and above a start, lower before upper where there is no cycle, and the cycles."""
    finished: list[int] = []
    breaks: list[ChainBreak] = []
    state: dict[int, str] = {start: "open"}
    stack: list[tuple[int, list[int]]] = [(start, _uppers(facts, start))]
    while stack:
        key, waiting = stack[-1]
        if not waiting:
            stack.pop()
            state[key] = "done"
            finished.append(key)
            continue
        upper = waiting.pop()
        if state.get(upper) == "open":
            breaks.append(_break(facts.calibrations[key], "chain.cycle", rules, certificate=_number(facts, upper)))
        elif upper not in state and upper in facts.calibrations:
            state[upper] = "open"
            stack.append((upper, _uppers(facts, upper)))
    return finished[::-1], breaks


def _uppers(facts: ChainFacts, key: int) -> list[int]:
    return sorted({edge.upper_id for edge in facts.calibrations[key].edges}, reverse=True)


def _number(facts: ChainFacts, key: int) -> str:
    return facts.calibrations[key].certificate_number


def _ground_breaks(calibration: CalibrationFacts, rules: ChainRules) -> list[ChainBreak]:
    """Breaks at a calibration itself: no certificate, nothing above it, or a terminal that does not hold."""
    breaks = []
    if not calibration.certificate_number.strip():
        breaks.append(_break(calibration, "chain.no_certificate", rules))
    if not calibration.terminals:
        if calibration.source is CalibrationSource.EXTERNAL:
            return [*breaks, _break(calibration, "chain.no_terminal", rules)]
        return breaks if calibration.edges else [*breaks, _break(calibration, "chain.no_edges", rules)]
    found = [
        terminal_problems(terminal, source=calibration.source, calibrated_on=calibration.calibrated_on, rules=rules)
        for terminal in calibration.terminals
    ]
    if all(found):
        codes = dict.fromkeys(code for problems in found for code in problems)
        breaks += [_break(calibration, code, rules) for code in codes]
    return breaks


def edge_breaks(
    upper: CalibrationFacts, standard: StandardFacts, day: date, rules: ChainRules = CALIBRATION_RULES
) -> list[ChainBreak]:
    """Return why an upper calibration could not be used on the day a lower one was made; empty: it could."""
    found: list[ChainBreak] = []
    if upper.state is CalibrationState.REJECTED:
        found.append(_break(upper, "use.rejected", rules))
    elif upper.accepted_at is None or local_date(upper.accepted_at, standard.timezone) > day:
        found.append(_break(upper, "use.not_yet_accepted", rules))
    if upper.calibrated_on > day:
        found.append(_break(upper, "use.calibrated_later", rules, calibrated_on=upper.calibrated_on))
    end = upper.valid_until_as_known_on(day)
    if end is not None and end < day:
        found.append(_break(upper, "use.expired", rules, valid_until=end))
    if upper.ended_at is not None and local_date(upper.ended_at, standard.timezone) < day:
        found.append(_break(upper, "use.ended", rules, reason=upper.ended_reason or ""))
    unusable = _unusable_on(standard, day)
    if unusable is not None:
        found.append(_break(upper, f"use.{unusable}", rules, since=day, reason=""))
    return found


def _unusable_on(standard: StandardFacts, day: date) -> str | None:
    """Return the state that kept a standard from use on a whole day, or None if it was usable at some time of it."""
    current = "no_state"
    usable = False
    for change in standard.states:
        changed_on = local_date(change.at, standard.timezone)
        if changed_on > day:
            break
        usable = (usable and changed_on == day) or change.state in USABLE_STATES
        current = change.state.value
    return None if usable else current


def _layers(facts: ChainFacts, order: list[int]) -> dict[int, int]:
    """Return each calibration's layer: 1 without anything above it, else one more than the highest layer above."""
    layers: dict[int, int] = {}
    for key in reversed(order):
        above = [layers[edge.upper_id] for edge in facts.calibrations[key].edges if edge.upper_id in layers]
        layers[key] = 1 + max(above, default=0)
    return layers


def node_of(facts: ChainFacts, key: int, used_on: date, layer: int) -> ChainNode:
    """Return a calibration as a node of a chain, in the state that it had on the day of its use."""
    calibration = facts.calibrations[key]
    standard = facts.standards[calibration.standard_id]
    return ChainNode(
        calibration_id=key,
        standard_id=standard.id,
        standard_code=standard.code,
        name_vi=standard.name_vi,
        name_en=standard.name_en,
        laboratory_name_vi=calibration.laboratory_name_vi,
        laboratory_name_en=calibration.laboratory_name_en,
        certificate_number=calibration.certificate_number,
        source=calibration.source,
        state=_state_on(calibration, standard.timezone, used_on),
        calibrated_on=calibration.calibrated_on,
        valid_until=calibration.valid_until_as_known_on(used_on),
        used_on=used_on,
        layer=layer,
        laboratory_id=calibration.laboratory_id,
        uncertainties=stated_uncertainties(calibration.contents),
        certificate_sha256=calibration.certificate_sha256,
        dcc_sha256=calibration.dcc_sha256,
    )


def _state_on(calibration: CalibrationFacts, timezone: str, day: date) -> CalibrationState:
    """Return the state on a day: what ended since was still accepted then."""
    ended = calibration.ended_at
    if calibration.state is CalibrationState.ENDED and ended is not None and local_date(ended, timezone) >= day:
        return CalibrationState.ACCEPTED
    return calibration.state


def stated_uncertainties(contents: Iterable[ContentFacts]) -> tuple[StatedUncertainty, ...]:
    """Return what a certificate states as U, by quantity, unit and k: from the smallest to the largest."""
    figures: dict[tuple[str, str, Decimal | None], list[Decimal]] = {}
    formulas: dict[tuple[str, str, Decimal | None], str] = {}
    for content in contents:
        if content.phase is not Phase.AS_LEFT or content.kind is ContentKind.CHARACTERISTIC:
            continue
        unit = content.expanded_uncertainty_unit or content.unit
        own = [point for point in content.points if point.expanded_uncertainty is not None]
        factor = content.coverage_factor or next((point.coverage_factor for point in own), None)
        key = (content.quantity, unit, factor)
        if content.expanded_uncertainty_expression:
            formulas.setdefault(key, content.expanded_uncertainty_expression)
        figures.setdefault(key, [])
        figures[key] += [point.expanded_uncertainty for point in own if point.expanded_uncertainty is not None]
        if not own and content.expanded_uncertainty is not None:
            figures[key].append(content.expanded_uncertainty)
    return tuple(
        StatedUncertainty(
            key[0], key[1], min(values, default=None), max(values, default=None), key[2], formulas.get(key)
        )
        for key, values in figures.items()
        if values or key in formulas
    )


def _break(calibration: CalibrationFacts, code: str, rules: ChainRules, **values: object) -> ChainBreak:
    shown = {"certificate": calibration.certificate_number, "standard": calibration.standard_code, **values}
    clause = rules.clause(BreakReason(code.rpartition(".")[2]))
    return ChainBreak(calibration.id, calibration.standard_code, code, shown, clause)
