"""The register as a table: written out as XLSX or CSV; read in by way of a page that shows what it would do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.core.errors import Forbidden, InvalidInput, StaleRecord
from lims.core.formats import date as in_words
from lims.core.formats import language
from lims.core.messages import known_labels, label
from lims.core.text import fold
from lims.core.web import (
    FormState,
    allow_upload,
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
from standards import list_queries, queries, sheet_queries, sheet_services
from standards.facts import INSTRUMENT_KINDS, QUANTITY_UNITS, StandardLine, StandardRole
from standards.pages import bp, unit_symbol
from standards.sheet_plan import version_of
from standards.sheet_reading import LARGEST, MOST_ROWS, read_table
from standards.sheet_scheme import BY_KEY, COLUMNS, ReceiveSheet, SheetPlan, TakeSheet, Vocabulary
from standards.sheet_writing import Value, text_table, workbook

_ROOM: Final = 2 * 1024 * 1024
_LANGUAGES: Final = ("vi", "en")
_SHOWN_PROBLEMS: Final = 500
_KINDS: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@bp.get("/standards/register.<any(xlsx, csv):form>")
@requires(Permission.VIEW_LABORATORY)
def export_register(form: str) -> ResponseReturnValue:
    """Write out the standards that a list's filters leave, each range a row."""
    with reading() as session:
        lines = list_queries.all_standards(
            session, list_request(), laboratory_id=current_actor().laboratory_id, at=now()
        )
        rows = _rows(session, lines)
    heads = {column.key: label(column.key, "register_column") for column in COLUMNS}
    data = (
        workbook(_("Standards"), heads, rows) if form == "xlsx" else text_table(heads, rows, comma=language() == "vi")
    )
    answer = Response(data, content_type=_KINDS[form])
    answer.headers["Content-Disposition"] = f'attachment; filename="register-{today():%Y-%m-%d}.{form}"'
    return answer


def _rows(session: Session, lines: Iterable[StandardLine]) -> list[dict[str, Value]]:
    lines = list(lines)
    instruments = queries.instruments_by_id(session, [line.standard.instrument_id for line in lines])
    laboratory_id = current_actor().laboratory_id or 0
    sites = {site.id: site.code for site in people.sites_of(session, laboratory_id)}
    persons = people.persons_of(session, laboratory_id)
    names = [person.full_name for person in persons]
    custodians = {one.id: one.full_name if names.count(one.full_name) == 1 else one.code for one in persons}
    found: list[dict[str, Value]] = []
    for line in lines:
        standard, instrument = line.standard, instruments[line.standard.instrument_id]
        head: dict[str, Value] = {
            "site": sites.get(standard.site_id),
            "role": label(standard.role, "standard_role"),
            "level": standard.level,
            "custodian": custodians.get(standard.custodian_id or 0),
            "needs_calibration": label("yes" if standard.needs_calibration else "no", "yes_no"),
            "interval_months": standard.interval_months,
            "state": label(line.state, "standard_state"),
            "valid_until": in_words(line.valid_until) or None,
            "version": version_of(standard, instrument),
        }
        head |= {key: getattr(instrument, key) for key in _OF_INSTRUMENT} | {
            "kind": label(instrument.kind, "instrument_kind")
        }
        several = len(instrument.parts) > 1
        for address in instrument.ranges():
            own: dict[str, Value] = {
                "code": standard.code,
                "part": address.part.code if several or address.part.code != "1" else None,
                "part_name": address.part.name_vi if several else None,
                "quantity": label(address.function.quantity, "quantity"),
                "unit": unit_symbol(address.range.unit) or address.range.unit,
                "function_name": address.function.name or None,
                "range_name": address.range.name or None,
                "resolution_unit": address.range.resolution_unit and unit_symbol(address.range.resolution_unit),
            }
            own |= {key: getattr(address.range, key) for key in _OF_RANGE}
            found.append(head | own)
            head = {}
    return found


_OF_RANGE: Final = ("lower", "upper", "nominal", "resolution", "specification")
_OF_INSTRUMENT: Final = (
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
    "location",
    "note",
)


@bp.get("/standards/import")
@requires(Permission.MANAGE_STANDARDS)
def new_sheet() -> ResponseReturnValue:
    """Show the form that takes in a table, and what its columns may hold."""
    return _upload_page(FormState.of({}))


@bp.post("/standards/import")
@requires(Permission.MANAGE_STANDARDS)
def receive_sheet() -> ResponseReturnValue:
    """Keep a table and show what it would do; the register stays as it is."""
    form = FormState.from_request()
    with form.guard():
        upload = request.files.get("file")
        if upload is None or not upload.filename:
            raise InvalidInput.of("file", "register.no_file")
        with upload.stream as stream:
            data = stream.read()
        read_table(data)
        with transaction() as session:
            sheet_id = sheet_services.receive_sheet(
                session, current_actor(), ReceiveSheet(upload.filename, data), now=now()
            )
        return redirect(url_for("standards.sheet", sheet_id=sheet_id), 303)
    return _upload_page(form)


def _upload_page(form: FormState) -> ResponseReturnValue:
    page = render_template(
        "standards/sheet_upload.html",
        form=form,
        columns=COLUMNS,
        allowed=_offered(),
        megabytes=LARGEST // 1024 // 1024,
        most_rows=MOST_ROWS,
    )
    return page, form.status


@bp.get("/standards/import/<int:sheet_id>")
@requires(Permission.MANAGE_STANDARDS)
def sheet(sheet_id: int) -> ResponseReturnValue:
    """Show what a received table would do to the register as it stands, or every problem by row and column."""
    return _plan_page(sheet_id, FormState.of({}))


@bp.post("/standards/import/<int:sheet_id>")
@requires(Permission.MANAGE_STANDARDS)
def take_sheet(sheet_id: int) -> ResponseReturnValue:
    """Carry out a table exactly as it was shown."""
    form = FormState.from_request()
    with reading() as session:
        row = sheet_queries.sheet(session, sheet_id, current_actor().laboratory_id)
        data = sheet_queries.sheet_bytes(session, row)
    with form.guard():
        command = TakeSheet(sheet_id, form.text("plan"), read_table(data), _vocabulary())
        with transaction() as session:
            plan = sheet_services.take_sheet(session, current_actor(), command, now=now())
        flash(_taken(plan), "good")
        return redirect(url_for("standards.standards"), 303)
    return _plan_page(sheet_id, form)


def _taken(plan: SheetPlan) -> str:
    return str(
        _(
            "The table was taken over: %(new)s new, %(changed)s changed.",
            new=plan.count("new"),
            changed=plan.count("changed"),
        )
    )


def _plan_page(sheet_id: int, form: FormState) -> ResponseReturnValue:
    laboratory_id = current_actor().laboratory_id
    if laboratory_id is None:
        raise Forbidden
    with reading() as session:
        row = sheet_queries.sheet(session, sheet_id, laboratory_id)
        table = read_table(sheet_queries.sheet_bytes(session, row))
        plan = sheet_queries.plan_of(session, table, _vocabulary(), row.sha256, laboratory_id, now())
        names = {str(person.id): person.full_name for person in people.persons_of(session, laboratory_id)}
    page = render_template(
        "standards/sheet.html",
        sheet=row,
        plan=plan,
        problems=plan.problems[:_SHOWN_PROBLEMS],
        rows_read=len(table.rows),
        columns=BY_KEY,
        names=names,
        form=form,
        stale=isinstance(form.problem, StaleRecord),
    )
    return page, form.status


def _offered() -> dict[str, tuple[str, ...]]:
    """Return the words of each group of choices in the reader's language."""
    groups: dict[str, Iterable[str]] = {
        "standard_role": [str(role) for role in StandardRole],
        "instrument_kind": INSTRUMENT_KINDS,
        "quantity": QUANTITY_UNITS,
    }
    return {group: tuple(sorted(label(code, group) for code in codes)) for group, codes in groups.items()}


def _vocabulary() -> Vocabulary:
    """Return the words of both languages, and the codes themselves, that a table may be written in."""
    heads: dict[str, str] = {column.key: column.key for column in COLUMNS}
    choices: dict[str, dict[str, str]] = {column.group: {} for column in COLUMNS if column.group}
    yes_no = {"true": True, "false": False, "1": True, "0": False, "x": True}
    codes = [code.partition(".") for code in known_labels()]
    for spoken in _LANGUAGES:
        with force_locale(spoken):
            heads |= {fold(label(column.key, "register_column")): column.key for column in COLUMNS}
            yes_no |= {fold(label(answer, "yes_no")): answer == "yes" for answer in ("yes", "no")}
            for group, _point, code in codes:
                if group in choices:
                    choices[group][fold(label(code, group))] = code
                    choices[group][fold(code)] = code
    return Vocabulary(heads, choices, yes_no, _offered())


allow_upload(bp, "standards.receive_sheet", LARGEST + _ROOM)
