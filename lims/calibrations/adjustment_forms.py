"""From the text of a form to an adjustment."""

from __future__ import annotations

from collections.abc import Mapping

from lims.calibrations.commands import Consent, RecordAdjustment
from lims.calibrations.facts import AdjustmentKind
from lims.core.fields import Fields
from lims.jobs.notice_facts import ConsentWay


def parse_adjustment(run_id: int, form: Mapping[str, str], timezone: str) -> RecordAdjustment:
    """Read an adjustment; a consent is read where one is given with it. Raises InvalidInput."""
    fields = Fields(form)
    command = RecordAdjustment(
        run_id,
        kind=fields.choice("kind", AdjustmentKind),
        description_vi=fields.text("description_vi", maximum=2000),
        description_en=fields.optional_text("description_en", maximum=2000) or "",
        consent=_consent(fields, timezone) if _given(form) else None,
        seals_removed=fields.optional_text("seals_removed", maximum=500) or "",
        seals_applied=fields.optional_text("seals_applied", maximum=500) or "",
        performer_id=fields.optional_integer("performer_id", lower=1),
        adjusted_at=fields.optional_instant("adjusted_at", timezone),
    )
    fields.finish()
    return command


def _given(form: Mapping[str, str]) -> bool:
    """Return whether anything was said of a consent; the way alone is what the form starts with."""
    return any(form.get(name, "").strip() for name in ("consent_by", "consent_at", "consent_evidence"))


def _consent(fields: Fields, timezone: str) -> Consent:
    return Consent(
        by=fields.text("consent_by", maximum=300),
        at=fields.instant("consent_at", timezone),
        way=fields.choice("consent_way", ConsentWay),
        evidence=fields.text("consent_evidence", maximum=1000),
    )
