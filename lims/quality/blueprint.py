"""The blueprint of the quality system."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("quality", __name__)
