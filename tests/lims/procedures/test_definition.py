"""The strict reading of definitions: what is taken, what is refused and where it says so."""

from __future__ import annotations

import copy
import csv
import io
import tomllib
from decimal import Decimal
from typing import Any

import pytest

from calc.errors import ENGLISH
from calc.model import compile_model
from lims.core.errors import IntegrityFailure, InvalidInput
from lims.procedures.checks import model_of
from lims.procedures.definition import canonical, digest, from_canonical, parse_definition, to_data
from lims.procedures.definition_facts import Coverage, DerivedInput, ErrorBasis, ReportForm
from lims.procedures.layouts import addresses
from lims.procedures.messages import MESSAGES
from lims.procedures.procedure_file import parse_file, read_toml, write_toml
from tests.factories.procedures import weighing_text

EA402_S2_READINGS = """cycle,position,role,reading_g
1,1,standard,0.010
1,2,item,0.020
1,3,item,0.025
1,4,standard,0.015
2,1,standard,0.025
2,2,item,0.050
2,3,item,0.055
2,4,standard,0.020
3,1,standard,0.010
3,2,item,0.030
3,3,item,0.040
3,4,standard,0.020
"""
"""The three ABBA weighings of EA-4/02 M:2022, example S2."""


def _data() -> dict[str, Any]:
    return tomllib.loads(weighing_text())


def _faults(data: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        parse_file(data)
    return {fault.field: fault.code for fault in refused.value.fields}


def test_weighing_procedure_is_the_published_example() -> None:
    file = read_toml(weighing_text())
    definition = file.definition
    section = definition.section("weighing")
    assert file.header.code == "HC-KL-01"
    assert [entry.symbol for entry in section.inputs] == ["m_S", "dm_D", "dm", "dm_C", "dB"]
    assert section.outputs[0].expression == "m_S + dm_D + dm + dm_C + dB"
    assert section.outputs[0].error is ErrorBasis.DEVIATION_FROM_NOMINAL
    report = section.outputs[0].report
    assert (report.form, report.nominal_unit, report.deviation_unit) == (ReportForm.NOMINAL_PLUS_DEVIATION, "kg", "mg")
    observed = section.inputs[2]
    assert isinstance(observed, DerivedInput)
    assert dict(observed.parameters) == {
        "prior_standard_deviation": Decimal("0.025"),
        "prior_degrees_of_freedom": Decimal("Infinity"),
    }
    assert definition.coverage == Coverage(Decimal("0.9545"), Decimal(2), Decimal(50))
    assert definition.slot("barometer").required is False
    assert [c.quantity for c in definition.conditions if c.required] == ["temperature", "relative_humidity"]
    assert compile_model(model_of(section, definition.coverage)).symbols == ("m_S", "dm_D", "dm", "dm_C", "dB")


def test_addresses_of_the_weighing_are_those_of_the_published_readings() -> None:
    rows = csv.DictReader(io.StringIO(EA402_S2_READINGS))
    published = [(int(row["cycle"]), int(row["position"]), row["role"]) for row in rows]
    found = addresses(read_toml(weighing_text()).definition.section("weighing"))
    assert [(one.cycle, one.sequence, str(one.role)) for one in found] == published
    assert {(one.section, one.point, one.direction) for one in found} == {("weighing", "10kg", "")}


def test_file_and_canonical_form_give_the_same_definition_back() -> None:
    file = read_toml(weighing_text())
    assert read_toml(write_toml(file)) == file
    text = canonical(file.definition)
    assert from_canonical(text) == file.definition
    assert canonical(from_canonical(text)) == text
    assert digest(text) != digest(text.replace("0.025", "0.026"))


def test_order_of_keys_and_spelling_of_units_do_not_change_the_digest() -> None:
    data = _data()
    turned = dict(reversed(list(data.items())))
    turned["conditions"] = copy.deepcopy(data["conditions"])
    turned["conditions"][0]["unit"] = "°C"
    assert canonical(parse_file(turned).definition) == canonical(parse_file(data).definition)


@pytest.mark.parametrize(
    ("path", "value", "key", "code"),
    [
        (("schema",), 2, "schema", "definition.schema"),
        (("surprise",), 1, "surprise", "definition.unknown_key"),
        (("procedure", "code"), "HC KL|01", "procedure.code", "definition.not_a_code"),
        (("procedure", "legal_regime"), "safety", "procedure.legal_regime", "definition.unknown_kind"),
        (("coverage", "probability"), "1.2", "coverage.probability", "definition.probability"),
        (("coverage", "probability"), 0.9545, "coverage.probability", "definition.number_not_quoted"),
        (("coverage", "stated_factor"), "-2", "coverage.stated_factor", "definition.not_positive"),
        (("rounding", "digits"), 3, "rounding.digits", "definition.out_of_range"),
        (("rounding", "mode"), "down", "rounding.mode", "definition.unknown_kind"),
        (("conditions", 0, "lower"), "23", "conditions[1].lower", "definition.limits_crossed"),
        (("conditions", 1, "quantity"), "temperature", "conditions[2].quantity", "definition.duplicate"),
        (("equipment", 0, "minimum"), 9, "equipment[1].minimum", "definition.limits_crossed"),
        (("equipment", 0, "required"), "yes", "equipment[1].required", "definition.not_boolean"),
        (("equipment", 0, "required"), False, "sections[1].inputs[1].slot", "definition.slot_not_required"),
        (
            ("equipment", 1, "condition_quantities"),
            ["light"],
            "equipment[2].condition_quantities",
            "definition.unknown_condition",
        ),
        (("sections",), [], "sections", "definition.missing"),
        (("sections", 0, "code"), "conditions", "sections[1].code", "definition.reserved"),
        (("sections", 0, "points"), "10", "sections[1].points", "definition.not_list"),
        (("sections", 0, "points", 0, "unit"), "mm", "sections[1].points[1].unit", "definition.unit_does_not_fit"),
        (("sections", 0, "points", 0, "nominal"), "ten", "sections[1].points[1].nominal", "definition.not_a_number"),
        (("sections", 0, "layout", "kind"), "spiral", "sections[1].layout.kind", "definition.unknown_kind"),
        (("sections", 0, "layout", "repeats"), 3, "sections[1].layout.repeats", "definition.unknown_key"),
        (("sections", 0, "layout", "cycles"), "3", "sections[1].layout.cycles", "definition.not_whole"),
        (
            ("sections", 0, "layout", "entry_unit"),
            "kPa",
            "sections[1].layout.entry_unit",
            "definition.unit_does_not_fit",
        ),
        (("sections", 0, "inputs", 0, "unit"), "gram?", "sections[1].inputs[1].unit", "definition.unit_unknown"),
        (("sections", 0, "inputs", 0, "kind"), "guess", "sections[1].inputs[1].kind", "definition.unknown_kind"),
        (("sections", 0, "inputs", 0, "slot"), "other", "sections[1].inputs[1].slot", "definition.unknown_slot"),
        (("sections", 0, "inputs", 1, "symbol"), "m_S", "sections[1].inputs[2].symbol", "definition.duplicate"),
        (
            ("sections", 0, "inputs", 2, "reduction"),
            "best",
            "sections[1].inputs[3].reduction",
            "definition.unknown_kind",
        ),
        (("sections", 0, "inputs", 2, "unit"), "mm", "sections[1].inputs[3].unit", "definition.unit_does_not_fit"),
        (("sections", 0, "inputs", 2, "roles"), ["zero"], "sections[1].inputs[3].roles", "definition.role_not_read"),
        (
            ("sections", 0, "inputs", 2, "section"),
            "other",
            "sections[1].inputs[3].section",
            "definition.unknown_section",
        ),
        (("sections", 0, "inputs", 2, "point"), "5kg", "sections[1].inputs[3].point", "definition.unknown_point"),
        (
            ("sections", 0, "inputs", 2, "parameters", "wish"),
            "1",
            "sections[1].inputs[3].parameters.wish",
            "definition.unknown_parameter",
        ),
        (
            ("sections", 0, "inputs", 3, "half_width"),
            "0",
            "sections[1].inputs[4].half_width",
            "definition.not_positive",
        ),
        (
            ("sections", 0, "inputs", 3, "distribution"),
            "bimodal",
            "sections[1].inputs[4].distribution",
            "definition.unknown_kind",
        ),
        (
            ("sections", 0, "outputs", 0, "expression"),
            "m_S + wind",
            "sections[1].outputs[1].expression",
            "definition.model.unknown_name",
        ),
        (
            ("sections", 0, "outputs", 0, "expression"),
            "m_S * dm",
            "sections[1].outputs[1].expression",
            "definition.model.unit_result",
        ),
        (
            ("sections", 0, "outputs", 0, "expression"),
            "__import__('os')",
            "sections[1].outputs[1].expression",
            "definition.model.syntax",
        ),
        (
            ("sections", 0, "outputs", 0, "report", "deviation_unit"),
            "kPa",
            "sections[1].outputs[1].report.deviation_unit",
            "definition.unit_does_not_fit",
        ),
    ],
)
def test_fault_is_named_by_its_path(path: tuple[str | int, ...], value: object, key: str, code: str) -> None:
    data: Any = _data()
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    found = _faults(data)
    assert found.get(key) == code, found
    assert code in MESSAGES


def test_every_fault_of_the_form_is_told_at_once() -> None:
    data = _data()
    del data["sections"][0]["inputs"][3]["half_width"]
    data["sections"][0]["title_vi"] = ""
    data["coverage"]["probabilty"] = "0.95"
    assert _faults(data) == {
        "sections[1].inputs[4].half_width": "definition.missing",
        "sections[1].title_vi": "definition.empty",
        "coverage.probabilty": "definition.unknown_key",
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("  \n", "definition.file_empty"),
        ("schema = = 1", "definition.not_toml"),
        ("x" * 500_001, "definition.file_too_long"),
        ("a = " + "[" * 5000, "definition.not_toml"),
    ],
)
def test_text_that_is_no_procedure_file(text: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_toml(text)
    assert [fault.code for fault in refused.value.fields] == [code]


def test_file_without_head_is_refused_and_a_bare_definition_is_taken() -> None:
    data = _data()
    del data["procedure"]
    assert _faults(data) == {"procedure": "definition.missing"}
    assert parse_definition(data).section("weighing").code == "weighing"


def test_condition_input_needs_a_sensor() -> None:
    data = _data()
    condition = {"symbol": "t", "kind": "condition", "quantity": "pressure", "unit": "kPa", "title_vi": "Áp suất"}
    data["sections"][0]["inputs"].append(condition)
    assert parse_file(data).definition.sections[0].inputs[-1].symbol == "t"
    data["equipment"][-1]["condition_quantities"] = []
    assert _faults(data) == {"sections[1].inputs[6].quantity": "definition.condition_without_sensor"}


def test_an_output_may_use_another_output_but_not_itself_by_way_of_it() -> None:
    data = _data()
    outputs = data["sections"][0]["outputs"]
    other = {**copy.deepcopy(outputs[0]), "name": "other", "expression": f"{outputs[0]['name']} + dB"}
    outputs.insert(0, other)
    assert parse_file(data).definition.sections[0].outputs[0].name == "other"
    outputs[1]["expression"] = "m_S + wind"  # said once, where it is
    assert _faults(data) == {"sections[1].outputs[2].expression": "definition.model.unknown_name"}
    outputs[1]["expression"] = "m_S + other"
    assert _faults(data) == {f"sections[1].outputs[{place}].expression": "definition.model.cycle" for place in (1, 2)}


def test_damaged_stored_definition_is_an_integrity_failure() -> None:
    text = canonical(read_toml(weighing_text()).definition)
    with pytest.raises(IntegrityFailure):
        from_canonical(text.replace('"half_width"', '"half_breadth"', 1))


def test_coverage_without_stated_factor_survives_the_round_trip() -> None:
    data = _data()
    data["coverage"]["stated_factor"] = "none"
    definition = parse_file(data).definition
    assert definition.coverage.stated_factor is None
    assert parse_definition(to_data(definition)) == definition


def test_every_code_of_a_formula_has_words() -> None:
    at_run_time = {"model.no_outputs", "model.division_by_zero", "model.outside_domain", "model.not_differentiable"}
    codes = {code for code in ENGLISH if code.startswith("model.")} - at_run_time
    assert {f"definition.{code}" for code in codes} <= set(MESSAGES)


def _correlated(**changes: str) -> dict[str, Any]:
    data = _data()
    stated = {"first": "m_S", "second": "dm_D", "coefficient": "0.4", "reason": "cùng một lần hiệu chuẩn"}
    data["sections"][0]["correlations"] = [stated | changes]
    return data


def test_a_stated_correlation_survives_the_round_trip_and_leaves_other_digests_alone() -> None:
    file = parse_file(_correlated())
    (stated,) = file.definition.sections[0].correlations
    assert (stated.first, stated.second, stated.coefficient) == ("m_S", "dm_D", Decimal("0.4"))
    assert parse_definition(to_data(file.definition)) == file.definition
    assert read_toml(write_toml(file)).definition == file.definition
    assert "correlations" not in canonical(parse_file(_data()).definition)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"second": "other"}, "second", "definition.unknown_input"),
        ({"second": "m_S"}, "second", "definition.duplicate"),
        ({"coefficient": "1.01"}, "coefficient", "definition.not_a_correlation"),
        ({"reason": ""}, "reason", "definition.empty"),
    ],
)
def test_a_correlation_that_cannot_be_is_refused_at_its_place(changes: dict[str, str], field: str, code: str) -> None:
    assert _faults(_correlated(**changes)) == {f"sections[1].correlations[1].{field}": code}
