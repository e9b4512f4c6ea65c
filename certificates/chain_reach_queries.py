"""Reads of traceability chains downward: what stands on one calibration, or on the end of a path, drawn.

A picture shows a bounded part; the rest is counted in boxes that lead to the lists.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certificates.chain_facts import Carried, ChainPage, EndReach
from certificates.content import printed_number
from certificates.models import Certificate, CertificateRun
from certificates.reach_facts import ReachCount
from certificates.reach_levels import levels_of
from certificates.reach_queries import certificates_on, edges_below, reach_of, uses_below
from lims.calibrations.models import CalibrationRun, EquipmentUse
from lims.core.clock import local_date
from lims.core.errors import NotFound
from lims.people.models import Site
from standards import queries as standards
from standards.calibration_facts import CalibrationFacts, EdgeFacts, TerminalFacts
from standards.calibration_models import CalibrationTerminal, Standard, StandardCalibration
from standards.chain_facts import TraceabilityChain
from standards.chain_picture import End, NodeKind, Standing, Use, calibration_key, chain_picture
from standards.facts import StandardFacts, StandardRole
from standards.models import Instrument
from standards.traceability import ChainFacts, node_of

LEVELS_SHOWN: Final = 5
CALIBRATIONS_SHOWN: Final = 6
"""Of each level; the rest is counted in one box."""
CARRIED_LISTED: Final = 200
"""Calibrations on an end that its page lists, the newest; all are counted."""
CERTIFICATES_DRAWN: Final = 8
"""Certificates drawn one by one, shared out among the calibrations shown; the rest stands in one box for each."""

Counts = Mapping[int, ReachCount]
Edges = Sequence[tuple[int, int]]


def calibration_reach(session: Session, calibration_id: int, today: date) -> ChainPage:
    """Return what stands on a calibration, drawn from it downward, with the end it comes from."""
    reach = reach_of(session, calibration_id)
    return _drawn(session, reach.levels, reach.counts, today, start=calibration_key(calibration_id))


def end_reach(session: Session, terminal_id: int, laboratory_id: int | None, today: date) -> EndReach:
    """Return all that the end of a path carries: every calibration with the same evidence, and what is below them.

    Raises NotFound, also for another laboratory's.
    """
    same = _same_end(session, terminal_id, laboratory_id)
    edges = _edges_below(session, same)
    below = {*same, *(lower for _, lower in edges)}
    counts = counts_of(session, below)
    bearing = {*counts, *(upper for upper, _ in edges)}
    drawn = sorted(same, key=lambda key: key not in bearing)
    page = _drawn(session, _levels(drawn, edges), counts, today, start=None)
    end = next(box.end for box in page.picture.boxes if box.end is not None)
    certificates = {key for found in _covering(session, below).values() for key in found}
    carried = tuple(_carried(session, same[:CARRIED_LISTED], edges, counts))
    return EndReach(end, page, carried, len(same), len(below), tuple(sorted(certificates)))


def _same_end(session: Session, terminal_id: int, laboratory_id: int | None) -> list[int]:
    """Return the calibrations of a laboratory whose evidence says the same as one terminal, newest first."""
    one = session.get(CalibrationTerminal, terminal_id)
    calibration = None if one is None else session.get(StandardCalibration, one.calibration_id)
    if one is None or calibration is None:
        raise NotFound("calibration.not_found")
    said = func.coalesce(CalibrationTerminal.evidence_reference, CalibrationTerminal.evidence)
    query = (
        select(StandardCalibration.id)
        .join(CalibrationTerminal, CalibrationTerminal.calibration_id == StandardCalibration.id)
        .join(Standard, Standard.id == StandardCalibration.standard_id)
        .join(Site, Site.id == Standard.site_id)
        .where(
            StandardCalibration.laboratory_id == calibration.laboratory_id,
            CalibrationTerminal.kind == one.kind,
            said == (one.evidence_reference or one.evidence),
            Site.organisation_id == laboratory_id,
        )
        .order_by(StandardCalibration.calibrated_on.desc(), StandardCalibration.id.desc())
    )
    found = list(dict.fromkeys(session.execute(query).scalars()))
    if calibration.id not in found:
        raise NotFound("calibration.not_found")
    return found


def _edges_below(session: Session, calibration_ids: Collection[int]) -> list[tuple[int, int]]:
    """Return every edge below some calibrations, level by level."""
    seen, level, edges = set(calibration_ids), set(calibration_ids), dict[tuple[int, int], None]()
    while level:
        found = edges_below(session, level)
        edges |= dict.fromkeys(found)
        level = {lower for _, lower in found} - seen
        seen |= level
    return list(edges)


def _levels(starts: Sequence[int], edges: Edges) -> list[tuple[int, ...]]:
    """Return the calibrations by level; the order of the starts is kept."""
    found: dict[int, list[int]] = {}
    level_of = levels_of(0, [*((0, start) for start in starts), *edges])
    for key in [*starts, *(key for key in level_of if key not in set(starts))]:
        if key:
            found.setdefault(level_of[key], []).append(key)
    return [tuple(found[level]) for level in sorted(found)]


def counts_of(session: Session, calibration_ids: Collection[int]) -> dict[int, ReachCount]:
    """Return how many runs and certificates stand directly on each of some calibrations.

    A run that became a calibration is not counted: the calibration stands for it.
    """
    runs: dict[int, set[int]] = {}
    for run_id, calibration_id in _uses(session, calibration_ids):
        runs.setdefault(calibration_id, set()).add(run_id)
    covering = certificates_on(session, {run for found in runs.values() for run in found})
    return {
        key: ReachCount(len(found), len({one for run in found for one in covering.get(run, ())}))
        for key, found in runs.items()
    }


def _uses(session: Session, calibration_ids: Collection[int]) -> list[tuple[int, int]]:
    uses = uses_below(session, calibration_ids)
    became = set(
        session.execute(select(StandardCalibration.run_id).where(StandardCalibration.run_id.is_not(None))).scalars()
    )
    return [(run_id, calibration_id) for run_id, calibration_id in uses if run_id not in became]


def _covering(session: Session, calibration_ids: Collection[int]) -> dict[int, list[int]]:
    return certificates_on(session, {run_id for run_id, _ in uses_below(session, calibration_ids)})


def _drawn(
    session: Session, levels: Sequence[Sequence[int]], counts: Counts, today: date, *, start: str | None
) -> ChainPage:
    """Return the picture of the first calibrations of each level, with what stands on each; the end is the start."""
    every = [key for level in levels for key in level]
    shown = {key for level in levels[:LEVELS_SHOWN] for key in level[:CALIBRATIONS_SHOWN]}
    calibrations = standards.calibrations_by_id(session, shown)
    holders = standards.standards_by_id(session, {facts.standard_id for facts in calibrations.values()})
    facts = ChainFacts(calibrations, holders)
    layer_of = {key: number for number, level in enumerate(levels, start=1) for key in level}
    nodes = tuple(node_of(facts, key, today, layer_of[key]) for key in every if key in shown)
    chain = TraceabilityChain(every[0], today, nodes, _edges(calibrations, shown), _terminals(calibrations), ())
    standings, lines = _standing(session, calibrations, holders, counts)
    left = len(every) - len(shown)
    if left:
        standings.append(Standing("more:calibrations", NodeKind.MORE, "", count=left, record_id=every[0]))
    first = (
        End(chain.terminals[0], nodes[0].laboratory_name_vi, None, nodes[0].laboratory_id) if chain.terminals else None
    )
    picture = chain_picture([chain], standings, lines, start=start or (first.key if first else None))
    return ChainPage(picture, calibrations=len(every), shown=len(shown))


def _edges(calibrations: Mapping[int, CalibrationFacts], shown: Collection[int]) -> tuple[EdgeFacts, ...]:
    return tuple(edge for facts in calibrations.values() for edge in facts.edges if edge.upper_id in shown)


def _terminals(calibrations: Mapping[int, CalibrationFacts]) -> tuple[TerminalFacts, ...]:
    return tuple(terminal for facts in calibrations.values() for terminal in facts.terminals)


def _standing(
    session: Session,
    calibrations: Mapping[int, CalibrationFacts],
    holders: Mapping[int, StandardFacts],
    counts: Counts,
) -> tuple[list[Standing], list[Use]]:
    """Return the newest certificates on each calibration, and one box for what is not drawn."""
    bearing = [key for key in calibrations if key in counts]
    each = max(1, CERTIFICATES_DRAWN // len(bearing)) if bearing else 0
    standings: dict[str, Standing] = {}
    lines: list[Use] = []
    for key in bearing:
        zone = holders[calibrations[key].standard_id].timezone
        drawn = _newest(session, key, each, zone) if counts[key].certificates else []
        for standing, use in drawn:
            standings.setdefault(standing.key, standing)
            lines.append(use)
        left = counts[key].certificates - len(drawn)
        if left > 0 or not drawn:
            runs = counts[key].runs if not drawn else 0
            more = Standing(f"more:{key}", NodeKind.MORE, "", record_id=key, count=runs, certificates=left)
            standings[more.key] = more
            lines.append(Use(calibration_key(key), more.key))
    return list(standings.values()), lines


def _newest(session: Session, calibration_id: int, count: int, zone: str) -> list[tuple[Standing, Use]]:
    """Return the newest certificates whose runs used a calibration, without those of standards calibrated here."""
    of_run = (EquipmentUse.run_id == CalibrationRun.id) | (EquipmentUse.batch_id == CalibrationRun.batch_id)
    became = select(StandardCalibration.run_id).where(StandardCalibration.run_id.is_not(None))
    query = (
        select(Certificate, CalibrationRun.ended_at, EquipmentUse.role, Instrument.name_vi, Instrument.name_en)
        .join(CertificateRun, CertificateRun.certificate_id == Certificate.id)
        .join(CalibrationRun, CalibrationRun.id == CertificateRun.run_id)
        .join(EquipmentUse, of_run)
        .join(Instrument, Instrument.id == CalibrationRun.instrument_id)
        .where(EquipmentUse.calibration_id == calibration_id, EquipmentUse.withdrawn_at.is_(None))
        .where(CalibrationRun.id.not_in(became))
        .order_by(Certificate.id.desc())
        .limit(count * 4)
    )
    found: dict[int, tuple[Standing, Use]] = {}
    for certificate, ended_at, role, name_vi, name_en in session.execute(query):
        if certificate.id in found or len(found) == count:
            continue
        key = f"certificate:{certificate.id}"
        number = printed_number(certificate.number, certificate.version)
        on = None if ended_at is None else local_date(ended_at, zone)
        found[certificate.id] = (
            Standing(
                key, NodeKind.CERTIFICATE, number, name_vi, name_en or name_vi, certificate.issued_on, certificate.id
            ),
            Use(calibration_key(calibration_id), key, StandardRole(role), on),
        )
    return list(found.values())


def _carried(session: Session, same: Sequence[int], edges: Edges, counts: Counts) -> list[Carried]:
    """Return the calibrations on an end, each with what stands on it at any distance."""
    calibrations = standards.calibrations_by_id(session, same)
    holders = standards.standards_by_id(session, {facts.standard_id for facts in calibrations.values()})
    following: dict[int, set[int]] = {}
    for upper, lower in edges:
        following.setdefault(upper, set()).add(lower)
    found = []
    for key in same:
        below, waiting = {key}, [key]
        while waiting:
            for lower in following.get(waiting.pop(), set()) - below:
                below.add(lower)
                waiting.append(lower)
        holder = holders[calibrations[key].standard_id]
        found.append(
            Carried(
                calibrations[key],
                holder.name_vi,
                holder.name_en,
                len(below) - 1,
                sum(counts[one].runs for one in below if one in counts),
                sum(counts[one].certificates for one in below if one in counts),
            )
        )
    return found
