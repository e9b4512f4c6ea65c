"""What the grid of a batch asks the server while it is typed into: the same as that of a run, items as columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import get_template_attribute, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session

from lims.calibrations import (
    batch_cell_services,
    batch_forms,
    batch_live,
    batch_queries,
    cell_services,
    forms,
    queries,
    record_services,
)
from lims.calibrations.batch_facts import BatchItem
from lims.calibrations.batch_forms import CellName
from lims.calibrations.batch_grid import BatchCell, ItemPoint
from lims.calibrations.batch_reading_services import record_batch_reading
from lims.calibrations.blueprint import bp
from lims.calibrations.cell_views import block_answer, cell_data, menu_of, refusal
from lims.calibrations.evaluations import material_of
from lims.calibrations.facts import Phase, RunState
from lims.calibrations.live import Previous
from lims.calibrations.pages import approvers
from lims.calibrations.reading_services import record_reading
from lims.core.errors import InvalidInput, LimsError, NotFound
from lims.core.web import current_actor, now, reading, requires, transaction
from lims.people.access import Permission


@bp.post("/runs/batches/<int:batch_id>/cells")
@requires(Permission.RECORD_READINGS)
def record_batch_cell(batch_id: int) -> ResponseReturnValue:
    """Store one cell as it is left: an item's own, or one that all share."""

    def store(session: Session, name: CellName) -> None:
        command = forms.parse_cell(name.run_id or 0, batch_forms.own_form(request.form), now())
        if name.run_id is None:
            shared = batch_forms.shared_reading(batch_id, command)
            record_batch_reading(session, current_actor(), shared, now=now())
        else:
            record_reading(session, current_actor(), command, now=now())

    return _answer(batch_id, store)


@bp.post("/runs/batches/<int:batch_id>/cells/undo")
@requires(Permission.RECORD_READINGS)
def undo_batch_cell(batch_id: int) -> ResponseReturnValue:
    """Undo one's own last entry in a cell, or do what was undone again, as a step of the record."""

    def undo(session: Session, name: CellName) -> None:
        reason = _("redone") if request.form.get("redo") else _("undone")
        if name.run_id is None:
            shared = batch_forms.parse_take_back(batch_id, request.form, reason)
            batch_cell_services.take_back_shared(session, current_actor(), shared, now=now())
        else:
            own = forms.parse_take_back(name.run_id, request.form, reason)
            cell_services.take_back(session, current_actor(), own, now=now())

    return _answer(batch_id, undo)


@bp.post("/runs/batches/<int:batch_id>/cells/comment")
@requires(Permission.RECORD_READINGS)
def comment_batch_cell(batch_id: int) -> ResponseReturnValue:
    """Write a comment on the reading in a cell."""

    def comment(session: Session, name: CellName) -> None:
        if name.run_id is None:
            shared = batch_forms.parse_comment(batch_id, request.form, _("commented"))
            batch_cell_services.comment_shared(session, current_actor(), shared, now=now())
        else:
            own = forms.parse_comment(name.run_id, request.form, _("commented"))
            cell_services.comment_reading(session, current_actor(), own, now=now())

    return _answer(batch_id, comment)


@bp.post("/runs/batches/<int:batch_id>/cells/exclude")
@requires(Permission.RECORD_READINGS)
def exclude_batch_cell(batch_id: int) -> ResponseReturnValue:
    """Leave a reading out, for its item or, where it is shared, for all of them; or take it back in."""

    def exclude(session: Session, name: CellName) -> None:
        if name.run_id is None:
            shared = batch_forms.shared_exclusion(batch_id, forms.parse_exclude(0, request.form))
            batch_cell_services.exclude_shared(session, current_actor(), shared, now=now())
        else:
            own = forms.parse_exclude(name.run_id, request.form)
            record_services.exclude(session, current_actor(), own, now=now())

    return _answer(batch_id, exclude)


@bp.post("/runs/batches/<int:batch_id>/cells/not-measurable")
@requires(Permission.RECORD_READINGS)
def not_measurable_batch_cell(batch_id: int) -> ResponseReturnValue:
    """Say that a cell cannot be read, and why: an item's own, or one that all share."""

    def say(session: Session, name: CellName) -> None:
        if name.run_id is None:
            shared = batch_forms.parse_not_measurable(batch_id, request.form)
            batch_cell_services.shared_not_measurable(session, current_actor(), shared, now=now())
        else:
            own = forms.parse_not_measurable(name.run_id, batch_forms.own_form(request.form))
            cell_services.record_not_measurable(session, current_actor(), own, now=now())

    return _answer(batch_id, say)


def _answer(batch_id: int, act: Callable[[Session, CellName], None]) -> ResponseReturnValue:
    """Do one thing to a cell; answer with the cell and the results it reaches, or with what is refused."""
    try:
        name = batch_forms.parse_cell_name(request.form.get("key", ""))
        with transaction() as session:
            _check_member(session, batch_id, name)
            act(session, name)
    except LimsError as error:
        return refusal(error)
    with reading() as session:
        found = batch_live.after_cell(session, current_actor(), batch_id, name.run_id, name.address, now=now())
    return jsonify(state="saved", **_pieces(found))


def _check_member(session: Session, batch_id: int, name: CellName) -> None:
    """Refuse a run that is not of the batch. Raises NotFound."""
    if name.run_id is None:
        return
    run = queries.run_facts(session, current_actor(), name.run_id)
    if run.batch_id != batch_id or name.address.phase != Phase.AS_FOUND:
        raise NotFound("run.not_found")


@bp.get("/runs/batches/<int:batch_id>/live")
@requires(Permission.VIEW_LABORATORY)
def batch_changes(batch_id: int) -> ResponseReturnValue:
    """What changed in a batch since the marker in the address; 204 for nothing."""
    with reading() as session:
        found = batch_live.changes_since(session, current_actor(), batch_id, request.args.get("seen", ""), now=now())
    if found is None:
        return "", 204
    standing = render_template(
        "calibrations/batch_standing.html",
        batch=found.batch,
        problems=found.problems,
        ready=len(found.ready),
        marker=found.marker,
        may_write=current_actor().may(Permission.RECORD_READINGS),
    )
    ranges = {
        entry.quantity: get_template_attribute("calibrations/sheet.html", "range_state")(entry)
        for entry in found.conditions
    }
    totals = {name: _("%(filled)s of %(total)s readings", filled=f, total=t) for name, f, t in found.totals}
    return jsonify(
        marker=found.marker,
        state="draft" if found.batch.drafts else "submitted",
        standing=standing,
        ready=sorted(found.ready),
        ranges=ranges,
        totals=totals,
        csrf=generate_csrf(),
        **_pieces(found),
    )


@bp.post("/runs/batches/<int:batch_id>/cells/block")
@requires(Permission.RECORD_READINGS)
def preview_batch_block(batch_id: int) -> ResponseReturnValue:
    """What a block pasted from a spreadsheet would store, cell by cell; nothing is written."""
    with reading() as session:
        batch_queries.batch_facts(session, current_actor(), batch_id)
    return block_answer()


@bp.get("/runs/batches/<int:batch_id>/cells/menu")
@requires(Permission.VIEW_LABORATORY)
def batch_cell_menu(batch_id: int) -> ResponseReturnValue:
    """The menu of a cell: its history, a comment, leaving it out."""
    try:
        name = batch_forms.parse_cell_name(request.args.get("key", ""))
    except InvalidInput:
        raise NotFound("run.not_found") from None
    with reading() as session:
        batch = batch_queries.batch_facts(session, current_actor(), batch_id)
        run = next((run for run in batch.living if name.run_id in {None, run.id}), None)
        if run is None:
            raise NotFound("run.not_found")
        material = material_of(session, run)
        allowed = approvers(session, material, run, current_actor())
    open_ = batch.editable if name.run_id is None else run.state is RunState.DRAFT
    return menu_of(
        material,
        name.address,
        approvers=allowed,
        key=request.args.get("key", ""),
        shared=name.run_id is None,
        addresses={
            "comment": url_for("calibrations.comment_batch_cell", batch_id=batch_id),
            "exclude": url_for("calibrations.exclude_batch_cell", batch_id=batch_id),
            "not_measurable": url_for("calibrations.not_measurable_batch_cell", batch_id=batch_id),
        },
        may_write=open_ and current_actor().may(Permission.RECORD_READINGS),
    )


@bp.get("/runs/batches/<int:batch_id>/results")
@requires(Permission.VIEW_LABORATORY)
def batch_result(batch_id: int) -> ResponseReturnValue:
    """What came out of a point for one item: its card and its budget, as the page of its run shows them."""
    try:
        name = batch_forms.parse_result_name(request.args.get("key", ""))
    except InvalidInput:
        raise NotFound("run.not_found") from None
    with reading() as session:
        found, before = batch_live.result_of(session, current_actor(), batch_id, name, now=now())
        item = batch_queries.items_of(session, batch_id)[found.run_id]
    return jsonify(_point(found, item, before))


def _pieces(found: batch_live.BatchChanges) -> dict[str, Any]:
    """Return cells as data and results as pieces of the page."""
    return {
        "cells": [_cell(cell) for cell in found.cells],
        "points": [_parts(point) for point in found.points],
    }


def _cell(cell: BatchCell) -> dict[str, Any]:
    return {**cell_data(cell.cell), "key": cell.key}


def _parts(found: ItemPoint) -> dict[str, Any]:
    """Return what stands of a result in the grid."""
    parts = {
        name: get_template_attribute("calibrations/batch_parts.html", f"{name}_part")(found.sheet, found.point)
        for name in ("mean", "result", "uncertainty", "decision")
    }
    return {"key": found.key, "parts": parts, "derived": []}


def _point(found: ItemPoint, item: BatchItem, before: Previous) -> dict[str, Any]:
    """Return the same with the item's name, the card and the budget of the result."""
    return {
        **_parts(found),
        "item": item.words,
        "card": get_template_attribute("calibrations/point.html", "card")(found.sheet, found.point, before),
        "budget": get_template_attribute("calibrations/point.html", "budgets")(found.point),
    }
