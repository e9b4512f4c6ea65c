"""Records of a gauge and of a thermometer: half-widths from readings, a bath's characteristics, what is recorded."""

from __future__ import annotations

import csv
import math
from importlib import resources
from typing import Any

import pytest

from lims.calibrations.evaluation import evaluate_record
from lims.calibrations.results import derived_of, recorded_of, results_of
from lims.procedures.definition import to_data
from lims.procedures.procedure_file import read_toml
from tests.lims.calibrations.records import reading, reference, s2_record

POINTS = ("0", "0.4", "0.8", "1.2", "1.6")


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("lims.demo").joinpath(f"readings/{name}").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _definition(code: str) -> dict[str, Any]:
    text = resources.files("lims.demo").joinpath(f"procedures/{code}.toml").read_text(encoding="utf-8")
    return to_data(read_toml(text).definition)


def gauge_readings() -> list[dict[str, Any]]:
    """Return the twenty readings of the published gauge."""
    return [
        reading(
            number,
            int(row["cycle"]),
            1,
            "standard",
            row["reference_kPa"],
            section="pressure",
            point=next(p for p in POINTS if float(p) * 1000 == float(row["gauge_kPa"])),
            direction=row["direction"],
            unit="kPa",
        )
        for number, row in enumerate(_rows("gauge_readings.csv"), start=1)
    ]


def gauge_record(**changes: Any) -> dict[str, Any]:
    """Return the input of the gauge's evaluation, with a reference that has no correction."""
    references = [
        reference(
            section="pressure",
            point=point,
            standard="AS-02",
            value=f"{float(point) * 1000:g}",
            unit="kPa",
            expanded_uncertainty="1.0",
            expanded_uncertainty_unit="kPa",
            drift={"half_width": "0.8", "unit": "kPa", "distribution": "rectangular"},
            resolution={"step": "0.1", "unit": "kPa"},
            digest=point.ljust(64, "0"),
        )
        for point in POINTS
    ]
    return s2_record(
        procedure={"code": "HC-AS-01", "version": "1", "definition": _definition("hc-as-01")},
        item={"instrument": "i", "resolution": {"pressure": {"step": "0.01", "unit": "MPa"}}},
        readings=gauge_readings(),
        references=references,
        **changes,
    )


def thermometer_record(readings: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """Return the input of a thermometer's evaluation at 50 °C alone."""
    bath = {"slot": "bath", "section": "temperature", "point": "50", "standard": "PT-01", "unit": "delta_degC"}
    definition = _definition("hc-nd-01")
    definition["sections"][0]["points"] = [p for p in definition["sections"][0]["points"] if p["code"] == "50"]
    values: dict[str, Any] = {
        "procedure": {"code": "HC-ND-01", "version": "1", "definition": definition},
        "item": {"instrument": "i", "resolution": {"temperature": {"step": "0.1", "unit": "degC"}}},
        "readings": pairs() if readings is None else readings,
        "references": [
            reference(
                section="temperature",
                point="50",
                standard="ND-01",
                value="50",
                unit="degC",
                expanded_uncertainty="0.02",
                expanded_uncertainty_unit="degC",
                drift={"half_width": "0.01", "unit": "degC", "distribution": "rectangular"},
            )
        ],
        "characteristics": [
            {**bath, "identifier": "stability", "value": "0.01", "digest": "PT-01 stability"},
            {**bath, "identifier": "uniformity", "value": "0.02", "digest": "PT-01 uniformity"},
        ],
        **changes,
    }
    return s2_record(**values)


def pairs() -> list[dict[str, Any]]:
    """Return the five pairs of the published thermometer at 50 °C."""
    return [
        reading(2 * pair + place, 1, pair, role, text, section="temperature", point="50", unit="degC")
        for pair, row in enumerate(_rows("thermometer_readings.csv"), start=1)
        for place, (role, text) in enumerate((("standard", row["reference_degC"]), ("item", row["item_degC"])))
    ]


def row_at(record: dict[str, Any], point: str) -> dict[str, Any]:
    result = evaluate_record(record)
    assert result["failures"] == []
    return next(dict(row) for row in result["rows"] if row["point"] == point)


def test_the_budget_of_the_gauge_at_half_scale() -> None:
    """Budget B2: u_c = 3,48305 kPa, U = 7,0 kPa (up), E = +2,5 kPa."""
    row = row_at(gauge_record(), "0.8")
    parts = (0.5, 0.8 / math.sqrt(3), 0.05 / math.sqrt(3), 5 / math.sqrt(3), 1 / math.sqrt(3), math.sqrt(3))
    expected = math.hypot(*parts, 0.05 / math.sqrt(3))
    assert float(row["combined_standard_uncertainty"]) == pytest.approx(expected, rel=1e-12)
    assert f"{float(row['combined_standard_uncertainty']):.5f}" == "3.48305"
    assert row["effective_degrees_of_freedom"] == "inf"
    assert (row["reported"]["value"], row["reported"]["expanded_uncertainty"]) == ("2.5", "7.0")
    assert (row["reported"]["coverage_factor"], row["reported"]["unit"]) == ("2", "kPa")


def test_half_widths_stand_beside_the_readings_and_the_zero_shift_beside_the_results() -> None:
    record = gauge_record()
    result = evaluate_record(record)
    derived = {(one.point, one.symbol): one.estimate for one in derived_of(result)}
    assert (derived["0.8", "x_S"], derived["0.8", "dp_H"], derived["0.8", "dp_R"]) == ("797.5", "3.0", "1.0")
    (zero,) = recorded_of(record, result)
    assert (zero.symbol, zero.point, zero.reported_value, zero.reported_unit) == ("dp_0", "0", "0.9", "kPa")
    budget = next(row.budget for row in results_of(record, result) if row.point == "0.8")
    hysteresis = next(line for line in budget if line.symbol == "dp_H")
    assert (hysteresis.distribution, hysteresis.evaluation, hysteresis.estimate) == ("rectangular", "B", "0.0")
    assert "dp_0" not in {line.symbol for line in budget}


def test_a_gauge_without_hysteresis_has_none_in_its_budget() -> None:
    flat = [{**one, "value": "800.0", "text": "800.0"} if one["point"] == "0.8" else one for one in gauge_readings()]
    row = row_at(gauge_record() | {"readings": flat}, "0.8")
    expected = math.hypot(0.5, 0.8 / math.sqrt(3), 0.05 / math.sqrt(3), 5 / math.sqrt(3), 0.05 / math.sqrt(3))
    assert float(row["combined_standard_uncertainty"]) == pytest.approx(expected, rel=1e-12)


def test_a_zero_that_was_left_out_is_not_recorded_and_keeps_nothing_else_back() -> None:
    left_out = [{"section": "pressure", "point": "0", "phase": "as_found", "kind": "not_measurable"}]
    record = gauge_record(left_out=left_out)
    result = evaluate_record(record)
    assert result["failures"] == []
    assert recorded_of(record, result) == ()
    one_way = [one | {"excluded": "excluded"} if one["id"] == 20 else one for one in gauge_readings()]
    record = gauge_record() | {"readings": one_way}
    assert recorded_of(record, evaluate_record(record)) == ()


def test_a_direction_left_out_leaves_the_mark_without_a_result() -> None:
    readings = [one | {"excluded": "excluded"} if one["direction"] == "down" else one for one in gauge_readings()]
    failures = evaluate_record(gauge_record() | {"readings": readings})["failures"]
    assert {(one["point"], one["code"]) for one in failures} == {(point, "reduction.missing") for point in POINTS}


def test_the_thermometer_at_fifty_degrees() -> None:
    """Budget B3: E = +0,10 °C, U = 0,074 °C (up). Its u_c is of s = 0,0300 °C, rounded; the readings say 0,03004 °C."""
    record = thermometer_record()
    row = row_at(record, "50")
    assert (row["reported"]["value"], row["reported"]["expanded_uncertainty"]) == ("0.100", "0.074")
    budget = next(iter(results_of(record, evaluate_record(record)))).budget
    spread = next(line for line in budget if line.symbol == "dt")
    deviation = float(spread.standard_uncertainty) * math.sqrt(5)
    assert (f"{deviation:.4f}", spread.degrees_of_freedom) == ("0.0300", "4.0")
    others = [float(line.contribution) for line in budget if line.symbol != "dt"]
    rounded = math.hypot(*others, 0.0300 / math.sqrt(5))
    assert f"{rounded:.7f}" == "0.0365832"
    assert f"{rounded**4 / ((0.0300 / math.sqrt(5)) ** 4 / 4):.1f}" == "221.1"
    assert float(row["combined_standard_uncertainty"]) == pytest.approx(
        math.hypot(*others, float(spread.standard_uncertainty)), rel=1e-12
    )


def test_a_pair_goes_out_as_a_whole() -> None:
    readings = [one | {"excluded": "excluded"} if one["id"] == 2 else one for one in pairs()]
    row = row_at(thermometer_record(readings), "50")
    differences = [0.081, 0.100, 0.119, 0.138]
    assert float(row["estimate"]) == pytest.approx(sum(differences) / 4, abs=1e-12)
    without_value = [one | {"excluded": "not_measurable", "value": None} if one["id"] == 2 else one for one in pairs()]
    assert row_at(thermometer_record(without_value), "50")["estimate"] == row["estimate"]


@pytest.mark.parametrize("missing", ["stability", "uniformity"])
def test_a_bath_whose_certificate_is_silent_gives_no_result(missing: str) -> None:
    record = thermometer_record()
    record["characteristics"] = [one for one in record["characteristics"] if one["identifier"] != missing]
    (failure,) = evaluate_record(record)["failures"]
    assert (failure["code"], failure["values"]["characteristic"]) == ("evaluation.no_characteristic", missing)
