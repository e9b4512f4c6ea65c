"""Each thing that may be missing is named by its clause."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from certificates.check import missing
from certificates.content import (
    CertificateContent,
    Identification,
    Location,
    Method,
    Opinion,
    Relation,
    ResultTable,
    Signatory,
    SignatoryRole,
    Text,
)
from tests.factories.certificates import make_content, make_row, make_run, make_statements

EMPTY = Text("")
C = make_content()
TABLE = C.runs[0].results[0]


def _run(**changes: Any) -> CertificateContent:
    return make_content(runs=(make_run(**changes),))


def _row(**changes: Any) -> CertificateContent:
    return _run(results=(replace(TABLE, rows=(make_row(**changes),)),))


def _item(**changes: Any) -> CertificateContent:
    return make_content(items=(replace(C.items[0], **changes),))


def _standard(**changes: Any) -> CertificateContent:
    return make_content(standards=(replace(C.standards[0], **changes), C.standards[1]))


def _without(role: SignatoryRole) -> CertificateContent:
    return make_content(signatories=tuple(person for person in C.signatories if person.role is not role))


AS_LEFT = ResultTable("weighing", Text("Cân"), "as_left", (make_row(),))
CASES: list[tuple[str, str, CertificateContent]] = [
    ("7.8.2.1 a", "missing.title", make_content(title=EMPTY)),
    ("7.8.2.1 b", "missing.laboratory_name", make_content(laboratory=replace(C.laboratory, name=EMPTY))),
    ("7.8.2.1 b", "missing.laboratory_address", make_content(laboratory=replace(C.laboratory, address=EMPTY))),
    ("7.8.2.1 c", "missing.location", _run(location=Location("on_site", EMPTY))),
    ("7.8.2.1 d", "missing.number", make_content(identification=Identification("", 1, "J"))),
    ("7.8.2.1 e", "missing.customer_name", make_content(customer=replace(C.customer, name=EMPTY))),
    ("7.8.2.1 e", "missing.customer_address", make_content(addressee=replace(C.customer, address=EMPTY))),
    ("7.8.2.1 f", "missing.method", make_content(methods=())),
    ("7.8.2.1 f", "missing.method_reference", make_content(methods=(Method("HC", "1", Text("x"), ""),))),
    ("7.8.2.1 g", "missing.item_identification", _item(serial_number=None, asset_tag=None)),
    ("7.8.2.1 g", "missing.item_condition", _item(condition_on_receipt=None)),
    ("7.8.2.1 h", "missing.received_on", _item(received_on=None)),
    ("7.8.2.1 i", "missing.performed_order", _run(performed_from=date(2026, 11, 20), performed_to=date(2026, 11, 19))),
    ("7.8.2.1 j", "missing.issued_before_work", make_content(issued_on=date(2026, 11, 1))),
    ("7.8.2.1 k", "missing.sampling", make_content(statements=make_statements(sampling=None))),
    ("7.8.2.1 l", "missing.relate_statement", make_content(statements=make_statements(results_relate_to_items=EMPTY))),
    ("7.8.2.1 m", "missing.results", _run(results=())),
    ("7.8.2.1 m", "missing.result", _row(value=None)),
    ("7.8.2.1 m", "missing.unit", _row(unit="")),
    ("7.8.2.1 n", "missing.deviation_text", _run(deviations=(Text(" "),))),
    ("7.8.2.1 o", "missing.signatory_performed", _without(SignatoryRole.PERFORMED)),
    ("7.8.2.1 o", "missing.signatory_reviewed", _without(SignatoryRole.REVIEWED)),
    ("7.8.2.1 o", "missing.signatory_approved", _without(SignatoryRole.APPROVED)),
    ("7.8.2.1 p", "missing.providers", make_content(statements=make_statements(outside_providers=None))),
    ("7.8.4.1 a", "missing.uncertainty_statement", make_content(statements=make_statements(uncertainty=EMPTY))),
    ("7.8.4.1 a", "missing.uncertainty", _row(expanded_uncertainty=None)),
    ("7.8.4.1 a", "missing.uncertainty", _row(coverage_factor=None)),
    ("7.8.4.1 a", "missing.uncertainty", _row(coverage_probability=None)),
    ("7.8.4.1 b", "missing.conditions", _run(conditions=())),
    ("7.8.4.1 c", "missing.standards", _run(standards=())),
    ("7.8.4.1 c", "missing.standard_certificate", _standard(certificate_number=None)),
    ("7.8.4.1 c", "missing.terminal", _standard(traceability=None)),
    ("7.8.4.1 d", "missing.as_found", _run(results=(AS_LEFT,), adjustment=Text("Đã hiệu chỉnh"))),
    ("7.8.4.1 d", "missing.adjustment", _run(results=(TABLE, AS_LEFT))),
    ("7.8.4.1 e", "missing.decision_rule", _row(decision="pass")),
    (
        "7.8.4.1 e",
        "missing.specification",
        _run(
            results=(replace(TABLE, rows=(make_row(decision="pass"),)),),
            specification=None,
            decision_rule=Text("Chấp nhận đơn giản"),
        ),
    ),
    ("7.8.4.1 f", "missing.opinion_basis", make_content(opinions=(Opinion(Text("Nên"), EMPTY, "KT"),))),
    ("7.8.8", "missing.relation", make_content(identification=Identification("HC-1", 2, "J"))),
    (
        "7.8.8",
        "missing.reason",
        make_content(
            identification=Identification("HC-1", 2, "J"),
            relation=Relation("amends", "HC-1", date(2026, 11, 20), Text(" ")),
        ),
    ),
]


def test_a_complete_certificate_lacks_nothing() -> None:
    assert missing(make_content()) == ()


@pytest.mark.parametrize(("clause", "code", "content"), CASES, ids=[f"{case[0]} {case[1]}" for case in CASES])
def test_what_is_missing_is_named_by_clause(clause: str, code: str, content: CertificateContent) -> None:
    assert [(found.clause, found.code) for found in missing(content)] == [(clause, code)]


def test_every_clause_is_checked() -> None:
    wanted = {f"7.8.2.1 {letter}" for letter in "abcdefghijklmnop"} | {f"7.8.4.1 {letter}" for letter in "abcdef"}
    assert wanted <= {clause for clause, _, _ in CASES}


def test_everything_missing_is_listed_in_the_order_of_clauses() -> None:
    content = make_content(title=EMPTY, signatories=(Signatory(SignatoryRole.APPROVED, "A", None, date(2026, 11, 21)),))
    assert [found.clause for found in missing(content)] == ["7.8.2.1 a", "7.8.2.1 o", "7.8.2.1 o"]
