"""The pages of standards: one blueprint, its views in the modules imported here."""

from __future__ import annotations

from standards import (
    beside_views,
    calendar_views,
    calibration_views,
    chart_views,
    check_views,
    dcc_views,
    drift_views,
    due_views,
    ending_views,
    instrument_views,
    label_views,
    movement_views,
    recording_views,
    sheet_views,
    standard_views,
    value_views,
)
from standards.pages import bp

__all__ = [
    "beside_views",
    "bp",
    "calendar_views",
    "calibration_views",
    "chart_views",
    "check_views",
    "dcc_views",
    "drift_views",
    "due_views",
    "ending_views",
    "instrument_views",
    "label_views",
    "movement_views",
    "recording_views",
    "sheet_views",
    "standard_views",
    "value_views",
]
