"""Two people at one certificate in the same moment, on both databases: one of them is refused, nothing is doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certificates import services, status_services
from certificates.facts import CertificateState, IssueSuccessor, RelationKind, RevokeCertificate
from certificates.models import Certificate
from lims.core.db import Database
from lims.core.errors import LimsError
from tests.factories import calibrations
from tests.factories.calibrations import NOW, Bench

PDF = b"%PDF-1.7 test"


def _at_once(database: Database, *acts: Callable[[Session], object]) -> list[str]:
    """Do things in transactions that are all open before the first of them commits, where the database lets them."""
    outcomes: list[str] = []
    ready = threading.Barrier(len(acts))

    def run(act: Callable[[Session], object]) -> None:
        try:
            ready.wait(10)
            with database.transaction() as session:
                act(session)
                _linger(database, outcomes)
            outcomes.append("done")
        except LimsError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(outcomes)


def _linger(database: Database, outcomes: list[str]) -> None:
    """Hold a transaction open for a moment, so that others meet it halfway."""
    threading.Event().wait(0.0 if database.dialect == "sqlite" or outcomes else 0.5)


def _issued(database: Database) -> tuple[Bench, int, int]:
    with database.transaction() as session:
        bench = calibrations.make_bench(session)
        run = calibrations.released_run(session, bench)
        begun = services.begin_issue(session, bench.signatory, [run.id], now=NOW)
        services.finish_issue(session, begun.id, PDF, now=NOW)
    return bench, run.id, begun.id


def test_a_run_gets_one_certificate(database: Database) -> None:
    with database.transaction() as session:
        bench = calibrations.make_bench(session)
        run = calibrations.released_run(session, bench)

    def begin(session: Session) -> None:
        services.begin_issue(session, bench.signatory, [run.id], now=NOW)

    assert _at_once(database, begin, begin) == ["certificate.run_covered", "done"]
    with database.reading() as session:
        assert session.execute(select(func.count()).select_from(Certificate)).scalar_one() == 1


def test_a_certificate_gets_one_successor(database: Database) -> None:
    bench, run_id, certificate_id = _issued(database)

    def amend(session: Session) -> None:
        command = IssueSuccessor(certificate_id, RelationKind.AMENDS, (run_id,), "Sai địa chỉ", "")
        services.begin_successor(session, bench.signatory, command, now=NOW)

    assert _at_once(database, amend, amend) == ["certificate.successor_pending", "done"]


def test_a_certificate_revoked_meanwhile_is_not_amended(database: Database) -> None:
    bench, run_id, certificate_id = _issued(database)

    def revoke(session: Session) -> None:
        command = RevokeCertificate(certificate_id, "Sai kết quả", "", None)
        status_services.revoke_certificate(session, bench.signatory, command, now=NOW)
        threading.Event().wait(0.5)

    def amend(session: Session) -> None:
        command = IssueSuccessor(certificate_id, RelationKind.AMENDS, (run_id,), "Sai địa chỉ", "")
        services.begin_successor(session, bench.signatory, command, now=NOW)

    outcomes = _at_once(database, revoke, amend)
    with database.reading() as session:
        states = list(session.execute(select(Certificate.state).order_by(Certificate.id)).scalars())
    if outcomes == ["done", "done"]:  # amended first: revoking the earlier one is then a decision of its own
        assert states == [CertificateState.REVOKED, CertificateState.ISSUING]
    else:
        assert states == [CertificateState.REVOKED]
