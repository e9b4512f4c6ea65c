"""The blueprint that all pages of orders stand on."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("jobs", "lims.jobs")
