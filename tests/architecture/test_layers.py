"""Inside a package a file imports only files named before it, and what decides stays free of web and database.

The contracts between packages are in pyproject.toml and run by `make check`; these tests know the file names that mean
the same thing everywhere, also with a subject before them (`reading_services` is a `services`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from typing import Final

import grimp
import pytest

from tests.architecture.source import PACKAGES, ROOT, module_name, python_files

# A file may import those of its own and of earlier groups.
_ORDER: Final[tuple[frozenset[str], ...]] = (
    frozenset({"facts", "content"}),  # content: frozen dataclasses of what a certificate says
    frozenset({"commands"}),
    frozenset({"workflow", "traceability", "validity", "inputs", "compose", "access", "layouts"}),
    frozenset({"models"}),
    frozenset({"queries"}),
    frozenset({"services"}),
    frozenset({"forms"}),
    frozenset({"views", "api", "pages"}),
)
_PURE: Final = _ORDER[0] | _ORDER[1] | _ORDER[2]
_NO_WEB: Final = _PURE | {"models", "queries", "services"}
_WEB: Final = (
    "flask",
    "flask_babel",
    "flask_login",
    "flask_wtf",
    "flask_bootstrap",
    "werkzeug",
    "wtforms",
)
_DATABASE: Final = ("sqlalchemy", "alembic", "psycopg", "sqlite3")
_CALC_MAY_IMPORT: Final = frozenset({"calc", "numpy", "scipy", "uncertainties"}) | sys.stdlib_module_names
_CALC_MAY_NOT: Final = frozenset({"os", "io", "pathlib", "tempfile", "time", "datetime", "random", "sqlite3", "socket"})


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


def _kind(module: str) -> str | None:
    """Return what a module's file name means: `services` for lims.calibrations.reading_services."""
    word = module.rpartition(".")[2].rpartition("_")[2]
    return word if any(word in group for group in _ORDER) else None


def _rank(kind: str) -> int:
    return next(rank for rank, group in enumerate(_ORDER) if kind in group)


def _package(module: str) -> str:
    return module.rpartition(".")[0]


def _modules(kinds: Iterable[str]) -> list[str]:
    wanted = set(kinds)
    names = sorted(module_name(path) for path in python_files())
    return [name for name in names if _kind(name) in wanted and not name.startswith(("calc.", "lims.core."))]


@pytest.mark.parametrize("module", _modules(frozenset().union(*_ORDER)))
def test_a_file_imports_only_files_named_before_it(module: str) -> None:
    kind = _kind(module)
    assert kind is not None
    later = {
        found
        for found in _graph().find_upstream_modules(module)
        if _package(found) == _package(module) and (other := _kind(found)) is not None and _rank(other) > _rank(kind)
    }
    assert {name: _graph().find_shortest_chain(module, name) for name in later} == {}


@pytest.mark.parametrize("module", _modules(_NO_WEB))
def test_rules_queries_and_services_know_no_web(module: str) -> None:
    assert _chains(module, _WEB) == []


@pytest.mark.parametrize("module", _modules(_PURE))
def test_facts_and_rules_know_no_database(module: str) -> None:
    assert _chains(module, _DATABASE) == []


def _chains(module: str, forbidden: Iterable[str]) -> list[tuple[str, ...]]:
    known = _graph().modules
    chains = (_graph().find_shortest_chain(module, name) for name in forbidden if name in known)
    return [chain for chain in chains if chain is not None]


def test_the_calculation_core_imports_only_what_it_may() -> None:
    outside = {
        (module, name)
        for module in _graph().modules
        if module.partition(".")[0] == "calc"
        for name in _graph().find_modules_directly_imported_by(module)
        if name.partition(".")[0] not in _CALC_MAY_IMPORT or name.partition(".")[0] in _CALC_MAY_NOT
    }
    assert {pair for pair in outside if pair != ("calc.units", "pint")} == set()


def test_every_module_imports_alone() -> None:
    modules = sorted(module_name(path) for path in python_files())
    assert _complaints(modules) == {}


def test_an_import_that_fails_is_seen() -> None:
    assert "ModuleNotFoundError" in _complaints(["calc.no_such_module"])["calc.no_such_module"]


def _complaints(modules: list[str]) -> dict[str, str]:
    """Import each module in a process that knows none of the others; returns what the failing ones raised."""
    command = [sys.executable, "-W", "error", "-m", "tests.architecture.import_alone"]
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # a process with threads is not forked safely
    done = subprocess.run(
        command,
        input="\n".join(modules),
        cwd=ROOT,
        env={**os.environ, **one_thread},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    complaints: dict[str, str] = json.loads(done.stdout)
    return complaints
