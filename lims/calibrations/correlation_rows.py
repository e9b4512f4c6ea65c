"""Which lines of a budget are correlated, and why: read from the record that was evaluated. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

from lims.calibrations.detail_facts import CorrelationRow
from lims.procedures.definition_facts import Section

STATED: Final = "procedure"


def correlations_of(
    record: Mapping[str, Any], section: Section, symbols: Mapping[str, str], budget: Sequence[Mapping[str, Any]]
) -> tuple[CorrelationRow, ...]:
    """Return the correlated pairs among the standards of a budget, in its order; `symbols` are the model's names."""
    lines = {line["key"]: line for line in budget}
    found: dict[frozenset[str], CorrelationRow] = {}
    for pair, row in (*_of_sets(record, lines), *_shared(record, lines), *_stated(section, symbols, lines)):
        found.setdefault(frozenset(pair), row)
    return tuple(found.values())


_Lines = Mapping[str, Mapping[str, Any]]
_Pair = tuple[tuple[str, str], CorrelationRow]


def _row(lines: _Lines, pair: tuple[str, str], coefficient: str, origin: str, by: tuple[str, ...] = ()) -> _Pair:
    first, second = (f"{lines[key]['symbol']} {lines[key]['origin']}".strip() for key in pair)
    return pair, CorrelationRow(first, second, coefficient, origin, by)


def _of_sets(record: Mapping[str, Any], lines: _Lines) -> Iterator[_Pair]:
    """Yield elements of one calibration that stand together in the budget."""
    contents = {f"reference/{entry['digest']}": entry["content_id"] for entry in record["references"]}
    stated = {(entry["first"], entry["second"]): entry for entry in record["correlations"]}
    for one, other in combinations([key for key in lines if key in contents], 2):
        first, second = sorted((contents[one], contents[other]))
        entry = stated.get((first, second))
        if entry is not None:
            yield _row(lines, (one, other), entry["coefficient"], entry["origin"])


def _shared(record: Mapping[str, Any], lines: _Lines) -> Iterator[_Pair]:
    for entry in record.get("shared", ()):
        pair = (f"reference/{entry['first']}", f"reference/{entry['second']}")
        if pair[0] in lines and pair[1] in lines:
            yield _row(lines, pair, entry["coefficient"], entry["origin"], tuple(entry["ancestors"]))


def _stated(section: Section, symbols: Mapping[str, str], lines: _Lines) -> Iterator[_Pair]:
    named: dict[str, list[str]] = {}
    for key, line in lines.items():
        for name in line["symbol"].split(", "):
            named.setdefault(symbols.get(name, name), []).append(key)
    for stated in section.correlations:
        for one in named.get(stated.first, ()):
            for other in named.get(stated.second, ()):
                if one != other:
                    yield _row(lines, (one, other), f"{stated.coefficient:f}", STATED, (stated.reason,))
