"""Published cases in the TOML form of the reference data, turned into models and inputs of calc."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from calc import type_a, type_b
from calc.evaluate import evaluate
from calc.model import CoverageRule, InputDefinition, MeasurementModel, OutputDefinition
from calc.quantities import (
    Correlation,
    Distribution,
    Evaluation,
    InputQuantity,
    MeasurementResult,
    ModelInputs,
    OutputResult,
    PointBinding,
)

DATA = Path(__file__).parent / "data"
FILES = ("ea402.toml", "gum.toml", "other_propagation.toml")
DISTRIBUTIONS = {"normal", "rectangular", "triangular", "arcsine", "trapezoidal"}
Case = dict[str, Any]


def cases(kind: str) -> Iterator[Case]:
    """Yield the cases of one kind from all carried files."""
    for name in FILES:
        for case in tomllib.loads((DATA / name).read_text(encoding="utf-8"))["case"]:
            if case["kind"] == kind:
                yield case


def expectations(kind: str) -> list[tuple[str, Case, Case]]:
    """Return (name, case, expectation) for what first-order propagation states."""
    found = []
    for case in cases(kind):
        for number, expected in enumerate(case["expect"], 1):
            if expected.get("method", "lpu1") == "lpu1":
                found.append((f"{case['id']}-{number}-{expected['what']}", case, expected))
    return found


def input_quantity(item: Mapping[str, Any]) -> InputQuantity:
    """Return one input of a case; all numbers are taken as plain numbers."""
    name, dof = item["name"], float(item.get("dof", math.inf))
    if "series" in item:
        return InputQuantity(name, type_a.mean_of(item["series"], "1"), Distribution.T, Evaluation.A)
    if "U" in item:
        return type_b.expanded(item["value"], item["U"], item["k"], "1", dof).as_input(name)
    if "half_width" in item:
        distribution = Distribution(item["dist"])
        beta = item.get("beta")
        return type_b.half_width(item["value"], item["half_width"], "1", distribution, dof, beta=beta).as_input(name)
    return type_b.standard(item["value"], item["u"], "1", dof).as_input(name)


def model_of(case: Case, coverage: CoverageRule) -> MeasurementModel:
    """Return the model of a case."""
    outputs = tuple(OutputDefinition(name, text, "1") for name, text in case["model"].items())
    return MeasurementModel(outputs, tuple(InputDefinition(i["name"], "1") for i in case["input"]), (), coverage)


def inputs_of(case: Case) -> ModelInputs:
    """Return the input quantities of a case with given or observed correlations, bound at one point."""
    correlations = [Correlation(a, b, r) for a, b, r in case.get("correlation", [])]
    if case.get("joint_series"):
        correlations += [
            Correlation(one["name"], two["name"], type_a.correlation_of_means(one["series"], two["series"]))
            for one, two in combinations(case["input"], 2)
        ]
    quantities = tuple(input_quantity(item) for item in case["input"])
    names = {quantity.key: quantity.key for quantity in quantities}
    return ModelInputs(quantities, tuple(correlations), (PointBinding("1", names),))


def evaluated(case: Case, expected: Mapping[str, Any]) -> MeasurementResult:
    """Evaluate a case with the coverage rule that an expectation states: k from p with truncated dof."""
    rule = CoverageRule(float(expected.get("p", 0.9545)), None, truncate_degrees_of_freedom=True)
    return evaluate(model_of(case, rule), inputs_of(case), seed=0)


def _output(result: MeasurementResult, name: object) -> OutputResult:
    return result.outputs[0] if name is None else result.output("1", str(name))


def computed(case: Case, expected: Mapping[str, Any]) -> float:
    """Return the number that stands for one expectation of a propagation case."""
    what = str(expected["what"])
    kind, _, names = what.partition(":")
    if kind in {"input", "u_input", "r_input"}:
        return _of_inputs(case, kind, names)
    result = evaluated(case, expected)
    if kind == "correlation":
        places = {output.output: index for index, output in enumerate(result.outputs)}
        i, j = (places[name] for name in expected["of"])
        variances = result.covariance[i][i] * result.covariance[j][j]
        return result.covariance[i][j] / math.sqrt(variances)
    output = _output(result, expected.get("of"))
    u = output.combined_standard_uncertainty
    stated = float(expected["k"]) if "k" in expected else output.coverage_factor
    return {
        "estimate": output.estimate,
        "u": u,
        "rel_u": u / abs(output.estimate),
        "dof": output.effective_degrees_of_freedom,
        "k": output.coverage_factor,
        "U": stated * u,
        "low": output.estimate - output.expanded_uncertainty,
        "high": output.estimate + output.expanded_uncertainty,
    }[what]


def _of_inputs(case: Case, kind: str, names: str) -> float:
    inputs = inputs_of(case)
    if kind == "r_input":
        pair = set(names.split(","))
        return next(c.coefficient for c in inputs.correlations if {c.first, c.second} == pair)
    estimate = next(quantity.estimate for quantity in inputs.quantities if quantity.key == names)
    return estimate.value if kind == "input" else estimate.standard_uncertainty
