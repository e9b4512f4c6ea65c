"""Which steps a certificate may take, and over which runs one may be issued: pure rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from certificates.facts import AMEND_CLAUSE, ISSUE_CLAUSE, CertificateState, CertificateView, RelationKind
from lims.calibrations.facts import ISSUABLE, ReleasedRun, RunState
from lims.core.errors import RuleViolation
from lims.jobs.facts import JobItemFacts, LegalRegime

TRANSITIONS: Final[Mapping[CertificateState, frozenset[CertificateState]]] = {
    CertificateState.ISSUING: frozenset({CertificateState.ISSUED}),
    CertificateState.ISSUED: frozenset({CertificateState.SUPERSEDED, CertificateState.REVOKED}),
    CertificateState.SUPERSEDED: frozenset(),
    CertificateState.REVOKED: frozenset(),
}
"""Every step there is; all others are refused."""


def check_transition(state: CertificateState, to: CertificateState) -> None:
    """Return if a certificate may take the step. Raises RuleViolation otherwise."""
    if to not in TRANSITIONS[state]:
        raise RuleViolation("certificate.transition", clause=AMEND_CLAUSE, state=state, to=to)


def check_runs(runs: Sequence[ReleasedRun], items: Mapping[int, JobItemFacts]) -> None:
    """Return if the runs may stand on one calibration certificate together.

    They are released, of a purpose that may be issued, of one job, one site, one addressee and one language, and not
    of verification, which is another product. Raises RuleViolation naming what does not fit.
    """
    if not runs:
        raise RuleViolation("certificate.no_runs", clause=ISSUE_CLAUSE)
    for run in runs:
        if run.run.state is not RunState.RELEASED:
            raise RuleViolation("certificate.run_not_released", clause=ISSUE_CLAUSE, run=run.run.number)
        if run.run.purpose not in ISSUABLE:
            raise RuleViolation(
                "certificate.purpose_not_issuable",
                clause=ISSUE_CLAUSE,
                run=run.run.number,
                purpose=run.run.purpose,
            )
        if run.run.job_item_id is None:
            raise RuleViolation("certificate.run_without_job", clause=ISSUE_CLAUSE, run=run.run.number)
        if run.run.legal_regime != LegalRegime.CALIBRATION:
            raise RuleViolation("certificate.other_regime", clause=ISSUE_CLAUSE, run=run.run.number)
    if len({run.run.site_id for run in runs}) > 1 or len({item.job_id for item in items.values()}) > 1:
        raise RuleViolation("certificate.several_jobs", clause=ISSUE_CLAUSE)
    if len({item.addressee_id for item in items.values()}) > 1:
        raise RuleViolation("certificate.several_addressees", clause=ISSUE_CLAUSE)
    if len({item.certificate_language for item in items.values()}) > 1:
        raise RuleViolation("certificate.several_languages", clause=ISSUE_CLAUSE)


def check_successor(before: CertificateView, kind: RelationKind, job_id: int, reason: str) -> None:
    """Return if a certificate may be amended, replaced or supplemented. Raises RuleViolation otherwise.

    Only an issued one, by runs of its own job, with a reason; a revoked one may be replaced by a new number.
    """
    allowed = {CertificateState.ISSUED}
    if kind is RelationKind.REPLACES:
        allowed.add(CertificateState.REVOKED)
    if before.state not in allowed:
        raise RuleViolation("certificate.not_amendable", clause=AMEND_CLAUSE, state=before.state)
    if before.job_id != job_id:
        raise RuleViolation("certificate.other_job", clause=AMEND_CLAUSE, number=before.printed)
    if not reason.strip():
        raise RuleViolation("certificate.reason_missing", clause=AMEND_CLAUSE)
