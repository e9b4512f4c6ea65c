"""Every service that changes something says so in the audit trail."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.source import module_name, python_files, tree_of


def _services() -> list[tuple[Path, str]]:
    """Return what people can do: public functions of a session, an actor and the time.

    A `check_...` only refuses, a `preview_...` only shows. A step that services of the same package share, and that
    nobody else calls, is not a service: those that call it leave the trace.
    """
    return [
        (path, function.name)
        for path in _service_files()
        for function in _functions(path).values()
        if not function.name.startswith(("_", "check_", "preview_"))
        and {"session", "actor", "now"} <= _parameters(function)
        and not (function.name in _imported_by_siblings(path) and function.name not in _called_from_outside())
    ]


@cache
def _service_files() -> tuple[Path, ...]:
    return tuple(path for path in python_files() if path.stem == "services" or path.stem.endswith("_services"))


def _imported_by_siblings(path: Path) -> set[str]:
    return {
        name.name
        for sibling in _service_files()
        if sibling.parent == path.parent
        for node in ast.walk(tree_of(sibling))
        if isinstance(node, ast.ImportFrom) and node.module == module_name(path)
        for name in node.names
    }


@cache
def _called_from_outside() -> frozenset[str]:
    """Return the names that modules other than services look up in something: `services.open_run`."""
    return frozenset(
        node.attr
        for path in python_files()
        if path not in _service_files()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute)
    )


def _functions(path: Path) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in tree_of(path).body if isinstance(node, ast.FunctionDef)}


def _parameters(function: ast.FunctionDef) -> set[str]:
    arguments = function.args
    return {argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}


def _records(path: Path, name: str, seen: frozenset[tuple[Path, str]] = frozenset()) -> bool:
    """Return whether a function calls `audit.record`, itself or through functions that it calls by name."""
    function = _functions(path).get(name)
    if function is None or (path, name) in seen:
        return False
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        if ast.unparse(node.func) == "audit.record":
            return True
        place = _place(path, node.func)
        if place is not None and _records(*place, seen | {(path, name)}):
            return True
    return False


def _place(path: Path, called: ast.expr) -> tuple[Path, str] | None:
    """Return the file and the name of a function that is called: of this file, imported, or of an imported module."""
    if isinstance(called, ast.Name):
        module, name = _imports(path).get(called.id, (module_name(path), called.id))
        return (_FILES[module], name) if module in _FILES else None
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        parent, name = _imports(path).get(called.value.id, ("", ""))
        return (_FILES[f"{parent}.{name}"], called.attr) if f"{parent}.{name}" in _FILES else None
    return None


_FILES = {module_name(path): path for path in python_files()}


@cache
def _imports(path: Path) -> dict[str, tuple[str, str]]:
    """Return what each imported name stands for: the module, and the name in it."""
    return {
        name.asname or name.name: (node.module or "", name.name)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }


def test_there_are_services() -> None:
    assert len(_services()) > 20


@pytest.mark.parametrize(("path", "name"), _services(), ids=[f"{module_name(p)}.{n}" for p, n in _services()])
def test_a_service_leaves_a_trace(path: Path, name: str) -> None:
    assert _records(path, name), f"{name} changes something without audit.record"
