"""Pages of notices to customers: the list, the notice with its steps, its words, the answer, the paper."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from lims.calibrations import as_found, notice_forms, notice_services
from lims.calibrations.blueprint import bp
from lims.core import messages
from lims.core.errors import NotFound
from lims.core.pages import in_language
from lims.core.web import (
    FormState,
    current_actor,
    list_request,
    now,
    reading,
    requires,
    timezone,
    today,
    transaction,
)
from lims.jobs import notice_queries
from lims.jobs import notice_services as letters
from lims.jobs import queries as jobs
from lims.jobs.notice_facts import AnswerChoice, ConsentWay, NoticeFacts, NoticeState
from lims.people import queries as people
from lims.people.access import Permission
from standards import queries as standards

_OFFICE = (Permission.MANAGE_NOTICES, Permission.MANAGE_JOBS)
_WAYS = tuple(way for way in ConsentWay if way is not ConsentWay.ORDER)


@bp.get("/notices")
@requires(Permission.VIEW_LABORATORY)
def notices() -> ResponseReturnValue:
    """The notices to customers, by state, and the items that wait for an answer."""
    with reading() as session:
        actor = current_actor()
        listed = notice_queries.notices(session, actor, list_request(), on=today())
        holds = notice_queries.open_holds(session, actor, on=today())
    return render_template("calibrations/notices.html", listed=listed, holds=holds)


@bp.get("/notices/<int:notice_id>")
@requires(Permission.VIEW_LABORATORY)
def notice(notice_id: int) -> ResponseReturnValue:
    """A notice: what was found, how far it has gone, its words, the customer's answer."""
    return _page(notice_id, FormState())


@bp.get("/notices/<int:notice_id>/edit")
@requires(Permission.MANAGE_NOTICES)
def edit_notice(notice_id: int) -> ResponseReturnValue:
    """The form of a draft's words."""
    with reading() as session:
        values = notice_forms.letter_values(_own(session, notice_id))
    return _edit_page(notice_id, FormState.of(values))


@bp.post("/notices/<int:notice_id>/edit")
@requires(Permission.MANAGE_NOTICES)
def revise_notice(notice_id: int) -> ResponseReturnValue:
    """Change the words of a draft."""
    form = FormState.from_request()
    with form.guard():
        command = notice_forms.parse_revision(notice_id, request.form)
        with transaction() as session:
            letters.revise_notice(session, current_actor(), command, now=now())
        flash(_("The notice is changed."), "good")
        return redirect(url_for("calibrations.notice", notice_id=notice_id), 303)
    return _edit_page(notice_id, form)


@bp.post("/notices/<int:notice_id>/approve")
@requires(Permission.MANAGE_NOTICES)
def approve_notice(notice_id: int) -> ResponseReturnValue:
    """Approve a draft."""
    return _act(
        notice_id,
        lambda session: notice_services.approve_notice(
            session, current_actor(), notice_forms.parse_step(notice_id, request.form), now=now()
        ),
        _("The notice is approved. Print or copy it, send it, then note when and how."),
    )


@bp.post("/notices/<int:notice_id>/redraft")
@requires(Permission.MANAGE_NOTICES, Permission.RECORD_READINGS)
def redraft_notice(notice_id: int) -> ResponseReturnValue:
    """Draft a notice again with the figures of its run as they are now."""
    return _act(
        notice_id,
        lambda session: notice_services.redraft_notice(session, current_actor(), notice_id, now=now()),
        _("The former draft is withdrawn."),
    )


@bp.post("/notices/<int:notice_id>/send")
@requires(*_OFFICE)
def send_notice(notice_id: int) -> ResponseReturnValue:
    """Note when and how a notice went out."""
    return _act(
        notice_id,
        lambda session: letters.mark_notice_sent(
            session, current_actor(), notice_forms.parse_sending(notice_id, request.form), now=now()
        ),
        _("It is noted that the notice was sent."),
    )


@bp.post("/notices/<int:notice_id>/withdraw")
@requires(Permission.MANAGE_NOTICES)
def withdraw_notice(notice_id: int) -> ResponseReturnValue:
    """Take a notice back."""
    return _act(
        notice_id,
        lambda session: letters.withdraw_notice(
            session, current_actor(), notice_forms.parse_withdrawal(notice_id, request.form), now=now()
        ),
        _("The notice is withdrawn."),
    )


@bp.post("/notices/<int:notice_id>/answer")
@requires(*_OFFICE)
def record_answer(notice_id: int) -> ResponseReturnValue:
    """Write down what the customer answered; the item goes on accordingly."""
    return _act(
        notice_id,
        lambda session: notice_services.record_answer(
            session, current_actor(), notice_forms.parse_answer(notice_id, request.form, timezone()), now=now()
        ),
        _("The answer is recorded; the item goes on accordingly."),
    )


@bp.get("/notices/<int:notice_id>/print")
@requires(Permission.VIEW_LABORATORY)
def print_notice(notice_id: int) -> ResponseReturnValue:
    """The notice as a letter on A4, a page for each language of the item's certificate."""
    with reading() as session:
        found = _own(session, notice_id)
        item = jobs.job_item_facts(session, found.item_id)
        site = people.site_facts(session, found.site_id)
        values = {
            "site": site,
            "laboratory": people.organisation_facts(session, site.organisation_id, today()),
            "customer": people.organisation_facts(session, found.customer_id, today()),
            "instrument": standards.instrument_facts(session, found.instrument_id),
        }
    letters_by_language = []
    for language in item.certificate_language.split("-"):
        with force_locale(language):
            words = {name: in_language(found.letter, name) for name in ("opening", "closing")}
            text = render_template(
                "calibrations/notice_letter.html", notice=found, language=language, **words, **values
            )
            letters_by_language.append(Markup(text))
    return render_template("calibrations/notice_print.html", notice=found, letters=letters_by_language)


def _act(notice_id: int, act: Callable[[Session], NoticeFacts], words: str) -> ResponseReturnValue:
    """Do one thing to a notice and show what became of it; what is refused stands above what was typed."""
    form = FormState.from_request()
    with form.guard():
        with transaction() as session:
            found = act(session)
        flash(words, "good")
        return redirect(url_for("calibrations.notice", notice_id=found.id), 303)
    return _page(notice_id, form)


def _page(notice_id: int, form: FormState) -> ResponseReturnValue:
    if not form.values:
        form = FormState.of({"sent_on": today(), "sent_way": ConsentWay.EMAIL})
    with reading() as session:
        found = _own(session, notice_id)
        open_draft = found.state is NoticeState.DRAFT and found.answer is None
        values = {
            "item": jobs.job_item_facts(session, found.item_id),
            "instrument": standards.instrument_facts(session, found.instrument_id),
            "customer": people.organisation_facts(session, found.customer_id, today()),
            "stale": open_draft and as_found.is_stale(session, found, now=now()),
        }
    page = render_template(
        "calibrations/notice.html",
        form=form,
        notice=found,
        waits=notice_queries.waits(found),
        choices=[(choice.value, messages.label(choice)) for choice in AnswerChoice],
        ways=[(way.value, messages.label(way)) for way in _WAYS],
        **values,
    )
    return page, form.status


def _edit_page(notice_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        found = _own(session, notice_id)
    return render_template("calibrations/notice_edit.html", form=form, notice=found), form.status


def _own(session: Session, notice_id: int) -> NoticeFacts:
    found = notice_queries.notice_facts(session, notice_id)
    if found.site_id not in current_actor().site_ids:
        raise NotFound
    return found
