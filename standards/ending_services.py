"""How a calibration ends before its time, and how it is used longer: adjustment, repair, damage, doubt, extension."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.errors import RuleViolation, StaleRecord
from lims.people.access import Permission, require
from standards import queries
from standards.calibration_facts import CalibrationFacts, CalibrationState
from standards.calibration_models import CalibrationExtension, StandardCalibration
from standards.calibration_services import must_be, note_act, own_calibration
from standards.commands import EndCalibration, EndCalibrations, ExtendCalibration
from standards.entries import Checker
from standards.event_facts import EndKind
from standards.facts import StandardFacts, StandardState
from standards.standard_services import add_state, own_standard, touch
from standards.validity import USABLE_STATES, in_force

_EQUIPMENT: Final = "ISO/IEC 17025:2017, 6.4.9"
_STATE_AFTER: Final = {
    EndKind.ADJUSTMENT: StandardState.RETURNED,
    EndKind.REPAIR: StandardState.RETURNED,
    EndKind.DAMAGE: StandardState.QUARANTINED,
    EndKind.OVERLOAD: StandardState.QUARANTINED,
    EndKind.DOUBT: StandardState.QUARANTINED,
}
"""What the standard is afterwards, if all that was calibrated of it has ended."""


def end_calibration(session: Session, actor: Actor, command: EndCalibration, *, now: datetime) -> CalibrationFacts:
    """End an accepted calibration from an instant on: adjusted, repaired, damaged or in doubt (6.4.9).

    For those who manage standards. An older calibration does not come to life again. Refuses an instant in the future
    or before the acceptance.
    """
    require(actor, Permission.MANAGE_STANDARDS)
    row, facts, standard = own_calibration(session, actor, command.calibration_id, command.row_version)
    must_be(facts, CalibrationState.ACCEPTED)
    check = Checker()
    check.required("reason", command.reason)
    at = command.at or now
    if at > now:
        check.refuse("at", "entry.date_in_future", date=at, today=now)
    elif facts.accepted_at is not None and at < facts.accepted_at:
        check.refuse("at", "entry.dates_reversed", earlier=facts.accepted_at, later=at)
    check.finish()
    _end(row, at, command.kind, command.reason)
    session.flush()
    said = {"at": at, "reason": command.reason, "kind": command.kind}
    note_act(session, actor, "calibration.ended", row, standard, now, after=said)
    return queries.calibration_facts(session, row.id)


def end_with_certificate(
    session: Session, actor: Actor, run_id: int, reason: str, *, now: datetime
) -> CalibrationFacts | None:
    """End what was recorded from a run whose certificate is revoked; rejected if nobody has accepted it (7.8.8, 6.4.9).

    For those who issue certificates: the revocation is theirs, and nothing may be used that it no longer holds. What
    has ended or was rejected stays as it is; None where nothing was recorded.
    """
    require(actor, Permission.ISSUE_CERTIFICATES)
    calibration_id = queries.calibration_of_run(session, run_id)
    if calibration_id is None:
        return None
    row, facts, standard = own_calibration(session, actor, calibration_id, None)
    if facts.state is CalibrationState.ACCEPTED:
        _end(row, now, EndKind.DOUBT, reason)
        note_act(session, actor, "calibration.ended", row, standard, now, after={"at": now, "reason": reason})
    elif facts.state is CalibrationState.RECORDED:
        row.state, row.acceptance_note = CalibrationState.REJECTED, reason
        note_act(session, actor, "calibration.rejected", row, standard, now, after={"reason": reason})
    session.flush()
    return queries.calibration_facts(session, row.id)


def _end(row: StandardCalibration, at: datetime, kind: EndKind | None, reason: str) -> None:
    row.state, row.ended_at, row.ended_kind, row.ended_reason = CalibrationState.ENDED, at, kind, reason


def end_calibrations(session: Session, actor: Actor, command: EndCalibrations, *, now: datetime) -> StandardFacts:
    """Record that a standard was adjusted, repaired, damaged, overloaded or came into doubt (6.4.9, 6.4.13).

    For those who manage standards. Every calibration in force that speaks of the ranges concerned ends then, and the
    standard waits for a new one (after adjustment or repair) or goes into quarantine. Where other ranges keep their
    calibration the standard stays as it is. Refuses an instant in the future or before the last acceptance, ranges of
    another instrument, and a standard without a calibration that could end.
    """
    require(actor, Permission.MANAGE_STANDARDS)
    row, standard = own_standard(session, actor, command.standard_id, lock=True)
    if command.row_version is not None and command.row_version != row.row_version:
        raise StaleRecord("record.stale_between", seen=command.row_version, present=row.row_version)
    at = command.at or now
    every = queries.calibrations_of(session, row.id)
    wanted = _checked_ranges(session, standard, command)
    ending = in_force_accepted(every, wanted, standard.timezone, at=at, now=now)
    _check_instant(ending, at, now)
    if not ending:
        raise RuleViolation("calibration.nothing_to_end", clause=_EQUIPMENT, standard=standard.code)
    for facts in ending:
        calibration = session.get_one(StandardCalibration, facts.id, with_for_update=True)
        _end(calibration, at, command.kind, command.reason)
    others = frozenset(range_id for one in every for range_id in one.range_ids) - wanted
    kept = [one for one in in_force_accepted(every, others, standard.timezone, at=at, now=now) if one not in ending]
    state = None if kept else _state_after(standard, command.kind, now)
    if state is not None:
        add_state(session, actor, row.id, state, now=now, reason=command.reason)
    touch(row)
    session.flush()
    audit.record(
        session,
        actor,
        "standard.calibrations_ended",
        ("standard", row.id),
        now=now,
        site_id=row.site_id,
        after={**asdict(command), "at": at, "calibrations": [one.id for one in ending], "state": state},
    )
    return queries.standard_facts(session, row.id)


def in_force_accepted(
    calibrations: Sequence[CalibrationFacts],
    range_ids: Collection[int],
    timezone: str,
    *,
    at: datetime,
    now: datetime,
) -> list[CalibrationFacts]:
    """Return the accepted calibrations that what happened at an instant would end, each once.

    Of each range that is the one in force now, if it was made by then; else the one that was in force then.
    """
    found: dict[int, CalibrationFacts] = {}
    for range_id in sorted(range_ids):
        current = in_force(calibrations, range_id, now)
        if current is not None and current.calibrated_on > local_date(at, timezone):
            current = in_force(calibrations, range_id, at)
        if current is not None and current.state is CalibrationState.ACCEPTED:
            found[current.id] = current
    return list(found.values())


def _checked_ranges(session: Session, standard: StandardFacts, command: EndCalibrations) -> frozenset[int]:
    """Return the ranges concerned, all of them where none is named; raises InvalidInput."""
    check = Checker()
    check.required("reason", command.reason)
    of_instrument = {item.range.id for item in queries.instrument_facts(session, standard.instrument_id).ranges()}
    if not set(command.range_ids) <= of_instrument:
        check.refuse("range_ids", "entry.range_of_another")
    check.finish()
    return frozenset(command.range_ids) or frozenset(of_instrument)


def _check_instant(ending: Sequence[CalibrationFacts], at: datetime, now: datetime) -> None:
    """Refuse an instant in the future, or before what would end was accepted."""
    check = Checker()
    last = max((one.accepted_at for one in ending if one.accepted_at is not None), default=None)
    if at > now:
        check.refuse("at", "entry.date_in_future", date=at, today=now)
    elif last is not None and at < last:
        check.refuse("at", "entry.dates_reversed", earlier=last, later=at)
    check.finish()


def _state_after(standard: StandardFacts, kind: EndKind, now: datetime) -> StandardState | None:
    """Return the state that follows; None where the standard is kept from use already, or is not here."""
    current, wanted = standard.state_at(now), _STATE_AFTER[kind]
    if current is None or current.state in USABLE_STATES:
        return wanted
    worse = current.state is StandardState.RETURNED and wanted is StandardState.QUARANTINED
    return wanted if worse else None


def extend_calibration(
    session: Session, actor: Actor, command: ExtendCalibration, *, now: datetime
) -> CalibrationFacts:
    """Decide, on evidence, that an accepted calibration may be used longer (6.4.7). For those who accept calibrations.

    It holds from the day of the decision: what was measured in between stays without a valid calibration. Refuses an
    end that is not later than the present one, and a decision without evidence.
    """
    require(actor, Permission.ACCEPT_CALIBRATIONS)
    row, facts, standard = own_calibration(session, actor, command.calibration_id, None)
    must_be(facts, CalibrationState.ACCEPTED)
    check = Checker()
    check.required("evidence", command.evidence)
    end = facts.valid_until_as_known_on(local_date(now, standard.timezone))
    if end is None or command.valid_until <= end:
        check.refuse("valid_until", "calibration.not_longer", valid_until=end or facts.calibrated_on)
    check.finish()
    session.add(
        CalibrationExtension(
            calibration_id=row.id,
            valid_until=command.valid_until,
            evidence=command.evidence,
            decided_on=local_date(now, standard.timezone),
            decided_by_id=actor.person_id,
            decided_by_name=actor.name,
        )
    )
    session.flush()
    note_act(session, actor, "calibration.extended", row, standard, now, after=asdict(command))
    return queries.calibration_facts(session, row.id)
