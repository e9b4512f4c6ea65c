"""Parts of the first page that speak of runs: the technician's work of the day, what waits for review and release."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.calibrations import home_queries
from lims.calibrations.blueprint import bp
from lims.calibrations.home_facts import BenchGroup, BenchWork, WaitingRun
from lims.calibrations.home_queries import MOST
from lims.core import messages
from lims.core.actor import Actor
from lims.core.web import Figure, Panel, add_panel, timezone
from lims.people.access import Permission
from lims.people.facts import Role

_TONES = {BenchWork.RETURNED: "bad", BenchWork.DRAFT: "info", BenchWork.TO_MEASURE: "info", BenchWork.ON_HOLD: "doubt"}


def _bench(session: Session, actor: Actor, today: date) -> dict[str, Any] | None:
    """A technician's work of the day; others who may measure are told of it where there is some."""
    groups = home_queries.bench_of(session, actor, on=today)
    if not groups and Role.TECHNICIAN not in actor.roles:
        return None
    return {"groups": groups, "figures": [_figure(group) for group in groups]}


def _figure(group: BenchGroup) -> Figure:
    return Figure(group.total, messages.label(group.work), f"#bench-{group.work}", _TONES[group.work])


def _reviews(session: Session, actor: Actor, today: date) -> dict[str, Any]:
    lines = home_queries.to_review(session, actor, on=today, timezone=timezone())
    return _waiting(lines, _("to be reviewed"), "#review", url_for("calibrations.runs", state="submitted"))


def _releases(session: Session, actor: Actor, today: date) -> dict[str, Any]:
    lines = home_queries.to_release(session, actor, on=today, timezone=timezone())
    return _waiting(lines, _("to be released"), "#release", url_for("calibrations.runs", state="reviewed"))


def _waiting(lines: Sequence[WaitingRun], words: str, anchor: str, everything: str) -> dict[str, Any]:
    figures = [Figure(len(lines), words, anchor, "doubt")] if lines else []
    return {"lines": lines[:MOST], "total": len(lines), "everything": everything, "figures": figures}


add_panel(bp, Panel(Permission.RECORD_READINGS, "calibrations/home_bench.html", _bench, order=30))
add_panel(bp, Panel(Permission.REVIEW_RUNS, "calibrations/home_review.html", _reviews, order=20))
add_panel(bp, Panel(Permission.RELEASE_RUNS, "calibrations/home_release.html", _releases, order=10))
