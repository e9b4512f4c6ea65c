"""The readings of the weighing example EA-4/02 M, S2, and where the procedure for them is published."""

from __future__ import annotations

from pathlib import Path
from typing import Final

PROCEDURE: Final = (
    Path(__file__).resolve().parents[3].joinpath("lims", "demo", "procedures", "hc-kl-01.toml").read_text("utf-8")
)

S2_READINGS: Final = (
    (1, 1, "standard", "0.010"),
    (1, 2, "item", "0.020"),
    (1, 3, "item", "0.025"),
    (1, 4, "standard", "0.015"),
    (2, 1, "standard", "0.025"),
    (2, 2, "item", "0.050"),
    (2, 3, "item", "0.055"),
    (2, 4, "standard", "0.020"),
    (3, 1, "standard", "0.010"),
    (3, 2, "item", "0.030"),
    (3, 3, "item", "0.040"),
    (3, 4, "standard", "0.020"),
)
"""Cycle, place, role and reading in g. Source: EA-4/02 M:2022, S2."""
