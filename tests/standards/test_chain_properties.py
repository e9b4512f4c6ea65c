"""The walk upward on random graphs, against brute force: every simple path is followed, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from standards.calibration_facts import CalibrationFacts, CalibrationSource, EdgeFacts
from standards.facts import StandardRole, StandardState, StateChange
from standards.traceability import ChainFacts, creates_cycle, trace
from tests.standards.plain import calibration, standard

_FIRST = date(2026, 1, 1)
_QUARANTINED_ON = datetime(2026, 1, 10, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Graph:
    """Calibrations by number with the day they were made, those above each, and what is wrong with some."""

    days: tuple[int, ...]
    uppers: tuple[tuple[int, ...], ...]
    standards: tuple[int, ...]
    expired: frozenset[int]
    quarantined: frozenset[int]
    without_end: frozenset[int]

    def facts(self) -> ChainFacts:
        """The same as facts; a calibration with something above it was made here, others come from outside."""
        calibrations = {key: self._calibration(key) for key in range(len(self.days))}
        available = StateChange(StandardState.AVAILABLE, datetime(2025, 1, 1, tzinfo=UTC))
        blocked = StateChange(StandardState.QUARANTINED, _QUARANTINED_ON)
        return ChainFacts(
            calibrations,
            {
                key: replace(standard(key), states=(available, blocked) if key in self.quarantined else (available,))
                for key in set(self.standards)
            },
        )

    def _calibration(self, key: int) -> CalibrationFacts:
        made = _FIRST + timedelta(days=self.days[key])
        plain = replace(
            calibration(key, self.standards[key]),
            calibrated_on=made,
            accepted_at=datetime(2025, 12, 1, tzinfo=UTC),
            valid_until=made + timedelta(days=2) if key in self.expired else None,
        )
        if key in self.without_end:
            plain = replace(plain, terminals=())
        if not self.uppers[key]:
            return plain
        edges = tuple(EdgeFacts(key, upper, StandardRole.REFERENCE) for upper in self.uppers[key])
        return replace(plain, source=CalibrationSource.IN_HOUSE, terminals=(), edges=edges)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    size = draw(st.integers(1, 6))
    keys = st.integers(0, size - 1)
    return Graph(
        days=tuple(draw(st.lists(st.integers(0, 20), min_size=size, max_size=size))),
        uppers=tuple(
            tuple(upper for upper in draw(st.lists(keys, max_size=3, unique=True)) if upper != key)
            for key in range(size)
        ),
        standards=tuple(draw(st.lists(st.integers(0, 7), min_size=size, max_size=size))),
        expired=draw(st.frozensets(keys)),
        quarantined=draw(st.frozensets(st.integers(0, 7), max_size=2)),
        without_end=draw(st.frozensets(keys, max_size=2)),
    )


def _paths(graph: Graph, path: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Every way upward that comes nowhere twice, and those that do, up to the step back."""
    yield path
    if path[-1] not in path[:-1]:
        for upper in graph.uppers[path[-1]]:
            yield from _paths(graph, (*path, upper))


def _expected(graph: Graph) -> tuple[set[tuple[int, str]], bool]:
    """Return the breaks as calibration and code, and whether a way comes back to itself."""
    found: set[tuple[int, str]] = set()
    cyclic = False
    for path in _paths(graph, (0,)):
        last = path[-1]
        cyclic = cyclic or last in path[:-1]
        if not graph.uppers[last] and last in graph.without_end:
            found.add((last, "chain.no_terminal"))
        if len(path) > 1:
            used = graph.days[path[-2]]
            if graph.days[last] > used:
                found.add((last, "use.calibrated_later"))
            if last in graph.expired and graph.days[last] + 2 < used:
                found.add((last, "use.expired"))
            if graph.standards[last] in graph.quarantined and _FIRST + timedelta(days=used) > _QUARANTINED_ON.date():
                found.add((last, "use.quarantined"))
    return found, cyclic


@settings(deadline=None)
@given(graphs())
def test_the_breaks_are_those_of_every_path(graph: Graph) -> None:
    chain = trace(graph.facts(), 0, _FIRST + timedelta(days=30))
    expected, cyclic = _expected(graph)
    found = {(item.calibration_id, item.code) for item in chain.breaks}
    assert {item for item in found if item[1] != "chain.cycle"} == expected
    assert any(code == "chain.cycle" for _, code in found) == cyclic
    assert chain.holds == (not expected and not cyclic)
    assert all(item.clause for item in chain.breaks)


@settings(deadline=None)
@given(graphs())
def test_the_nodes_are_those_of_every_path_each_above_what_rests_on_it(graph: Graph) -> None:
    chain = trace(graph.facts(), 0, _FIRST + timedelta(days=30))
    paths = list(_paths(graph, (0,)))
    assert sorted(node.calibration_id for node in chain.nodes) == sorted({key for path in paths for key in path})
    assert {(edge.lower_id, edge.upper_id) for edge in chain.edges} == {
        (path[-2], path[-1]) for path in paths if len(path) > 1
    }
    if not _expected(graph)[1]:
        layers = {node.calibration_id: node.layer for node in chain.nodes}
        heights = {key: max(len(path) for path in _paths(graph, (key,))) for key in layers}
        assert layers == heights


@settings(deadline=None)
@given(graphs(), st.integers(0, 7))
def test_a_new_calibration_is_refused_exactly_where_its_standard_stands_above(graph: Graph, own: int) -> None:
    found = creates_cycle(graph.facts(), own, [0])
    above = {graph.standards[key] for path in _paths(graph, (0,)) for key in path}
    assert (found is not None) == (own in above)
