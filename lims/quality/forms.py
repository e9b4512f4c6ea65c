"""Text of the forms of nonconforming work to commands."""

from __future__ import annotations

from collections.abc import Mapping

from lims.core.fields import Fields
from lims.quality.facts import DecideWork, LetterWay, MarkItem, OpenWork, ReleaseWork, SendLetter, Treatment


def parse_opening(study_id: int, form: Mapping[str, str]) -> OpenWork:
    """Read what opens a record."""
    fields = Fields(form)
    command = OpenWork(
        study_id=study_id,
        finding=fields.text("finding", maximum=2000),
        stop_use=fields.flag("stop_use"),
        draft_letters=fields.flag("draft_letters"),
        investigate=fields.flag("investigate"),
    )
    fields.finish()
    return command


def parse_mark(item_id: int, form: Mapping[str, str]) -> MarkItem:
    """Read what is to be done about a certificate."""
    fields = Fields(form)
    command = MarkItem(item_id, fields.choice("treatment", Treatment))
    fields.finish()
    return command


def parse_decision(work_id: int, form: Mapping[str, str]) -> DecideWork:
    """Read what was decided."""
    fields = Fields(form)
    command = DecideWork(work_id, fields.text("decision", maximum=4000), fields.optional_integer("row_version"))
    fields.finish()
    return command


def parse_release(work_id: int, form: Mapping[str, str]) -> ReleaseWork:
    """Read why work goes on."""
    fields = Fields(form)
    command = ReleaseWork(work_id, fields.text("note", maximum=2000), fields.optional_integer("row_version"))
    fields.finish()
    return command


def parse_sending(letter_id: int, form: Mapping[str, str]) -> SendLetter:
    """Read how and when a letter went."""
    fields = Fields(form)
    command = SendLetter(letter_id, fields.date("sent_on"), fields.choice("way", LetterWay))
    fields.finish()
    return command
