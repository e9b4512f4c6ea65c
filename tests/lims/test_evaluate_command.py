"""`lims evaluate`: one JSON document, readable budgets, exit status, and files that mean no good."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lims.cli import cli
from lims.core import reader
from tests.calc.published.reference import DATA

MODEL = 'schema = 1\n[[case]]\nid = "one"\nkind = "propagation"\n[case.model]\ny = "2*x"\n'
INPUT = '[[case.input]]\nname = "x"\nvalue = 1.5\nu = 0.1\n'
ASKED = '[[case.expect]]\nwhat = "u"\nvalue = 0.2\ntol = 0.05\n'


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    yield
    reader.speak("en")


def _evaluate(*arguments: str | Path, **variables: str) -> Result:
    environment = {"LIMS_LANGUAGE": "en", **variables}
    return CliRunner().invoke(cli, ["evaluate", *map(str, arguments)], env=environment)


def _written(folder: Path, text: str, name: str = "cases.toml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def _document(result: Result) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads(result.stdout)["cases"]
    return cases


def test_json_is_one_document_with_a_result_for_every_entry(tmp_path: Path) -> None:
    entries = '[[case.expect]]\nwhat = "dof"\n[[case.expect]]\nwhat = "U"\nof = "y"\nk = 3\np = 0.95\ncomment = "x"\n'
    result = _evaluate(_written(tmp_path, MODEL + INPUT + ASKED + entries), "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    (case,) = _document(result)
    assert list(case) == ["id", "kind", "results", "budget", "warnings"]
    assert case["results"] == [
        {"what": "u", "of": None, "computed": 0.2},
        {"what": "dof", "of": None, "computed": "inf"},
        {"what": "U", "of": "y", "computed": pytest.approx(0.6), "k": 3, "p": 0.95},
    ]
    (line,) = case["budget"]
    assert (line["output"], line["input"], line["contribution"], line["share"]) == ("y", "x", 0.2, 1.0)


def test_what_was_published_changes_nothing(tmp_path: Path) -> None:
    text = (DATA / "ea402.toml").read_text(encoding="utf-8")
    stripped = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("tol ="))
    parts = stripped.split("[[case.expect]]")
    bare = "[[case.expect]]".join([parts[0], *(_without_value(part) for part in parts[1:])])
    assert bare != text
    first, second = _evaluate(DATA / "ea402.toml", "--json"), _evaluate(_written(tmp_path, bare), "--json")
    assert first.exit_code == second.exit_code == 0
    assert first.stdout == second.stdout


def _without_value(entry: str) -> str:
    """Return what follows an entry's heading without its `value`, which stands before the next case's inputs."""
    head, found, tail = entry.partition("\nvalue = ")
    return head + "\n" + tail.partition("\n")[2] if found and "[[" not in head else entry


@pytest.mark.parametrize("name", ["calibration_interval", "ea402", "interlaboratory", "jcgm101", "straight_line"])
def test_the_published_files_hold(name: str) -> None:
    result = _evaluate(DATA / f"{name}.toml")
    assert result.exit_code == 0, result.output
    assert "NOT MET" not in result.stdout
    assert "not met: 0; refused: 0" in result.stdout
    assert result.stderr == ""


def test_several_files_and_a_seed() -> None:
    files = [DATA / "gum.toml", DATA / "jcgm102.toml"]
    first = _evaluate(*files, "--json")
    assert [case["id"] for case in _document(first)][:2] == ["gum-h1", "gum-h1-difference"]
    assert _document(first)[-1]["id"] == "jcgm102-9.3-x0.001-r0.9"
    assert _evaluate(*files, "--json").stdout == first.stdout
    assert _evaluate(*files, "--json", "--seed", "5").stdout != first.stdout


def test_a_reader_sees_result_budget_and_figures() -> None:
    result = _evaluate(DATA / "ea402.toml")
    text = result.stdout.replace("\u2009", " ")
    assert "mX = 10 000.025   u = 0.029 261 7   ν_eff = ∞   k = 2.00 (95.45 %)" in text
    assert "rectangular" in text
    assert "59.1 %" in text
    assert "U(mX), k = 2" in text
    assert "dViX dominates" in text


def test_vietnamese() -> None:
    result = _evaluate(DATA / "ea402.toml", LIMS_LANGUAGE="vi")
    assert "0,029" in result.stdout
    assert result.exit_code == 0


def test_a_figure_that_is_not_met_fails_for_a_reader_only(tmp_path: Path) -> None:
    file = _written(tmp_path, MODEL + INPUT + ASKED.replace("0.05", "0.001").replace("0.2", "0.25"))
    result = _evaluate(file)
    assert result.exit_code == 1
    assert "NOT MET" in result.stdout
    assert _evaluate(file, "--json").exit_code == 0


def test_monte_carlo_beside(tmp_path: Path) -> None:
    file = _written(tmp_path, MODEL.replace("2*x", "x**2") + INPUT + ASKED.replace("0.2", "0.3"))
    result = _evaluate(file, "--json", "--monte-carlo", "20000", "--seed", "3")
    (summary,) = _document(result)[0]["monte_carlo"]
    assert (summary["output"], summary["trials"], summary["seed"], summary["p"]) == ("y", 20000, 3, 0.9545)
    assert summary["estimate"] == pytest.approx(2.26, abs=0.02)
    assert set(summary["validation"]) == {"tolerance", "difference_low", "difference_high", "valid"}
    assert "Monte Carlo of 20\u2009000 trials" in _evaluate(file, "--monte-carlo", "20000").stdout


def test_a_bad_case_is_told_and_the_others_are_evaluated(tmp_path: Path) -> None:
    bad = MODEL.replace('"one"', '"two"').replace("schema = 1\n", "") + INPUT.replace("u = 0.1", "u = nan")
    file = _written(tmp_path, MODEL + INPUT + ASKED + bad)
    result = _evaluate(file, "--json")
    assert result.exit_code == 1
    first, second = _document(result)
    assert first["results"][0]["computed"] == 0.2
    assert second["results"] == []
    assert second["error"]["code"] == "case.not_finite"
    assert second["error"]["values"] == {"case": "two", "field": "input[1].u", "value": "NaN"}
    assert str(file) in result.stderr
    assert "two" in result.stderr
    assert _evaluate(file).exit_code == 1


def test_a_refused_case_keeps_the_places_of_its_figures(tmp_path: Path) -> None:
    result = _evaluate(_written(tmp_path, MODEL + INPUT.replace("u = 0.1", "u = -1") + ASKED + ASKED), "--json")
    (case,) = _document(result)
    assert [(one["what"], one["computed"], one["error"]["code"]) for one in case["results"]] == [
        ("u", None, "quantity.negative")
    ] * 2
    assert len(result.stderr.splitlines()) == 1


def test_monte_carlo_that_is_refused_leaves_the_figures(tmp_path: Path) -> None:
    file = _written(tmp_path, MODEL + INPUT + ASKED + '[[case.expect]]\nwhat = "k"\np = 0.9999\n')
    result = _evaluate(file, "--json", "--monte-carlo", "100")
    (case,) = _document(result)
    assert result.exit_code == 1
    assert case["results"][0]["computed"] == 0.2
    assert case["error"]["code"] == "monte_carlo.trials"


def test_a_bad_figure_is_told_and_the_others_are_given(tmp_path: Path) -> None:
    result = _evaluate(_written(tmp_path, MODEL + INPUT + '[[case.expect]]\nwhat = "mood"\n' + ASKED), "--json")
    assert result.exit_code == 1
    bad, good = _document(result)[0]["results"]
    assert (bad["computed"], bad["error"]["code"], good["computed"]) == (None, "case.unknown_what", 0.2)
    assert "mood" in result.stderr


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "schema = 9\n[[case]]\n",
        "schema = 1\n",
        "x = [" * 5000,
        "x = 1e99999999999999999999",
        "x = 1" + "0" * 9999,
    ],
)
def test_a_file_that_holds_no_cases(tmp_path: Path, text: str) -> None:
    good = _written(tmp_path, MODEL + INPUT + ASKED, "good.toml")
    result = _evaluate(_written(tmp_path, text), good, "--json")
    assert result.exit_code == 1
    assert [case["id"] for case in _document(result)] == ["one"]
    assert "cases.toml" in result.stderr
    assert "Traceback" not in result.stderr


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    assert _evaluate(tmp_path / "bytes.toml").exit_code == 1


def test_wrong_usage(tmp_path: Path) -> None:
    file = _written(tmp_path, MODEL + INPUT)
    assert _evaluate(tmp_path / "none.toml").exit_code == 2
    assert _evaluate().exit_code == 2
    assert _evaluate(tmp_path).exit_code == 2
    assert _evaluate(file, "--monte-carlo", "0").exit_code == 2
    assert _evaluate(file, "--seed", "-1").exit_code == 2


def _regression(name: str) -> str:
    return f'schema = 1\n[[case]]\nid = "r"\nkind = "type_a"\ndata_file = {name}\n[[case.expect]]\nwhat = "mean"\n'


def test_a_data_file_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "d.csv").write_text("y\n1.5\n2.5\n\n", encoding="utf-8-sig")
    result = _evaluate(_written(tmp_path, _regression('"below/d.csv"')), "--json")
    assert _document(result)[0]["results"][0]["computed"] == 2.0


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ('"../secret.csv"', "case.data_outside"),
        ('"below/../../secret.csv"', "case.data_outside"),
        ('"link.csv"', "case.data_outside"),
        ('"none.csv"', "case.data_file"),
        ('"."', "case.data_file"),
        ('"a\\u0000b"', "case.data_file"),
        (f'"{"a" * 5000}"', "case.data_file"),
        ("3", "case.wrong_type"),
    ],
)
def test_data_files_that_are_refused(tmp_path: Path, name: str, code: str) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text("y\n1\n2\n", encoding="utf-8")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    result = _evaluate(_written(folder, _regression(name)), "--json")
    assert result.exit_code == 1
    assert _document(result)[0]["error"]["code"] == code


def test_an_absolute_data_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("y\n1\n2\n", encoding="utf-8")
    result = _evaluate(_written(tmp_path, _regression(f'"{tmp_path}/d.csv"')), "--json")
    assert _document(result)[0]["error"]["code"] == "case.data_outside"


def test_what_a_file_says_cannot_steer_the_terminal(tmp_path: Path) -> None:
    evil = MODEL.replace('"one"', '"\\u001b[2J"') + INPUT + '[[case.expect]]\nwhat = "\\u001b]0;x\\u0007"\n'
    for arguments in ((), ("--json",)):
        result = _evaluate(_written(tmp_path, evil), *arguments)
        assert "\x1b" not in result.output


def test_it_needs_no_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(DATA / "ea402.toml", tmp_path)
    monkeypatch.chdir(tmp_path)
    result = _evaluate("ea402.toml", "--json", LIMS_DATA_DIR=str(tmp_path / "nowhere"))
    assert result.exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ea402.toml"]


def test_what_does_not_end_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    os.mkfifo(tmp_path / "pipe.csv")
    assert "cannot be read" in _evaluate(pipe).stderr
    assert "cannot be read" in _evaluate("/dev/zero").stderr
    result = _evaluate(_written(tmp_path, _regression('"pipe.csv"')), "--json")
    assert _document(result)[0]["error"]["code"] == "case.data_file"


def test_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "bom.toml"
    file.write_text(MODEL + INPUT + ASKED, encoding="utf-8-sig")
    assert _evaluate(file).exit_code == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("u = 0.1", "half_width = -1"), "case one: input[1].half_width: x: −1 must not be negative."),
        (("u = 0.1", "u = -0.1"), "case one: input[1].u: x: −0.1 must not be negative."),
        (("u = 0.1", "u = 0.1\ndof = 0"), "(JCGM 100:2008, G.4.1)"),
        (("u = 0.1", 'u = "much"'), "case one: input[1].u must be a number, not 'much'."),
        (('"2*x"', '"1/(x - 1.5)"'), "y: "),
    ],
)
def test_a_refusal_names_case_field_and_clause(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    file = _written(tmp_path, (MODEL + INPUT + ASKED).replace(*change))
    told = _evaluate(file).stderr
    assert told.startswith(f"{file}: case one: ")
    assert words.replace("−", "-") in told.replace("−", "-").replace("-1.0 ", "-1 ")


def test_a_figure_without_a_name_is_told_by_its_place(tmp_path: Path) -> None:
    told = _evaluate(_written(tmp_path, MODEL + INPUT + "[[case.expect]]\np = 0.9\n")).stderr
    assert "case one: expect[1]: expect[1].what is missing." in told


def test_vietnamese_words_for_what_is_expected(tmp_path: Path) -> None:
    told = _evaluate(_written(tmp_path, MODEL + INPUT.replace('"x"', "3")), LIMS_LANGUAGE="vi").stderr
    assert "input[1].name phải là một văn bản, không phải 3." in told
