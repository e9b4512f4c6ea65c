"""The scope of the demonstration's accreditation, line by line from its register."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from decimal import Decimal
from importlib import resources
from typing import Any

from sqlalchemy.orm import Session

from lims.demo.laboratory import Laboratory
from lims.procedures import scope_services
from lims.procedures.facts import RecordScope, ScopeKind, ScopeLineInput


def record_scope(session: Session, laboratory: Laboratory, since: date, *, now: datetime) -> None:
    """Record the scope of the main site, as the technical manager enters it."""
    text = resources.files("lims.demo").joinpath("registers/scope.toml").read_text(encoding="utf-8")
    command = RecordScope(
        laboratory.site_id,
        ScopeKind.ACCREDITATION,
        version="1",
        body_number="VILAS 0000",
        valid_from=since,
        lines=tuple(_line(record) for record in tomllib.loads(text)["line"]),
    )
    scope_services.record_scope(session, laboratory.actor("kt01"), command, now=now)


def _line(record: dict[str, Any]) -> ScopeLineInput:
    return ScopeLineInput(
        quantity=record["quantity"],
        instrument_kind=record["kind"],
        title_vi=record["title_vi"],
        title_en=record["title_en"],
        lower=Decimal(record["range"][0]),
        upper=Decimal(record["range"][1]),
        unit=record["unit"],
        method=record["method"],
        cmc_expression=record["cmc"],
        cmc_unit=record["cmc_unit"],
    )
