"""What other packages and views may do with standards: every act in one place, under one name."""

from __future__ import annotations

from standards.calibration_services import (
    accept_calibration,
    end_calibration,
    extend_calibration,
    record_calibration,
    record_terminal,
    reject_calibration,
)
from standards.instrument_services import add_range, register_instrument, update_instrument
from standards.schedule_services import agree_interval
from standards.standard_services import change_standard_state, record_drift, record_paper, register_standard

__all__ = [
    "accept_calibration",
    "add_range",
    "agree_interval",
    "change_standard_state",
    "end_calibration",
    "extend_calibration",
    "record_calibration",
    "record_drift",
    "record_paper",
    "record_terminal",
    "register_instrument",
    "register_standard",
    "reject_calibration",
    "update_instrument",
]
