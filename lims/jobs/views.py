"""Pages of orders: the list, opening a job, its page, contract review. Items have `item_views`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.errors import NotFound
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
from lims.jobs import forms, home_views, item_views, list_queries, notice_queries, queries, services, workflow
from lims.jobs.blueprint import bp
from lims.jobs.facts import JobItemFacts, ReviewContract
from lims.people import queries as people
from lims.people.access import Permission
from standards import queries as standards
from standards.facts import InstrumentFacts

__all__ = ["bp", "home_views", "item_views"]

add_place(bp, Place("jobs.jobs", N_("Jobs"), "jobs", order=10, also=("/items", "/notices")))


@bp.get("/jobs")
@requires(Permission.VIEW_LABORATORY)
def jobs() -> ResponseReturnValue:
    """The list of jobs, by state and by words."""
    asked = list_request()
    with reading() as session:
        listed = list_queries.jobs(session, current_actor(), asked, on=today())
        customer_id = asked.key("customer")
        customer = None if customer_id is None else standards.names_of(session, [customer_id], today()).get(customer_id)
    return render_template("jobs/jobs.html", listed=listed, customer=customer)


@bp.get("/items")
@requires(Permission.VIEW_LABORATORY)
def items() -> ResponseReturnValue:
    """The items of all jobs: what is where, and what is due."""
    with reading() as session:
        listed = list_queries.items(session, current_actor(), list_request(), on=today())
    return render_template("jobs/items.html", listed=listed)


@bp.get("/jobs/new")
@requires(Permission.MANAGE_JOBS)
def new_job() -> ResponseReturnValue:
    """The form of a new job."""
    with reading() as session:
        sites = _own_sites(session)
    first = sites[0][0] if len(sites) == 1 else None
    customer = request.args.get("customer_id", type=int)
    return _job_form(FormState.of({"requested_on": today(), "site_id": first, "customer_id": customer}))


@bp.post("/jobs/new")
@requires(Permission.MANAGE_JOBS)
def open_job() -> ResponseReturnValue:
    """Open a job."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_open_job(request.form)
        with transaction() as session:
            job = services.open_job(session, current_actor(), command, now=now())
        flash(_("Job %(number)s is open.", number=job.number), "good")
        return redirect(url_for("jobs.job", job_id=job.id), 303)
    return _job_form(form)


@bp.get("/jobs/<int:job_id>")
@requires(Permission.VIEW_LABORATORY)
def job(job_id: int) -> ResponseReturnValue:
    """A job with its items and the one thing to do next."""
    return job_page(job_id, FormState())


@bp.post("/jobs/<int:job_id>/review")
@requires(Permission.MANAGE_JOBS)
def review_contract(job_id: int) -> ResponseReturnValue:
    """Note that the contract was reviewed."""
    form = FormState.from_request()
    with form.guard():
        command = ReviewContract(job_id, forms.parse_row_version(request.form))
        with transaction() as session:
            services.review_contract(session, current_actor(), command, now=now())
        flash(_("The contract is reviewed."), "good")
        return redirect(url_for("jobs.job", job_id=job_id), 303)
    return job_page(job_id, form)


def job_page(job_id: int, form: FormState) -> ResponseReturnValue:
    """Render a job's page, with what was refused if something was."""
    with reading() as session:
        found = queries.job_facts(session, job_id)
        actor = current_actor()
        if found.site_id not in actor.site_ids:
            raise NotFound
        items = queries.items_of(session, job_id)
        parties = _names(session, items, found.customer_id, today())
        instruments = _instruments(session, items)
        site = people.site_facts(session, found.site_id)
        asking = notice_queries.asking(session, [item.id for item in items])
    page = render_template(
        "jobs/job.html",
        form=form,
        job=found,
        site=site,
        items=items,
        parties=parties,
        instruments=instruments,
        asking=asking,
        promised_on=workflow.promised_for_job(found.promised_on, items),
        missing=workflow.missing_for_review(items),
        next_action=workflow.next_action(found, items).value,
    )
    return page, form.status


def _job_form(form: FormState) -> ResponseReturnValue:
    with reading() as session:
        customers = people.organisation_choices(session, on=today(), customers_only=True)
        sites = _own_sites(session)
    return render_template("jobs/job_form.html", form=form, customers=customers, sites=sites), form.status


def _own_sites(session: Session) -> list[tuple[int, str]]:
    actor = current_actor()
    return [
        (site.id, f"{site.code} – {in_language(site, 'name')}")
        for site in people.laboratory_sites(session)
        if site.id in actor.site_ids
    ]


def _names(session: Session, items: Sequence[JobItemFacts], customer_id: int, on: date) -> Mapping[int, object]:
    wanted = {customer_id} | {item.addressee_id for item in items} | {item.ordering_party_id for item in items}
    return {key: people.organisation_facts(session, key, on) for key in wanted}


def _instruments(session: Session, items: Sequence[JobItemFacts]) -> Mapping[int, InstrumentFacts]:
    return {item.instrument_id: standards.instrument_facts(session, item.instrument_id) for item in items}


def _find(session: Session, actor: Actor, text: str, on: date) -> Hits:
    page = list_queries.jobs(session, actor, ListRequest(text=text), on=on)
    found = [
        Found(line.number, in_language(line, "customer_name"), "found.job", url_for("jobs.job", job_id=line.id))
        for line in page.items[:MOST_FOUND]
    ]
    return Hits(found, page.total, url_for("jobs.jobs", q=text))


add_finder(bp, Finder(Permission.VIEW_LABORATORY, _find))
