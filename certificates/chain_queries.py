"""Reads of traceability chains upward: of a certificate, of a run, of the runs that somebody else names.

Time-correct: a run names the calibrations that it used, each of them those that it rests on; what held is judged for
the day of use.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates.chain_facts import ChainPage
from certificates.facts import CertificateView
from lims.calibrations import queries as runs_of
from lims.calibrations.facts import RunFacts
from lims.calibrations.models import EquipmentUse
from lims.core.actor import Actor
from lims.core.clock import local_date
from standards import queries as standards
from standards.calibration_facts import UseProblem
from standards.chain_facts import BreakReason, ChainBreak, TraceabilityChain
from standards.chain_picture import NodeKind, Standing, Use, calibration_key, chain_picture
from standards.chain_rules import ChainRules, rules_for
from standards.facts import LegalRegime, StandardRole
from standards.traceability import ChainFacts, trace, with_warnings

RUNS_SHOWN = 6
"""Runs that stand on the same calibrations are one box from here on."""


@dataclass(frozen=True, slots=True)
class _Used:
    """A calibration in a role, on a day, under a regime."""

    calibration_id: int
    standard_id: int
    role: StandardRole
    at: datetime
    regime: LegalRegime


def certificate_chain(session: Session, view: CertificateView, *, now: datetime, via: int | None = None) -> ChainPage:
    """Return the chain of a certificate, which the caller may see, from its runs up to the SI."""
    vi, en = (view.items[0].vi, view.items[0].english) if view.items else ("", "")
    key = f"certificate:{view.id}"
    bottom = Standing(key, NodeKind.CERTIFICATE, view.printed, vi, en, view.issued_on, view.id)
    return chain_of_runs(session, [run.run_id for run in view.runs], bottom, now=now, via=via)


def run_chain(session: Session, actor: Actor, run_id: int, *, now: datetime, via: int | None = None) -> ChainPage:
    """Return the chain of a run of the actor's laboratory. Raises NotFound."""
    return chain_of_runs(session, [runs_of.run_facts(session, actor, run_id).id], None, now=now, via=via)


def chain_of_runs(
    session: Session, run_ids: Sequence[int], bottom: Standing | None, *, now: datetime, via: int | None = None
) -> ChainPage:
    """Return the chains above several runs as one picture; runs that used the same are put together where many."""
    runs = [runs_of.facts_of(session, runs_of.run_row(session, run_id)) for run_id in dict.fromkeys(run_ids)]
    uses = {run.id: _uses(session, run, now) for run in runs}
    every = list(dict.fromkeys(use for found in uses.values() for use in found))
    facts = standards.chain_facts(session, {use.calibration_id for use in every})
    chains = {use: _chain(facts, use) for use in every}
    problems = _problems(session, every)
    standings, lines = _standing(session, runs, uses, problems, bottom)
    picture = chain_picture(list(chains.values()), standings, lines, via)
    warnings = {(item.calibration_id, item.lower_id): item for chain in chains.values() for item in chain.warnings}
    stated = {terminal.id: terminal for chain in chains.values() for terminal in chain.stated}
    return ChainPage(
        picture,
        tuple(_all_breaks(chains.values(), problems.values())),
        tuple(warnings.values()),
        tuple(rules_for(regime) for regime in sorted({run.legal_regime for run in runs})),
        tuple(stated.values()),
        len(facts.calibrations),
        len(facts.calibrations),
    )


def _all_breaks(
    chains: Iterable[TraceabilityChain], problems: Iterable[tuple[ChainBreak, ...]]
) -> Iterable[ChainBreak]:
    """Return every break once, also where several chains come by it."""
    found: dict[tuple[str, int, int | None], ChainBreak] = {}
    for items in (*problems, *(chain.breaks for chain in chains)):
        for item in items:
            found.setdefault((item.code, item.calibration_id, item.lower_id), item)
    return found.values()


def _uses(session: Session, run: RunFacts, now: datetime) -> tuple[_Used, ...]:
    """Return which calibrations a run or its batch used, each once in its role, with the instant of use."""
    query = (
        select(EquipmentUse.calibration_id, EquipmentUse.standard_id, EquipmentUse.role)
        .where(runs_of.held_by(EquipmentUse, run.id), EquipmentUse.withdrawn_at.is_(None))
        .where(EquipmentUse.calibration_id.is_not(None))
        .order_by(EquipmentUse.id)
    )
    at = run.ended_at or now
    regime = LegalRegime(run.legal_regime)
    found = [
        _Used(calibration_id, standard_id, StandardRole(role), at, regime)
        for calibration_id, standard_id, role in session.execute(query)
        if calibration_id is not None
    ]
    return tuple(dict.fromkeys(found))


def _chain(facts: ChainFacts, use: _Used) -> TraceabilityChain:
    rules = rules_for(use.regime)
    zone = facts.standards[use.standard_id].timezone
    return with_warnings(facts, trace(facts, use.calibration_id, local_date(use.at, zone), rules), rules)


def _problems(session: Session, uses: Sequence[_Used]) -> dict[_Used, tuple[ChainBreak, ...]]:
    """Return what stood against each use itself; what stands against the chain above it is the chain's to say."""
    asked = standards.uses_in_question(session, [standards.Used(use.calibration_id, use.standard_id) for use in uses])
    found = {}
    for use, question in zip(uses, asked, strict=True):
        rules = rules_for(use.regime)
        told = question.problems(use.at, legal_regime=use.regime, role=use.role)
        found[use] = tuple(
            _as_break(question.standard.code, use, problem, rules)
            for problem in told
            if problem.code != "use.untraceable"
        )
    return found


def _as_break(code: str, use: _Used, problem: UseProblem, rules: ChainRules) -> ChainBreak:
    reason = BreakReason(problem.code.rpartition(".")[2])
    values = {"certificate": "", "standard": code, **problem.values}
    return ChainBreak(use.calibration_id, code, problem.code, values, problem.clause or rules.clause(reason))


def _standing(
    session: Session,
    runs: Sequence[RunFacts],
    uses: dict[int, tuple[_Used, ...]],
    problems: dict[_Used, tuple[ChainBreak, ...]],
    bottom: Standing | None,
) -> tuple[list[Standing], list[Use]]:
    """Return the boxes of the runs and of what stands on them, with their lines."""
    groups: dict[object, list[RunFacts]] = defaultdict(list)
    for run in runs:
        groups[frozenset(uses[run.id]) if len(runs) > RUNS_SHOWN else run.id].append(run)
    instruments = standards.instruments_by_id(session, {run.instrument_id for run in runs})
    standings, lines = [], []
    for group in groups.values():
        first = group[0]
        instrument = instruments[first.instrument_id]
        key = f"run:{first.id}"
        number = first.number if len(group) == 1 else f"{first.number} … {group[-1].number}"
        on = None if first.ended_at is None else local_date(first.ended_at, first.timezone)
        name_en = instrument.name_en or instrument.name_vi
        standings.append(Standing(key, NodeKind.RUN, number, instrument.name_vi, name_en, on, first.id, len(group)))
        lines += [
            Use(calibration_key(use.calibration_id), key, use.role, _day(use, first), problems[use])
            for use in uses[first.id]
        ]
        if bottom is not None:
            lines.append(Use(key, bottom.key))
    return (standings if bottom is None else [*standings, bottom]), lines


def _day(use: _Used, run: RunFacts) -> date:
    return local_date(use.at, run.timezone)
