"""The repository holds what was agreed, in readable sizes, and names no place that only its makers know."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.source import PACKAGES, ROOT, committed_files, module_name, python_files, tree_of

_TOP_LEVEL: Final = frozenset({*PACKAGES, "templates", "tests", "pyproject.toml", "Makefile", "LICENSE"})
_TOP_LEVEL_PAGES: Final = frozenset({"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"})
_LONGEST: Final = 500
_NOT_READ_BY_PEOPLE: Final = frozenset({".po", ".lock", ".svg", ".csv", ".xml"})
# Hosts of package registries and mirrors, in pieces so that this file does not hold them itself.
_REGISTRIES: Final = re.compile(
    r"(pypi|pythonhosted|npmjs|yarnpkg|crates|debian|ubuntu)\.(org|io|com)\b|--(extra-)?index-url|--find-links"
)
_ABSOLUTE_PLACES: Final = re.compile(r"(?<![\w/])/(work|root)/")


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def test_the_top_level_is_as_agreed() -> None:
    names = {path.relative_to(ROOT).parts[0] for path in committed_files()}
    locks = {name for name in names if re.fullmatch(r"[a-z.-]*\.lock", name)}
    others = {name for name in names if not name.startswith(".")} - locks - _TOP_LEVEL - _TOP_LEVEL_PAGES
    assert not others, f"not agreed at the top level: {sorted(others)}"
    assert len(locks) == 1
    missing = _TOP_LEVEL | _TOP_LEVEL_PAGES
    assert not missing - names, f"missing at the top level: {sorted(missing - names)}"


def test_no_file_is_too_long_to_read() -> None:
    lengths = {
        str(path.relative_to(ROOT)): text.count("\n")
        for path in committed_files()
        if path.suffix not in _NOT_READ_BY_PEOPLE
        and path.parent.name != "data"
        and path.name != "LICENSE"
        and (text := _text(path)) is not None
    }
    assert {name: length for name, length in lengths.items() if length > _LONGEST} == {}


def test_lims_itself_holds_only_its_docstring() -> None:
    body = tree_of(ROOT / "lims" / "__init__.py").body
    assert len(body) == 1
    assert ast.get_docstring(tree_of(ROOT / "lims" / "__init__.py"))


def test_every_module_says_what_it_is_for() -> None:
    silent = [module_name(path) for path in python_files() if not ast.get_docstring(tree_of(path))]
    assert silent == []


def test_every_part_of_lims_has_its_place_in_the_layers() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    placed = {name for layer in layers for name in re.findall(r"[a-z_.]+", layer)}
    parts = {".".join(module_name(path).split(".")[:2]) for path in python_files()} - set(PACKAGES)
    parts = {name for name in parts if name.startswith("lims.")}
    assert parts - placed - {"lims.deploy"} == set(), (
        "give it a line in pyproject.toml, [[tool.importlinter.contracts]]"
    )


@pytest.mark.parametrize("pattern", [_REGISTRIES, _ABSOLUTE_PLACES], ids=["registries", "places"])
def test_no_file_names_a_place_of_its_makers(pattern: re.Pattern[str]) -> None:
    found = {
        str(path.relative_to(ROOT)): match.group()
        for path in committed_files()
        if path != Path(__file__) and (match := pattern.search(_text(path) or ""))
    }
    assert found == {}


def test_no_file_is_called_utils() -> None:
    vague = {"utils.py", "util.py", "helpers.py", "misc.py", "common.py"}
    assert [path.name for path in committed_files() if path.name in vague] == []
