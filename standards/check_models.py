"""Tables of what happens to a standard between its calibrations: check plans, checks, charts, limits, intervals."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.columns import BigKey, Code, Exact, Instant, Key, LongText, Name, OptionalExact, OptionalInstant, Unit
from lims.core.db import Base, InsertOnly


class CheckPlan(Base):
    """What is checked against what, how often, within which limits; never edited: ended, and another takes its place.

    The value of a check is a deviation (or indication) in `unit`. The fixed limits always hold; with `chart_limits`
    those of the plan's chart hold besides, once its centre and spread are known.
    """

    __tablename__ = "check_plan"
    __table_args__ = (
        CheckConstraint("lower_limit IS NOT NULL OR upper_limit IS NOT NULL", name="limits"),
        {
            "info": {
                "no_delete": True,
                "frozen": (
                    "standard_id",
                    "range_id",
                    "name",
                    "against",
                    "against_standard_id",
                    "unit",
                    "lower_limit",
                    "upper_limit",
                    "limits_reason",
                    "chart_limits",
                    "interval_months",
                    "valid_from",
                ),
                "set_once": ("valid_to", "ended_reason"),
            }
        },
    )

    id: Mapped[Key]
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"), index=True)
    range_id: Mapped[int | None] = mapped_column(ForeignKey("instrument_range.id"))
    name: Mapped[Name]
    against: Mapped[LongText]
    against_standard_id: Mapped[int | None] = mapped_column(ForeignKey("standard.id"))
    unit: Mapped[Unit]
    lower_limit: Mapped[OptionalExact]
    upper_limit: Mapped[OptionalExact]
    limits_reason: Mapped[LongText]
    chart_limits: Mapped[bool] = mapped_column(Boolean, default=False)
    interval_months: Mapped[int | None] = mapped_column(Integer)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    ended_reason: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[Instant]
    decided_by_id: Mapped[int] = mapped_column(BigKey)
    decided_by_name: Mapped[Name]


class IntermediateCheck(InsertOnly, Base):
    """Evidence between calibrations: what was found, the limits that held, whether it passed and by which rule.

    A wrong entry is replaced by another that names it and says why; both stay.
    """

    __tablename__ = "intermediate_check"
    __table_args__ = (
        Index(None, "standard_id", "at"),
        Index(None, "plan_id"),
        Index(None, "replaces_id", unique=True),
        {"info": {"insert_only": True}},
    )

    id: Mapped[Key]
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"))
    range_id: Mapped[int | None] = mapped_column(ForeignKey("instrument_range.id"))
    chart_id: Mapped[int | None] = mapped_column(ForeignKey("control_chart.id"))
    run_id: Mapped[int | None] = mapped_column(BigKey)
    at: Mapped[Instant]
    value: Mapped[Exact]
    standard_uncertainty: Mapped[OptionalExact]
    lower_limit: Mapped[OptionalExact]
    upper_limit: Mapped[OptionalExact]
    unit: Mapped[Unit]
    passed: Mapped[bool] = mapped_column(Boolean)
    note: Mapped[str | None] = mapped_column(Text)
    actor_id: Mapped[int] = mapped_column(BigKey)
    actor_name: Mapped[Name]
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("check_plan.id"))
    typed: Mapped[str | None] = mapped_column(String(40))
    rule: Mapped[str | None] = mapped_column(String(64))
    recorded_at: Mapped[OptionalInstant]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("intermediate_check.id"))
    reason: Mapped[str | None] = mapped_column(Text)


class ControlChart(Base):
    """A chart of the checks of a plan: its kind, and centre and spread, fixed with reason or from its first checks.

    `parameters` (canonical JSON) holds what a kind needs: how many checks make the baseline, weight and width of an
    EWMA, the run rules that are watched.
    """

    __tablename__ = "control_chart"
    __table_args__ = (
        Index(None, "plan_id"),
        {
            "info": {
                "no_delete": True,
                "frozen": (
                    "standard_id",
                    "range_id",
                    "plan_id",
                    "kind",
                    "unit",
                    "centre",
                    "sigma",
                    "parameters",
                    "valid_from",
                    "reason",
                ),
                "set_once": ("valid_to",),
            }
        },
    )

    id: Mapped[Key]
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"), index=True)
    range_id: Mapped[int | None] = mapped_column(ForeignKey("instrument_range.id"))
    kind: Mapped[Code]
    name: Mapped[Name]
    unit: Mapped[Unit]
    centre: Mapped[OptionalExact]
    sigma: Mapped[OptionalExact]
    parameters: Mapped[str | None] = mapped_column(Text)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("check_plan.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[OptionalInstant]
    decided_by_id: Mapped[int | None] = mapped_column(BigKey)
    decided_by_name: Mapped[str | None] = mapped_column(String(300))


class StandardLimit(InsertOnly, Base):
    """A dated decision how far a range's value may lie from its nominal value: a formula in x, with its source."""

    __tablename__ = "standard_limit"
    __table_args__ = (Index(None, "standard_id", "range_id"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"))
    range_id: Mapped[int | None] = mapped_column(ForeignKey("instrument_range.id"))
    half_width_expression: Mapped[LongText]
    unit: Mapped[Unit]
    basis: Mapped[LongText]
    valid_from: Mapped[date]
    decided_at: Mapped[Instant]
    decided_by_id: Mapped[int] = mapped_column(BigKey)
    decided_by_name: Mapped[Name]


class IntervalDecision(InsertOnly, Base):
    """A person's dated decision on a calibration interval, with the proposal that they saw and their evidence."""

    __tablename__ = "interval_decision"
    __table_args__ = (Index(None, "standard_id"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"))
    months_before: Mapped[int | None] = mapped_column(Integer)
    months: Mapped[int] = mapped_column(Integer)
    proposed_months: Mapped[int | None] = mapped_column(Integer)
    method: Mapped[str | None] = mapped_column(String(64))
    proposal: Mapped[str | None] = mapped_column(Text)
    evidence: Mapped[LongText]
    decided_on: Mapped[date]
    decided_at: Mapped[Instant]
    decided_by_id: Mapped[int] = mapped_column(BigKey)
    decided_by_name: Mapped[Name]
