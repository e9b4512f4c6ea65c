"""The procedures that come with the demonstration, and what the keys they brought with them refuse."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest

from lims.core.errors import InvalidInput
from lims.procedures.definition import canonical, from_canonical, parse_definition, to_data
from lims.procedures.definition_facts import CharacteristicInput, DerivedHalfWidthInput
from lims.procedures.presentation import described_inputs, described_records
from lims.procedures.procedure_file import parse_file, read_toml, write_toml

CODES = ("hc-as-01", "hc-as-02", "hc-kl-01", "hc-kl-03", "hc-nd-01")


def text_of(code: str) -> str:
    return resources.files("lims.demo").joinpath(f"procedures/{code}.toml").read_text(encoding="utf-8")


def data_of(code: str) -> dict[str, Any]:
    return tomllib.loads(text_of(code))


def faults(data: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        parse_file(data)
    return {fault.field: fault.code for fault in refused.value.fields}


@pytest.mark.parametrize("code", CODES)
def test_a_definition_survives_every_form(code: str) -> None:
    file = read_toml(text_of(code))
    assert parse_definition(to_data(file.definition)) == file.definition
    assert from_canonical(canonical(file.definition)) == file.definition
    assert read_toml(write_toml(file)) == file


def test_what_nothing_is_recorded_of_says_so_by_silence() -> None:
    """A key that is not used does not stand in the canonical text: older definitions keep their digest."""
    text = canonical(read_toml(text_of("hc-kl-01")).definition)
    assert "recorded" not in text
    assert "hold_minutes" not in text


def test_the_gauge_says_where_its_half_widths_come_from() -> None:
    section = read_toml(text_of("hc-as-01")).definition.section("pressure")
    assert section.layout.hold_minutes == 5
    widths = {e.symbol: e.reduction for e in section.inputs if isinstance(e, DerivedHalfWidthInput)}
    assert widths == {"dp_R": "cycle_half_difference", "dp_H": "up_down_half_difference"}
    shown = {one.entry.symbol: one for one in described_inputs(section)}
    assert shown["dp_H"].kind == "input_kind.derived_half_width"
    assert shown["dp_H"].labels == ("reduction.up_down_half_difference", "distribution.rectangular")
    (zero,) = described_records(section)
    assert (zero.entry.symbol, zero.labels) == ("dp_0", ("reduction.maximum_up_down_difference",))


def test_the_thermometer_takes_the_bath_from_its_certificate() -> None:
    section = read_toml(text_of("hc-nd-01")).definition.section("temperature")
    taken = {e.symbol: (e.slot, e.characteristic) for e in section.inputs if isinstance(e, CharacteristicInput)}
    assert taken == {"dt_B": ("bath", "stability"), "dt_U": ("bath", "uniformity")}
    shown = {one.entry.symbol: one for one in described_inputs(section)}
    assert (shown["dt_B"].slot, shown["dt_B"].labels[0]) == ("bath", "characteristic.stability")


def _input(data: dict[str, Any], symbol: str) -> dict[str, Any]:
    found: dict[str, Any] = next(e for e in data["sections"][0]["inputs"] if e["symbol"] == symbol)
    return found


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("code", "change", "field", "fault"),
    [
        ("hc-as-01", lambda d: _input(d, "dp_H").update(reduction="mean"), "inputs[8].reduction", "reduction_no_width"),
        ("hc-as-01", lambda d: _input(d, "dp_H").update(reduction="widest"), "inputs[8].reduction", "unknown_kind"),
        (
            "hc-as-01",
            lambda d: _input(d, "dp_H").update(distribution="normal"),
            "inputs[8].distribution",
            "unknown_kind",
        ),
        ("hc-as-01", lambda d: _input(d, "dp_H").update(roles=["item"]), "inputs[8].roles", "role_not_read"),
        ("hc-as-01", lambda d: _input(d, "dp_H").update(half_width="3"), "inputs[8].half_width", "unknown_key"),
        ("hc-as-01", lambda d: d["sections"][0]["recorded"][0].update(point="9"), "recorded[1].point", "unknown_point"),
        ("hc-as-01", lambda d: d["sections"][0]["recorded"][0].update(kind="nominal"), "recorded[1].kind", None),
        (
            "hc-as-01",
            lambda d: d["sections"][0]["layout"].update(hold_minutes=0),
            "layout.hold_minutes",
            "out_of_range",
        ),
        ("hc-nd-01", lambda d: d["sections"][0]["layout"].update(hold_minutes=5), "layout.hold_minutes", "unknown_key"),
        ("hc-nd-01", lambda d: _input(d, "dt").update(unit="degC"), "inputs[1].unit", "unit_does_not_fit"),
        ("hc-nd-01", lambda d: _input(d, "dt_B").update(slot="oven"), "inputs[6].slot", "unknown_slot"),
        ("hc-nd-01", lambda d: d["equipment"][1].update(required=False), "inputs[6].slot", "slot_not_required"),
        ("hc-nd-01", lambda d: _input(d, "dt_B").update(distribution="bell"), "inputs[6].distribution", "unknown_kind"),
        ("hc-nd-01", lambda d: _input(d, "dt_B").pop("characteristic"), "inputs[6].characteristic", "missing"),
    ],
    ids=(
        "value_as_width",
        "unknown_reduction",
        "normal_width",
        "role_not_read",
        "width_twice",
        "recorded_nowhere",
        "recorded_nominal",
        "no_hold",
        "hold_without_loading",
        "difference_on_the_scale",
        "unknown_slot",
        "bath_not_required",
        "unknown_shape",
        "no_characteristic",
    ),
)
def test_refused(code: str, change: Change, field: str, fault: str | None) -> None:
    data = data_of(code)
    change(data)
    found = faults(data)
    assert f"sections[1].{field}" in found
    assert fault is None or found[f"sections[1].{field}"] == f"definition.{fault}"
