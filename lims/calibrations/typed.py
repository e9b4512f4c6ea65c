"""What is typed into a cell, judged before it is stored: a number, its unit, what its writer saw there. Pure.

The same rules hold for the cells of a run and for those that a batch shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol

from calc.errors import CalcError
from calc.units import canonical_unit, display_unit, is_compatible
from lims.calibrations.facts import CONDITIONS, Address, ReadingSource
from lims.calibrations.plausibility import far_outside
from lims.calibrations.workflow import CLAUSE_AMENDMENTS
from lims.core.errors import FieldError, InvalidInput, StaleRecord
from lims.core.numbers import MAX_LENGTH, parse_decimal
from lims.core.text import normalise

_UUID_SHORTEST: Final = 8
_UUID_LONGEST: Final = 36
_BY_HAND: Final = frozenset({ReadingSource.TYPED, ReadingSource.PASTED})


class TypedCell(Protocol):
    """A command that writes an indication into a cell."""

    @property
    def address(self) -> Address:
        """Return the cell."""

    @property
    def text(self) -> str:
        """Return what was typed."""

    @property
    def unit(self) -> str:
        """Return the unit it was typed in, "" for the cell's own."""

    @property
    def seen_reading_id(self) -> int | None:
        """Return the reading that its writer saw in the cell."""

    @property
    def reason(self) -> str:
        """Return why what was seen is replaced."""

    @property
    def comment(self) -> str:
        """Return what is said of the indication."""

    @property
    def source(self) -> ReadingSource:
        """Return how it came in."""


@dataclass(frozen=True, slots=True)
class PresentReading:
    """What stands in a cell."""

    id: int
    text: str
    unit: str
    writer_name: str


def check_uuid(client_uuid: str) -> None:
    """Refuse a form without a UUID of its own: a repeat could not be told from a second reading."""
    if not _UUID_SHORTEST <= len(client_uuid) <= _UUID_LONGEST:
        raise InvalidInput([FieldError("client_uuid", "reading.no_uuid")])


def read_indication(command: TypedCell, cell_unit: str | None) -> tuple[Decimal, str]:
    """Return the number and the unit, in one form, of what was typed into a cell with such an entry unit.

    `cell_unit` is None where the layout has no such cell. Raises InvalidInput naming the cell.
    """
    if cell_unit is None:
        raise _refused(command, "reading.no_such_cell")
    text = normalise(command.text)
    if not text:
        raise _refused(command, "number.missing")
    value = parse_decimal(text)
    if value is None:
        raise _refused(command, "number.not_a_number", text=text[:MAX_LENGTH])
    try:
        unit = canonical_unit(command.unit or cell_unit)
        fits = is_compatible(unit, cell_unit)
    except CalcError:
        raise _refused(command, "unit.unknown", unit=command.unit) from None
    if not fits:
        expected = display_unit(canonical_unit(cell_unit))
        raise _refused(command, "unit.incompatible", unit=display_unit(unit), expected=expected)
    return value, unit


def _refused(command: TypedCell, code: str, **values: object) -> InvalidInput:
    return InvalidInput([FieldError(command.address.key, code, values)])


def asks_for_range(command: TypedCell) -> bool:
    """Return whether an indication is held against the item's range: a person's, without a comment, no condition."""
    return command.source in _BY_HAND and not command.comment.strip() and command.address.section != CONDITIONS


def check_range(command: TypedCell, value: Decimal, unit: str, ends: Sequence[tuple[Decimal, Decimal, str]]) -> None:
    """Ask for a reason where a number lies far outside all ranges (lower end, upper end, unit) of the item."""
    if far_outside(value, unit, ends):
        lower, upper, wanted = ends[0]
        shown = {"text": normalise(command.text), "lower": lower, "upper": upper, "unit": display_unit(wanted)}
        raise InvalidInput([FieldError(command.address.key, "reading.far_outside", shown)])


def check_seen(command: TypedCell, present: PresentReading | None) -> None:
    """Refuse a write to a cell that holds something else than its writer saw; ask for a correction's reason."""
    if (None if present is None else present.id) != command.seen_reading_id:
        raise conflict(command, present)
    if present is not None and not command.reason.strip():
        raise InvalidInput([FieldError(command.address.key, "reading.reason_needed", {"text": present.text})])


def conflict(command: TypedCell, present: PresentReading | None) -> StaleRecord:
    """Return the refusal that shows both: what is typed, and what somebody else wrote there meanwhile."""
    return StaleRecord(
        "reading.conflict",
        clause=CLAUSE_AMENDMENTS,
        field=command.address.key,
        typed=normalise(command.text),
        present="" if present is None else present.text,
        present_id=None if present is None else present.id,
        present_by="" if present is None else present.writer_name,
    )
