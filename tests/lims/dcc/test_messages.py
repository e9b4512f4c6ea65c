"""Every code that is found has words."""

from __future__ import annotations

import ast
import re

from lims.dcc.messages import LABELS, MESSAGES
from lims.dcc.trust import Trust
from lims.dcc.value_facts import Component, Place, UnitState
from tests.architecture.source import module_name, python_files, tree_of

_CODE = re.compile(r"dcc\.[a-z_.]*[a-z]")


def _codes() -> set[str]:
    modules = {path for path in python_files() if module_name(path).startswith("lims.dcc.") and path.stem != "messages"}
    return {
        node.value
        for path in modules
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value)
    }


def test_every_code_has_words() -> None:
    codes = _codes() - {"dcc.xsd"}
    assert len(codes) > 50
    assert codes - set(MESSAGES) - set(LABELS) == set()


def test_every_fault_of_a_text_has_words() -> None:
    faults = {
        node.value
        for path in python_files()
        if module_name(path) == "lims.dcc.lexical"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith(("not_", "number_out"))
    }
    assert len(faults) > 8
    assert {f"dcc.{fault}" for fault in faults} - set(MESSAGES) == set()


def test_every_state_has_a_label() -> None:
    assert {f"dcc_reason.{trust.value}" for trust in Trust if trust is not Trust.TRUSTED} - set(LABELS) == set()
    assert {f"dcc_place.{place.value}" for place in Place} - set(LABELS) == set()
    assert {f"dcc_component.{part.value}" for part in Component} - set(LABELS) == set()
    states = {f"dcc_unit.{state.value}" for state in UnitState if state is not UnitState.UNDERSTOOD}
    assert states - set(LABELS) == set()
