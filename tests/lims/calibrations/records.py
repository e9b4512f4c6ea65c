"""Input records for tests: the weighing example EA-4/02 M, S2, as a run stores it."""

from __future__ import annotations

import copy
import json
from typing import Any

from lims.jobs.facts import AgreedSpecification, DecisionRule
from lims.procedures.definition import to_data
from lims.procedures.facts import ProcedureFile
from lims.procedures.procedure_file import read_toml
from tests.lims.calibrations.sheets import PROCEDURE, S2_READINGS


def procedure() -> ProcedureFile:
    """Return the published procedure of the weighing example."""
    return read_toml(PROCEDURE)


def s2_record(**changes: Any) -> dict[str, Any]:
    """Return the whole input of the example; `changes` replace parts of it."""
    record: dict[str, Any] = {
        "schema": 1,
        "run": {"token": "t", "number": "R26-TM-00001", "purpose": "customer", "legal_regime": "calibration"},
        "procedure": {"code": "HC-KL-01", "version": "1", "definition": to_data(procedure().definition)},
        "points": None,
        "item": {"instrument": "i", "resolution": {}},
        "readings": [
            reading(number, cycle, place, role, text)
            for number, (cycle, place, role, text) in enumerate(S2_READINGS, start=1)
        ],
        "left_out": [],
        "references": [reference()],
        "correlations": [],
        "specification": json.loads(AgreedSpecification().to_json()),
        "decision_rule": json.loads(DecisionRule().to_json()),
        "scope": [],
        "seed": 20261121,
    }
    return copy.deepcopy(record | changes)


def reading(number: int, cycle: int, place: int, role: str, text: str, **changes: Any) -> dict[str, Any]:
    """Return one stored reading of the example."""
    return {
        "id": number,
        "section": "weighing",
        "point": "10kg",
        "cycle": cycle,
        "direction": "",
        "sequence": place,
        "role": role,
        "phase": "as_found",
        "text": text,
        "unit": "g",
        "value": text,
        "excluded": None,
    } | changes


def reference(**changes: Any) -> dict[str, Any]:
    """Return what the certificate of the reference weight says."""
    return {
        "slot": "reference",
        "section": "weighing",
        "point": "10kg",
        "standard": "KL-05",
        "calibration_id": 1,
        "content_id": 1,
        "value": "10000.005",
        "unit": "g",
        "expanded_uncertainty": "0.045",
        "expanded_uncertainty_unit": "g",
        "coverage_factor": "2",
        "degrees_of_freedom": "Infinity",
        "drift": {"half_width": "15", "unit": "mg", "distribution": "rectangular"},
        "resolution": None,
        "digest": "a" * 64,
    } | changes
