"""`python -m tests.bench [WORD…]`: time all rows, or those whose name holds a word; prints, writes build/bench.json."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

import tests.bench
from tests.bench.harness import Counted, Outcome, Report, Row, measure

REPORT = Path(__file__).parents[2] / "build" / "bench.json"
_MACHINERY = {"__main__", "harness", "gauge_block", "test_harness"}


def topics() -> list[str]:
    """Return the modules beside this one that offer rows."""
    found = [module.name for module in pkgutil.iter_modules(tests.bench.__path__)]
    return sorted(name for name in found if name not in _MACHINERY)


def rows(words: list[str]) -> list[Row | Counted]:
    """Return all rows, or those whose name holds one of the words."""
    every = [row for topic in topics() for row in importlib.import_module(f"tests.bench.{topic}").rows()]
    return [row for row in every if not words or any(word in row.name for word in words)]


def reports(words: list[str]) -> list[Report]:
    """Return what is only told, all of it or what holds one of the words."""
    modules = [importlib.import_module(f"tests.bench.{topic}") for topic in topics()]
    every = [report for module in modules if hasattr(module, "reports") for report in module.reports()]
    return [report for report in every if not words or any(word in report.name for word in words)]


def _table(outcomes: list[Outcome]) -> Table:
    table = Table("work", "ours", "other", "", "ratio", "limit", "")
    for column in (1, 2, 4, 5):
        table.columns[column].justify = "right"
    for row in outcomes:
        figures = (f"{row.ours:.4g}", f"{row.other:.4g}", row.unit, f"{row.ratio:.3g}", f"{row.limit:g}")
        table.add_row(row.name, *figures, "ok" if row.ok else "TOO SLOW")
    return table


def main() -> int:
    """Measure, print, write; 1 where a ratio is above its limit. What is only told changes nothing of that."""
    outcomes, told = [], []
    for row in rows(sys.argv[1:]):
        print(f"measuring: {row.name}", file=sys.stderr)
        outcomes.append(measure(row))
    for report in reports(sys.argv[1:]):
        print(f"measuring: {report.name}", file=sys.stderr)
        told.append({"name": report.name, "ours": report.measure(), "unit": report.unit})
    REPORT.parent.mkdir(exist_ok=True)
    written = [*(asdict(outcome) for outcome in outcomes), *told]
    REPORT.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    Console(width=None if sys.stdout.isatty() else 140).print(_table(outcomes))
    for figure in told:
        print(f"{figure['name']}: {figure['ours']:.4g} {figure['unit']} (no limit)")
    return 0 if (outcomes or told) and all(outcome.ok for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
