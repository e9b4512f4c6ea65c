"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final

from sqlalchemy import BigInteger, DateTime, Integer, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator

BigKey = BigInteger().with_variant(Integer(), "sqlite")
"""64-bit key; SQLite only numbers rows by itself when the type is exactly INTEGER."""


_NAIVE: Final = "a naive datetime cannot be stored: it names no instant"
_WITHOUT_ZONE: Final = len("2026-03-02 08:01:00.000000")


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Naive values are refused; what comes back is always in UTC (SQLite drops the zone otherwise)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC before storing."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(_NAIVE)
        if value.tzinfo is not UTC:
            value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """Return what converts a value; SQLite's text is written as SQLAlchemy writes it, in one go."""
        if dialect.name != "sqlite":
            return super().bind_processor(dialect)

        def as_text(value: datetime | None) -> str | None:
            if value is None:
                return None
            if value.tzinfo is None:
                raise ValueError(_NAIVE)
            if value.tzinfo is not UTC:
                value = value.astimezone(UTC)
            return value.isoformat(" ", "microseconds")[:_WITHOUT_ZONE]

        return as_text

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware value in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class DecimalText(TypeDecorator[Decimal]):
    """An exact decimal number kept as text, trailing zeros included, on both databases.

    SQLAlchemy's Numeric turns 10000.0050 into 10000.004999999999200 on SQLite.
    """

    impl = String(64)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Store the number's own text; floats are refused, for they carry no exact decimal value."""
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise TypeError(f"a Decimal is needed, not {type(value).__name__}")
        if not value.is_finite():
            raise ValueError("only finite numbers can be stored")
        return f"{value:f}"

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        """Read the text as Decimal."""
        if value is None:
            return None
        try:
            return Decimal(value)
        except InvalidOperation as error:  # pragma: no branch - a corrupt row must not pass as a number
            raise ValueError(f"stored text {value!r} is not a number") from error


Key = Annotated[int, mapped_column(BigKey, primary_key=True)]
Instant = Annotated[datetime, mapped_column(UtcDateTime)]
OptionalInstant = Annotated[datetime | None, mapped_column(UtcDateTime)]
Exact = Annotated[Decimal, mapped_column(DecimalText)]
OptionalExact = Annotated[Decimal | None, mapped_column(DecimalText)]
Code = Annotated[str, mapped_column(String(64))]
Name = Annotated[str, mapped_column(String(300))]
Unit = Annotated[str, mapped_column(String(40))]
Sha256 = Annotated[str, mapped_column(String(64))]
LongText = Annotated[str, mapped_column(Text)]
