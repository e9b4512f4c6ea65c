"""Tables of instruments and measurement standards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lims.core import columns
from lims.core.triggers import TriggerPlan, create_triggers

revision = "2026_11_21_02_standards"
down_revision = "2026_11_21_01_core"
branch_labels = None
depends_on = None

TRIGGERS: TriggerPlan = {
    "instrument": {"no_delete": True},
    "instrument_part": {"no_delete": True},
    "instrument_schedule": {"no_delete": True},
    "standard": {"no_delete": True},
    "instrument_function": {"no_delete": True},
    "standard_calibration": {
        "no_delete": True,
        "frozen": (
            "standard_id",
            "source",
            "certificate_number",
            "calibrated_on",
            "content_digest",
            "run_id",
            "recorded_by_id",
        ),
    },
    "standard_paper": {"insert_only": True},
    "standard_state_change": {"insert_only": True},
    "calibration_edge": {"insert_only": True},
    "calibration_extension": {"insert_only": True},
    "calibration_terminal": {"insert_only": True},
    "instrument_range": {"no_delete": True},
    "calibration_content": {"insert_only": True},
    "control_chart": {"no_delete": True},
    "standard_drift": {"insert_only": True},
    "calibration_point": {"insert_only": True},
    "intermediate_check": {"insert_only": True},
}


def upgrade() -> None:
    """Tables of instruments and measurement standards."""
    op.create_table(
        "instrument",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("owner_id", columns.BigKey, nullable=False),
        sa.Column("site_id", columns.BigKey, nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("name_vi", sa.String(length=300), nullable=False),
        sa.Column("name_en", sa.String(length=300), nullable=True),
        sa.Column("manufacturer", sa.String(length=200), nullable=True),
        sa.Column("model", sa.String(length=200), nullable=True),
        sa.Column("serial_number", sa.String(length=100), nullable=True),
        sa.Column("asset_tag", sa.String(length=100), nullable=True),
        sa.Column("year_made", sa.Integer(), nullable=True),
        sa.Column("country_made", sa.String(length=100), nullable=True),
        sa.Column("accuracy_class", sa.String(length=40), nullable=True),
        sa.Column("firmware", sa.String(length=100), nullable=True),
        sa.Column("type_approval_number", sa.String(length=60), nullable=True),
        sa.Column("purpose_of_use", sa.String(length=64), nullable=False),
        sa.Column("legal_regime", sa.String(length=64), nullable=False),
        sa.Column("place_of_use", sa.String(length=300), nullable=True),
        sa.Column("location", sa.String(length=200), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("sort_key", sa.Text(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["organisation.id"], name=op.f("fk_instrument_owner_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_instrument_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument")),
        sa.UniqueConstraint("token", name=op.f("uq_instrument_token")),
    )
    op.create_index(op.f("ix_instrument_asset_tag"), "instrument", ["asset_tag"], unique=False)
    op.create_index(
        op.f("ix_instrument_owner_id_instrument_sort_key"),
        "instrument",
        ["owner_id", "sort_key"],
        unique=False,
    )
    op.create_index(op.f("ix_instrument_serial_number"), "instrument", ["serial_number"], unique=False)
    op.create_table(
        "instrument_part",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("instrument_id", columns.BigKey, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name_vi", sa.String(length=300), nullable=False),
        sa.Column("name_en", sa.String(length=300), nullable=True),
        sa.Column("serial_number", sa.String(length=100), nullable=True),
        sa.Column("marking", sa.String(length=100), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_instrument_part_instrument_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_part")),
        sa.UniqueConstraint("instrument_id", "code", name=op.f("uq_instrument_part_instrument_id_code")),
    )
    op.create_table(
        "instrument_schedule",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("instrument_id", columns.BigKey, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("interval_months", sa.Integer(), nullable=True),
        sa.Column("basis", sa.String(length=200), nullable=True),
        sa.Column("agreed_with_customer", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_instrument_schedule_instrument_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_schedule")),
    )
    op.create_index(
        op.f("ix_instrument_schedule_instrument_id_instrument_schedule_kind"),
        "instrument_schedule",
        ["instrument_id", "kind"],
        unique=False,
    )
    op.create_table(
        "standard",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("instrument_id", columns.BigKey, nullable=False),
        sa.Column("site_id", columns.BigKey, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=True),
        sa.Column("needs_calibration", sa.Boolean(), nullable=False),
        sa.Column("interval_months", sa.Integer(), nullable=True),
        sa.Column("interval_policy", sa.Text(), nullable=True),
        sa.Column("custodian_id", columns.BigKey, nullable=True),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["custodian_id"], ["person.id"], name=op.f("fk_standard_custodian_id")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_standard_instrument_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_standard_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard")),
        sa.UniqueConstraint("instrument_id", name=op.f("uq_standard_instrument_id")),
        sa.UniqueConstraint("site_id", "code", name=op.f("uq_standard_site_id_code")),
    )
    op.create_index(op.f("ix_standard_site_id"), "standard", ["site_id"], unique=False)
    op.create_table(
        "instrument_function",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("part_id", columns.BigKey, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("second_parameter", sa.String(length=64), nullable=True),
        sa.Column("second_parameter_unit", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["part_id"], ["instrument_part.id"], name=op.f("fk_instrument_function_part_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_function")),
        sa.UniqueConstraint("part_id", "quantity", "name", name=op.f("uq_instrument_function_part_id_quantity_name")),
    )
    op.create_table(
        "standard_calibration",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("standard_id", columns.BigKey, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("certificate_number", sa.String(length=100), nullable=False),
        sa.Column("laboratory_id", columns.BigKey, nullable=False),
        sa.Column("run_id", columns.BigKey, nullable=True),
        sa.Column("run_number", sa.String(length=100), nullable=True),
        sa.Column("calibrated_on", sa.Date(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("method", sa.String(length=300), nullable=True),
        sa.Column("conditions", sa.Text(), nullable=True),
        sa.Column("accredited_symbol", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("accepted_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("accepted_by_id", columns.BigKey, nullable=True),
        sa.Column("accepted_by_name", sa.String(length=300), nullable=True),
        sa.Column("acceptance_note", sa.Text(), nullable=True),
        sa.Column("ended_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("certificate_sha256", sa.String(length=64), nullable=True),
        sa.Column("dcc_sha256", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", columns.BigKey, nullable=False),
        sa.Column("recorded_by_name", sa.String(length=300), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("source IN ('external', 'in_house')", name=op.f("ck_standard_calibration_source")),
        sa.ForeignKeyConstraint(
            ["certificate_sha256"], ["blob.sha256"], name=op.f("fk_standard_calibration_certificate_sha256")
        ),
        sa.ForeignKeyConstraint(["dcc_sha256"], ["blob.sha256"], name=op.f("fk_standard_calibration_dcc_sha256")),
        sa.ForeignKeyConstraint(
            ["laboratory_id"], ["organisation.id"], name=op.f("fk_standard_calibration_laboratory_id")
        ),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_standard_calibration_standard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_calibration")),
        sa.UniqueConstraint("token", name=op.f("uq_standard_calibration_token")),
    )
    op.create_index(op.f("ix_standard_calibration_run_id"), "standard_calibration", ["run_id"], unique=False)
    op.create_index(
        op.f("ix_standard_calibration_standard_id_standard_calibration_calibrated_on"),
        "standard_calibration",
        ["standard_id", "calibrated_on"],
        unique=False,
    )
    op.create_table(
        "standard_paper",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("standard_id", columns.BigKey, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("issuer_id", columns.BigKey, nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["document_sha256"], ["blob.sha256"], name=op.f("fk_standard_paper_document_sha256")),
        sa.ForeignKeyConstraint(["issuer_id"], ["organisation.id"], name=op.f("fk_standard_paper_issuer_id")),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_standard_paper_standard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_paper")),
    )
    op.create_index(
        op.f("ix_standard_paper_standard_id_standard_paper_kind"),
        "standard_paper",
        ["standard_id", "kind"],
        unique=False,
    )
    op.create_table(
        "standard_state_change",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("standard_id", columns.BigKey, nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("limitation", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", columns.BigKey, nullable=False),
        sa.Column("actor_name", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_standard_state_change_standard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_state_change")),
    )
    op.create_index(
        op.f("ix_standard_state_change_standard_id_standard_state_change_at"),
        "standard_state_change",
        ["standard_id", "at"],
        unique=False,
    )
    op.create_table(
        "calibration_edge",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("lower_id", columns.BigKey, nullable=False),
        sa.Column("upper_id", columns.BigKey, nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("run_id", columns.BigKey, nullable=True),
        sa.Column("recorded_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("lower_id <> upper_id", name=op.f("ck_calibration_edge_no_loop")),
        sa.ForeignKeyConstraint(["lower_id"], ["standard_calibration.id"], name=op.f("fk_calibration_edge_lower_id")),
        sa.ForeignKeyConstraint(["upper_id"], ["standard_calibration.id"], name=op.f("fk_calibration_edge_upper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_edge")),
        sa.UniqueConstraint("lower_id", "upper_id", "role", name=op.f("uq_calibration_edge_lower_id_upper_id_role")),
    )
    op.create_index(op.f("ix_calibration_edge_upper_id"), "calibration_edge", ["upper_id"], unique=False)
    op.create_table(
        "calibration_extension",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("calibration_id", columns.BigKey, nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("decided_by_id", columns.BigKey, nullable=False),
        sa.Column("decided_by_name", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["calibration_id"],
            ["standard_calibration.id"],
            name=op.f("fk_calibration_extension_calibration_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_extension")),
    )
    op.create_index(
        op.f("ix_calibration_extension_calibration_id"),
        "calibration_extension",
        ["calibration_id"],
        unique=False,
    )
    op.create_table(
        "calibration_terminal",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("calibration_id", columns.BigKey, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("evidence_reference", sa.String(length=200), nullable=True),
        sa.Column("symbol_on_certificate", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("evaluated_by", sa.String(length=300), nullable=True),
        sa.Column("evaluated_on", sa.Date(), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["calibration_id"],
            ["standard_calibration.id"],
            name=op.f("fk_calibration_terminal_calibration_id"),
        ),
        sa.ForeignKeyConstraint(
            ["document_sha256"], ["blob.sha256"], name=op.f("fk_calibration_terminal_document_sha256")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_terminal")),
    )
    op.create_index(
        op.f("ix_calibration_terminal_calibration_id"),
        "calibration_terminal",
        ["calibration_id"],
        unique=False,
    )
    op.create_table(
        "instrument_range",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("function_id", columns.BigKey, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("lower", columns.DecimalText(length=64), nullable=True),
        sa.Column("upper", columns.DecimalText(length=64), nullable=True),
        sa.Column("nominal", columns.DecimalText(length=64), nullable=True),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("resolution", columns.DecimalText(length=64), nullable=True),
        sa.Column("resolution_unit", sa.String(length=40), nullable=True),
        sa.Column("second_lower", columns.DecimalText(length=64), nullable=True),
        sa.Column("second_upper", columns.DecimalText(length=64), nullable=True),
        sa.Column("specification", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["function_id"], ["instrument_function.id"], name=op.f("fk_instrument_range_function_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_range")),
        sa.UniqueConstraint("function_id", "name", name=op.f("uq_instrument_range_function_id_name")),
    )
    op.create_table(
        "calibration_content",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("calibration_id", columns.BigKey, nullable=False),
        sa.Column("range_id", columns.BigKey, nullable=False),
        sa.Column("phase", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("identifier", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("argument_unit", sa.String(length=40), nullable=True),
        sa.Column("nominal", columns.DecimalText(length=64), nullable=True),
        sa.Column("value", columns.DecimalText(length=64), nullable=True),
        sa.Column("expanded_uncertainty", columns.DecimalText(length=64), nullable=True),
        sa.Column("expanded_uncertainty_unit", sa.String(length=40), nullable=True),
        sa.Column("expanded_uncertainty_expression", sa.Text(), nullable=True),
        sa.Column("coverage_factor", columns.DecimalText(length=64), nullable=True),
        sa.Column("coverage_probability", columns.DecimalText(length=64), nullable=True),
        sa.Column("degrees_of_freedom", columns.DecimalText(length=64), nullable=True),
        sa.Column("degrees_of_freedom_assumed", sa.Boolean(), nullable=False),
        sa.Column("distribution", sa.String(length=40), nullable=True),
        sa.Column("equation", sa.Text(), nullable=True),
        sa.Column("interpolation", sa.String(length=40), nullable=True),
        sa.Column("correlation", sa.Text(), nullable=True),
        sa.Column("within_specification", sa.Boolean(), nullable=True),
        sa.Column("source_path", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["calibration_id"],
            ["standard_calibration.id"],
            name=op.f("fk_calibration_content_calibration_id"),
        ),
        sa.ForeignKeyConstraint(["range_id"], ["instrument_range.id"], name=op.f("fk_calibration_content_range_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_content")),
        sa.UniqueConstraint(
            "calibration_id",
            "phase",
            "kind",
            "identifier",
            name=op.f("uq_calibration_content_calibration_id_phase_kind_identifier"),
        ),
    )
    op.create_index(op.f("ix_calibration_content_range_id"), "calibration_content", ["range_id"], unique=False)
    op.create_table(
        "control_chart",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("standard_id", columns.BigKey, nullable=False),
        sa.Column("range_id", columns.BigKey, nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("centre", columns.DecimalText(length=64), nullable=True),
        sa.Column("sigma", columns.DecimalText(length=64), nullable=True),
        sa.Column("parameters", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["range_id"], ["instrument_range.id"], name=op.f("fk_control_chart_range_id")),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_control_chart_standard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_control_chart")),
    )
    op.create_index(op.f("ix_control_chart_standard_id"), "control_chart", ["standard_id"], unique=False)
    op.create_table(
        "standard_drift",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("standard_id", columns.BigKey, nullable=False),
        sa.Column("range_id", columns.BigKey, nullable=True),
        sa.Column("half_width_expression", sa.Text(), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("distribution", sa.String(length=64), nullable=False),
        sa.Column("per", sa.String(length=64), nullable=False),
        sa.Column("correction_expression", sa.Text(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("decided_by_id", columns.BigKey, nullable=False),
        sa.Column("decided_by_name", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["range_id"], ["instrument_range.id"], name=op.f("fk_standard_drift_range_id")),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_standard_drift_standard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_drift")),
    )
    op.create_index(
        op.f("ix_standard_drift_standard_id_standard_drift_range_id"),
        "standard_drift",
        ["standard_id", "range_id"],
        unique=False,
    )
    op.create_table(
        "calibration_point",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("content_id", columns.BigKey, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=True),
        sa.Column("argument", columns.DecimalText(length=64), nullable=True),
        sa.Column("second_argument", columns.DecimalText(length=64), nullable=True),
        sa.Column("value", columns.DecimalText(length=64), nullable=False),
        sa.Column("expanded_uncertainty", columns.DecimalText(length=64), nullable=True),
        sa.Column("coverage_factor", columns.DecimalText(length=64), nullable=True),
        sa.Column("coverage_probability", columns.DecimalText(length=64), nullable=True),
        sa.Column("degrees_of_freedom", columns.DecimalText(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["content_id"], ["calibration_content.id"], name=op.f("fk_calibration_point_content_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_point")),
        sa.UniqueConstraint("content_id", "position", name=op.f("uq_calibration_point_content_id_position")),
    )
    op.create_table(
        "intermediate_check",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("standard_id", columns.BigKey, nullable=False),
        sa.Column("range_id", columns.BigKey, nullable=True),
        sa.Column("chart_id", columns.BigKey, nullable=True),
        sa.Column("run_id", columns.BigKey, nullable=True),
        sa.Column("at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("value", columns.DecimalText(length=64), nullable=False),
        sa.Column("standard_uncertainty", columns.DecimalText(length=64), nullable=True),
        sa.Column("lower_limit", columns.DecimalText(length=64), nullable=True),
        sa.Column("upper_limit", columns.DecimalText(length=64), nullable=True),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("actor_id", columns.BigKey, nullable=False),
        sa.Column("actor_name", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["chart_id"], ["control_chart.id"], name=op.f("fk_intermediate_check_chart_id")),
        sa.ForeignKeyConstraint(["range_id"], ["instrument_range.id"], name=op.f("fk_intermediate_check_range_id")),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_intermediate_check_standard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intermediate_check")),
    )
    op.create_index(
        op.f("ix_intermediate_check_standard_id_intermediate_check_at"),
        "intermediate_check",
        ["standard_id", "at"],
        unique=False,
    )
    create_triggers(op.get_bind(), TRIGGERS)
