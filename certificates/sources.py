"""Gathers what a certificate is composed of, from the packages that own it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from certificates.facts import CertificateSources
from certificates.workflow import check_runs
from lims.calibrations.facts import ReleasedRun
from lims.calibrations.released import released_runs
from lims.core.errors import RuleViolation
from lims.jobs import queries as job_queries
from lims.people import queries as people_queries
from lims.procedures import queries as procedure_queries
from standards import queries as standard_queries
from standards.chain_facts import TraceabilityChain


def gather(session: Session, run_ids: Sequence[int], issued_on: date) -> CertificateSources:
    """Return everything a certificate over these runs says. Raises RuleViolation if they cannot stand together."""
    runs = tuple(released_runs(session, list(dict.fromkeys(run_ids))))
    item_ids = sorted({run.run.job_item_id for run in runs if run.run.job_item_id is not None})
    items = {item_id: job_queries.job_item_facts(session, item_id) for item_id in item_ids}
    check_runs(runs, items)
    item = next(iter(items.values()), None)
    if item is None:
        raise RuleViolation("certificate.no_runs")
    job = job_queries.job_facts(session, item.job_id)
    site = people_queries.site_facts(session, job.site_id)
    return CertificateSources(
        runs=runs,
        job=job,
        items=items,
        instruments={
            entry.instrument_id: standard_queries.instrument_facts(session, entry.instrument_id, on=issued_on)
            for entry in items.values()
        },
        procedures={
            version_id: procedure_queries.procedure_version_facts(session, version_id)
            for version_id in sorted({run.run.procedure_version_id for run in runs})
        },
        chains=_chains(session, runs),
        laboratory=people_queries.organisation_facts(session, site.organisation_id, issued_on),
        site=site,
        customer=people_queries.organisation_facts(session, job.customer_id, issued_on),
        addressee=people_queries.organisation_facts(session, item.addressee_id, issued_on),
        issued_on=issued_on,
    )


def _chains(session: Session, runs: Sequence[ReleasedRun]) -> dict[int, TraceabilityChain]:
    """Return the chain above every calibration used, as it held on the day of its use."""
    used = {
        use.calibration_id: run.started_on
        for run in runs
        for use in run.equipment
        if use.calibration_id is not None and use.withdrawn_at is None
    }
    return {
        calibration_id: standard_queries.traceability_chain(session, calibration_id, on)
        for calibration_id, on in sorted(used.items())
    }
