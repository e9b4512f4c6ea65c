"""The page between as found and as left: an adjustment with its consent; and the one act for an item that fails."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lims.calibrations import adjustment_forms, adjustment_services, notice_services, run_page
from lims.calibrations.blueprint import bp
from lims.calibrations.facts import AdjustmentKind
from lims.calibrations.pages import render_run
from lims.core import messages
from lims.core.web import FormState, current_actor, now, reading, requires, timezone, today, transaction
from lims.jobs.notice_facts import ConsentWay
from lims.people.access import Permission
from lims.procedures import queries as procedures
from lims.procedures.facts import Activity

_WAYS = tuple(way for way in ConsentWay if way is not ConsentWay.ORDER)


@bp.get("/runs/<int:run_id>/adjustment")
@requires(Permission.RECORD_READINGS)
def adjustment(run_id: int) -> ResponseReturnValue:
    """The form of an adjustment, with the consent that is on record or is to be entered."""
    values = {"kind": AdjustmentKind.ADJUSTMENT, "performer_id": current_actor().person_id}
    return _page(run_id, FormState.of({**values, "consent_way": ConsentWay.EMAIL}))


@bp.post("/runs/<int:run_id>/adjustment")
@requires(Permission.RECORD_READINGS)
def adjust(run_id: int) -> ResponseReturnValue:
    """Note an adjustment; the sheets as left open."""
    form = FormState.from_request()
    with form.guard():
        command = adjustment_forms.parse_adjustment(run_id, request.form, timezone())
        with transaction() as session:
            adjustment_services.record_adjustment(session, current_actor(), command, now=now())
        flash(_("The adjustment is recorded; now read the item as left."), "good")
        return redirect(url_for("calibrations.run", run_id=run_id) + "#adjustment", 303)
    return _page(run_id, form)


@bp.post("/runs/<int:run_id>/hold")
@requires(Permission.RECORD_READINGS)
def hold_as_found(run_id: int) -> ResponseReturnValue:
    """Put an item that fails as found on hold and draft the notice to its customer."""
    form = FormState.from_request()
    with form.guard():
        with transaction() as session:
            notice = notice_services.hold_for_as_found(session, current_actor(), run_id, now=now())
        flash(_("The item is on hold; notice %(number)s to the customer is drafted.", number=notice.number), "good")
        return redirect(url_for("calibrations.run", run_id=run_id) + "#as-found", 303)
    return render_run(run_id, form)


def _page(run_id: int, form: FormState) -> ResponseReturnValue:
    actor = current_actor()
    with reading() as session:
        page = run_page.load(session, actor, run_id, now=now())
        consent = None if page.item is None else adjustment_services.consent_on_record(session, page.item, now())
        people = procedures.people_authorised(
            session,
            procedure_id=page.material.procedure.procedure_id,
            activity=Activity.PERFORM,
            on=today(),
            site_id=page.run.site_id,
        )
    performers = [(entry.person_id, entry.person_name) for entry in people]
    if actor.person_id not in dict(performers):
        performers.append((actor.person_id, actor.name))
    html = render_template(
        "calibrations/adjustment.html",
        form=form,
        page=page,
        run=page.run,
        consent=consent,
        performers=performers,
        kinds=[(kind.value, messages.label(kind)) for kind in AdjustmentKind],
        ways=[(way.value, messages.label(way)) for way in _WAYS],
    )
    return html, form.status
