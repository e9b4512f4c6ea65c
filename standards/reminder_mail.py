"""A reminder's letter as a mail message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from standards.calendar_facts import Letter, Recipient

_NAMED: Final = 20


def as_mail(
    words: Letter, recipient: Recipient, sender: str, reminder_ids: Sequence[int], now: datetime
) -> EmailMessage:
    """Return the letter as a message. Its name is that of its reminders, so that one sent twice is known as one."""
    mail = EmailMessage()
    mail["Subject"] = words.subject
    mail["From"] = sender
    mail["To"] = recipient.email or ""
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = (
        f"<due-{recipient.person_id}-{'-'.join(map(str, reminder_ids[:20]))}@{sender.rpartition('@')[2].rstrip('>')}>"
    )
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(words.text)
    return mail
