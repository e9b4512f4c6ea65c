"""What a schema does not see in a certificate as a whole: dates, references between elements, languages, signers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from lims.dcc.certificate_facts import Certificate
from lims.dcc.facts import Finding, Node, Severity
from lims.dcc.value_rules import value_findings

# A day that has begun somewhere on earth is not in the future.
_AHEAD: Final = timedelta(days=1)
_REFERENCE: Final = "dcc:refId"


def findings_of(certificate: Certificate, today: date) -> Iterator[Finding]:
    """Return what is wrong or doubtful in a certificate whose structure holds, errors and all."""
    yield from _dates(certificate, today)
    yield from _references(certificate.root)
    yield from value_findings(certificate)
    yield from _languages(certificate)
    yield from _signers(certificate)


def _dates(certificate: Certificate, today: date) -> Iterator[Finding]:
    core = certificate.core
    named = (
        ("receiptDate", core.received_on),
        ("beginPerformanceDate", core.began_on),
        ("endPerformanceDate", core.ended_on),
        ("issueDate", core.issued_on),
    )
    for name, day in named:
        if day is not None and day > today + _AHEAD:
            path = f"{core.path}/dcc:{name}"
            yield Finding(Severity.ERROR, "dcc.date_in_the_future", path, {"date": day, "today": today})
    if core.began_on and core.ended_on and core.ended_on < core.began_on:
        values = {"date": core.ended_on, "earlier": core.began_on}
        yield Finding(Severity.ERROR, "dcc.end_before_begin", f"{core.path}/dcc:endPerformanceDate", values)
    if core.issued_on and core.ended_on and core.issued_on < core.ended_on:
        values = {"date": core.issued_on, "earlier": core.ended_on}
        yield Finding(Severity.ERROR, "dcc.issued_before_end", f"{core.path}/dcc:issueDate", values)
    if core.received_on and core.began_on and core.began_on < core.received_on:
        values = {"date": core.began_on, "earlier": core.received_on}
        yield Finding(Severity.WARNING, "dcc.begin_before_receipt", f"{core.path}/dcc:beginPerformanceDate", values)


def _references(root: Node) -> Iterator[Finding]:
    targets: dict[str, str] = {}
    every = tuple(root.walk())
    for node in every:
        mark = (node.identifier or "").strip()
        if not mark:
            continue
        if mark in targets:
            values = {"mark": mark, "other": targets[mark]}
            yield Finding(Severity.ERROR, "dcc.mark_twice", f"{node.path}/@id", values)
        targets.setdefault(mark, node.path)
    for node in every:
        marks = node.attributes.get("refId", "").split()
        path = f"{node.path}/@refId"
        if node.name == _REFERENCE:
            marks, path = list(node.words), node.path
        for mark in marks:
            if mark not in targets:
                yield Finding(Severity.ERROR, "dcc.mark_without_target", path, {"mark": mark})


def _languages(certificate: Certificate) -> Iterator[Finding]:
    core = certificate.core
    used = set(core.used_languages)
    for language in dict.fromkeys(core.mandatory_languages):
        if language not in used:
            path = f"{core.path}/dcc:mandatoryLangCodeISO639_1"
            yield Finding(Severity.WARNING, "dcc.mandatory_language_unused", path, {"language": language})
    told: set[str] = set()
    lacking: list[str] = []
    for node in certificate.root.walk():
        written = {child.attributes["lang"] for child in node.children if "lang" in child.attributes}
        for child in node.children:
            said = child.attributes.get("lang")
            if said is not None and said not in used and said not in told and child.name == "dcc:content":
                told.add(said)
                values = {"language": said, "used": ", ".join(core.used_languages)}
                yield Finding(Severity.WARNING, "dcc.language_not_declared", f"{child.path}/@lang", values)
        if written and not set(core.mandatory_languages) & used <= written:
            lacking.append(node.path)
    if lacking:
        missing = {"count": len(lacking), "languages": ", ".join(core.mandatory_languages)}
        yield Finding(Severity.NOTE, "dcc.mandatory_language_missing", lacking[0], missing)


def _signers(certificate: Certificate) -> Iterator[Finding]:
    main = [person for person in certificate.persons if person.main_signer]
    if len(main) != 1 and certificate.persons:
        path = certificate.persons[0].path.rpartition("/")[0]
        yield Finding(Severity.WARNING, "dcc.main_signers", path, {"count": len(main)})
