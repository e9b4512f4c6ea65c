"""The blueprint that all pages of procedures, authorisations and scopes stand on; it also brings the filter `unit`."""

from __future__ import annotations

from flask import Blueprint

from calc.units import display_unit

bp = Blueprint("procedures", "lims.procedures")
bp.add_app_template_filter(display_unit, "unit")
