"""What happens to a calibration after it was recorded: how it ends, how a change of its standard is studied."""

from __future__ import annotations

from enum import StrEnum


class EndKind(StrEnum):
    """Why a calibration ends before its time (ISO/IEC 17025:2017, 6.4.9)."""

    ADJUSTMENT = "adjustment"
    REPAIR = "repair"
    DAMAGE = "damage"
    OVERLOAD = "overload"
    DOUBT = "doubt"


class Course(StrEnum):
    """How a standard is taken to have changed since the last good evidence: at once, or evenly until it was found."""

    STEP = "step"
    DRIFT = "drift"
