"""Canonical records: to the last bit and back, one text for equal things, clear refusals."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calc import type_b
from calc.engine import Agreement, compare, fingerprint
from calc.errors import InvalidQuantity
from calc.evaluate import evaluate
from calc.model import ConstantDefinition, CoverageRule, InputDefinition, MeasurementModel, OutputDefinition
from calc.quantities import (
    Correlation,
    Distribution,
    Estimate,
    Evaluation,
    EvaluationWarning,
    InputQuantity,
    MeasurementResult,
    ModelInputs,
    PointBinding,
)
from calc.serialise import canonical_text, digest, from_record, to_record

MODEL = MeasurementModel(
    (OutputDefinition("E", "t - ts - c*gain", "delta_degC"),),
    (InputDefinition("t", "degC"), InputDefinition("ts", "degC"), InputDefinition("c", "K")),
    (ConstantDefinition("gain", 1.5, "1"),),
    CoverageRule(0.95, None),
)
INPUTS = ModelInputs(
    (
        InputQuantity("t", Estimate(20.03, 0.1 / 3, "degC", 4.0), Distribution.T, Evaluation.A, origin="năm số đọc"),
        type_b.expanded(20.0, 0.02, 2.0, "degC").as_input("ts", "certificate"),
        type_b.half_width(0.0, 5.0, "mK").as_input("c"),
    ),
    (Correlation("t", "ts", 0.1),),
    (PointBinding("20 °C", {"t": "t", "ts": "ts", "c": "c"}), PointBinding("again", {"t": "ts", "ts": "t", "c": "c"})),
)


@pytest.fixture
def result() -> MeasurementResult:
    return evaluate(MODEL, INPUTS, seed=0)


def test_round_trip_through_text(result: MeasurementResult) -> None:
    for thing in (MODEL, INPUTS, result, fingerprint()):
        text = canonical_text(thing)
        again = from_record(type(thing), json.loads(text))
        assert again == thing
        assert canonical_text(again) == text
        assert digest(again) == digest(thing)
        assert digest(json.loads(text)) == digest(thing)


def test_recomputing_from_the_record_gives_the_same_bytes(result: MeasurementResult) -> None:
    model = from_record(MeasurementModel, json.loads(canonical_text(MODEL)))
    inputs = from_record(ModelInputs, json.loads(canonical_text(INPUTS)))
    assert canonical_text(evaluate(model, inputs, seed=0)) == canonical_text(result)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(0.0, 1e300), st.floats(1.0, math.inf))
def test_numbers_come_back_to_the_bit(value: float, u: float, nu: float) -> None:
    estimate = Estimate(value, u, "g", nu)
    again = from_record(Estimate, json.loads(canonical_text(estimate)))
    assert again == estimate
    assert math.copysign(1.0, again.value) == math.copysign(1.0, value)


def test_canonical_text() -> None:
    assert canonical_text(Estimate(0.1, 1e-300, "µg")) == (
        '{"degrees_of_freedom":"inf","standard_uncertainty":"1e-300","unit":"µg","value":"0.1"}'
    )
    assert canonical_text({"b": 1, "a": [True, None, "x"]}) == '{"a":[true,null,"x"],"b":1}'
    assert len(digest(MODEL)) == 64


def test_text_that_looks_like_a_number_stays_text() -> None:
    warning = EvaluationWarning("c", "1", "2.5", "inf", {"share": 0.95})
    assert from_record(EvaluationWarning, json.loads(canonical_text(warning))) == warning


def test_nan_is_refused() -> None:
    with pytest.raises(InvalidQuantity) as caught:
        to_record({"a": [1.0, math.nan]})
    assert caught.value.code == "record.not_a_number"
    assert caught.value.values["name"] == "record.a[1]"
    with pytest.raises(InvalidQuantity):
        to_record({"a": object()})


ESTIMATE: dict[str, Any] = {"value": "1.0", "standard_uncertainty": "0.1", "unit": "g", "degrees_of_freedom": "inf"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"colour": "red"}, "record.unknown_field"),
        ({"value": None}, "record.wrong_type"),
        ({"value": 1.0}, "record.wrong_type"),
        ({"value": "nan"}, "record.wrong_type"),
        ({"value": "1_0"}, "record.wrong_type"),
        ({"value": "inf"}, "quantity.not_finite"),
        ({"unit": 5}, "record.wrong_type"),
        ({"standard_uncertainty": "-1.0"}, "quantity.negative"),
    ],
)
def test_bad_records(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        from_record(Estimate, {**ESTIMATE, **changes})
    assert caught.value.code == code


def test_missing_fields() -> None:
    short = {key: value for key, value in ESTIMATE.items() if key != "degrees_of_freedom"}
    assert from_record(Estimate, short).degrees_of_freedom == math.inf  # it has a default
    with pytest.raises(InvalidQuantity) as caught:
        from_record(Estimate, {"value": "1.0"})
    assert caught.value.code == "record.missing_field"
    for kind, record in ((Estimate, []), (ModelInputs, {"quantities": {}, "correlations": [], "points": []})):
        with pytest.raises(InvalidQuantity):
            from_record(kind, record)
    with pytest.raises(InvalidQuantity):
        from_record(InputQuantity, {"key": "x", "estimate": ESTIMATE, "distribution": "bell"})
    with pytest.raises(InvalidQuantity):
        from_record(CoverageRule, {"stated_factor": "two"})


def changed(result: MeasurementResult, factor: float) -> MeasurementResult:
    record: Any = to_record(result)
    output = record["outputs"][1]
    output["expanded_uncertainty"] = repr(float(output["expanded_uncertainty"]) * factor)
    return from_record(MeasurementResult, record)


def test_compare(result: MeasurementResult) -> None:
    assert compare(result, evaluate(MODEL, INPUTS, seed=0)).agreement is Agreement.IDENTICAL
    close = compare(result, changed(result, 1 + 1e-13))
    assert close.agreement is Agreement.EQUIVALENT
    assert 0.0 < close.largest_relative_difference <= 1e-12
    different = compare(result, changed(result, 1 + 1e-9))
    assert (different.agreement, different.where) == (Agreement.DIFFERENT, "again/E/expanded_uncertainty")
    shorter = MeasurementResult(result.outputs[:1], result.covariance[:1], result.engine_version)
    with pytest.raises(InvalidQuantity) as caught:
        compare(result, shorter)
    assert caught.value.code == "record.result_shape"


def test_fingerprint() -> None:
    found = fingerprint()
    assert found == fingerprint()
    assert found.engine == result_version()
    assert found.python.count(".") == 1
    assert all(found.cpu_features)


def result_version() -> str:
    return evaluate(MODEL, INPUTS, seed=0).engine_version
