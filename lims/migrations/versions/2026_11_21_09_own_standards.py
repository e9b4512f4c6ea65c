"""A calibration made here keeps the digest of its run's evaluation beside the run's number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lims.core.triggers import TriggerPlan, create_triggers

revision = "2026_11_21_09_own_standards"
down_revision = "2026_11_21_08_notices"
branch_labels = None
depends_on = None

TRIGGERS: TriggerPlan = {
    "standard_calibration": {
        "no_delete": True,
        "frozen": (
            "standard_id",
            "source",
            "certificate_number",
            "calibrated_on",
            "content_digest",
            "run_id",
            "run_digest",
            "recorded_by_id",
        ),
    },
}


def upgrade() -> None:
    """Add the digest, and freeze it with the rest of what says where a calibration comes from."""
    op.add_column("standard_calibration", sa.Column("run_digest", sa.String(length=64), nullable=True))
    create_triggers(op.get_bind(), TRIGGERS)
