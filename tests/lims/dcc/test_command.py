"""`lims dcc read` and `lims dcc check`: what they print, and their exit status."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lims.cli import cli
from lims.core import reader
from tests.lims.dcc.plain import REAL, RESULT, page, quantity, written
from tests.lims.dcc.reference import schema_folder


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    yield
    reader.speak("en")


def _run(command: str, *arguments: str | Path, **variables: str) -> Result:
    environment = {"LIMS_LANGUAGE": "en", "LIMS_DCC_SCHEMA_DIR": "", **variables}
    return CliRunner().invoke(cli, ["dcc", command, *map(str, arguments)], env=environment)


def _document(result: Result) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_read_prints_one_document_with_every_part_of_a_value(tmp_path: Path) -> None:
    result = _run("read", written(tmp_path, page()), "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    document = _document(result)
    assert (document["accepted"], document["schema_version"], document["digital_si_version"]) == (
        True,
        "3.3.0",
        "2.2.1",
    )
    (value,) = document["values"]
    real = f"{RESULT}/dcc:quantity/si:real"
    assert {key: value[key] for key in ("path", "value", "unit", "unit_canonical", "place")} == {
        "path": f"{real}/si:value",
        "value": "100.0220",
        "unit": "\\ohm",
        "unit_canonical": "ohm",
        "place": "result",
    }
    assert (value["expanded_uncertainty"], value["coverage_factor"], value["coverage_probability"]) == (
        "0.0039",
        "2",
        "0.95",
    )
    assert (value["distribution"], value["degrees_of_freedom"], value["degrees_of_freedom_state"]) == (
        "normal",
        None,
        "missing",
    )
    assert value["paths"] == {
        "value": f"{real}/si:value",
        "unit": f"{real}/si:unit",
        "expanded_uncertainty": f"{real}/si:expandedUnc/si:uncertainty",
        "coverage_factor": f"{real}/si:expandedUnc/si:coverageFactor",
        "coverage_probability": f"{real}/si:expandedUnc/si:coverageProbability",
        "distribution": f"{real}/si:expandedUnc/si:distribution",
    }


def test_read_prints_the_facts(tmp_path: Path) -> None:
    certificate = _document(_run("read", written(tmp_path, page()), "--json"))["certificate"]
    core = certificate["core"]
    assert (core["unique_identifier"], core["began_on"], core["ended_on"]) == (
        "HC-2026-001",
        "2026-01-05",
        "2026-01-06",
    )
    assert core["used_languages"] == ["vi", "en"]
    assert certificate["laboratory_code"] == "VILAS 000"
    assert certificate["laboratories"][0]["name"][0]["text"] == "Phòng thử"
    (item,) = certificate["items"]
    assert [(one["language"], one["text"]) for one in item["name"]] == [
        ("vi", "Nhiệt kế điện trở"),
        ("en", "Resistance thermometer"),
    ]
    assert (item["model"], item["identifications"][0]["value"]) == ("PT-100", "SN-7")
    assert certificate["persons"][0]["main_signer"] is True


def test_read_for_a_person(tmp_path: Path) -> None:
    result = _run("read", written(tmp_path, page()))
    assert result.exit_code == 0
    for shown in (
        "Certificate: HC-2026-001",
        "100.0220 \\ohm (ohm)   U = 0.0039   k = 2   p = 0.95   normal   ν: not stated",
        f"{RESULT}/dcc:quantity/si:real/si:expandedUnc/si:coverageFactor",
        "Resistance thermometer · Maker · PT-100 · Serial no.: SN-7",
        "Signature: none; the file is unsigned.",
    ):
        assert shown in result.stdout


def test_check_says_what_holds_and_by_what(tmp_path: Path) -> None:
    result = _run("check", written(tmp_path, page()))
    assert result.exit_code == 0
    assert "unsigned" in result.stdout
    assert "without errors (by the rules built in" in result.stdout
    vietnamese = _run("check", written(tmp_path, page()), LIMS_LANGUAGE="vi")
    assert "tệp chưa được ký" in vietnamese.stdout


@pytest.mark.parametrize("command", ["read", "check"])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"no XML", "error: /: This is not an XML file: line 1, column 0: "),
        (page("9.9.9"), "Version “9.9.9” of the format is not known here."),
        (page(data=quantity(REAL.replace("si:coverageFactor", "si:factor"))), "“si:factor” is not understood here."),
        (page(ended="2099-01-01"), "1 Jan 2099 lies in the future"),
        (page(data=quantity(REAL.replace("\\ohm", ""))), "There is no unit."),
    ],
    ids=["noise", "version", "element", "future", "unit"],
)
def test_refused_with_the_element_and_the_reason(command: str, data: bytes, said: str, tmp_path: Path) -> None:
    result = _run(command, written(tmp_path, data))
    assert result.exit_code == 1
    assert said in result.stderr
    document = _run(command, written(tmp_path, data), "--json")
    assert document.exit_code == 1
    assert _document(document)["accepted"] is False
    assert said.removeprefix("error: /: ") in _document(document)["findings"][0]["message"]


def test_the_reason_is_told_in_the_installation_language(tmp_path: Path) -> None:
    result = _run("check", written(tmp_path, b"no XML"), LIMS_LANGUAGE="vi")
    assert "lỗi: /: Đây không phải tệp XML" in result.stderr


def test_a_unit_that_is_not_understood_is_flagged(tmp_path: Path) -> None:
    file = written(tmp_path, page(data=quantity(REAL.replace("\\ohm", "/kilogram"))))
    result = _run("check", file)
    assert result.exit_code == 0
    assert "to be looked at: " in result.stdout
    (value,) = _document(_run("read", file, "--json"))["values"]
    assert (value["unit"], value["unit_state"], value["unit_canonical"]) == ("/kilogram", "not_digital_si", None)


@pytest.mark.parametrize(
    "arguments",
    [[], ["no-such-file.xml"], ["."], ["--wrong", "x"], ["x", "y"]],
    ids=["nothing", "missing", "folder", "option", "two"],
)
def test_wrong_usage(arguments: list[str]) -> None:
    assert _run("read", *arguments).exit_code == 2
    assert _run("check", *arguments).exit_code == 2


def test_settings_that_cannot_be_used(tmp_path: Path) -> None:
    file = written(tmp_path, page())
    missing = _run("check", file, LIMS_DCC_SCHEMA_DIR=str(tmp_path / "nowhere"))
    assert (missing.exit_code, "LIMS_DCC_SCHEMA_DIR" in missing.stderr) == (2, True)
    assert _run("check", file, "--trusted", file).exit_code == 2
    assert _run("check", file, LIMS_MISSPELT="x").exit_code == 2


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    result = _run("check", tmp_path / "pipe")
    assert result.exit_code == 1
    assert "cannot be read" in result.stderr


def test_signs_that_steer_a_terminal_are_not_printed(tmp_path: Path) -> None:
    data = page().replace("Phòng thử".encode(), "\u202ePhòng\u009b31m".encode())
    result = _run("read", written(tmp_path, data))
    assert result.exit_code == 0
    assert "\u202e" not in result.stdout
    assert "\u009b" not in result.stdout


def test_nothing_is_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, page())
    monkeypatch.chdir(tmp_path)
    assert _run("check", file).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["certificate.xml"]


def test_the_schema_files_are_used_where_they_are_set_up(tmp_path: Path) -> None:
    folder = schema_folder()
    file = written(tmp_path, page())
    result = _run("check", file, LIMS_DCC_SCHEMA_DIR=str(folder))
    assert result.exit_code == 0
    assert "by PTB's schema" in result.stdout
    broken = written(tmp_path, page(data=quantity(REAL.replace("si:real", "si:reel"))), "broken.xml")
    refused = _run("check", broken, LIMS_DCC_SCHEMA_DIR=str(folder))
    assert refused.exit_code == 1
    assert "PTB's schema of version 3.3.0" in refused.stderr


def test_foreign_content_without_a_schema_is_no_fault(tmp_path: Path) -> None:
    formula = (
        '<dcc:formula><dcc:mathml><m:math xmlns:m="http://www.w3.org/1998/Math/MathML"/></dcc:mathml></dcc:formula>'
    )
    file = written(tmp_path, page(data=quantity(REAL) + formula))
    assert _run("check", file).exit_code == 0
    result = _run("check", file, LIMS_DCC_SCHEMA_DIR=str(schema_folder()))
    assert result.exit_code == 0
    assert "whose schema is not at hand" in result.stdout
