"""What a form shows again after a mistake: the typed text, the words at each field, a summary with links."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from flask import request

from lims.core import formats, messages
from lims.core.errors import Forbidden, InvalidInput, LimsError, RuleViolation, StaleRecord

_SECRET: Final = ("password",)


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One mistake in the summary: the field it links to (None: the form as a whole) and its words."""

    field: str | None
    text: str


@dataclass
class FormState:
    """The text of a form's fields and what was wrong with them; `status` is the HTTP status to answer with."""

    values: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    summary: list[SummaryLine] = field(default_factory=list)
    status: int = 200
    problem: LimsError | None = None
    labels: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, object] | None = None) -> FormState:
        """Return a form filled with present values (None: empty, True: ticked)."""
        return cls({name: [_as_text(value)] for name, value in (values or {}).items() if value is not None})

    @classmethod
    def from_request(cls) -> FormState:
        """Return the form just posted, as typed."""
        return cls({name: list(texts) for name, texts in request.form.lists()})

    def text(self, name: str) -> str:
        """Return what stands in a field; passwords are never shown again."""
        texts = self.values.get(name)
        return "" if not texts or any(word in name for word in _SECRET) else texts[0]

    def has(self, name: str, value: object = None) -> bool:
        """Return whether a box is ticked, or a value is among those chosen."""
        texts = self.values.get(name, [])
        return any(texts) if value is None else str(value) in texts

    def errors_of(self, name: str) -> list[str]:
        """Return the words of what is wrong with a field."""
        return self.errors.get(name, [])

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Take up what the domain refuses: its words go to the fields and the summary, its status to `status`.

        Taken up: InvalidInput, RuleViolation (and what derives from it), StaleRecord, Forbidden. NotFound and
        everything else goes on to the error pages.
        """
        try:
            yield
        except InvalidInput as error:
            self._take_fields(error)
        except (RuleViolation, StaleRecord, Forbidden) as error:
            self.refuse(error)

    def refuse(self, error: LimsError) -> None:
        """Take up an error that concerns the form as a whole."""
        self.status, self.problem = error.status, error
        self.summary.append(SummaryLine(None, messages.error_message(error)))

    def _take_fields(self, error: InvalidInput) -> None:
        self.status, self.problem = error.status, error
        for item in error.fields:
            words = messages.error_message(item)
            self.errors.setdefault(item.field, []).append(words)
            self.summary.append(SummaryLine(item.field, words))

    def label(self, name: str | None) -> str:
        """Return what a field is called on the page: as its macro printed it, else by its package's LABELS."""
        code = f"field.{name}"
        return self.labels.get(name or "") or (messages.label(code) if messages.has_label(code) else "")


def _as_text(value: object) -> str:
    """Return a present value as a person would type it; dates as day/month/year in either language."""
    if value is True:
        return "on"
    if value is False:
        return ""
    if isinstance(value, dt.datetime):
        return f"{value.astimezone(formats.zone()):%d/%m/%Y %H:%M}"
    if isinstance(value, dt.date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, Decimal):
        return formats.typed_number(value)
    return str(value)
