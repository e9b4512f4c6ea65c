"""The page on which a standard was adjusted, repaired, damaged or came into doubt: its calibrations end."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lims.core.web import FormState, current_actor, now, reading, requires, timezone, transaction
from lims.people.access import Permission
from standards import forms, queries, services
from standards.ending_services import in_force_accepted
from standards.event_facts import EndKind
from standards.pages import bp, version_seen
from standards.standard_views import own_standard


@bp.get("/standards/<int:standard_id>/end")
@requires(Permission.MANAGE_STANDARDS)
def end_calibrations(standard_id: int) -> ResponseReturnValue:
    """Show the form that ends what is calibrated of a standard."""
    return _end_page(standard_id, FormState.of({}))


@bp.post("/standards/<int:standard_id>/end")
@requires(Permission.MANAGE_STANDARDS)
def end_all(standard_id: int) -> ResponseReturnValue:
    """End the calibrations of a standard that was adjusted, repaired or damaged."""
    form = FormState.from_request()
    with reading() as session:
        standard = own_standard(session, standard_id)
        ranges = [item.range.id for item in queries.instrument_facts(session, standard.instrument_id).ranges()]
    with form.guard():
        command = forms.parse_end_all(standard_id, ranges, request.form, timezone())
        with transaction() as session:
            services.end_calibrations(session, current_actor(), command, now=now())
        flash(
            _("What was calibrated has ended; the standard cannot be chosen until a new calibration is accepted."),
            "info",
        )
        return redirect(url_for("standards.standard", standard_id=standard_id), 303)
    return _end_page(standard_id, form)


def _end_page(standard_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        standard = own_standard(session, standard_id)
        instrument = queries.instrument_facts(session, standard.instrument_id)
        calibrations = queries.calibrations_of(session, standard_id)
    page = render_template(
        "standards/end.html",
        standard=standard,
        ranges=instrument.ranges(),
        ending=in_force_accepted(
            calibrations, [item.range.id for item in instrument.ranges()], standard.timezone, at=now(), now=now()
        ),
        kinds=list(EndKind),
        form=form,
        seen=version_seen(form, standard),
    )
    return page, form.status
