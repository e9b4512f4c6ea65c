"""What the grid of a run asks the server while it is typed into: one cell stored, undone, commented, left out; news.

Every answer is JSON with pieces of the page made by its own templates; a refusal carries its words in the reader's
language. The page works without any of this, by its form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import get_template_attribute, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session

from lims.calibrations import cell_services, display, forms, live, queries, record_services
from lims.calibrations.blocks import read_block
from lims.calibrations.blueprint import bp
from lims.calibrations.evaluations import material_of
from lims.calibrations.facts import Address, RunState
from lims.calibrations.gathering import RunMaterial
from lims.calibrations.grid import CellView, PointView, SheetView
from lims.calibrations.pages import approvers
from lims.calibrations.reading_services import record_reading
from lims.calibrations.workflow import Step, blocking
from lims.core import messages
from lims.core.errors import Forbidden, InvalidInput, LimsError, NotFound, RuleViolation, StaleRecord
from lims.core.web import current_actor, now, reading, requires, transaction
from lims.people.access import Permission

_ASKED = {"reading.reason_needed": "reason", "reading.far_outside": "confirm"}
"""What the grid asks the writer for, by the code of the refusal; everything else it only shows."""


@bp.post("/runs/<int:run_id>/cells")
@requires(Permission.RECORD_READINGS)
def record_cell(run_id: int) -> ResponseReturnValue:
    """Store one cell as it is left; a repeat with the same UUID is harmless."""

    def store(session: Session) -> Address:
        command = forms.parse_cell(run_id, request.form, now())
        return record_reading(session, current_actor(), command, now=now()).address

    return _answer(run_id, store)


@bp.post("/runs/<int:run_id>/cells/undo")
@requires(Permission.RECORD_READINGS)
def undo_cell(run_id: int) -> ResponseReturnValue:
    """Undo one's own last entry in a cell, or do it again (`redo`), as a step of the record."""

    def undo(session: Session) -> Address:
        address = forms.parse_address(request.form.get("key", ""))
        reason = _("done again") if "redo" in request.form else _("undone")
        command = forms.parse_take_back(run_id, request.form, reason)
        cell_services.take_back(session, current_actor(), command, now=now())
        return address

    return _answer(run_id, undo)


@bp.post("/runs/<int:run_id>/cells/comment")
@requires(Permission.RECORD_READINGS)
def comment_cell(run_id: int) -> ResponseReturnValue:
    """Write a comment on the reading in a cell."""

    def comment(session: Session) -> Address:
        command = forms.parse_comment(run_id, request.form, _("commented"))
        return cell_services.comment_reading(session, current_actor(), command, now=now()).address

    return _answer(run_id, comment)


@bp.post("/runs/<int:run_id>/cells/exclude")
@requires(Permission.RECORD_READINGS)
def exclude_cell(run_id: int) -> ResponseReturnValue:
    """Leave the reading of a cell or its point out, say that it cannot be measured, or take it back in."""

    def exclude(session: Session) -> Address:
        address = forms.parse_address(request.form.get("key", ""))
        command = forms.parse_exclude(run_id, request.form)
        record_services.exclude(session, current_actor(), command, now=now())
        return address

    return _answer(run_id, exclude)


@bp.post("/runs/<int:run_id>/cells/not-measurable")
@requires(Permission.RECORD_READINGS)
def not_measurable_cell(run_id: int) -> ResponseReturnValue:
    """Say that a cell cannot be read, and why."""

    def say(session: Session) -> Address:
        command = forms.parse_not_measurable(run_id, request.form)
        return cell_services.record_not_measurable(session, current_actor(), command, now=now()).address

    return _answer(run_id, say)


def _answer(run_id: int, act: Callable[[Session], Address]) -> ResponseReturnValue:
    """Do one thing to a cell; answer with the cell and the results it reaches, or with what is refused."""
    try:
        with transaction() as session:
            address = act(session)
    except LimsError as error:
        return refusal(error)
    with reading() as session:
        changes = live.after_cell(session, current_actor(), run_id, address, now=now())
    held = render_template("calibrations/held.html", problems=changes.problems).strip() if changes.problems else None
    return jsonify(state="saved", held=held, **_pieces(changes))


def refusal(error: LimsError) -> ResponseReturnValue:
    """Return what was refused as the cell shows it: refused, conflict with both values, or something to be asked."""
    if isinstance(error, InvalidInput):
        first = error.fields[0]
        state, words = _ASKED.get(first.code, "refused"), messages.error_message(first)
        return jsonify(state=state, field=first.field, message=words), error.status
    if isinstance(error, StaleRecord) and "present_id" in error.values:
        shown = {name: error.values[name] for name in ("present", "present_id", "present_by", "typed")}
        return jsonify(state="conflict", message=messages.error_message(error), **shown), error.status
    if isinstance(error, RuleViolation | Forbidden | NotFound):
        return jsonify(state="refused", message=messages.error_message(error)), error.status
    if isinstance(error, StaleRecord):
        return jsonify(state="again", message=messages.error_message(error)), 503
    raise error


@bp.get("/runs/<int:run_id>/live")
@requires(Permission.VIEW_LABORATORY)
def changes(run_id: int) -> ResponseReturnValue:
    """What changed in a run since the marker in the address: cells, results, what keeps it back; 204 for nothing."""
    with reading() as session:
        found = live.changes_since(session, current_actor(), run_id, request.args.get("seen", ""), now=now())
    if found is None:
        return "", 204
    may_write = current_actor().may(Permission.RECORD_READINGS)
    held = blocking(found.problems, Step.SUBMIT)
    standing = render_template(
        "calibrations/standing.html",
        run=found.run,
        view=found.view,
        problems=found.problems,
        as_found=found.as_found,
        may_submit=may_write and not held,
    )
    ranges = {
        entry.quantity: get_template_attribute("calibrations/sheet.html", "range_state")(entry)
        for entry in found.conditions
    }
    return jsonify(
        marker=found.marker,
        state=str(found.run.state),
        standing=standing,
        ranges=ranges,
        totals={name: _("%(filled)s of %(total)s readings", filled=f, total=t) for name, f, t in found.totals},
        csrf=generate_csrf(),
        **_pieces(found),
    )


@bp.post("/runs/<int:run_id>/cells/block")
@requires(Permission.RECORD_READINGS)
def preview_block(run_id: int) -> ResponseReturnValue:
    """What a block pasted from a spreadsheet would store, cell by cell; nothing is written."""
    with reading() as session:
        queries.run_facts(session, current_actor(), run_id)
    return block_answer()


def block_answer() -> ResponseReturnValue:
    """Answer with the block in the request as it would be stored."""
    block = read_block(request.form.get("text", ""), request.form.get("mark", ""))
    if block is None:
        return jsonify(state="refused", message=_("This is too large for a sheet of readings.")), 422
    rows = [
        [{"raw": cell.raw, "kind": cell.kind, "text": cell.text, "unit": cell.unit} for cell in row]
        for row in block.rows
    ]
    return jsonify(state="read", rows=rows, mark=block.mark or "", asks=block.asks)


@bp.get("/runs/<int:run_id>/cells/menu")
@requires(Permission.VIEW_LABORATORY)
def cell_menu(run_id: int) -> ResponseReturnValue:
    """The menu of a cell: its history, a comment, leaving it out, not measurable."""
    try:
        address = forms.parse_address(request.args.get("key", ""))
    except InvalidInput:
        raise NotFound("run.not_found") from None
    with reading() as session:
        run = queries.run_facts(session, current_actor(), run_id)
        material = material_of(session, run)
        allowed = approvers(session, material, run, current_actor())
    return menu_of(
        material,
        address,
        approvers=allowed,
        key=address.key,
        shared=False,
        addresses={
            "comment": url_for("calibrations.comment_cell", run_id=run_id),
            "exclude": url_for("calibrations.exclude_cell", run_id=run_id),
            "not_measurable": url_for("calibrations.not_measurable_cell", run_id=run_id),
        },
        may_write=run.state is RunState.DRAFT and current_actor().may(Permission.RECORD_READINGS),
    )


def menu_of(material: RunMaterial, address: Address, **page: Any) -> str:
    """Return the menu of a cell: what was read there, what was said of it, and what may be said."""
    chain = [entry for entry in material.readings if entry.address == address]
    read = {reading.id for reading in chain}
    said = [
        entry
        for entry in material.exclusions
        if entry.reading_id in read
        or (entry.reading_id is None and (entry.section, entry.point) == (address.section, address.point))
    ]
    sections = {section.code: section for section in material.definition.sections}
    points = material.points_of(sections[address.section]) if address.section in sections else ()
    place = next((point for point in points if point.code == address.point), None)
    return render_template("calibrations/cell_menu.html", address=address, place=place, chain=chain, said=said, **page)


def _pieces(found: live.Changes) -> dict[str, Any]:
    """Return cells as data and results as pieces of the page."""
    return {
        "cells": [cell_data(cell) for cell in found.cells],
        "points": [_point(sheet, point, found.previous) for sheet, point in found.points],
    }


def cell_data(cell: CellView) -> dict[str, Any]:
    """Return a cell as the grid takes it."""
    last = cell.last
    values: dict[str, Any] = {
        "key": cell.address.key,
        "doubt": display.doubt_text(cell.doubt),
        "corrections": cell.corrections,
    }
    if last is not None:
        values |= {
            "id": last.id,
            "text": last.text,
            "unit": last.unit,
            "by": last.writer_name,
            "excluded": last.excluded or "",
            "comment": last.comment,
            "before": last.supersedes_id,
        }
    return values


def _point(sheet: SheetView, point: PointView, previous: live.Previous) -> dict[str, Any]:
    pieces = {
        name: get_template_attribute("calibrations/point.html", f"{name}_part")(sheet, point)
        for name in ("mean", "result", "uncertainty", "decision")
    }
    return {
        "key": point.key,
        "parts": pieces,
        "derived": [
            row.derived and get_template_attribute("calibrations/point.html", "derived_part")(row, point.places)
            for row in point.rows
        ],
        "card": get_template_attribute("calibrations/point.html", "card")(sheet, point, previous),
        "budget": get_template_attribute("calibrations/point.html", "budgets")(point),
    }
