"""A file of cases as a whole: its schema, its title, and its cases under their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from calc.cases.tables import Table, plain, shortened
from calc.errors import InvalidQuantity

SCHEMA = 1
MOST_CASES = 10_000


@dataclass(frozen=True, slots=True)
class Document:
    """A file of cases: its title and the cases, none of them looked into yet."""

    title: str
    cases: tuple[Table, ...]


def read_document(content: Mapping[str, object]) -> Document:
    """Return the cases of a parsed TOML file.

    A case without a usable `id` is named by its place ("case 3"); one whose `id` was used before carries a note. Raises
    InvalidQuantity for another schema than 1 or no case at all.
    """
    schema = content.get("schema", SCHEMA)
    if schema != SCHEMA or isinstance(schema, bool):
        raise InvalidQuantity("case.schema", value=shortened(schema))
    items = content.get("case")
    if not isinstance(items, list) or not items:
        raise InvalidQuantity("case.none")
    if len(items) > MOST_CASES:
        raise InvalidQuantity("case.too_large", case="", field="case", limit=MOST_CASES, value=len(items))
    tables: list[Table] = []
    used: set[str] = set()
    for index, item in enumerate(items, 1):
        place = f"case {index}"
        if not isinstance(item, Mapping):
            raise InvalidQuantity("case.wrong_type", case=place, field="case", expected="table", value=shortened(item))
        named = item.get("id")
        name = named.strip() if isinstance(named, str) and named.strip() else place
        tables.append(Table(item, name, notes=[("case.duplicate_id", plain(name))] if name in used else []))
        used.add(name)
    title = content.get("document", "")
    return Document(title if isinstance(title, str) else "", tuple(tables))
