"""Every layout expands to the addresses of its cells, in the order of reading."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lims.procedures.definition_facts import Layout, LayoutKind, MeasuringPoint, Position, ReadingRole, Section
from lims.procedures.layouts import Address, addresses, cells, condition_cells
from lims.procedures.procedure_file import read_toml
from tests.factories.procedures import weighing_text

_ITEM, _STANDARD = ReadingRole.ITEM, ReadingRole.STANDARD


def _section(layout: Layout, *points: str) -> Section:
    return Section(
        code="s",
        title_vi="Phần",
        quantity="pressure",
        unit="kPa",
        layout=layout,
        points=tuple(MeasuringPoint(code, Decimal(code), "kPa", code) for code in points),
        inputs=(),
        outputs=(),
    )


def test_points_repeats_reads_each_point_so_often() -> None:
    section = _section(Layout(LayoutKind.POINTS_REPEATS, "kPa", repeats=2), "0", "50")
    assert addresses(section) == (
        Address("s", "0", 1, "", 1, _ITEM),
        Address("s", "0", 1, "", 2, _ITEM),
        Address("s", "50", 1, "", 1, _ITEM),
        Address("s", "50", 1, "", 2, _ITEM),
    )


def test_up_down_goes_through_all_points_and_back_cycle_by_cycle() -> None:
    section = _section(Layout(LayoutKind.UP_DOWN, "kPa", cycles=2, roles=(_STANDARD,)), "0", "400", "800")
    found = addresses(section)
    order = [("up", "0"), ("up", "400"), ("up", "800"), ("down", "800"), ("down", "400"), ("down", "0")]
    assert [(one.cycle, one.direction, one.point) for one in found] == [(c, *step) for c in (1, 2) for step in order]
    assert {one.role for one in found} == {_STANDARD}


def test_paired_reads_standard_then_item() -> None:
    section = _section(Layout(LayoutKind.PAIRED, "kPa", repeats=2), "50")
    assert [(one.sequence, one.role) for one in addresses(section)] == [
        (1, _STANDARD),
        (1, _ITEM),
        (2, _STANDARD),
        (2, _ITEM),
    ]


def test_positions_are_named_places_in_each_cycle() -> None:
    places = (Position("1", "Giữa", "Centre"), Position("2", "Trước trái"))
    section = _section(Layout(LayoutKind.POSITIONS, "kPa", cycles=2, positions=places), "100")
    found = cells(section)
    assert [(one.address.cycle, one.address.sequence) for one in found] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert (found[1].values["vi"], found[1].values["en"]) == ("Trước trái", "Trước trái")


def test_single_reads_each_role_once() -> None:
    section = _section(Layout(LayoutKind.SINGLE, "kPa", roles=(_ITEM, _STANDARD)), "10")
    assert [one.role for one in addresses(section)] == [_ITEM, _STANDARD]


@pytest.mark.parametrize("kind", LayoutKind)
def test_no_address_occurs_twice_and_each_cell_has_a_label(kind: LayoutKind) -> None:
    places = (Position("1", "Giữa"), Position("2", "Trái"))
    section = _section(Layout(kind, "bar", cycles=3, repeats=3, roles=(_ITEM, _STANDARD), positions=places), "1", "2")
    found = cells(section)
    assert len({one.address for one in found}) == len(found) > 0
    assert all(one.label.startswith("cell.") and one.unit == "bar" for one in found)


def test_agreed_points_take_the_place_of_the_procedures_own() -> None:
    section = _section(Layout(LayoutKind.SINGLE, "kPa"), "10", "20")
    agreed = (MeasuringPoint("15", Decimal(15), "kPa", "15 kPa"),)
    assert [one.point for one in addresses(section, agreed)] == ["15"]


def test_conditions_are_read_at_start_and_end() -> None:
    found = condition_cells(read_toml(weighing_text()).definition)
    assert [(one.address.point, one.address.sequence, one.unit) for one in found] == [
        ("temperature", 1, "degC"),
        ("temperature", 2, "degC"),
        ("relative_humidity", 1, "%"),
        ("relative_humidity", 2, "%"),
        ("pressure", 1, "kPa"),
        ("pressure", 2, "kPa"),
    ]
    assert {(one.address.section, one.address.role) for one in found} == {("conditions", ReadingRole.INFLUENCE)}
