"""The sheet of a batch for each layout: what is a row, what is shared, where the results stand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from lims.calibrations.batch_grid import BatchSheet, batch_sheets
from lims.calibrations.batch_material import batch_material, results_of
from lims.calibrations.batch_workflow import shares_standard
from lims.core.db import Database
from lims.procedures.definition_facts import Layout, LayoutKind, Position, ReadingRole
from tests.factories.batches import make_batch, make_bath, thermometer_file
from tests.factories.calibrations import NOW

BOTH = (ReadingRole.STANDARD, ReadingRole.ITEM)
LAYOUTS = {
    "paired": Layout(LayoutKind.PAIRED, "degC", repeats=3, roles=BOTH),
    "up and down": Layout(LayoutKind.UP_DOWN, "degC", cycles=1, roles=BOTH),
    "repeats": Layout(LayoutKind.POINTS_REPEATS, "degC", repeats=2, roles=(*BOTH, ReadingRole.ZERO)),
    "substitution": Layout(LayoutKind.ABBA, "degC", cycles=1),
    "on its mark": Layout(LayoutKind.UP_DOWN, "degC", cycles=1, roles=(ReadingRole.STANDARD,)),
    "positions": Layout(
        LayoutKind.POSITIONS, "degC", cycles=1, roles=BOTH, positions=(Position("A", "Giữa"), Position("B", "Rìa"))
    ),
}


def sheet_of(database: Database, layout: Layout) -> BatchSheet:
    """Return the sheet of a batch of two thermometers that are read in some layout."""
    file = thermometer_file()
    section = replace(file.definition.sections[0], layout=layout)
    with database.transaction() as session:
        bath = make_bath(session, items=2, file=replace(file, definition=replace(file.definition, sections=(section,))))
        batch = make_batch(session, bath)
    with database.reading() as session:
        return _only(session, batch_material(session, batch))


def _only(session: Session, material: object) -> BatchSheet:
    (sheet,) = batch_sheets(material, results_of(session, material, now=NOW))  # type: ignore[arg-type]
    return sheet


def shape(sheet: BatchSheet) -> list[tuple[str, str, str, str]]:
    """Return block, row, and which cells there are: S for a shared one, i for an item's own, a dot for none."""
    return [
        (
            block.title_en or f"{block.direction} {block.cycle}",
            row.title_en,
            "".join("." if cell is None else "S" for cell in row.shared),
            "".join("." if cell is None else "i" for cell in row.own),
        )
        for block in sheet.blocks
        for row in block.rows
    ]


SHAPES = {
    "paired": [(f"{point} °C", str(step), "S", "ii") for point in (0, 50) for step in (1, 2, 3)],
    "up and down": [
        ("up 1", "0 °C", "S", "ii"),
        ("up 1", "50 °C", "S", "ii"),
        ("down 1", "50 °C", "S", "ii"),
        ("down 1", "0 °C", "S", "ii"),
    ],
    "repeats": [
        (f"{p} °C", str(n), "S" if role == "item" else ".", "ii")
        for p in (0, 50)
        for n in (1, 2)
        for role in ("item", "zero")
    ],
    "substitution": [(f"{point} °C", str(step), "", "ii") for point in (0, 50) for step in (1, 2, 3, 4)],
    "on its mark": [
        ("up 1", "0 °C", "", "ii"),
        ("up 1", "50 °C", "", "ii"),
        ("down 1", "50 °C", "", "ii"),
        ("down 1", "0 °C", "", "ii"),
    ],
    "positions": [(f"{point} °C", place, "S", "ii") for point in (0, 50) for place in ("Giữa", "Rìa")],
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_rows_follow_the_order_of_reading(sqlite_database: Database, name: str) -> None:
    sheet = sheet_of(sqlite_database, LAYOUTS[name])
    assert shape(sheet) == SHAPES[name]
    assert [row.title_en for block in sheet.blocks for row in block.results] == ["0 °C", "50 °C"]
    keys = [cell.key for block in sheet.blocks for row in block.rows for cell in (*row.shared, *row.own) if cell]
    assert len(set(keys)) == len(keys) == sheet.total
    assert bool(sheet.roles) == shares_standard(
        replace(thermometer_file().definition.sections[0], layout=LAYOUTS[name])
    )
