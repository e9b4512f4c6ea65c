"""Every error code that is raised has words, and the words ask for no value that the error does not carry."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

import calc.errors
from tests.architecture.source import module_name, python_files, tree_of

_ERRORS: Final = {
    # the error, and which of its arguments is the code
    "RuleViolation": 0,
    "NotFound": 0,
    "Forbidden": 0,
    "StaleRecord": 0,
    "IntegrityFailure": 0,
    "ConfigurationError": 0,
    "FieldError": 1,
    "InvalidInput.of": 1,
}
_CALC_ERRORS: Final = ("CalcError", "InvalidQuantity", "OutsideValidity", "NotConverged")


@dataclass(frozen=True)
class Raised:
    """One place where an error is made: where, its code, the values it carries (None: not to be seen from here)."""

    place: str
    code: str
    values: frozenset[str] | None


@cache
def _words() -> dict[str, str]:
    modules = [module_name(path) for path in python_files() if path.stem.endswith("messages")]
    words: dict[str, str] = {}
    for module in modules:
        words.update(getattr(import_module(module), "MESSAGES", {}))
    return words


def _raised(path: Path) -> Iterator[Raised]:
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call):
            continue
        position = _ERRORS.get(ast.unparse(node.func).removeprefix("errors."))
        if position is None or len(node.args) <= position:
            continue
        code = node.args[position]
        if isinstance(code, ast.Constant) and isinstance(code.value, str):
            yield Raised(f"{module_name(path)}:{node.lineno}", code.value, _values(node, position))


def _values(node: ast.Call, position: int) -> frozenset[str] | None:
    if ast.unparse(node.func) == "FieldError":
        given = (
            node.args[2] if len(node.args) > 2 else next((k.value for k in node.keywords if k.arg == "values"), None)
        )
        if given is None:
            return frozenset()
        if isinstance(given, ast.Dict) and all(isinstance(key, ast.Constant) for key in given.keys):
            return frozenset(str(key.value) for key in given.keys if isinstance(key, ast.Constant))
        return None
    if any(keyword.arg is None for keyword in node.keywords):
        return None
    return frozenset(keyword.arg for keyword in node.keywords if keyword.arg is not None) - {"clause"}


def test_every_code_has_words() -> None:
    raised = [error for path in python_files() for error in _raised(path)]
    assert len(raised) > 50
    assert [f"{error.place}: {error.code}" for error in raised if error.code not in _words()] == []


def test_words_ask_only_for_values_that_are_given() -> None:
    wrong = [
        f"{error.place}: {error.code} lacks {sorted(lacking)}"
        for path in python_files()
        for error in _raised(path)
        if error.values is not None
        and (lacking := set(re.findall(r"%\((\w+)\)", _words().get(error.code, ""))) - error.values)
    ]
    assert wrong == []


def test_every_code_of_the_calculation_core_has_words() -> None:
    """The core names a code; it is shown to people, in their language, by the applications' words."""
    assert set(calc.errors.ENGLISH) - set(_words()) == set()


def test_no_code_of_the_calculation_core_is_unknown_to_its_list() -> None:
    codes = {
        node.args[0].value
        for path in python_files()
        if module_name(path).startswith("calc.")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALC_ERRORS and node.args
        if isinstance(node.args[0], ast.Constant)
    }
    assert codes
    assert codes - set(calc.errors.ENGLISH) == set()


def test_every_warning_of_the_calculation_core_has_words() -> None:
    warned = {
        str(argument.value)
        for path in python_files()
        if module_name(path).startswith("calc.")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in {"EvaluationWarning", "CurveNote"} and node.args
        if isinstance(argument := node.args[0], ast.Constant)
    }
    assert len(warned) > 4
    assert {f"evaluation_warning.{code}" for code in warned} - set(_words()) == set()
