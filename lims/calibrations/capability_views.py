"""The page that holds each line of the scope against what procedures and standards can do."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from lims.calibrations.blueprint import bp
from lims.calibrations.capability_queries import RUNS_EACH, capabilities
from lims.core.web import current_actor, reading, requires, today
from lims.people import queries as people
from lims.people.access import Permission


@bp.get("/scope/capability")
@requires(Permission.VIEW_LABORATORY)
def capability() -> ResponseReturnValue:
    """Each line of the scopes in force, the best U computed within it, and whether its CMC is borne out."""
    with reading() as session:
        sites = people.sites_of(session, current_actor().laboratory_id or 0)
        found = {site.id: capabilities(session, site.id, on=today()) for site in sites}
    return render_template("calibrations/capability.html", sites=sites, lines=found, runs_each=RUNS_EACH)
