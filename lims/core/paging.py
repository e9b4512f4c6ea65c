"""Lists in pages of fifty rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

Item = TypeVar("Item")
Other = TypeVar("Other")
PAGE_SIZE: Final = 50
LAST_PAGE: Final = 100_000


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list: its rows, its number (from 1), and how many rows there are in all."""

    items: Sequence[Item]
    total: int
    number: int = 1
    size: int = PAGE_SIZE

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """The place of the first row shown, from 1; 0 if there is none."""
        return 0 if not self.items else (self.number - 1) * self.size + 1

    @property
    def last(self) -> int:
        """The place of the last row shown."""
        return 0 if not self.items else self.first + len(self.items) - 1

    def mapped(self, change: Callable[[Item], Other]) -> Page[Other]:
        """Return the same page with every row changed."""
        return Page([change(item) for item in self.items], self.total, self.number, self.size)


def paginate(session: Session, query: Select[*tuple[Any, ...]], number: int = 1, *, size: int = PAGE_SIZE) -> Page[Any]:
    """Run a select for one page; rows are what the select yields first (scalars for a select of one thing)."""
    total = session.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()
    number = min(max(1, number), max(1, -(-total // size)))
    rows = session.execute(query.limit(size).offset((number - 1) * size))
    single = len(query.column_descriptions) == 1
    return Page(list(rows.scalars()) if single else list(rows), total, number, size)
