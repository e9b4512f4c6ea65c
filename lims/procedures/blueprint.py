"""The blueprint that all pages of procedures, authorisations and scopes stand on."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("procedures", "lims.procedures")
