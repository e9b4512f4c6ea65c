"""Pages of a standard's movements, and of who keeps it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lims.core.errors import StaleRecord
from lims.core.formats import language
from lims.core.web import FormState, current_actor, now, reading, requires, today, transaction
from lims.people import queries as people
from lims.people.access import Permission
from standards import queries, register_forms, services
from standards.facts import StandardFacts, StandardState
from standards.movement_rules import is_late
from standards.pages import bp, version_seen
from standards.register_facts import MovementFacts, MovementKind
from standards.standard_views import own_standard
from standards.validity import may_follow


@bp.get("/standards/<int:standard_id>/movements")
@requires(Permission.VIEW_LABORATORY)
def movements(standard_id: int) -> ResponseReturnValue:
    """Show where a standard was, and the form of what happens next."""
    return _movements_page(standard_id, FormState.of({"moved_on": today()}))


@bp.post("/standards/<int:standard_id>/movements")
@requires(Permission.MANAGE_STANDARDS)
def record_movement(standard_id: int) -> ResponseReturnValue:
    """Record that a standard was lent, sent, received or moved."""
    form = FormState.from_request()
    with reading() as session:
        own_standard(session, standard_id)
    with form.guard():
        command = register_forms.parse_record_movement(standard_id, request.form)
        with transaction() as session:
            services.record_movement(session, current_actor(), command, now=now())
        flash(_("The movement was recorded."), "good")
        return redirect(url_for("standards.standard", standard_id=standard_id), 303)
    return _movements_page(standard_id, form)


def _movements_page(standard_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        standard = own_standard(session, standard_id)
        past = queries.movements_of(session, standard_id)
        open_one = queries.open_movements(session, [standard_id]).get(standard_id)
        bodies = people.organisation_choices(session, on=today())
    english = language() == "en"
    page = render_template(
        "standards/movements.html",
        standard=standard,
        movements=past,
        open_one=open_one,
        late=is_late(open_one, today()),
        following=_following(standard, open_one),
        organisations=[(body.id, (body.name_en if english else None) or body.name_vi) for body in bodies],
        form=form,
        seen=version_seen(form, standard),
    )
    return page, form.status


def _following(standard: StandardFacts, open_one: MovementFacts | None) -> list[MovementKind]:
    """Return the movements that may follow, those that are likelier first."""
    change = standard.states[-1] if standard.states else None
    state = None if change is None else change.state
    if open_one is not None or state is StandardState.OUT:
        return [MovementKind.RECEIVED]
    if state is StandardState.RETIRED:
        return []
    leaving = [MovementKind.SENT, MovementKind.LENT] if may_follow(change, StandardState.OUT) else []
    return [*leaving, MovementKind.MOVED]


@bp.get("/standards/<int:standard_id>/edit")
@requires(Permission.MANAGE_STANDARDS)
def edit_standard(standard_id: int) -> ResponseReturnValue:
    """Show the form that changes who keeps a standard, and its level."""
    with reading() as session:
        standard = own_standard(session, standard_id)
    return _edit_page(standard, FormState.of({"custodian_id": standard.custodian_id, "level": standard.level}))


@bp.post("/standards/<int:standard_id>/edit")
@requires(Permission.MANAGE_STANDARDS)
def update_standard(standard_id: int) -> ResponseReturnValue:
    """Change who keeps a standard, and its level."""
    form = FormState.from_request()
    with form.guard():
        command = register_forms.parse_update_standard(standard_id, request.form)
        with transaction() as session:
            services.update_standard(session, current_actor(), command, now=now())
        flash(_("The standard was changed."), "good")
        return redirect(url_for("standards.standard", standard_id=standard_id), 303)
    with reading() as session:
        standard = own_standard(session, standard_id)
    return _edit_page(standard, form)


def _edit_page(standard: StandardFacts, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        persons = people.persons_of(session, standard.laboratory_id)
    names = {person.id: person.full_name for person in persons}
    page = render_template(
        "standards/standard_edit.html",
        standard=standard,
        form=form,
        persons=[(person.id, person.full_name) for person in persons if person.active],
        present=names.get(standard.custodian_id or 0),
        stale=isinstance(form.problem, StaleRecord),
        seen=version_seen(form, standard),
    )
    return page, form.status
