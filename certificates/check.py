"""Is everything there? Names by clause of ISO/IEC 17025:2017 what a certificate still lacks before it is issued."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from certificates.content import CertificateContent, ResultRow, RunRecord, SignatoryRole
from certificates.facts import Missing


def missing(content: CertificateContent) -> tuple[Missing, ...]:
    """Return what is missing, in the order of the clauses; empty if the certificate may be issued."""
    return tuple(found for rule in _RULES for found in rule(content))


def _title(content: CertificateContent) -> Iterator[Missing]:
    if not content.title.vi:
        yield Missing("7.8.2.1 a", "missing.title")


def _laboratory(content: CertificateContent) -> Iterator[Missing]:
    if not content.laboratory.name.vi:
        yield Missing("7.8.2.1 b", "missing.laboratory_name")
    if not content.laboratory.address.vi:
        yield Missing("7.8.2.1 b", "missing.laboratory_address")


def _location(content: CertificateContent) -> Iterator[Missing]:
    for run in content.runs:
        if not run.location.description.vi:
            yield Missing("7.8.2.1 c", "missing.location", {"run": run.number})


def _identification(content: CertificateContent) -> Iterator[Missing]:
    if not content.identification.number:
        yield Missing("7.8.2.1 d", "missing.number")


def _customer(content: CertificateContent) -> Iterator[Missing]:
    for party in dict.fromkeys((content.customer, content.addressee)):
        if not party.name.vi:
            yield Missing("7.8.2.1 e", "missing.customer_name")
        if not party.address.vi:
            yield Missing("7.8.2.1 e", "missing.customer_address", {"name": party.name.vi})


def _methods(content: CertificateContent) -> Iterator[Missing]:
    if not content.methods:
        yield Missing("7.8.2.1 f", "missing.method")
    for method in content.methods:
        if not (method.reference and method.version):
            yield Missing("7.8.2.1 f", "missing.method_reference", {"code": method.code})


def _items(content: CertificateContent) -> Iterator[Missing]:
    for item in content.items:
        if not (item.serial_number or item.asset_tag):
            yield Missing("7.8.2.1 g", "missing.item_identification", {"name": item.name.vi})
        if item.condition_on_receipt is None:
            yield Missing("7.8.2.1 g", "missing.item_condition", {"name": item.name.vi})


def _received(content: CertificateContent) -> Iterator[Missing]:
    for item in content.items:
        if item.received_on is None:
            yield Missing("7.8.2.1 h", "missing.received_on", {"name": item.name.vi})


def _performed(content: CertificateContent) -> Iterator[Missing]:
    for run in content.runs:
        if run.performed_to < run.performed_from:
            yield Missing("7.8.2.1 i", "missing.performed_order", {"run": run.number})


def _issued(content: CertificateContent) -> Iterator[Missing]:
    last = max((run.performed_to for run in content.runs), default=content.issued_on)
    if content.issued_on < last:
        yield Missing("7.8.2.1 j", "missing.issued_before_work", {"issued": content.issued_on, "performed": last})


def _sampling(content: CertificateContent) -> Iterator[Missing]:
    if content.statements.sampling is None:
        yield Missing("7.8.2.1 k", "missing.sampling")


def _relate(content: CertificateContent) -> Iterator[Missing]:
    if not content.statements.results_relate_to_items.vi:
        yield Missing("7.8.2.1 l", "missing.relate_statement")


def _results(content: CertificateContent) -> Iterator[Missing]:
    for run in content.runs:
        if not any(table.rows for table in run.results):
            yield Missing("7.8.2.1 m", "missing.results", {"run": run.number})
    for row in content.rows():
        if row.value is None and row.remark is None:
            yield Missing("7.8.2.1 m", "missing.result", {"point": row.point.vi})
        if row.value is not None and not row.unit:
            yield Missing("7.8.2.1 m", "missing.unit", {"point": row.point.vi})


def _deviations(content: CertificateContent) -> Iterator[Missing]:
    for run in content.runs:
        if any(not text.vi.strip() for text in run.deviations):
            yield Missing("7.8.2.1 n", "missing.deviation_text", {"run": run.number})


def _signatories(content: CertificateContent) -> Iterator[Missing]:
    for role in SignatoryRole:
        if not any(person.role is role and person.name for person in content.signatories):
            yield Missing("7.8.2.1 o", f"missing.signatory_{role.value}")


def _providers(content: CertificateContent) -> Iterator[Missing]:
    if content.statements.outside_providers is None:
        yield Missing("7.8.2.1 p", "missing.providers")


def _uncertainty(content: CertificateContent) -> Iterator[Missing]:
    if not content.statements.uncertainty.vi:
        yield Missing("7.8.4.1 a", "missing.uncertainty_statement")
    for row in content.rows():
        if row.value is not None and not _has_uncertainty(row):
            yield Missing("7.8.4.1 a", "missing.uncertainty", {"point": row.point.vi})


def _has_uncertainty(row: ResultRow) -> bool:
    return bool(row.expanded_uncertainty and row.coverage_factor and row.coverage_probability)


def _conditions(content: CertificateContent) -> Iterator[Missing]:
    for run in content.runs:
        if not run.conditions:
            yield Missing("7.8.4.1 b", "missing.conditions", {"run": run.number})


def _traceability(content: CertificateContent) -> Iterator[Missing]:
    for run in content.runs:
        if not run.standards:
            yield Missing("7.8.4.1 c", "missing.standards", {"run": run.number})
    for standard in content.standards:
        if not (standard.certificate_number and standard.laboratory and standard.calibrated_on):
            yield Missing("7.8.4.1 c", "missing.standard_certificate", {"code": standard.code})
        if standard.traceability is None:
            yield Missing("7.8.4.1 c", "missing.terminal", {"code": standard.code})


def _adjustment(content: CertificateContent) -> Iterator[Missing]:
    for run in content.runs:
        phases = {table.phase for table in run.results}
        if "as_left" in phases and "as_found" not in phases:
            yield Missing("7.8.4.1 d", "missing.as_found", {"run": run.number})
        if ("as_left" in phases) != (run.adjustment is not None):
            yield Missing("7.8.4.1 d", "missing.adjustment", {"run": run.number})


def _conformity(content: CertificateContent) -> Iterator[Missing]:
    for run in content.runs:
        if not _judged(run):
            continue
        if run.decision_rule is None:
            yield Missing("7.8.4.1 e", "missing.decision_rule", {"run": run.number})
        if run.specification is None:
            yield Missing("7.8.4.1 e", "missing.specification", {"run": run.number})


def _judged(run: RunRecord) -> bool:
    return any(row.decision for table in run.results for row in table.rows)


def _opinions(content: CertificateContent) -> Iterator[Missing]:
    for opinion in content.opinions:
        if not (opinion.author and opinion.basis.vi):
            yield Missing("7.8.4.1 f", "missing.opinion_basis")


def _relation(content: CertificateContent) -> Iterator[Missing]:
    relation = content.relation
    if content.identification.version > 1 and relation is None:
        yield Missing("7.8.8", "missing.relation")
    if relation is not None and not relation.reason.vi.strip():
        yield Missing("7.8.8", "missing.reason")


_RULES: Final[tuple[Callable[[CertificateContent], Iterator[Missing]], ...]] = (
    _title,
    _laboratory,
    _location,
    _identification,
    _customer,
    _methods,
    _items,
    _received,
    _performed,
    _issued,
    _sampling,
    _relate,
    _results,
    _deviations,
    _signatories,
    _providers,
    _uncertainty,
    _conditions,
    _traceability,
    _adjustment,
    _conformity,
    _opinions,
    _relation,
)
