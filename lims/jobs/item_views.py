"""Pages of a job's items: adding one, what is agreed, its own page with every step it can take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.core.errors import NotFound, StaleRecord
from lims.core.pages import in_language
from lims.core.web import FormState, current_actor, list_request, now, reading, requires, today, transaction
from lims.jobs import forms, notice_queries, queries, services, workflow
from lims.jobs.blueprint import bp
from lims.jobs.facts import AddItem, AgreeSpecification, JobItemFacts
from lims.people import queries as people
from lims.people.access import Permission
from lims.procedures import queries as procedures
from standards import queries as standards
from standards.facts import InstrumentFacts

_STEPS: Final[Mapping[str, tuple[Callable[..., Any], Callable[..., JobItemFacts]]]] = {
    "receive": (forms.parse_receive, services.receive_item),
    "start": (forms.parse_move, services.start_item),
    "hold": (forms.parse_hold, services.hold_item),
    "resume": (forms.parse_move, services.resume_item),
    "finish": (forms.parse_move, services.finish_item),
    "reopen": (forms.parse_move, services.reopen_item),
    "release": (forms.parse_move, services.release_item),
    "subcontract": (forms.parse_subcontract, services.subcontract_item),
    "refuse": (forms.parse_move, services.refuse_item),
    "cancel": (forms.parse_move, services.cancel_item),
    "hand-back": (forms.parse_move, services.hand_back_item),
}
"""The steps of an item by their word in the address: how the form is read, and the service."""

_WITH_REASON: Final = ("hold", "reopen", "subcontract", "refuse", "cancel")
"""Steps that ask for a reason, on a page of their own."""

_ANY_STEP: Final = (
    Permission.MANAGE_JOBS,
    Permission.RECORD_READINGS,
    Permission.REVIEW_RUNS,
    Permission.RELEASE_RUNS,
    Permission.ISSUE_CERTIFICATES,
)


def _words(steps: Iterable[str]) -> str:
    return ", ".join(f"'{step}'" for step in steps)


@bp.get("/jobs/<int:job_id>/items/new")
@requires(Permission.MANAGE_JOBS)
def new_item(job_id: int) -> ResponseReturnValue:
    """Choose an instrument of the customer, then agree what is to be done with it."""
    instrument_id = request.args.get("instrument_id", type=int)
    if instrument_id is None:
        return _choose_instrument(job_id)
    with reading() as session:
        instrument = standards.instrument_facts(session, instrument_id)
    values = forms.new_agreement_values(today(), instrument.purpose_of_use, instrument.place_of_use or "")
    return _item_form(job_id, instrument_id, FormState.of(values))


@bp.post("/jobs/<int:job_id>/items/new")
@requires(Permission.MANAGE_JOBS)
def add_item(job_id: int) -> ResponseReturnValue:
    """Put an instrument into a job."""
    form = FormState.from_request()
    instrument_id = request.args.get("instrument_id", type=int) or 0
    with form.guard():
        command = AddItem(job_id, instrument_id, forms.parse_agreement(request.form))
        with transaction() as session:
            item = services.add_item(session, current_actor(), command, now=now())
        flash(_("Item %(position)s is in the job.", position=item.position), "good")
        return redirect(url_for("jobs.job", job_id=job_id), 303)
    return _item_form(job_id, instrument_id, form)


@bp.get("/jobs/items/<int:item_id>")
@requires(Permission.VIEW_LABORATORY)
def item(item_id: int) -> ResponseReturnValue:
    """An item: what it is, where it stands, what is agreed, its history."""
    return _item_page(item_id, FormState.of({"received_on": today()}))


@bp.get("/jobs/items/<int:item_id>/agreement")
@requires(Permission.MANAGE_JOBS)
def edit_agreement(item_id: int) -> ResponseReturnValue:
    """The form of what is agreed for an item."""
    with reading() as session:
        found = _own_item(session, item_id)
    return _item_form(found.job_id, found.instrument_id, FormState.of(forms.agreement_values(found)), found)


@bp.post("/jobs/items/<int:item_id>/agreement")
@requires(Permission.MANAGE_JOBS)
def agree_specification(item_id: int) -> ResponseReturnValue:
    """Change what is agreed for an item; a stale form shows what is stored now beside what was typed."""
    form = FormState.from_request()
    with reading() as session:
        found = _own_item(session, item_id)
    with form.guard():
        agreement = forms.parse_agreement(request.form, kept_points=found.points)
        command = AgreeSpecification(item_id, forms.parse_row_version(request.form), agreement)
        with transaction() as session:
            services.agree_specification(session, current_actor(), command, now=now())
        flash(_("What is agreed is changed; the contract is to be reviewed again."), "good")
        return redirect(url_for("jobs.item", item_id=item_id), 303)
    return _item_form(found.job_id, found.instrument_id, form, found)


@bp.get(f"/jobs/items/<int:item_id>/<any({_words(_WITH_REASON)}):step>")
@requires(*_ANY_STEP)
def step_form(item_id: int, step: str) -> ResponseReturnValue:
    """The form of a step that asks for a reason."""
    return _step_page(item_id, step, FormState())


@bp.post(f"/jobs/items/<int:item_id>/<any({_words(_STEPS)}):step>")
@requires(*_ANY_STEP)
def take_step(item_id: int, step: str) -> ResponseReturnValue:
    """Take an item a step further; the service decides whether it may."""
    form = FormState.from_request()
    parse, act = _STEPS[step]
    with form.guard():
        command = parse(item_id, request.form)
        with transaction() as session:
            moved = act(session, current_actor(), command, now=now())
        flash(_("Item %(position)s: the step is recorded.", position=moved.position), "good")
        return redirect(url_for("jobs.item", item_id=item_id), 303)
    return _step_page(item_id, step, form) if step in _WITH_REASON else _item_page(item_id, form)


def _choose_instrument(job_id: int) -> ResponseReturnValue:
    asked = list_request()
    everybody = bool(request.args.get("everybody"))
    with reading() as session:
        job = _own_job(session, job_id)
        customer = people.organisation_facts(session, job.customer_id, today())
        owner = {} if everybody else {"owner": (str(job.customer_id),)}
        listed = standards.instruments(session, replace(asked, chosen={**asked.chosen, **owner}))
    return render_template(
        "jobs/choose_instrument.html", job=job, customer=customer, listed=listed, everybody=everybody
    )


def _item_form(
    job_id: int, instrument_id: int, form: FormState, item: JobItemFacts | None = None
) -> ResponseReturnValue:
    with reading() as session:
        job = _own_job(session, job_id)
        instrument = standards.instrument_facts(session, instrument_id)
        customers = people.organisation_choices(session, on=today(), customers_only=True)
        versions = _versions(session, job.site_id, instrument, form.text("legal_regime") or "calibration")
    stale = item if item is not None and isinstance(form.problem, StaleRecord) else None
    page = render_template(
        "jobs/item_form.html",
        form=form,
        job=job,
        item=item,
        stale=stale,
        row_version=item.row_version if stale and item else form.text("row_version"),
        present=forms.agreement_values(stale) if stale else {},
        instrument=instrument,
        customers=customers,
        versions=versions,
    )
    return page, form.status


def _item_page(item_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        found = _own_item(session, item_id)
        job = queries.job_facts(session, found.job_id)
        instrument = standards.instrument_facts(session, found.instrument_id)
        parties = {
            key: people.organisation_facts(session, key, today())
            for key in {found.customer_id, found.addressee_id, found.ordering_party_id, found.subcontractor_id} - {None}
            if key is not None
        }
        version = None
        if found.procedure_version_id is not None:
            version = procedures.procedure_version_facts(session, found.procedure_version_id)
        history = queries.history_of(session, item_id)
        notices = notice_queries.notices_of_item(session, item_id)
    page = render_template(
        "jobs/item.html",
        form=form,
        item=found,
        job=job,
        instrument=instrument,
        parties=parties,
        version=version,
        history=history,
        notices=notices,
        open_notice=next((entry for entry in notices if notice_queries.waits(entry)), None),
        steps={state.value for state in workflow.possible_steps(found)},
        agreeable=found.state in workflow.AGREEABLE,
    )
    return page, form.status


def _step_page(item_id: int, step: str, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        found = _own_item(session, item_id)
        page = render_template(
            "jobs/step_form.html",
            form=form,
            step=step,
            item=found,
            job=queries.job_facts(session, found.job_id),
            instrument=standards.instrument_facts(session, found.instrument_id),
            laboratories=people.organisation_choices(session, on=today(), upstream_only=True),
        )
    return page, form.status


def _versions(session: Session, site_id: int, instrument: InstrumentFacts, regime: str) -> list[tuple[int, str]]:
    site = people.site_facts(session, site_id)
    lines = procedures.versions_for(
        session,
        instrument_kind=instrument.kind,
        on=today(),
        organisation_id=site.organisation_id,
        legal_regime=regime,
    )
    return [(line.id, f"{line.code} · {line.version} – {in_language(line, 'title')}") for line in lines]


def _own_job(session: Session, job_id: int) -> Any:
    job = queries.job_facts(session, job_id)
    if job.site_id not in current_actor().site_ids:
        raise NotFound
    return job


def _own_item(session: Session, item_id: int) -> JobItemFacts:
    found = queries.job_item_facts(session, item_id)
    if found.site_id not in current_actor().site_ids:
        raise NotFound
    return found
