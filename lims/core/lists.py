"""Lists: what an address asks of one, and the page of rows that answers it.

An address names words (`q`), values of filters (each under the filter's own name, several mean any of them), an order
(`sort`, a column's name, with a minus for the last first) and a page. `ListRequest` holds that as it came; a list takes
from it what it offers and leaves the rest. `SqlList` answers from a statement, `PlainList` from computed rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, case, func, or_
from sqlalchemy.orm import Session

from lims.core.paging import LAST_PAGE, PAGE_SIZE, Page
from lims.core.text import fold

Item = TypeVar("Item")
Other = TypeVar("Other")
Condition = ColumnElement[bool]
Filters = Mapping[str, Mapping[str, Condition]]

LONGEST_SEARCH: Final = 200
MOST_WORDS: Final = 12
MOST_VALUES: Final = 50
ANY: Final = "any"
"""The value by which an address asks for what a filter leaves out while nothing is chosen."""


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What is asked of a list; names and values that a list does not offer mean nothing to it."""

    text: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = ""
    page: int = 1

    @property
    def words(self) -> list[str]:
        """The words sought: folded, each once."""
        return list(dict.fromkeys(fold(self.text).split()))[:MOST_WORDS]

    def first(self, name: str) -> str:
        """Return the first value chosen under a name, or nothing."""
        return next(iter(self.chosen.get(name, ())), "")

    def key(self, name: str) -> int | None:
        """Return the first value under a name as the key of a record, or None."""
        text = self.first(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


EVERYTHING: Final = ListRequest()
"""A list as it stands when nothing is asked of it."""


def parse_list(parameters: Mapping[str, Sequence[str]]) -> ListRequest:
    """Read the parameters of an address; nonsense is left out, nothing is refused."""

    def first(name: str) -> str:
        return next(iter(parameters.get(name, ())), "").strip()

    page = first("page")
    return ListRequest(
        text=first("q")[:LONGEST_SEARCH],
        chosen={
            name: tuple(dict.fromkeys(value for value in values if value))[:MOST_VALUES]
            for name, values in parameters.items()
            if name not in {"q", "sort", "page"} and any(values)
        },
        sort=first("sort")[:60],
        page=min(int(page), LAST_PAGE) if page.isascii() and page.isdigit() and len(page) < 9 else 1,
    )


@dataclass(frozen=True, slots=True)
class Listed(Page[Item]):
    """One page of a list with what was asked: for chips with their counts, sortable heads and the foot.

    `counts` says per filter and value how many rows fit when the other filters and the words hold.
    """

    text: str = ""
    chosen: Mapping[str, frozenset[str]] = field(default_factory=dict)
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    sort: str = ""
    totals: Mapping[str, int] = field(default_factory=dict)
    resting: Mapping[str, tuple[bool, int]] = field(default_factory=dict)
    """Per filter that leaves something out while nothing is chosen: whether it does now, and how many rows then fit."""

    @property
    def narrowed(self) -> bool:
        """Whether words or filters leave rows out."""
        return bool(self.text) or any(self.chosen.values())

    def has(self, name: str, value: str) -> bool:
        """Return whether a value of a filter is chosen."""
        return value in self.chosen.get(name, frozenset())

    def toggled(self, name: str, value: str) -> list[str]:
        """Return the values of a filter after one is switched, in the order in which the list offers them."""
        present = self.chosen.get(name, frozenset()) ^ {value}
        return [one for one in self.counts.get(name, {}) if one in present]

    def offered(self, name: str) -> Iterator[tuple[str, int]]:
        """Yield the values of a filter that have rows or are chosen, with their numbers of rows."""
        for value, count in self.counts.get(name, {}).items():
            if count or self.has(name, value):
                yield value, count

    def mapped(self, change: Callable[[Item], Other]) -> Listed[Other]:
        """Return the same page with every row changed."""
        return Listed(
            [change(item) for item in self.items],
            self.total,
            self.number,
            self.size,
            text=self.text,
            chosen=self.chosen,
            counts=self.counts,
            sort=self.sort,
            totals=self.totals,
            resting=self.resting,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlList:
    """A list that the database filters, counts and sorts, with a number of statements that rows do not change.

    `query` selects every row the reader may see, joined one to one from where `select_from` begins; `searched` says
    what a folded word means; `sorts` are ascending, empty values last either way; `key` makes every order definite.
    `unless` holds for a filter while none of its values is chosen, nor `ANY`: what is retired is shown to whoever asks.
    """

    query: Select[*tuple[Any, ...]]
    key: SQLColumnExpression[Any]
    sorts: Mapping[str, Sequence[SQLColumnExpression[Any]]]
    sort: str
    searched: Callable[[str], Condition] | None = None
    filters: Filters = field(default_factory=dict)
    unless: Mapping[str, Condition] = field(default_factory=dict)
    totals: Mapping[str, SQLColumnExpression[Any]] = field(default_factory=dict)

    def answer(self, session: Session, request: ListRequest, *, size: int = PAGE_SIZE) -> Listed[Any]:
        """Return the page asked for: rows as the statement selects them (scalars where it selects one thing)."""
        chosen = _chosen(request, self.filters)
        words = [] if self.searched is None else [self.searched(word) for word in request.words]
        conditions = {name: one for name, one in self.unless.items() if ANY not in request.chosen.get(name, ())}
        resting = conditions.keys() - chosen.keys()
        conditions |= {name: or_(*(self.filters[name][one] for one in sorted(chosen[name]))) for name in chosen}
        fitting = self.query.where(*words, *conditions.values())
        total, totals = self._totals(session, fitting)
        number = min(max(1, request.page), max(1, -(-total // size)))
        sort, order = self._order(request.sort)
        rows = session.execute(fitting.order_by(None).order_by(*order).limit(size).offset((number - 1) * size))
        counts = self._counts(session, words, conditions)
        single = len(self.query.column_descriptions) == 1
        return Listed(
            list(rows.scalars()) if single else list(rows),
            total,
            number,
            size,
            text=request.text if self.searched is not None else "",
            chosen=chosen,
            counts=counts,
            sort=sort,
            totals=totals,
            resting={name: (name in resting, counts[name].pop(ANY)) for name in self.unless},
        )

    def _totals(self, session: Session, fitting: Select[*tuple[Any, ...]]) -> tuple[int, Mapping[str, int]]:
        columns = [func.count(), *(func.coalesce(column, 0) for column in self.totals.values())]
        found = session.execute(_only(fitting, columns)).one()
        return int(found[0]), {name: int(value) for name, value in zip(self.totals, found[1:], strict=True)}

    def _counts(
        self, session: Session, words: Sequence[Condition], conditions: Mapping[str, Condition]
    ) -> dict[str, dict[str, int]]:
        counts = {}
        for name, values in self.filters.items():
            if name in self.unless:
                values = {**values, ANY: self.unless[name]}
            others = [condition for other, condition in conditions.items() if other != name]
            columns = [func.count(case((condition, 1))) for condition in values.values()]
            query = _only(self.query.where(*words, *others), columns)
            found = session.execute(query).one() if columns else ()
            counts[name] = {value: int(count) for value, count in zip(values, found, strict=True)}
        return counts

    def _order(self, asked: str) -> tuple[str, list[SQLColumnExpression[Any]]]:
        sort = asked if asked.removeprefix("-") in self.sorts else self.sort
        columns = [*self.sorts[sort.removeprefix("-")], self.key]
        if sort.startswith("-"):
            return sort, [column.desc().nulls_last() for column in columns]
        return sort, [column.asc().nulls_last() for column in columns]


def _only(query: Select[*tuple[Any, ...]], columns: Sequence[ColumnElement[Any]]) -> Select[*tuple[Any, ...]]:
    return query.with_only_columns(*columns).order_by(None)


def every_word(column: SQLColumnExpression[str]) -> Callable[[str], Condition]:
    """Return the search in one folded column, such as `search_text`."""
    return lambda word: column.contains(word, autoescape=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainList(Generic[Item]):
    """A list of rows that rules have worked out, few enough to hold; the same requests, the same answers."""

    rows: Sequence[Item]
    sorts: Mapping[str, Callable[[Item], Any]]
    sort: str
    searched: Callable[[Item], str]
    filters: Mapping[str, Mapping[str, Callable[[Item], bool]]] = field(default_factory=dict)

    def answer(self, request: ListRequest, *, size: int = PAGE_SIZE) -> Listed[Item]:
        """Return the page asked for. `searched` gives the folded text of a row, `sorts` a key or None for the end."""
        chosen = _chosen(request, self.filters)
        found = [row for row in self.rows if all(word in self.searched(row) for word in request.words)]
        counts = {
            name: {
                value: sum(fits(row) for row in found if self._fits(row, chosen, but=name))
                for value, fits in values.items()
            }
            for name, values in self.filters.items()
        }
        fitting = [row for row in found if self._fits(row, chosen)]
        sort = request.sort if request.sort.removeprefix("-") in self.sorts else self.sort
        key = self.sorts[sort.removeprefix("-")]
        known = sorted((row for row in fitting if key(row) is not None), key=key, reverse=sort.startswith("-"))
        ordered = known + [row for row in fitting if key(row) is None]
        number = min(max(1, request.page), max(1, -(-len(ordered) // size)))
        rows = ordered[(number - 1) * size : number * size]
        return Listed(rows, len(ordered), number, size, text=request.text, chosen=chosen, counts=counts, sort=sort)

    def _fits(self, row: Item, chosen: Mapping[str, frozenset[str]], but: str = "") -> bool:
        return all(
            any(self.filters[name][value](row) for value in values) for name, values in chosen.items() if name != but
        )


def _chosen(request: ListRequest, filters: Mapping[str, Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    found = {name: frozenset(request.chosen.get(name, ())) & values.keys() for name, values in filters.items()}
    return {name: frozenset(values) for name, values in found.items() if values}
