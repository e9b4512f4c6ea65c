"""What other packages and views may do with standards: every act in one place, under one name."""

from __future__ import annotations

from standards.acceptance_services import accept_calibration, reject_calibration
from standards.beside_services import add_file, end_entry, record_entry, withdraw_file
from standards.calibration_services import record_calibration, record_terminal
from standards.dcc_services import receive_dcc
from standards.ending_services import (
    end_calibration,
    end_calibrations,
    end_with_certificate,
    extend_calibration,
)
from standards.instrument_services import add_range, register_instrument, update_instrument
from standards.movement_services import record_movement, update_standard
from standards.schedule_services import agree_interval
from standards.standard_services import change_standard_state, record_drift, record_paper, register_standard

__all__ = [
    "accept_calibration",
    "add_file",
    "add_range",
    "agree_interval",
    "change_standard_state",
    "end_calibration",
    "end_calibrations",
    "end_entry",
    "end_with_certificate",
    "extend_calibration",
    "receive_dcc",
    "record_calibration",
    "record_drift",
    "record_entry",
    "record_movement",
    "record_paper",
    "record_terminal",
    "register_instrument",
    "register_standard",
    "reject_calibration",
    "update_instrument",
    "update_standard",
    "withdraw_file",
]
