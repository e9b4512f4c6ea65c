"""Which line of the scope holds for each point of a run, on the day it was calibrated.

They are frozen when a run is opened. Where the readings were taken on another day, the lines of that day apply: the
preview reads them, and submitting freezes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from lims.calibrations.facts import RunFacts, RunState
from lims.calibrations.record import scope_line_data
from lims.core.clock import local_date
from lims.procedures import queries as procedures
from lims.procedures.definition_facts import MeasuringPoint, Section
from lims.procedures.facts import ProcedureVersionFacts, ScopeLineFacts
from lims.procedures.scope import matching_line

Points = Mapping[str, Sequence[MeasuringPoint]]


def lines_on(
    session: Session,
    *,
    site_id: int,
    location_kind: str,
    instrument_kind: str,
    version: ProcedureVersionFacts,
    points: Points,
    on: date,
) -> list[dict[str, Any]]:
    """Return section, point and line for every point that a line holds for on a day; `points` are by section."""
    scope = procedures.scope_lines(session, site_id)
    found: list[dict[str, Any]] = []
    for section in version.definition.sections:
        for point in points.get(section.code, ()) or section.points:
            line = line_for(
                scope,
                version,
                section,
                point,
                instrument_kind=instrument_kind,
                on_site=location_kind == "on_site",
                on=on,
            )
            if line is not None:
                found.append({"section": section.code, "point": point.code, "line": scope_line_data(line)})
    return found


def line_for(
    scope: Iterable[ScopeLineFacts],
    version: ProcedureVersionFacts,
    section: Section,
    point: MeasuringPoint,
    *,
    instrument_kind: str,
    on_site: bool,
    on: date,
) -> ScopeLineFacts | None:
    """Return the line that holds for a point: by the procedure's own code first, then by each method it refers to."""
    scope = tuple(scope)
    described = " ".join((section.title_vi, section.title_en, point.title_vi, point.title_en))
    for method in methods(version):
        line = matching_line(
            scope,
            quantity=section.quantity,
            instrument_kind=instrument_kind,
            value=point.nominal,
            unit=point.unit,
            method=method,
            on_site=on_site,
            on=on,
            described=described,
        )
        if line is not None:
            return line
    return None


def methods(version: ProcedureVersionFacts) -> list[str]:
    """Return the names under which a scope may list a procedure."""
    references = [part.strip() for part in version.method_reference.split(",")]
    return list(dict.fromkeys([version.code, *references]))


def measured_on_another_day(run: RunFacts, measured_at: datetime) -> date | None:
    """Return the day of the readings of a draft where it is not the day for which the lines were frozen."""
    if run.state is not RunState.DRAFT:
        return None
    day = local_date(measured_at, run.timezone)
    return None if day == local_date(run.opened_at, run.timezone) else day
