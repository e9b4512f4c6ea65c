"""The blueprint of calibration runs; `views` and `decision_views` hang their pages on it."""

from __future__ import annotations

from flask import Blueprint

from lims.calibrations import display

bp = Blueprint("calibrations", "lims.calibrations")
display.install(bp)
