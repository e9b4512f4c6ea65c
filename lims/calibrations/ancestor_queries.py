"""Reads of what stands above the standards of a run: calibrations made here with the evaluations behind them."""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.calibrations.models import Evaluation
from lims.calibrations.shared_ancestors import Behind, Made
from standards import queries as standards


def made_with_ancestors(session: Session, calibration_ids: Collection[int]) -> dict[int, Made]:
    """Return calibrations and all above them; those made here in a run with the evaluation named by its digest."""
    calibrations = standards.chain_facts(session, calibration_ids).calibrations
    digests = {facts.run_digest for facts in calibrations.values() if facts.run_digest is not None}
    query = select(Evaluation.digest, Evaluation.run_id, Evaluation.input, Evaluation.result)
    behind = {
        (digest, run_id): Behind(json.loads(record), json.loads(result))
        for digest, run_id, record, result in session.execute(query.where(Evaluation.digest.in_(digests)))
    }
    return {
        key: Made(facts, behind.get((facts.run_digest or "", facts.run_id or 0))) for key, facts in calibrations.items()
    }
