"""Issuing in three steps: what is refused, what is frozen, what a repeat does, what follows an amendment."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from certificates import content as contents
from certificates import document, list_queries, queries, services, status_services
from certificates.document import TEMPLATE_VERSION
from certificates.drafting import IncompleteCertificate
from certificates.facts import (
    AddNotice,
    CertificateState,
    CertificateView,
    FileStatus,
    IssueSuccessor,
    NoticeKind,
    PublicStatus,
    RelationKind,
    RevokeCertificate,
)
from certificates.models import Certificate, CertificateNotice, CertificateRun, TemplateVersion
from certificates.templates import check_template, edited_templates
from certificates.verification import verify_file
from lims.core.actor import Actor
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.errors import Forbidden, IntegrityFailure, NotFound, RuleViolation, StaleRecord
from lims.core.lists import ListRequest
from lims.core.models import AuditEntry, Blob, NumberCounter, Task
from lims.jobs.models import JobItem
from tests.factories import calibrations
from tests.factories.calibrations import NOW, Bench

ISSUE_AT = NOW + timedelta(hours=3)
PDF = b"%PDF-1.7 test"


@dataclass(frozen=True)
class Place:
    """Settings with the address of the check page."""

    base_url: str = "http://localhost:8000"


def issue(session: Session, bench: Bench, run_ids: Sequence[int] = (), pdf: bytes = PDF) -> CertificateView:
    """Issue a certificate over the runs, or over a new one."""
    ids = list(run_ids) or [calibrations.released_run(session, bench).id]
    begun = services.begin_issue(session, bench.signatory, ids, now=ISSUE_AT)
    return services.finish_issue(session, begun.id, pdf + str(begun.id).encode(), now=ISSUE_AT)


@pytest.fixture
def bench(session: Session) -> Bench:
    return calibrations.make_bench(session)


def test_a_number_is_taken_and_the_content_frozen(session: Session, bench: Bench) -> None:
    run = calibrations.released_run(session, bench)
    view = services.begin_issue(session, bench.signatory, [run.id], now=ISSUE_AT)
    assert view.state is CertificateState.ISSUING
    assert view.number == f"HC-{bench.site.code}-{ISSUE_AT.year}-00001"
    assert [covered.run_id for covered in view.runs] == [run.id]
    content = contents.from_text(session.get_one(Certificate, view.id).content)
    row = content.rows()[0]
    assert (row.nominal, row.nominal_unit, row.value, row.unit) == ("10", "kg", "25", "mg")
    assert (row.expanded_uncertainty, row.coverage_factor, row.coverage_probability) == ("59", "2", "0.9545")
    task = session.execute(select(Task).order_by(Task.id.desc())).scalars().first()
    assert task is not None
    assert (task.name, task.arguments) == ("render_certificate", f'{{"certificate_id": {view.id}}}')


def test_finishing_stores_the_bytes_and_is_idempotent(session: Session, bench: Bench) -> None:
    run = calibrations.released_run(session, bench)
    begun = services.begin_issue(session, bench.signatory, [run.id], now=ISSUE_AT)
    first = services.finish_issue(session, begun.id, PDF, now=ISSUE_AT)
    again = services.finish_issue(session, begun.id, b"%PDF-1.7 other bytes", now=ISSUE_AT + timedelta(hours=1))
    assert first == again
    assert first.state is CertificateState.ISSUED
    assert first.pdf_sha256 is not None
    stored = session.get_one(Blob, first.pdf_sha256)
    assert stored.data == PDF
    other = select(func.count()).select_from(Blob).where(Blob.data == b"%PDF-1.7 other bytes")
    assert session.execute(other).scalar_one() == 0


def test_what_is_no_pdf_is_not_stored(session: Session, bench: Bench) -> None:
    run = calibrations.released_run(session, bench)
    begun = services.begin_issue(session, bench.signatory, [run.id], now=ISSUE_AT)
    with pytest.raises(IntegrityFailure):
        services.finish_issue(session, begun.id, b"<html>", now=ISSUE_AT)


def test_rendering_prints_the_published_result(database: Database, clock: FixedClock) -> None:
    from tests.certificates.papers import text_of

    with database.transaction() as session:
        bench = calibrations.make_bench(session)
        run = calibrations.released_run(session, bench)
        begun = services.begin_issue(session, bench.signatory, [run.id], now=ISSUE_AT)
    clock.at = ISSUE_AT
    assert services.render_and_finish(database, begun.id, settings=Place(), clock=clock)
    assert not services.render_and_finish(database, begun.id, settings=Place(), clock=clock)
    with database.reading() as session:
        view = queries.certificate_view(session, bench.signatory, begun.id)
        pdf = queries.pdf_bytes(session, session.get_one(Certificate, begun.id))
        verdict = verify_file(session, pdf)
    assert view.state is CertificateState.ISSUED
    words = text_of(pdf)
    for wanted in ("10 kg + 25 mg", "59 mg", "p = 95,45 %", view.printed):
        assert wanted in words
    assert verdict.status is FileStatus.GENUINE
    assert verdict.printed == view.printed


def test_rendering_again_gives_the_stored_bytes(database: Database, clock: FixedClock) -> None:
    with database.transaction() as session:
        bench = calibrations.make_bench(session)
        run = calibrations.released_run(session, bench)
        begun = services.begin_issue(session, bench.signatory, [run.id], now=ISSUE_AT)
    seen: list[bytes] = []

    def twice(*arguments: Any) -> bytes:
        seen.extend(document.render_pdf(*arguments) for _ in range(2))
        return seen[-1]

    services.render_and_finish(database, begun.id, settings=Place(), clock=clock, render=twice)
    assert seen[0] == seen[1]


@pytest.mark.parametrize("make", [calibrations.submitted_run, calibrations.reviewed_run, calibrations.measured_run])
def test_a_run_that_is_not_released_is_refused(session: Session, bench: Bench, make: Any) -> None:
    run = make(session, bench)
    with pytest.raises(RuleViolation):
        services.begin_issue(session, bench.signatory, [run.id], now=ISSUE_AT)
    assert session.execute(select(func.count()).select_from(Certificate)).scalar_one() == 0


def test_nothing_at_all_is_refused(session: Session, bench: Bench) -> None:
    with pytest.raises(RuleViolation, match="no_runs"):
        services.begin_issue(session, bench.signatory, [], now=ISSUE_AT)


def test_a_run_stands_on_one_certificate_only(session: Session, bench: Bench) -> None:
    run = calibrations.released_run(session, bench)
    services.begin_issue(session, bench.signatory, [run.id], now=ISSUE_AT)
    with pytest.raises(RuleViolation, match="run_covered"):
        services.begin_issue(session, bench.signatory, [run.id], now=ISSUE_AT)


def test_only_those_who_may_issue_do(session: Session, bench: Bench) -> None:
    run = calibrations.released_run(session, bench)
    for actor in (bench.technician, bench.reviewer):
        with pytest.raises(Forbidden):
            services.begin_issue(session, actor, [run.id], now=ISSUE_AT)


def test_another_laboratory_finds_nothing(session: Session, bench: Bench) -> None:
    run = calibrations.released_run(session, bench)
    stranger = Actor(99_999, "S", bench.signatory.permissions, laboratory_id=99_999)
    with pytest.raises(NotFound):
        services.begin_issue(session, stranger, [run.id], now=ISSUE_AT)
    view = issue(session, bench, [run.id])
    with pytest.raises(NotFound):
        queries.certificate_view(session, stranger, view.id)
    assert list_queries.certificates(session, stranger).items == []


def test_what_is_missing_is_named_and_no_number_taken(session: Session, bench: Bench) -> None:
    run = calibrations.released_run(session, bench)
    item = session.get_one(JobItem, bench.item.id)
    item.condition_on_receipt, item.received_on = None, None
    session.flush()
    with pytest.raises(IncompleteCertificate) as caught:
        services.begin_issue(session, bench.signatory, [run.id], now=ISSUE_AT)
    assert [problem.clause for problem in caught.value.problems] == ["7.8.2.1 g", "7.8.2.1 h"]
    counters = select(func.count()).select_from(NumberCounter).where(NumberCounter.kind == "certificate")
    assert session.execute(counters).scalar_one() == 0


def test_an_amendment_keeps_the_number_and_supersedes_when_it_is_issued(session: Session, bench: Bench) -> None:
    before = issue(session, bench)
    runs = tuple(covered.run_id for covered in before.runs)
    command = IssueSuccessor(before.id, RelationKind.AMENDS, runs, "Sai số chế tạo", "Wrong serial number")
    begun = services.begin_successor(session, bench.signatory, command, now=ISSUE_AT + timedelta(days=1))
    assert (begun.number, begun.version, begun.printed) == (before.number, 2, f"{before.number}.R1")
    assert queries.certificate_view(session, bench.signatory, before.id).state is CertificateState.ISSUED
    with pytest.raises(RuleViolation, match="successor_pending"):
        services.begin_successor(session, bench.signatory, command, now=ISSUE_AT + timedelta(days=1))
    after = services.finish_issue(session, begun.id, PDF + b"2", now=ISSUE_AT + timedelta(days=1))
    old = queries.certificate_view(session, bench.signatory, before.id)
    assert old.state is CertificateState.SUPERSEDED
    assert old.status is PublicStatus.SUPERSEDED
    assert [notice.kind for notice in old.notices] == [NoticeKind.SUPERSEDED]
    assert queries.successor_of(session, before.id) == after.printed
    relation = queries.content_of(session.get_one(Certificate, after.id)).relation
    assert relation is not None
    assert (relation.number, relation.reason.vi) == (before.printed, "Sai số chế tạo")
    with pytest.raises(RuleViolation, match="not_amendable"):
        services.begin_successor(session, bench.signatory, command, now=ISSUE_AT + timedelta(days=2))


def test_a_replacement_takes_a_new_number(session: Session, bench: Bench) -> None:
    before = issue(session, bench)
    runs = tuple(covered.run_id for covered in before.runs)
    command = IssueSuccessor(before.id, RelationKind.REPLACES, runs, "Nhầm khách hàng")
    begun = services.begin_successor(session, bench.signatory, command, now=ISSUE_AT)
    assert (begun.version, begun.number[-5:]) == (1, "00002")


def test_an_amendment_needs_a_reason_and_an_issued_certificate(session: Session, bench: Bench) -> None:
    run = calibrations.released_run(session, bench)
    begun = services.begin_issue(session, bench.signatory, [run.id], now=ISSUE_AT)
    amend = IssueSuccessor(begun.id, RelationKind.AMENDS, (run.id,), "Lý do")
    with pytest.raises(RuleViolation, match="not_amendable"):
        services.begin_successor(session, bench.signatory, amend, now=ISSUE_AT)
    services.finish_issue(session, begun.id, PDF, now=ISSUE_AT)
    empty = IssueSuccessor(begun.id, RelationKind.AMENDS, (run.id,), "  ")
    with pytest.raises(RuleViolation, match="reason_missing"):
        services.begin_successor(session, bench.signatory, empty, now=ISSUE_AT)


def test_a_revocation_has_a_reason_and_is_final(session: Session, bench: Bench) -> None:
    view = issue(session, bench)
    with pytest.raises(RuleViolation, match="reason_missing"):
        status_services.revoke_certificate(session, bench.signatory, RevokeCertificate(view.id, " "), now=ISSUE_AT)
    with pytest.raises(StaleRecord):
        status_services.revoke_certificate(
            session, bench.signatory, RevokeCertificate(view.id, "Chuẩn hỏng", row_version=99), now=ISSUE_AT
        )
    revoked = status_services.revoke_certificate(
        session, bench.signatory, RevokeCertificate(view.id, "Chuẩn hỏng"), now=ISSUE_AT
    )
    assert revoked.state is CertificateState.REVOKED
    assert [notice.text.vi for notice in revoked.notices] == ["Chuẩn hỏng"]
    with pytest.raises(RuleViolation, match="transition"):
        status_services.revoke_certificate(session, bench.signatory, RevokeCertificate(view.id, "x"), now=ISSUE_AT)
    pdf = queries.pdf_bytes(session, session.get_one(Certificate, view.id))
    assert verify_file(session, pdf).status is FileStatus.REVOKED


def test_a_certificate_being_issued_cannot_be_revoked(session: Session, bench: Bench) -> None:
    run = calibrations.released_run(session, bench)
    begun = services.begin_issue(session, bench.signatory, [run.id], now=ISSUE_AT)
    with pytest.raises(RuleViolation, match="transition"):
        status_services.revoke_certificate(session, bench.signatory, RevokeCertificate(begun.id, "x"), now=ISSUE_AT)


def test_an_investigation_is_said_and_cleared(session: Session, bench: Bench) -> None:
    view = issue(session, bench)
    say = AddNotice(view.id, NoticeKind.UNDER_INVESTIGATION, "Chuẩn trôi", "Standard drifted")
    after = status_services.add_notice(session, bench.signatory, say, now=ISSUE_AT)
    assert after.status is PublicStatus.UNDER_INVESTIGATION
    with pytest.raises(RuleViolation, match="notice_refused"):
        status_services.add_notice(session, bench.signatory, say, now=ISSUE_AT)
    clear = AddNotice(view.id, NoticeKind.CLEARED, "Không ảnh hưởng")
    cleared = status_services.add_notice(session, bench.signatory, clear, now=ISSUE_AT + timedelta(hours=1))
    assert cleared.status is PublicStatus.VALID


def test_the_check_page_needs_number_and_token(session: Session, bench: Bench) -> None:
    view = issue(session, bench)
    found = queries.public_check(session, view.printed, view.token)
    assert (found.status, found.pdf_sha256, found.issued_on) == (PublicStatus.VALID, view.pdf_sha256, view.issued_on)
    for number, token in ((view.printed, "x" * 24), ("HC-1", view.token), (f"{view.printed}.R1", view.token)):
        with pytest.raises(NotFound):
            queries.public_check(session, number, token)


def test_an_unknown_file_is_unknown(session: Session) -> None:
    verdict = verify_file(session, b"%PDF-1.7 nobody")
    assert verdict.status is FileStatus.UNKNOWN
    assert not verdict.holds


def test_every_step_leaves_an_audit_entry(database: Database) -> None:
    with database.transaction() as session:
        bench = calibrations.make_bench(session)
        view = issue(session, bench)
        services.download_certificate(session, bench.signatory, view.id, now=ISSUE_AT)
        say = AddNotice(view.id, NoticeKind.UNDER_INVESTIGATION, "Chuẩn trôi")
        status_services.add_notice(session, bench.signatory, say, now=ISSUE_AT)
        status_services.revoke_certificate(session, bench.signatory, RevokeCertificate(view.id, "x"), now=ISSUE_AT)
    with database.reading() as session:
        query = (
            select(AuditEntry.action)
            .where(AuditEntry.subject_kind == "certificate", AuditEntry.subject_id == str(view.id))
            .order_by(AuditEntry.id)
        )
        assert list(session.execute(query).scalars()) == [
            "certificate.begun",
            "certificate.issued",
            "certificate.downloaded",
            "certificate.noticed",
            "certificate.revoked",
        ]


FROZEN = {
    "content": "'{}'",
    "content_digest": "'0'",
    "number": "'X'",
    "version": "9",
    "token": "'x'",
    "customer_id": "NULL",
    "issued_on": "'2020-01-01'",
    "pdf_sha256": "NULL",
    "template_version": "7",
}


@pytest.mark.parametrize("column", FROZEN)
def test_triggers_hold_what_was_issued(database: Database, column: str) -> None:
    with database.transaction() as session:
        view = issue(session, calibrations.make_bench(session))
    with pytest.raises(DatabaseError, match="permanent record"), database.transaction() as session:
        session.execute(text(f"UPDATE certificate SET {column} = {FROZEN[column]} WHERE id = {view.id}"))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM certificate",
        "DELETE FROM certificate_run",
        "UPDATE certificate_run SET evaluation_digest = 'x'",
        "UPDATE blob SET data = NULL",
        "DELETE FROM blob",
        "DELETE FROM template_version",
        "UPDATE template_version SET digest = 'x'",
    ],
)
def test_triggers_hold_rows_and_bytes(database: Database, statement: str) -> None:
    with database.transaction() as session:
        issue(session, calibrations.make_bench(session))
    with pytest.raises(DatabaseError, match="permanent record"), database.transaction() as session:
        session.execute(text(statement))


def test_altered_content_shows(session: Session, bench: Bench) -> None:
    view = issue(session, bench)
    row = session.get_one(Certificate, view.id)
    session.expunge(row)
    row.content = row.content.replace('"25"', '"26"')
    with pytest.raises(IntegrityFailure, match="content_altered"):
        queries.content_of(row)


def test_an_edited_template_shows(
    session: Session, bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    view = issue(session, bench)
    assert edited_templates(session) == []
    shutil.copytree(document.DOCUMENTS, tmp_path, dirs_exist_ok=True)
    (tmp_path / "certificate_v1" / "certificate.html").write_text("edited", encoding="utf-8")
    monkeypatch.setattr(document, "DOCUMENTS", tmp_path)
    assert edited_templates(session) == [TEMPLATE_VERSION]
    with pytest.raises(IntegrityFailure, match="template_edited"):
        check_template(session, TEMPLATE_VERSION)
    amend = IssueSuccessor(view.id, RelationKind.AMENDS, tuple(run.run_id for run in view.runs), "Lý do")
    with pytest.raises(IntegrityFailure, match="template_edited"):
        services.begin_successor(session, bench.signatory, amend, now=ISSUE_AT)
    assert session.execute(select(func.count()).select_from(TemplateVersion)).scalar_one() == 1


def test_lists_find_by_number_customer_and_item(session: Session, bench: Bench) -> None:
    view = issue(session, bench)
    for words in (view.number, "khach hang mau", view.job_number):
        assert [
            line.id for line in list_queries.certificates(session, bench.signatory, ListRequest(text=words)).items
        ] == [view.id]
    assert list_queries.certificates(session, bench.signatory, ListRequest(text="nowhere")).items == []
    revoked = ListRequest(chosen={"state": ("revoked",)})
    assert list_queries.certificates(session, bench.signatory, revoked).items == []
    run = view.runs[0].run_id
    assert [line.id for line in queries.certificates_of_run(session, bench.signatory, run)] == [view.id]
    assert [line.id for line in queries.certificates_of_job(session, bench.signatory, view.job_id)] == [view.id]
    assert queries.released_runs_of_job(session, view.job_id) == [run]


def test_the_issued_documents_are_files(session: Session, bench: Bench) -> None:
    view = issue(session, bench)
    files = list(queries.issued_documents(session))
    assert [file.file_name for file in files] == [f"{view.printed}.pdf"]
    assert session.execute(select(func.count()).select_from(CertificateNotice)).scalar_one() == 0
    assert session.execute(select(func.count()).select_from(CertificateRun)).scalar_one() == 1


def test_the_issue_date_is_that_of_the_site(session: Session, bench: Bench) -> None:
    run = calibrations.released_run(session, bench)
    late = datetime(NOW.year, NOW.month, NOW.day, 18, 30, tzinfo=UTC)  # 01:30 of the next day in Hanoi
    view = services.begin_issue(session, bench.signatory, [run.id], now=late)
    assert view.issued_on == (late + timedelta(hours=7)).date()
