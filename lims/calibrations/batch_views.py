"""Pages of batches: the list, opening one, the batch itself. Its grid has `batch_cell_views`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from lims.calibrations import batch_cell_views, batch_forms, batch_page, batch_queries, batch_services
from lims.calibrations.batch_entry import save_batch_cells
from lims.calibrations.batch_facts import BatchCandidate, SubmittedBatch
from lims.calibrations.blueprint import bp
from lims.calibrations.pages import act_and_show, performer_refusal, write_sheet
from lims.calibrations.room_queries import room_choices
from lims.calibrations.workflow import Step, blocking
from lims.core import messages
from lims.core.actor import Actor
from lims.core.fields import read_key
from lims.core.web import (
    FormState,
    Panel,
    add_panel,
    current_actor,
    list_request,
    now,
    reading,
    requires,
    today,
    transaction,
)
from lims.people.access import Permission
from lims.procedures import queries as procedures
from lims.procedures.facts import Activity

__all__ = ["batch_cell_views"]


def _mine(session: Session, actor: Actor, _today: date) -> dict[str, object] | None:
    """The batches that the reader measures, for the first page."""
    lines = batch_queries.open_batches(session, actor)
    return {"lines": lines} if lines else None


add_panel(bp, Panel(Permission.RECORD_READINGS, "calibrations/home_batches.html", _mine, order=29))


@bp.get("/runs/batches")
@requires(Permission.VIEW_LABORATORY)
def batches() -> ResponseReturnValue:
    """The list of batches."""
    with reading() as session:
        listed = batch_queries.batches(session, current_actor(), list_request())
    return render_template("calibrations/batches.html", listed=listed)


@bp.get("/runs/batches/new")
@requires(Permission.RECORD_READINGS)
def new_batch() -> ResponseReturnValue:
    """The items that may be measured together, and the form that opens a batch of some of them."""
    return _opening(FormState())


@bp.post("/runs/batches/new")
@requires(Permission.RECORD_READINGS)
def open_batch() -> ResponseReturnValue:
    """Open a batch."""
    form = FormState.from_request()
    with form.guard():
        command = batch_forms.parse_open(request.form, request.form.getlist("job_item_id"))
        with transaction() as session:
            batch = batch_services.open_batch(session, current_actor(), command, now=now())
        flash(_("Batch %(number)s is open.", number=batch.number), "good")
        return redirect(url_for("calibrations.batch", batch_id=batch.id), 303)
    return _opening(form)


def _opening(form: FormState) -> ResponseReturnValue:
    """Show the items by procedure; `item` or `job` in the address ticks items beforehand."""
    item_id, job = read_key(request.args.get("item", "")), request.args.get("job", "")
    with reading() as session:
        found = batch_queries.candidates(session, current_actor(), on=today())
        shown = _shown(found, form, item_id, job)
        supervisors, rooms = [], []
        if shown:
            procedure_id = procedures.procedure_version_facts(session, shown[0].procedure_version_id).procedure_id
            supervisors = procedures.people_authorised(
                session, procedure_id=procedure_id, activity=Activity.SUPERVISE, on=today(), site_id=shown[0].site_id
            )
            rooms = room_choices(session, shown[0].site_id, "laboratory", today())
    ticked = {str(entry.job_item_id) for entry in shown if entry.job_item_id == item_id or entry.job_number == job}
    page = render_template(
        "calibrations/new_batch.html",
        form=form,
        kinds=_kinds(found),
        shown=shown,
        ticked=set(form.values.get("job_item_id", [])) or ticked,
        supervisors=[(entry.person_id, entry.person_name) for entry in supervisors],
        rooms=rooms,
    )
    return page, form.status


def _kinds(found: list[BatchCandidate]) -> list[tuple[BatchCandidate, int]]:
    """Return the procedure versions with how many items wait for each."""
    counted: dict[int, int] = {}
    for entry in found:
        counted[entry.procedure_version_id] = counted.get(entry.procedure_version_id, 0) + 1
    first = {entry.procedure_version_id: entry for entry in reversed(found)}
    return [(first[version_id], count) for version_id, count in counted.items()]


def _shown(found: list[BatchCandidate], form: FormState, item_id: int | None, job: str) -> list[BatchCandidate]:
    """Return the items of one procedure version: the one asked for, or that of what was ticked or named."""
    wanted = read_key(request.args.get("procedure", ""))
    named = {str(item_id), *form.values.get("job_item_id", [])}
    if wanted is None:
        like = next((e for e in found if str(e.job_item_id) in named or e.job_number == job), None) or next(
            iter(found), None
        )
        wanted = None if like is None else like.procedure_version_id
    return [entry for entry in found if entry.procedure_version_id == wanted]


@bp.get("/runs/batches/<int:batch_id>")
@requires(Permission.VIEW_LABORATORY)
def batch(batch_id: int) -> ResponseReturnValue:
    """A batch: what its items share, the grid with all of them, what keeps it back."""
    return _render(batch_id, FormState())


def _render(batch_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        page = batch_page.load(session, current_actor(), batch_id, now=now())
        first = page.runs[0] if page.runs else None
        refused = (
            performer_refusal(session, first, current_actor()) if first is not None and page.batch.drafts else None
        )
        rooms = [] if first is None else room_choices(session, page.batch.site_id, first.location_kind, today())
    may_write = current_actor().may(Permission.RECORD_READINGS)
    shown = render_template(
        "calibrations/batch.html",
        form=form,
        page=page,
        batch=page.batch,
        rooms=rooms,
        refused=refused,
        may_write=may_write and bool(page.batch.drafts),
        may_share=may_write and page.batch.editable,
        held=blocking(page.problems, Step.SUBMIT),
    )
    return shown, form.status


@bp.post("/runs/batches/<int:batch_id>/readings")
@requires(Permission.RECORD_READINGS)
def record_batch_readings(batch_id: int) -> ResponseReturnValue:
    """Write the cells of the page: what is right is stored even where another cell is wrong."""
    return write_sheet(
        lambda session, observed_at: save_batch_cells(
            session, current_actor(), batch_id, request.form, observed_at, now=now()
        ),
        url_for("calibrations.batch", batch_id=batch_id),
        lambda form: _render(batch_id, form),
    )


@bp.post("/runs/batches/<int:batch_id>/room")
@requires(Permission.RECORD_READINGS)
def change_batch_room(batch_id: int) -> ResponseReturnValue:
    """Say in which room all items are measured."""
    return _act(
        batch_id,
        lambda session: batch_services.change_batch_room(
            session, current_actor(), batch_forms.parse_room(batch_id, request.form), now=now()
        ),
        "what",
    )


@bp.post("/runs/batches/<int:batch_id>/equipment")
@requires(Permission.RECORD_READINGS)
def choose_batch_equipment(batch_id: int) -> ResponseReturnValue:
    """Take a standard into a slot, for all items."""
    return _act(
        batch_id,
        lambda session: batch_services.choose_batch_equipment(
            session, current_actor(), batch_forms.parse_choose(batch_id, request.form), now=now()
        ),
        "equipment",
    )


@bp.post("/runs/batches/<int:batch_id>/equipment/<int:use_id>/withdraw")
@requires(Permission.RECORD_READINGS)
def withdraw_batch_equipment(batch_id: int, use_id: int) -> ResponseReturnValue:
    """Take a standard out again."""
    return _act(
        batch_id,
        lambda session: batch_services.withdraw_batch_equipment(
            session, current_actor(), batch_forms.parse_withdraw(batch_id, use_id, request.form), now=now()
        ),
        "equipment",
    )


@bp.post("/runs/batches/<int:batch_id>/items")
@requires(Permission.RECORD_READINGS)
def add_to_batch(batch_id: int) -> ResponseReturnValue:
    """Put further items in."""
    return _act(
        batch_id,
        lambda session: batch_services.add_to_batch(
            session,
            current_actor(),
            batch_forms.parse_add(batch_id, request.form.getlist("job_item_id")),
            now=now(),
        ),
        "items",
    )


@bp.post("/runs/batches/<int:batch_id>/items/<int:run_id>/remove")
@requires(Permission.RECORD_READINGS)
def remove_from_batch(batch_id: int, run_id: int) -> ResponseReturnValue:
    """Take an item out."""
    return _act(
        batch_id,
        lambda session: batch_services.remove_from_batch(
            session, current_actor(), batch_forms.parse_remove(batch_id, run_id, request.form), now=now()
        ),
        "items",
    )


@bp.post("/runs/batches/<int:batch_id>/submit")
@requires(Permission.RECORD_READINGS)
def submit_batch(batch_id: int) -> ResponseReturnValue:
    """Hand in the runs that are complete; what keeps the others back is told."""
    form = FormState.from_request()
    with form.guard():
        command = batch_forms.parse_submit(batch_id, request.form, request.form.getlist("run"))
        with transaction() as session:
            done = batch_services.submit_batch(session, current_actor(), command, now=now())
        _tell(done)
        return redirect(url_for("calibrations.batch", batch_id=batch_id), 303)
    return _render(batch_id, form)


def _tell(done: SubmittedBatch) -> None:
    """Say what was handed in, and what was not and why."""
    count = len(done.submitted)
    if count:
        words = ngettext("%(num)s result waits for review.", "%(num)s results wait for review.", count)
        flash(words, "good")
    for held in done.held[:_MOST]:
        words = messages.error_message(held.error)
        flash(_("Run %(number)s was not handed in: %(words)s", number=held.number, words=words), "doubt")
    if len(done.held) > _MOST:
        flash(_("Not handed in: %(count)s further runs.", count=len(done.held) - _MOST), "doubt")


_MOST = 5


def _act(batch_id: int, act: Callable[[Session], object], anchor: str) -> ResponseReturnValue:
    """Do one thing to a batch and show it again; what is refused stands above what was typed."""
    address = url_for("calibrations.batch", batch_id=batch_id, _anchor=anchor)
    return act_and_show(act, address, lambda form: _render(batch_id, form))
