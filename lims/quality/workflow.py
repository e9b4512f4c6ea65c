"""The rules of nonconforming work: what may follow what, by whom, and what a certificate needs. Pure."""

from __future__ import annotations

from certificates.impact_facts import Finding
from lims.core.errors import RuleViolation
from lims.quality.facts import CLAUSE, CLAUSE_RESUME, Treatment, WorkState

_NEXT = {WorkState.OPEN: WorkState.DECIDED, WorkState.DECIDED: WorkState.RELEASED}


def check_step(number: str, state: WorkState, to: WorkState) -> None:
    """Refuse a state that does not follow the present one."""
    if _NEXT.get(state) is not to:
        raise RuleViolation("quality.step_refused", clause=CLAUSE, number=number, state=str(state), to=str(to))


def check_release(decided_by_id: int | None, person_id: int, *, letters_waiting: int) -> None:
    """Refuse a release by whoever decided, and one while letters have not gone (7.10.1 d and f)."""
    if decided_by_id == person_id:
        raise RuleViolation("quality.same_person", clause=CLAUSE_RESUME)
    if letters_waiting:
        raise RuleViolation("quality.letters_waiting", clause="ISO/IEC 17025:2017, 7.10.1 d)", count=letters_waiting)


def first_treatment(finding: Finding, worst: float, *, certified: bool) -> Treatment:
    """Return what a certificate needs at first sight: an amendment where conformity changed or a result moved beyond U.

    Somebody may decide otherwise, one by one.
    """
    if not certified or finding in {Finding.UNCHANGED, Finding.OPEN}:
        return Treatment.NONE
    if finding is Finding.CHANGED or worst > 1:
        return Treatment.AMEND
    return Treatment.INFORM
