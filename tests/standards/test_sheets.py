"""The register as a table: written out, read in again, every problem by row, nothing half done, bad files refused."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook
from werkzeug.test import TestResponse

from lims.core.errors import InvalidInput
from standards import queries, services
from standards.register_facts import UpdateStandard
from standards.sheet_reading import LARGEST, read_table
from standards.sheet_scheme import COLUMNS
from tests.factories import standards as make
from tests.lims.web_client import post
from tests.standards.acting import NOW, refused
from tests.standards.scene import Scene

HEAD = [
    "Ký hiệu",
    "Vai trò",
    "Loại",
    "Tên (tiếng Việt)",
    "Serial number",
    "Đại lượng",
    "Đơn vị",
    "Giới hạn dưới",
    "Upper limit",
]


def written(rows: Sequence[Sequence[object]]) -> bytes:
    """A workbook of rows."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def comma_separated(rows: Sequence[Sequence[str]], delimiter: str = ";") -> bytes:
    """A CSV of rows, as a spreadsheet writes it."""
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter).writerows(rows)
    return b"\xef\xbb\xbf" + target.getvalue().encode()


def send(client: FlaskClient, data: bytes, name: str = "register.xlsx") -> TestResponse:
    return post(client, "/standards/import", {"file": (io.BytesIO(data), name)})


def shown(client: FlaskClient, data: bytes, name: str = "register.xlsx") -> tuple[str, str]:
    """Hand in a table; return the address and text of the page that says what it would do."""
    answer = send(client, data, name)
    assert answer.status_code == 303, answer.text
    return answer.location, client.get(answer.location).text


def confirm(client: FlaskClient, address: str, text: str) -> TestResponse:
    found = re.search(r'name="plan" value="([0-9a-f]{64})"', text)
    assert found is not None, text
    return post(client, address, {"plan": found[1]})


def codes(scene: Scene) -> list[str]:
    with scene.database.reading() as session:
        return [line.standard.code for line in queries.standards(session, laboratory_id=scene.laboratory_id, at=NOW)]


def problems(text: str) -> list[tuple[str, str, str]]:
    """Row, column and words of every problem on the page."""
    table = text.partition("What is wrong")[2].partition("</table>")[0]
    rows = re.findall(
        r'<tr><td class="number">(\d+)</td><th scope="row">(.*?)</th><td>.*?</td><td>(.*?)</td></tr>', table
    )
    return [(row, column, words) for row, column, words in rows]


NEW = ["AS-09", "chuẩn", "Pressure gauge", "Áp kế chuẩn", "AS-0901", "áp suất", "MPa", "0", "2,5"]


@pytest.mark.parametrize("form", ["xlsx", "csv"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_what_is_written_out_and_read_in_again_changes_nothing(scene: Scene, form: str, language: str) -> None:
    client = scene.sign_in(language=language)
    data = client.get(f"/standards/register.{form}").data
    _address, text = shown(client, data, f"register.{form}")
    assert ("không thay đổi gì" if language == "vi" else "changes nothing") in text
    assert 'name="plan"' not in text


@pytest.mark.parametrize(
    "make_file",
    [
        pytest.param(lambda rows: written(rows), id="xlsx"),
        pytest.param(lambda rows: comma_separated(rows), id="semicolons"),
        pytest.param(lambda rows: comma_separated(rows, ","), id="commas"),
        pytest.param(lambda rows: b"sep=;\r\n" + comma_separated(rows)[3:], id="with-a-hint"),
    ],
)
def test_a_new_standard_is_shown_first_and_registered_when_confirmed(
    scene: Scene, make_file: Callable[[list[list[str]]], bytes]
) -> None:
    client = scene.sign_in()
    second = ["AS-09", "", "", "", "", "Pressure", "kPa", "-100", "0"]
    address, text = shown(client, make_file([HEAD, NEW, [""] * 9, second]))
    assert "with 2 ranges" in text
    assert "AS-09" not in codes(scene)
    assert confirm(client, address, text).status_code == 303
    with scene.database.reading() as session:
        (line,) = [
            line
            for line in queries.standards(session, laboratory_id=scene.laboratory_id, at=NOW)
            if line.standard.code == "AS-09"
        ]
        instrument = queries.instrument_facts(session, line.standard.instrument_id)
    spans = [(f"{a.range.lower:f}", f"{a.range.upper:f}", a.range.unit) for a in instrument.ranges()]
    assert spans == [("0", "2.5", "MPa"), ("-100", "0", "kPa")]
    again = confirm(client, address, text)
    assert again.status_code == 409, "the same table confirmed twice does nothing"
    assert codes(scene).count("AS-09") == 1


def test_every_problem_is_listed_by_row_and_nothing_is_written(scene: Scene) -> None:
    client = scene.sign_in()
    before = codes(scene)
    rows: list[list[object]] = [
        list(HEAD),
        ["X-1", "king", "pressure_gauge", "Áp kế", "1", "Pressure", "kg", 5, 1],
        ["X-2", "reference", "pressure_gauge", "", "2", "Pressure", "MPa", "five", 1],
        ["", "", "", "", "", "Pressure", "MPa", 0, 1],
        ["KL-05", "", "weight", "Khác", "", "", "", "", ""],
        ["X-1", "", "", "Tên khác", "", "Pressure", "MPa", "=1+1", 1],
    ]
    _address, text = shown(client, written(rows))
    found = [(row, column) for row, column, _words in problems(text)]
    assert sorted(found) == [
        ("2", "Role"),
        ("2", "Unit"),
        ("2", "Upper limit"),
        ("3", "Lower limit"),
        ("3", "Name (Vietnamese)"),
        ("4", "Tag"),
        ("5", "Version"),
        ("6", "Lower limit"),
        ("6", "Name (Vietnamese)"),
    ]
    assert 'name="plan"' not in text
    assert codes(scene) == before


def edited(client: FlaskClient, changes: dict[str, object], code: str = "KL-05") -> bytes:
    """The written-out register with cells of one standard changed, as a person does it in a spreadsheet."""
    book = load_workbook(io.BytesIO(client.get("/standards/register.xlsx").data))
    sheet = book.active
    assert sheet is not None
    places = {column.key: at for at, column in enumerate(COLUMNS, start=1)}
    for row in range(2, sheet.max_row + 1):
        if sheet.cell(row, 1).value == code:
            for key, value in changes.items():
                sheet.cell(row, places[key]).value = value  # type: ignore[assignment]
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_what_is_registered_is_changed_on_its_version(scene: Scene) -> None:
    client = scene.sign_in()
    data = edited(client, {"location": "Tủ 3", "level": "chuẩn chính"})
    address, text = shown(client, data)
    assert "Tủ 3" in text
    assert "chuẩn chính" in text
    assert confirm(client, address, text).status_code == 303
    with scene.database.reading() as session:
        facts = queries.standard_facts(session, scene.standard.id)
    assert (facts.location, facts.level) == ("Tủ 3", "chuẩn chính")
    _address, text = shown(client, data)
    assert [(column, "its version is now" in words) for _row, column, words in problems(text)] == [("Version", True)]


def test_what_changes_after_it_was_shown_is_told_and_nothing_is_written(scene: Scene) -> None:
    client = scene.sign_in()
    address, text = shown(client, edited(client, {"location": "Tủ 3"}))
    with scene.database.transaction() as session:
        present = queries.standard_facts(session, scene.standard.id).row_version
        command = UpdateStandard(scene.standard.id, present, None, "khác")
        services.update_standard(session, make.recorder(scene.laboratory_id), command, now=NOW)
    answer = confirm(client, address, text)
    assert answer.status_code == 409
    assert "was changed after" in answer.text
    with scene.database.reading() as session:
        assert queries.standard_facts(session, scene.standard.id).location is None


def test_ranges_and_decided_things_are_not_changed_by_a_table(scene: Scene) -> None:
    client = scene.sign_in()
    _address, text = shown(client, edited(client, {"nominal": 5000, "interval_months": 99, "role": "Auxiliary"}))
    assert {column for _row, column, _words in problems(text)} == {"Nominal value", "Interval in months", "Role"}


def test_no_spreadsheet_takes_what_is_written_out_for_a_formula(scene: Scene) -> None:
    client = scene.sign_in()
    risky = "=cmd|' /C calc'!A0"
    data = edited(client, {"location": "@SUM(1)", "note": "-5 °C"})
    address, text = shown(client, data)
    assert confirm(client, address, text).status_code == 303
    out = client.get("/standards/register.csv").data.decode("utf-8-sig")
    assert "'@SUM(1)" in out
    assert "'-5 °C" in out
    book = load_workbook(io.BytesIO(client.get("/standards/register.xlsx").data))
    assert all(cell.data_type != "f" for row in book.worksheets[0].iter_rows() for cell in row)
    _address, text = shown(client, client.get("/standards/register.csv").data, "r.csv")
    assert "changes nothing" in text
    _address, text = shown(client, comma_separated([HEAD, [*NEW[:3], risky, *NEW[4:]]]), "r.csv")
    assert ("2", "Name (Vietnamese)") in [(row, column) for row, column, _words in problems(text)]


def test_merged_cells_and_unknown_columns_are_told(scene: Scene) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in ([*HEAD, "Màu"], [*NEW, "đỏ"], ["", *[""] * 4, "Pressure", "kPa", 0, 1]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    target = io.BytesIO()
    book.save(target)
    _address, text = shown(scene.sign_in(), target.getvalue())
    assert {(row, column) for row, column, _words in problems(text)} == {("1", "Màu"), ("2", "Tag"), ("3", "Tag")}


def bomb() -> bytes:
    """A workbook that unpacks to 60 MB."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 60_000_000)
    return target.getvalue()


def with_entities() -> bytes:
    """A workbook whose parts declare entities."""
    plain = written([HEAD])
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            text = old.read(entry)
            if entry.filename == "xl/workbook.xml":
                text = b'<!DOCTYPE a [<!ENTITY b "c">]>' + text
            new.writestr(entry, text)
    return target.getvalue()


@pytest.mark.parametrize(
    ("make_file", "code"),
    [
        pytest.param(lambda: b"", "register.file_empty", id="empty"),
        pytest.param(lambda: b"\r\n;;\r\n", "sheet.nothing_in_it", id="blank"),
        pytest.param(lambda: b"a" * (LARGEST + 1), "sheet.too_large", id="too-large"),
        pytest.param(bomb, "sheet.unpacks_to_too_much", id="zip-bomb"),
        pytest.param(with_entities, "sheet.declares_entities", id="entities"),
        pytest.param(lambda: written([HEAD])[:-200], "sheet.not_a_workbook", id="cut-short"),
        pytest.param(lambda: b"PK\x03\x04" + b"x" * 99, "sheet.not_a_workbook", id="begins-like-one"),
        pytest.param(lambda: b"%PDF-1.7", "sheet.not_a_table", id="pdf"),
        pytest.param(lambda: "Ký hiệu".encode("utf-16"), "sheet.not_a_table", id="utf-16"),
        pytest.param(lambda: "Ký hiệu;Tên".encode("cp1258", "replace") + b"\xff", "sheet.not_utf8", id="code-page"),
        pytest.param(lambda: b"a;b\r\n" * 5001, "sheet.too_many_rows", id="too-many-rows"),
        pytest.param(lambda: b'a;"' + b"b" * 200_000, "sheet.not_a_table", id="endless-cell"),
    ],
)
def test_files_that_are_no_tables_are_refused(make_file: Callable[[], bytes], code: str) -> None:
    with pytest.raises(InvalidInput) as error:
        read_table(make_file())
    assert refused(error) == {"file": code}


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(InvalidInput) as error:
        read_table(target.getvalue())
    assert refused(error) == {"file": "sheet.not_a_workbook"}


def test_who_only_looks_may_write_out_but_not_read_in(scene: Scene) -> None:
    technician = scene.sign_in("technician")
    assert technician.get("/standards/register.xlsx").status_code == 200
    assert technician.get("/standards/import").status_code == 403
    assert send(technician, written([HEAD])).status_code == 403
    assert send(scene.sign_in("quality_manager"), b"%PDF-").status_code == 422
