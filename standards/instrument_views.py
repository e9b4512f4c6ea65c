"""Pages of instruments: the list, one instrument, entering and changing it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.errors import StaleRecord
from lims.core.formats import language
from lims.core.lists import ListRequest
from lims.core.marks import N_
from lims.core.pages import in_language
from lims.core.web import (
    MOST_FOUND,
    Finder,
    FormState,
    Found,
    Hits,
    Place,
    add_finder,
    add_place,
    current_actor,
    list_request,
    now,
    reading,
    requires,
    today,
    transaction,
)
from lims.people import queries as people
from lims.people.access import Permission
from standards import forms, list_queries, queries, schedule_queries, services
from standards.facts import INSTRUMENT_KINDS, QUANTITY_UNITS, InstrumentFacts
from standards.pages import bp, key_of, label_options

_CHANGED = (
    "owner_id",
    "kind",
    "name_vi",
    "name_en",
    "manufacturer",
    "model",
    "serial_number",
    "asset_tag",
    "year_made",
    "country_made",
    "accuracy_class",
    "firmware",
    "type_approval_number",
    "purpose_of_use",
    "place_of_use",
    "location",
    "note",
)


@bp.get("/instruments")
@requires(Permission.VIEW_LABORATORY)
def instruments() -> ResponseReturnValue:
    """List instruments; search and filters are in the address."""
    asked = list_request()
    with reading() as session:
        listed = list_queries.instruments(session, asked)
        owner = _owner(session, asked.first("owner"))
    return render_template("standards/instruments.html", listed=listed, owner=owner)


def _owner(session: Session, owner: str) -> dict[str, str | None] | None:
    """Return the owner that the list is narrowed to, for its chip."""
    key = key_of(owner)
    names = {} if key is None else queries.names_of(session, [key])
    if key not in names:
        return None
    name_vi, name_en = names[key]
    return {"id": owner, "name_vi": name_vi, "name_en": name_en}


@bp.get("/instruments/new")
@requires(Permission.MANAGE_INSTRUMENTS)
def new_instrument() -> ResponseReturnValue:
    """Show the form of a new instrument; an owner or kind may come with the address."""
    given = {name: request.args[name] for name in ("owner_id", "kind") if name in request.args}
    return _new_form(FormState.of({"purpose_of_use": "group_1", **given}))


@bp.post("/instruments/new")
@requires(Permission.MANAGE_INSTRUMENTS)
def register_instrument() -> ResponseReturnValue:
    """Enter an instrument."""
    form = FormState.from_request()
    with form.guard():
        command, renames = forms.parse_register_instrument(request.form)
        with renames.applied(), transaction() as session:
            instrument = services.register_instrument(session, current_actor(), command, now=now())
        flash(_("“%(name)s” was entered.", name=instrument.name(language())), "good")
        return redirect(url_for("standards.instrument", instrument_id=instrument.id), 303)
    return _new_form(form)


def _new_form(form: FormState) -> ResponseReturnValue:
    rows = forms.row_count(request.form)
    return render_template("standards/instrument_new.html", form=form, rows=rows, **_choices()), form.status


def _choices() -> dict[str, Any]:
    with reading() as session:
        owners = people.organisation_choices(session, on=today())
    return {
        "owners": [(owner.id, (owner.name_en if language() == "en" else None) or owner.name_vi) for owner in owners],
        "kinds": label_options("instrument_kind", INSTRUMENT_KINDS),
        "quantities": label_options("quantity", tuple(QUANTITY_UNITS)),
    }


@bp.get("/instruments/<int:instrument_id>")
@requires(Permission.VIEW_LABORATORY)
def instrument(instrument_id: int) -> ResponseReturnValue:
    """Show one instrument: what it is, its parts and ranges, whether it is a standard."""
    return _instrument_page(instrument_id, FormState.of({"interval_from": today()}))


def _instrument_page(instrument_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        facts = queries.instrument_facts(session, instrument_id)
        owner = people.organisation_facts(session, facts.owner_id, today())
        standard = None if facts.standard_id is None else queries.standard_facts(session, facts.standard_id)
        interval = schedule_queries.interval_of(session, instrument_id, today())
        kept = queries.beside(session, instrument_id)
    page = render_template(
        "standards/instrument.html",
        instrument=facts,
        owner=owner,
        standard=standard,
        interval=interval,
        beside=kept,
        form=form,
        rows=forms.row_count(request.form, 1),
        quantities=label_options("quantity", tuple(QUANTITY_UNITS)),
    )
    return page, form.status


@bp.post("/instruments/<int:instrument_id>/interval")
@requires(Permission.MANAGE_INSTRUMENTS)
def agree_interval(instrument_id: int) -> ResponseReturnValue:
    """Note how often the owner wants the instrument calibrated."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_agree_interval(instrument_id, request.form)
        with transaction() as session:
            services.agree_interval(session, current_actor(), command, now=now())
        flash(_("The interval is noted."), "good")
        return redirect(url_for("standards.instrument", instrument_id=instrument_id), 303)
    return _instrument_page(instrument_id, form)


@bp.post("/instruments/<int:instrument_id>/ranges")
@requires(Permission.MANAGE_INSTRUMENTS)
def add_range(instrument_id: int) -> ResponseReturnValue:
    """Add ranges to an instrument; what it has stays as it is."""
    form = FormState.from_request()
    with form.guard():
        commands, renames = forms.parse_add_range(instrument_id, request.form)
        with renames.applied(), transaction() as session:
            for command in commands:
                services.add_range(session, current_actor(), command, now=now())
        flash(_("The range was added."), "good")
        return redirect(url_for("standards.instrument", instrument_id=instrument_id), 303)
    return _instrument_page(instrument_id, form)


@bp.get("/instruments/<int:instrument_id>/edit")
@requires(Permission.MANAGE_INSTRUMENTS)
def edit_instrument(instrument_id: int) -> ResponseReturnValue:
    """Show the form that changes an instrument."""
    with reading() as session:
        facts = queries.instrument_facts(session, instrument_id)
    return _edit_form(facts, FormState.of({**asdict(facts), "parts": None}))


@bp.post("/instruments/<int:instrument_id>/edit")
@requires(Permission.MANAGE_INSTRUMENTS)
def update_instrument(instrument_id: int) -> ResponseReturnValue:
    """Change an instrument; a change that somebody else made meanwhile is shown beside one's own."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_update_instrument(instrument_id, request.form)
        with transaction() as session:
            services.update_instrument(session, current_actor(), command, now=now())
        flash(_("The instrument was changed."), "good")
        return redirect(url_for("standards.instrument", instrument_id=instrument_id), 303)
    with reading() as session:
        facts = queries.instrument_facts(session, instrument_id)
    return _edit_form(facts, form)


def _edit_form(facts: InstrumentFacts, form: FormState) -> ResponseReturnValue:
    choices = _choices()
    differences = []
    if isinstance(form.problem, StaleRecord):
        words: dict[str, dict[str, str]] = {
            "owner_id": {str(key): name for key, name in choices["owners"]},
            "kind": dict(choices["kinds"]),
            "purpose_of_use": dict(label_options("purpose_of_use", ("group_1", "group_2"))),
        }
        differences = _differences(facts, form, words)
        form.values["row_version"] = [str(facts.row_version)]
    return (
        render_template(
            "standards/instrument_edit.html", instrument=facts, form=form, differences=differences, **choices
        ),
        form.status,
    )


def _differences(
    facts: InstrumentFacts, form: FormState, words: dict[str, dict[str, str]]
) -> list[tuple[str, str, str]]:
    """Return field, present value and typed value where they differ, in words."""
    found = []
    for name in _CHANGED:
        value = getattr(facts, name)
        present, typed = "" if value is None else str(value), form.text(name).strip()
        if present != typed:
            names = words.get(name, {})
            found.append((name, names.get(present, present), names.get(typed, typed)))
    return found


def _find_instruments(session: Session, _actor: Actor, text: str, _today: date) -> Hits:
    page = list_queries.instruments(session, ListRequest(text=text))
    found = [
        Found(
            title=(line.name_en if language() == "en" else None) or line.name_vi,
            detail=" · ".join(
                filter(
                    None,
                    (
                        line.standard_code or line.asset_tag,
                        line.serial_number,
                        line.model,
                        in_language(line, "owner_name"),
                    ),
                )
            ),
            kind="found.standard" if line.standard_id is not None else "found.instrument",
            url=url_for("standards.instrument", instrument_id=line.id)
            if line.standard_id is None
            else url_for("standards.standard", standard_id=line.standard_id),
            code=line.standard_code or line.asset_tag or "",
        )
        for line in page.items[:MOST_FOUND]
    ]
    return Hits(found, page.total, url_for("standards.instruments", q=text))


add_place(bp, Place("standards.instruments", N_("Instruments"), "instrument", order=40))
add_finder(bp, Finder(Permission.VIEW_LABORATORY, _find_instruments))
