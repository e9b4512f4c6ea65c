"""The errors of the domain: a code and values; words are chosen where they are shown.

The words of a code stand in the `messages.py` of the package that raises it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a form: the field's name, a code and the values its words need."""

    field: str
    code: str
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)


class LimsError(Exception):
    """Base of all errors that a person is told of. `status` is the HTTP status the web answers with."""

    status: ClassVar[int] = 500

    def __init__(self, code: str, /, *, clause: str | None = None, **values: object) -> None:
        self.code = code
        self.clause = clause
        self.values: dict[str, object] = values
        super().__init__(code, values)

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value!s}" for name, value in self.values.items())
        return f"{self.code}({shown})" if shown else self.code


class InvalidInput(LimsError):
    """What was entered cannot be taken: one entry per field that is wrong."""

    status = 422

    def __init__(self, fields: Iterable[FieldError]) -> None:
        self.fields = tuple(fields)
        super().__init__("input.invalid")

    @classmethod
    def of(cls, field_name: str, code: str, /, **values: object) -> InvalidInput:
        """Return the error of a single field."""
        return cls([FieldError(field_name, code, values)])

    def __str__(self) -> str:
        return "; ".join(f"{item.field}: {item.code} {dict(item.values)!s}" for item in self.fields)


class Forbidden(LimsError):
    """The actor may not do this."""

    status = 403

    def __init__(self, code: str = "access.forbidden", /, *, clause: str | None = None, **values: object) -> None:
        super().__init__(code, clause=clause, **values)


class NotFound(LimsError):
    """No such record, or one that the actor may not know of: both read the same."""

    status = 404

    def __init__(self, code: str = "record.not_found", /, *, clause: str | None = None, **values: object) -> None:
        super().__init__(code, clause=clause, **values)


class RuleViolation(LimsError):
    """A rule of the domain refuses this; `clause` names the rule's source, for example "ISO/IEC 17025:2017, 7.7.1"."""

    status = 409


class StaleRecord(LimsError):
    """Somebody else changed the record since it was read; carries both versions."""

    status = 409

    def __init__(self, code: str = "record.stale", /, *, clause: str | None = None, **values: object) -> None:
        super().__init__(code, clause=clause, **values)


class IntegrityFailure(LimsError):
    """A stored hash or chain does not agree with what it covers."""

    status = 500


class ConfigurationError(LimsError):
    """The installation is set up wrongly; raised at start."""

    status = 500
