"""The words of a reminder: one plain letter per person, in their language."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import copy_context

from lims.core import formats, reader
from lims.core.messages import label, message
from standards.calendar_facts import Letter, Recipient
from standards.due_facts import DueItem, DueKind


def letter(recipient: Recipient, items: Sequence[DueItem], base_url: str) -> Letter:
    """Return what a person is told of the things that fall due, the overdue first."""
    return copy_context().run(_letter, recipient, items, base_url)


def _letter(recipient: Recipient, items: Sequence[DueItem], base_url: str) -> Letter:
    reader.speak(recipient.language)
    lines = [message("reminder.greeting", {"name": recipient.name}), ""]
    for item in sorted(items, key=lambda item: (item.days_left or 0, item.code)):
        lines.append(f"- {_line(item)}")
        lines.append(f"  {base_url}{_path(item)}")
    lines += ["", message("reminder.closing", {"url": f"{base_url}/due"}), "", "Chuan LIMS"]
    return Letter(message("reminder.subject", {"count": len(items)}), "\n".join(lines) + "\n")


def _line(item: DueItem) -> str:
    days = item.days_left or 0
    when = "reminder.overdue" if days < 0 else "reminder.today" if days == 0 else "reminder.ahead"
    name = (item.name_en if reader.spoken() == "en" else None) or item.name_vi
    return message(
        when,
        {
            "date": formats.date(item.due_on),
            "thing": " ".join(part for part in (item.code, name) if part),
            "what": due_words(item),
            "days": abs(days),
        },
    )


def due_words(item: DueItem) -> str:
    """Return what of a thing falls due: the kind, with the certificate, the check or the paper."""
    detail = item.detail
    if item.kind is DueKind.PAPER:
        kind, _, number = item.detail.partition(":")
        return f"{label(kind, 'paper_kind')} {number}"
    words = label(item.kind)
    return f"{words} ({detail})" if detail else words


def _path(item: DueItem) -> str:
    if item.kind is DueKind.CHECK:
        return f"/standards/check-plans/{item.subject_id}"
    return "/due?kind=card" if item.standard_id is None else f"/standards/{item.standard_id}"
