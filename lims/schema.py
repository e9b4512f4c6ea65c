"""Every table of the installation: which modules define them."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from sqlalchemy import MetaData

from lims.core.db import Base

MODEL_MODULES: Final = (
    "lims.core.models",
    "lims.people.models",
    "standards.models",
    "standards.calibration_models",
    "standards.check_models",
    "standards.dcc_models",
    "standards.calendar_models",
    "standards.register_models",
    "lims.procedures.models",
    "lims.jobs.models",
    "lims.jobs.notice_models",
    "lims.calibrations.models",
    "certificates.models",
    "certificates.impact_models",
    "lims.quality.models",
)


def load_tables() -> MetaData:
    """Import every module that defines tables and return the metadata they fill."""
    for name in MODEL_MODULES:
        import_module(name)
    return Base.metadata
