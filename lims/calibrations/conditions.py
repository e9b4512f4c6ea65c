"""The conditions of a run against the limits of its procedure and of its room: of both, the tighter holds. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Final

from calc.errors import CalcError
from calc.units import convert, convert_difference
from lims.calibrations.facts import CONDITIONS, ConditionRange, ReadingFacts, RunFacts
from lims.people.room_facts import ROOM_QUANTITIES, RoomLimitFacts
from lims.procedures.definition_facts import Condition, Definition

_HOUR: Final = 3600


def ranges_of(run: RunFacts, definition: Definition, readings: Sequence[ReadingFacts]) -> tuple[ConditionRange, ...]:
    """Return every condition of a procedure with what was read of it and the limits that hold for it in this run.

    The limits of the room are those that held when it was chosen for the run.
    """
    limits = {limit.quantity: limit for limit in run.room_limits}
    return tuple(_range(entry, limits.get(entry.quantity), readings) for entry in definition.conditions)


def _range(condition: Condition, room: RoomLimitFacts | None, readings: Sequence[ReadingFacts]) -> ConditionRange:
    read = sorted(_read(readings, condition.quantity, condition.unit))
    values = [value for _, value in read]
    lower, upper, change_limit = condition.lower, condition.upper, None
    if room is not None:
        lower = _tighter(max, lower, _in_unit(room.lower, room.unit, condition.unit))
        upper = _tighter(min, upper, _in_unit(room.upper, room.unit, condition.unit))
        change_limit = _change_in_unit(room, condition.unit)
    return ConditionRange(
        quantity=condition.quantity,
        unit=condition.unit,
        title_vi=condition.title_vi,
        title_en=condition.title_en or condition.title_vi,
        minimum=min(values, default=None),
        maximum=max(values, default=None),
        lower=lower,
        upper=upper,
        change=largest_change(read) if len(read) > 1 else None,
        change_limit=change_limit,
        of_room=(lower, upper, change_limit) != (condition.lower, condition.upper, None),
        complete=_complete(condition.quantity, readings),
    )


def _complete(quantity: str, readings: Sequence[ReadingFacts]) -> bool:
    """Return whether a condition was read at the start and at the end."""
    read = {
        reading.address.sequence
        for reading in readings
        if (reading.address.section, reading.address.point) == (CONDITIONS, quantity)
        and reading.excluded is None
        and reading.value is not None
    }
    return read >= {1, 2}


def _read(readings: Sequence[ReadingFacts], quantity: str, unit: str) -> Iterator[tuple[datetime, Decimal]]:
    """Yield a condition's indications with their times; one whose unit does not fit is left to the guards."""
    for reading in readings:
        here = (reading.address.section, reading.address.point) == (CONDITIONS, quantity)
        if here and reading.excluded is None and reading.value is not None:
            try:
                yield reading.observed_at, convert(reading.value, reading.unit, unit)
            except CalcError:
                continue


def largest_change(read: Sequence[tuple[datetime, Decimal]]) -> Decimal:
    """Return the largest change within an hour: between neighbours in time, spread over what lies between them.

    Less than an hour apart, the whole change counts: a limit of 0.5 °C/h is not broken by 0.2 °C in ten minutes.
    """
    changes = []
    for (earlier, before), (later, after) in pairwise(read):
        hours = Decimal(int((later - earlier).total_seconds())) / _HOUR
        changes.append(abs(after - before) / max(hours, Decimal(1)))
    return max(changes)


def _tighter(choose: Callable[[list[Decimal]], Decimal], own: Decimal | None, other: Decimal | None) -> Decimal | None:
    given = [value for value in (own, other) if value is not None]
    return choose(given) if given else None


def _in_unit(value: Decimal | None, unit: str, wanted: str) -> Decimal | None:
    return None if value is None else convert(value, unit, wanted)


def _change_in_unit(room: RoomLimitFacts, wanted: str) -> Decimal | None:
    """Return the limit of the change in the difference of a condition's unit."""
    if room.change_per_hour is None:
        return None
    unit = ROOM_QUANTITIES[room.quantity][1]
    return convert_difference(room.change_per_hour, unit, "delta_degC" if wanted == "degC" else wanted)
