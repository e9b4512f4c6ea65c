"""The blueprint of certificates, shared by its view modules."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("certificates", __name__)
