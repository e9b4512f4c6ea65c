"""Pages of the scope: what a site is accredited or registered for, and recording a version of it."""

from __future__ import annotations

from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lims.core.web import FormState, current_actor, now, reading, requires, today, transaction
from lims.people import queries as people
from lims.people.access import Permission
from lims.procedures import forms, queries, services
from lims.procedures.blueprint import bp
from lims.procedures.facts import ScopeKind
from lims.procedures.scope_coverage import date_gaps, range_gaps
from standards.facts import INSTRUMENT_KINDS, QUANTITY_UNITS

_LINES: Final = 3
_MOST_LINES: Final = 60


@bp.get("/scope")
@requires(Permission.VIEW_LABORATORY)
def scope() -> ResponseReturnValue:
    """The scopes of the laboratory's sites, with the dates between which they hold."""
    with reading() as session:
        sites = people.sites_of(session, current_actor().laboratory_id or 0)
        found = {site.id: queries.scope_versions(session, site.id) for site in sites}
    return render_template(
        "procedures/scope.html",
        sites=sites,
        versions=found,
        date_gaps={gap.after.id: gap for versions in found.values() for gap in date_gaps(versions)},
        range_gaps={version.id: range_gaps(version.lines) for versions in found.values() for version in versions},
    )


@bp.get("/scope/new")
@requires(Permission.MANAGE_SCOPE)
def new_scope() -> ResponseReturnValue:
    """The form of a version of a scope; `lines` in the address says for how many lines."""
    return _scope_page(FormState.of({"valid_from": today(), "site_id": request.args.get("site_id")}))


@bp.post("/scope/new")
@requires(Permission.MANAGE_SCOPE)
def record_scope() -> ResponseReturnValue:
    """Record a version of a scope."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_scope(request.form, _line_count())
        with transaction() as session:
            done = services.record_scope(session, current_actor(), command, now=now())
        flash(_("Version %(version)s of the scope is recorded.", version=done.version), "good")
        return redirect(url_for("procedures.scope"), 303)
    return _scope_page(form)


def _line_count() -> int:
    wanted = request.args.get("lines", default=_LINES, type=int)
    return min(max(1, wanted), _MOST_LINES)


def _scope_page(form: FormState) -> ResponseReturnValue:
    with reading() as session:
        sites = people.sites_of(session, current_actor().laboratory_id or 0)
    page = render_template(
        "procedures/scope_form.html",
        form=form,
        sites=sites,
        kinds=list(ScopeKind),
        quantities=tuple(QUANTITY_UNITS),
        instrument_kinds=INSTRUMENT_KINDS,
        line_count=_line_count(),
    )
    return page, form.status
