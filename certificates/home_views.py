"""The part of the first page that speaks of certificates: what is released and not yet issued."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from certificates import home_queries
from certificates.blueprint import bp
from lims.core.actor import Actor
from lims.core.web import Figure, Panel, add_panel
from lims.people.access import Permission

MOST: Final = 8


def _to_issue(session: Session, actor: Actor, on: date) -> dict[str, Any]:
    lines = home_queries.jobs_to_issue(session, actor, on=on)
    unfinished = home_queries.being_issued(session, actor)
    figures = [Figure(len(lines), _("jobs to issue for"), "#issue", "doubt")] if lines else []
    if unfinished:
        figures.append(
            Figure(unfinished, _("being issued"), url_for("certificates.certificates", state="issuing"), "info")
        )
    return {"lines": lines[:MOST], "total": len(lines), "figures": figures}


def _to_record(session: Session, actor: Actor, _on: date) -> dict[str, Any] | None:
    lines = home_queries.own_to_record(session, actor)
    if not lines:
        return None
    figures = [Figure(len(lines), _("calibrations to record"), "#record", "doubt")]
    return {"lines": lines, "figures": figures}


add_panel(bp, Panel(Permission.MANAGE_STANDARDS, "certificates/home_record.html", _to_record, order=49))
add_panel(bp, Panel(Permission.ISSUE_CERTIFICATES, "certificates/home_issue.html", _to_issue, order=15))
