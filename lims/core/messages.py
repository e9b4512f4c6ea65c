"""Words for codes: every package's MESSAGES (error codes) and LABELS (states, kinds, fields) in one place.

Msgids are English; gettext chooses the reader's language. Commands speak the
installation's language. The codes of the core itself are in `lims.core.core_messages`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Final

from flask import has_request_context
from flask_babel import gettext

from lims.core import core_messages, formats, reader
from lims.core.errors import FieldError, LimsError

_messages: Final[dict[str, str]] = dict(core_messages.MESSAGES)
_labels: Final[dict[str, str]] = dict(core_messages.LABELS)


def register(messages: Mapping[str, str], labels: Mapping[str, str]) -> list[str]:
    """Take in a package's words; return the codes that another package already gave other words (a test fails then).

    Only names of fields ("field.code") may differ from package to package: the first stands, for a summary of
    mistakes takes the words that the form itself prints beside the field.
    """
    differing = []
    for known, new in ((_messages, messages), (_labels, labels)):
        for code, words in new.items():
            if known.setdefault(code, words) != words and not code.startswith("field."):
                differing.append(code)
    return differing


def known_codes() -> frozenset[str]:
    """Return every error code that has words."""
    return frozenset(_messages)


def known_labels() -> Mapping[str, str]:
    """Return every label code with its English words."""
    return dict(_labels)


def message(code: str, values: Mapping[str, object] | None = None) -> str:
    """Return the words of an error code in the reader's language, with its values put in."""
    words = _messages.get(code)
    if words is None:
        return _translated("This is not possible (%(code)s).") % {"code": code}
    shown = {name: _shown(value) for name, value in (values or {}).items()}
    try:
        return _translated(words) % shown
    except (KeyError, ValueError):
        return f"{_translated(words)} ({code})"


def error_message(error: LimsError | FieldError) -> str:
    """Return the words of an error in the reader's language."""
    return message(error.code, error.values)


def label(value: object, group: str | None = None) -> str:
    """Return the words of a code such as "run_state.draft".

    `value` is the whole code, an enumeration's member (its class name gives the group) or, with `group`, the part
    behind the point. What has no words is shown as it is.
    """
    code = label_code(value, group)
    words = _labels.get(code)
    return _translated(words) if words is not None else code.rpartition(".")[2]


def label_code(value: object, group: str | None = None) -> str:
    """Return the label code of a value."""
    text = str(value.value) if isinstance(value, Enum) else str(value)
    if group is not None:
        return f"{group}.{text}"
    return f"{_snake(type(value).__name__)}.{text}" if isinstance(value, Enum) else text


def has_label(code: str) -> bool:
    """Return whether a label code has words."""
    return code in _labels


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _translated(words: str) -> str:
    return str(gettext(words)) if has_request_context() else reader.translated(words)


def _shown(value: object) -> str:
    if isinstance(value, Enum):
        return label(value)
    if isinstance(value, datetime):
        return formats.time(value)
    if isinstance(value, date):
        return formats.date(value)
    if isinstance(value, Decimal):
        return formats.number(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(_shown(item) for item in value)
    return "" if value is None else str(value)
