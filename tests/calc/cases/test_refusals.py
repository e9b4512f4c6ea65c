"""What is wrong with a case is told by a typed error that names case and field, whatever the file holds."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calc.cases.document import read_document
from calc.cases.evaluate import evaluate_case
from calc.cases.facts import CaseOutcome, Context
from calc.cases.tables import Table
from calc.errors import CalcError, InvalidQuantity
from tests.calc.cases.build import expect, outcome, rows
from tests.calc.published.reference import DATA, loader

INPUT = '[[case.input]]\nname = "x"\nvalue = 1\n'
MODEL = 'kind = "propagation"\n[case.model]\ny = "x"\n'
ASKED = expect('what = "u"')


def _error(found: CaseOutcome) -> CalcError:
    error = found.error or next((figure.error for figure in found.figures if figure.error is not None), None)
    assert error is not None
    assert str(error)
    return error


CASES = [
    ('id = "c"', "case.missing_field", "kind"),
    ('kind = "alchemy"', "case.unknown_kind", "kind"),
    ("kind = 3", "case.wrong_type", "kind"),
    ('kind = "propagation"', "case.missing_field", "model"),
    ('kind = "propagation"\n[case.model]', "case.too_few", "model"),
    ('kind = "propagation"\n[case.model]\ny = "1"', "case.missing_field", "input"),
    ('kind = "propagation"\n[case.model]\ny = 3\n' + INPUT + "u = 1", "case.wrong_type", "model.y"),
    (MODEL + INPUT, "case.missing_field", "input[1].u"),
    (MODEL + INPUT + "u = nan", "case.not_finite", "input[1].u"),
    (MODEL + INPUT + "u = inf", "case.not_finite", "input[1].u"),
    (MODEL + INPUT + 'u = "1"', "case.wrong_type", "input[1].u"),
    (MODEL + INPUT + "u = true", "case.wrong_type", "input[1].u"),
    (MODEL + INPUT + "u = 1e999", "case.too_large", "input[1].u"),
    (MODEL + INPUT + "u = 1\ndof = 0", "case.out_of_range", "input[1].dof"),
    (MODEL + INPUT + "u = 1\ndof = nan", "case.out_of_range", "input[1].dof"),
    (MODEL + INPUT + 'u = 1\ndof = "many"', "case.wrong_type", "input[1].dof"),
    (MODEL + INPUT + "u = 1\nU = 2", "case.conflict", "input[1].u"),
    (MODEL + INPUT + "U = 2", "case.missing_field", "input[1].k"),
    (MODEL + INPUT + "U = 2\nk = 2\np = 0.9", "case.conflict", "input[1].k"),
    (MODEL + INPUT + "half_widht = 2", "case.unknown_field", "input[1].half_widht"),
    (MODEL + INPUT + "halfwidth = 2", "case.unknown_field", "input[1].halfwidth"),
    (MODEL + INPUT + 'u = 1\ndits = "t"', "case.unknown_field", "input[1].dits"),
    (MODEL + INPUT + "u = 1\ndof = 1e999999999", "case.too_large", "input[1].dof"),
    ("p = 95\n" + MODEL + INPUT + "u = 1\n" + expect('what = "k"'), "case.out_of_range", "p"),
    (MODEL + INPUT + 'u = 1\ndist = "lognormal"', "case.not_one_of", "input[1].dist"),
    (MODEL + INPUT + 'u = 1\ndist = "t"', "case.missing_field", "input[1].dof"),
    (MODEL + INPUT + 'half_width = 1\ndist = "t"\ndof = 3', "case.not_one_of", "input[1].dist"),
    (MODEL + INPUT + "a = 0\nb = 1", "case.not_one_of", "input[1].dist"),
    (MODEL + INPUT + 'a = 2\nb = 1\nd = 0\ndist = "ctrap"', "case.out_of_range", "input[1].a"),
    (MODEL + INPUT + 'a = 2\nb = 4\nd = 0\ndist = "ctrap"', "case.conflict", "input[1].value"),
    (MODEL + INPUT + 'half_width = 1\ndist = "trapezoidal"', "case.missing_field", "input[1].beta"),
    (MODEL + INPUT + "u = 1\n" + INPUT + "u = 1", "case.duplicate", "input[2].name"),
    (MODEL + "[[case.input]]\nu = 1", "case.missing_field", "input[1].name"),
    ('correlation = [["x", "z", 0.5]]\n' + MODEL + INPUT + "u = 1", "case.unknown_name", "correlation[1]"),
    ('correlation = [["x", 0.5]]\n' + MODEL + INPUT + "u = 1", "case.wrong_type", "correlation[1]"),
    ('expect = 3\nkind = "t_factor"', "case.wrong_type", "expect"),
    (MODEL + INPUT + "u = 1\n" + expect("of = 3"), "case.missing_field", "expect[1].what"),
    (MODEL + INPUT + "u = 1\n" + expect('what = "mood"'), "case.unknown_what", "expect[1].what"),
    (MODEL + INPUT + "u = 1\n" + expect('what = "u"; of = "z"'), "case.unknown_name", "expect[1].of"),
    (MODEL + INPUT + "u = 1\n" + expect('what = "u"; of = ["y", 3]'), "case.wrong_type", "expect[1].of"),
    (MODEL + INPUT + "u = 1\n" + expect('what = "input:z"'), "case.unknown_name", "expect[1].what"),
    (MODEL + INPUT + "u = 1\n" + expect('what = "k"'), "case.missing_field", "expect[1].p"),
    (MODEL + INPUT + "u = 1\n" + expect('what = "k"; p = 95'), "case.out_of_range", "expect[1].p"),
    (MODEL + INPUT + "u = 1\n" + expect('what = "u"; method = "guess"'), "case.not_one_of", "expect[1].method"),
    (MODEL + INPUT + "u = 1\n" + expect('what = "low"; method = "mcm"; inteval = "shortest"; p = 0.9'),
     "case.unknown_field", "expect[1].inteval"),
    (MODEL + INPUT + "u = 1\n" + expect('what = "u"; method = "mcm"; trials = 1000000000000'),
     "case.out_of_range", "expect[1].trials"),
    (MODEL + INPUT + "u = 1\n" + expect('what = "dof"; method = "mcm"; trials = 1000'),
     "case.method", "expect[1].what"),
    (MODEL.replace('"x"', '"x - 1"') + INPUT + "u = 1\n" + expect('what = "rel_u"'),
     "case.relative_to_zero", "expect[1].what"),
    ('kind = "t_factor"\n' + expect('what = "t"; p = 0.9; dof = -1'), "case.out_of_range", "expect[1].dof"),
    ('kind = "sd_of_sd"\n' + expect('what = "percent"; n = 1'), "case.out_of_range", "expect[1].n"),
    ('kind = "sd_of_sd"\n' + expect('what = "percent"; n = 2.5'), "case.wrong_type", "expect[1].n"),
    ('kind = "rounding"\n' + expect('what = "rounded"; number = "1,5"; decimals = 1'),
     "case.wrong_type", "expect[1].number"),
    ('kind = "rounding"\n' + expect('what = "rounded"; number = 1; decimals = 1000000000'),
     "case.out_of_range", "expect[1].decimals"),
    ('kind = "welch_satterthwaite"\nu = [1, 2]\ndof = [3]\n' + expect('what = "u"'), "case.lengths", "dof"),
    ('kind = "line_fit"\nmethod = "wls"\nx = [1, 2]\ny = [1, 2]\n' + expect('what = "a"'), "case.missing_field", "uy"),
    ('kind = "line_fit"\nmethod = "ols"\nx = [1, 2]\ny = [1, 2, 3]\n' + expect('what = "a"'), "case.lengths", "y"),
    ('kind = "line_fit"\nx = [1, 2]\ny = [1, 2]\n' + expect('what = "u_a"'), "case.too_few", "x"),
    ('kind = "type_a"\nseries = [1]\n' + expect('what = "u"'), "case.too_few", "series"),
    ('kind = "type_a"\nseries = [1, "2"]\n' + expect('what = "u"'), "case.wrong_type", "series[2]"),
    ('kind = "type_a"\ndata_file = "none.csv"\n' + expect('what = "u"'), "case.data_file", "data_file"),
    ('kind = "linear_regression"\ny = [1, 2, 3]\nx = [1, 2, 3]\ndegree = 2\npredictors = ["x"]',
     "case.conflict", "degree"),
    ('kind = "linear_regression"\ny = [1, 2, 3]\nx = [1, 2, 3]\n' + expect('what = "coef:7"'),
     "case.unknown_name", "expect[1].what"),
    ('kind = "key_comparison"\n[[case.lab]]\nname = "A"\nvalue = 1\nu = 1\n[[case.lab]]\nname = "A"\nvalue = 1\nu = 1',
     "case.duplicate", "lab[2].name"),
    ('kind = "calibration_interval"\ncalibrations = 5\nin_tolerance = 6\ntarget = 0.9\ninterval = 1',
     "case.out_of_range", "in_tolerance"),
    ('kind = "global_risk"\nu_m = 1\nu_m_over_prior_s = 1\nupper = 1\n[case.prior]\ndist = "normal"\ns = 1',
     "case.conflict", "u_m"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "field"), CASES, ids=[f"{code}:{field}" for _, code, field in CASES])
def test_refused(text: str, code: str, field: str) -> None:
    found = outcome('id = "here"\n' + text if 'id = "c"' not in text else text)
    error = _error(found)
    assert (error.code, error.values.get("field")) == (code, field), error
    assert error.values["case"] == found.identifier


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (MODEL.replace('"x"', '"x +"') + INPUT + "u = 1", "model.unexpected_end"),
        (MODEL.replace('"x"', "\"__import__('os')\"") + INPUT + "u = 1", "model.syntax"),
        (MODEL.replace('"x"', '"z"') + INPUT + "u = 1", "model.unknown_name"),
        (MODEL.replace('"x"', '"9**9**9**9"') + INPUT + "u = 1", "model.exponent"),
        (MODEL.replace('"x"', '"1/(x - 1)"') + INPUT + "u = 1\n" + ASKED, "model.division_by_zero"),
        ('correlation = [["x", "x", 0.5]]\n' + MODEL + INPUT + "u = 1", "correlation.itself"),
        ('kind = "line_fit"\nmethod = "ols"\nx = [1, 1, 1]\ny = [1, 2, 3]', "curve.equal_arguments"),
        ('kind = "conformity"\ny = 1\nu = 1\n' + expect('what = "p_conform"'), "conformity.no_limit"),
    ],
)
def test_refusals_of_the_core_come_through(text: str, code: str) -> None:
    assert _error(outcome(text)).code == code


@pytest.mark.parametrize(
    ("text", "code", "name", "field"),
    [
        (MODEL + INPUT + "u = -1", "quantity.negative", "x", "input[1].u"),
        (MODEL + INPUT + "half_width = -1", "quantity.negative", "x", "input[1].half_width"),
        (MODEL + INPUT + "U = -1\nk = 2", "quantity.negative", "x", "input[1].U"),
        (MODEL + INPUT + "U = 1\nk = 0", "quantity.not_positive", "x", "input[1].k"),
        (MODEL + '[[case.input]]\nname = "x"\nseries = [1]', "quantity.too_few_readings", "x", "input[1].series"),
        (MODEL + INPUT + 'half_width = 1\ndist = "ctrap"\nd = 2', "quantity.out_of_range", "x", "input[1].d"),
        ('kind = "conformity"\ny = 1\nu = -1\nupper = 2\n' + expect('what = "p_conform"'), "quantity.negative",
         "u", "u"),
        ('kind = "conformity"\ny = 1\nupper = 2\n' + expect('what = "p_conform"; u = -1'), "quantity.negative",
         "expect[1].u", "expect[1].u"),
        ('kind = "line_fit"\nx = [1, 2, 3]\ny = [1, 2, 3]\nuy = -1\n', "quantity.negative", "uy", "uy"),
        ('kind = "global_risk"\nu_m = -1\nupper = 1\n[case.prior]\ndist = "normal"\ns = 1\n'
         + expect('what = "consumer_risk"'), "quantity.negative", "u_m", "u_m"),
        ('kind = "global_risk"\nu_m = 1\nupper = 1\n[case.prior]\ndist = "normal"\ns = -1', "quantity.not_positive",
         "prior.s", "prior.s"),
        ('kind = "anova"\ngroup_mean = [1, 2]\ngroup_s = [1, 1]\ngroup_n = 1', "quantity.too_few_readings",
         "group_n", "group_n"),
        ('kind = "key_comparison"\n[[case.lab]]\nname = "A"\nvalue = 1\nU = -1\nk = 2', "quantity.not_positive",
         "A", "lab[1].U"),
        (MODEL.replace('"x"', '"1/(x - 1)"') + INPUT + "u = 1\n" + ASKED, "model.division_by_zero", None, "model.y"),
    ],
)  # fmt: skip
def test_refusals_of_the_core_name_case_and_field(text: str, code: str, name: str | None, field: str) -> None:
    error = _error(outcome('id = "here"\n' + text))
    assert (error.code, error.values.get("name"), error.values["field"]) == (code, name, field), error
    assert error.values["case"] == "here"


def test_fields_without_effect_are_named() -> None:
    text = MODEL.replace("[case", "seed = 3\n[case", 1) + INPUT + "u = 1\nmystery = 2\nn = 3\n"
    found = outcome(text + expect('what = "u"; inputs = 2'))
    assert found.error is None
    assert [(one.code, one.name) for one in found.extras.warnings] == [
        ("case.unknown_key", "expect[1].inputs"),
        ("case.unknown_key", "seed"),
        ("case.unknown_key", "input[1].mystery"),
        ("case.unknown_key", "input[1].n"),
    ]


@pytest.mark.parametrize(
    "published",
    [
        "value = nan",
        'value = "two"',
        "value = 2; tol = nan",
        "value = 2; tol = -1",
        "value = 1; tol = inf",
        "value = 1e999999",
        'value = 1; op = "~"',
    ],
)
def test_what_was_published_never_keeps_a_figure_back(published: str) -> None:
    (figure,) = outcome(MODEL + INPUT + "u = 2\n" + expect(f'what = "u"; {published}')).figures
    assert (figure.computed, figure.agreement, figure.error) == (2.0, None, None)


def test_a_name_used_twice_loses_no_case() -> None:
    case = {"id": "a", "kind": "sd_of_sd", "n": 10, "expect": [{"what": "percent"}]}
    first, second = (
        evaluate_case(table, Context(loader(DATA))) for table in read_document({"case": [case, case]}).cases
    )
    assert first.figures == second.figures
    assert first.extras.warnings == ()
    assert [(one.code, one.name) for one in second.extras.warnings] == [("case.duplicate_id", "a")]


def test_one_bad_figure_leaves_the_others() -> None:
    found = outcome(MODEL + INPUT + "u = 2\n" + expect('what = "u"', 'what = "mood"', 'what = "estimate"'))
    assert [figure.computed for figure in found.figures] == [2.0, None, 1.0]
    assert found.refused


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({}, "case.none"),
        ({"case": []}, "case.none"),
        ({"case": {"id": "a"}}, "case.none"),
        ({"schema": 2, "case": [{}]}, "case.schema"),
        ({"schema": True, "case": [{}]}, "case.schema"),
        ({"case": [3]}, "case.wrong_type"),
    ],
)
def test_files_without_usable_cases(content: Mapping[str, object], code: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        read_document(content)
    assert caught.value.code == code


def test_a_case_without_a_name_is_named_by_its_place() -> None:
    document = read_document({"case": [{"id": "a"}, {"id": 3}, {}]})
    assert [table.case for table in document.cases] == ["a", "case 2", "case 3"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ([["y", "x"], ["1", "2"], ["3"]], "case.lengths"),
        ([["y", "x"], ["1", "two"], ["3", "4"]], "case.data_number"),
        ([["y", "x"], ["1", "nan"], ["3", "4"]], "case.data_number"),
        ([["y", "x"], ["1", "1e999"], ["3", "4"]], "case.data_number"),
        ([["y", "z"], ["1", "2"], ["3", "4"]], "case.data_columns"),
        ([["y", "y"], ["1", "2"], ["3", "4"]], "case.duplicate"),
        ([["y", "x"]], "case.too_few"),
        ([], "case.too_few"),
    ],
)
def test_bad_data_files(content: list[list[str]], code: str) -> None:
    text = 'kind = "linear_regression"\ndata_file = "d.csv"\n' + expect('what = "coef:0"')
    assert _error(outcome(text, d=content)).code == code


def test_numbers_that_leave_the_range_of_floats_are_refused() -> None:
    text = 'kind = "line_fit"\nmethod = "ols"\nx = [1e200, 2e200, 3e200]\ny = [1, 2, 4]\n' + expect('what = "u_b"')
    assert _error(outcome(text)).code.startswith(("case.", "curve.", "quantity."))


def _documents() -> list[dict[str, Any]]:
    found = []
    for name in ("gum", "conformity", "interlaboratory", "straight_line", "calibration_interval", "jcgm102"):
        for case in tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"), parse_float=Decimal)["case"]:
            case["expect"] = [entry for entry in case["expect"] if entry.get("method") != "mcm"][:6]
            found.append(case)
    return found


CARRIED = _documents()
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([10**400, Decimal("NaN"), Decimal("inf"), Decimal("1e-400"), Decimal("1e300"), Decimal("-0.5")]),
    st.text(max_size=5),
    st.sampled_from(["t", "ctrap", "gamma", "exponential", "lpu2", "median", "x**9**9", "log(-1)", "1/0", "(" * 3000]),
    st.lists(st.integers(0, 2), max_size=3),
    st.dictionaries(st.sampled_from(["u", "value", "name", "what"]), st.integers(0, 2), max_size=2),
)


def _places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in items for place in [(*path, key), *_places(item, (*path, key))]]


@settings(max_examples=250)
@given(st.data())
def test_a_spoilt_case_is_evaluated_or_refused_and_nothing_else(data: st.DataObject) -> None:
    case = copy.deepcopy(data.draw(st.sampled_from(CARRIED)))
    place = data.draw(st.sampled_from(_places(case)))
    holder: Any = case
    for key in place[:-1]:
        holder = holder[key]
    if data.draw(st.booleans()):
        holder[place[-1]] = data.draw(JUNK)
    else:
        del holder[place[-1]]
    found = evaluate_case(Table(case, "spoilt"), Context(loader(DATA)))
    for figure in found.figures:
        assert (figure.computed is None) == (figure.error is not None)
        assert figure.computed is None or figure.computed == figure.computed


def test_the_helper_refuses_files_it_does_not_hold() -> None:
    with pytest.raises(InvalidQuantity):
        rows({}, "none.csv")


def test_remarks_are_harmless() -> None:
    text = 'kind = "t_factor"\nverified_on = "2026"\nsources = "two"\nverified = true\n' + expect(
        'what = "t"; p = 0.9; dof = 3; remark = "seen"; published_digits = 3; atol = 0.1'
    )
    found = outcome(text)
    assert found.error is None
    assert found.figures[0].error is None
    assert found.figures[0].entry.parameters["published_digits"] == 3
