"""Gapless numbers: a counter row per site, kind and year, locked in the transaction that takes the number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from lims.core.errors import ConfigurationError
from lims.core.models import NumberCounter, NumberPattern

DEFAULT_PATTERN: Final = "{kind}-{site}-{year}-{number:05d}"


@dataclass(frozen=True, slots=True)
class NumberKind:
    """What is numbered: its code in the counter, and the pattern used where a site has set none.

    A pattern may use {number} (with a width, {number:04d}), {year}, {yy}, {site} and {kind}.
    """

    code: str
    default_pattern: str = DEFAULT_PATTERN


def take_number(session: Session, kind: NumberKind, *, site_id: int, site_code: str, on: date) -> str:
    """Take the next number of a kind at a site in a year, locking the counter until the transaction ends.

    A rolled-back transaction gives its number back, so none is ever missing.
    """
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    key = {"site_id": site_id, "kind": kind.code, "year": on.year}
    start = insert(NumberCounter).values(**key, last_number=0)
    session.execute(start.on_conflict_do_nothing(index_elements=["site_id", "kind", "year"]))
    step = (
        update(NumberCounter)
        .filter_by(**key)
        .values(last_number=NumberCounter.last_number + 1)
        .returning(NumberCounter.last_number)
        .execution_options(synchronize_session=False)
    )
    number = session.execute(step).scalar_one()
    return format_number(
        _pattern(session, kind, site_id, on), number, site_code=site_code, year=on.year, kind=kind.code
    )


def format_number(pattern: str, number: int, *, site_code: str, year: int, kind: str) -> str:
    """Return the printed number. Raises ConfigurationError if the pattern names something unknown or lacks {number}."""
    if "{number" not in pattern:
        raise ConfigurationError("numbering.pattern_without_number", pattern=pattern)
    try:
        return pattern.format(number=number, year=year, yy=f"{year % 100:02d}", site=site_code, kind=kind)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise ConfigurationError("numbering.pattern_invalid", pattern=pattern) from error


def _pattern(session: Session, kind: NumberKind, site_id: int, on: date) -> str:
    in_force = (
        select(NumberPattern.pattern)
        .where(NumberPattern.site_id == site_id, NumberPattern.kind == kind.code, NumberPattern.valid_from <= on)
        .order_by(NumberPattern.valid_from.desc())
        .limit(1)
    )
    return session.execute(in_force).scalar_one_or_none() or kind.default_pattern
