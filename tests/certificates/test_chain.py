"""Chains of certificates, runs and calibrations: time-correct upward, bounded downward, every node a link."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from certificates.chain_queries import chain_of_runs, run_chain
from certificates.chain_reach_queries import calibration_reach, end_reach
from certificates.facts import CertificateView
from lims.calibrations.queries import equipment
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.errors import NotFound
from standards import queries as standards
from standards.calibration_models import StandardPaper
from standards.chain_facts import BreakReason
from standards.chain_picture import NodeKind, calibration_key
from standards.facts import LegalRegime, PaperKind
from tests.certificates.offices import ISSUE_AT, Office, issue, make_office
from tests.factories import calibrations
from tests.factories.calibrations import NOW, Bench
from tests.factories.standards import make_calibration
from tests.lims.web_client import make_app, make_client, sign_in

YEARS_LATER = NOW + timedelta(days=800)
TODAY = NOW.date()


@pytest.fixture
def bench(session: Session) -> Bench:
    return calibrations.make_bench(session)


def test_a_run_stands_on_the_calibrations_that_it_used_also_years_later(session: Session, bench: Bench) -> None:
    run = calibrations.released_run(session, bench)
    then = chain_of_runs(session, [run.id], None, now=NOW)
    make_calibration(
        session,
        bench.standard,
        certificate_number="V-NEW",
        calibrated_on=TODAY,
        recorded_at=NOW + timedelta(days=1),
        accepted_at=NOW + timedelta(days=2),
    )
    later = chain_of_runs(session, [run.id], None, now=YEARS_LATER)
    assert not then.breaks
    assert then == later
    used = {use.calibration_id for use in equipment(session, run.id)}
    assert {box.node.calibration_id for box in later.picture.boxes if box.node is not None} == used
    assert [rules.regime for rules in later.rules] == [LegalRegime.CALIBRATION]


def test_a_run_that_is_still_open_is_judged_as_it_stands_now(session: Session, bench: Bench) -> None:
    run = calibrations.measured_run(session, bench)
    page = chain_of_runs(session, [run.id], None, now=YEARS_LATER)
    assert BreakReason.EXPIRED in {item.reason for item in page.breaks}
    box = page.picture.box(calibration_key(bench.calibration.id))
    assert [item.reason for item in box.breaks] == [BreakReason.EXPIRED]
    assert [line.lower for line in page.picture.lines if line.breaks and line.upper == box.key] == [f"run:{run.id}"]


def test_another_laboratorys_run_does_not_exist(session: Session, bench: Bench) -> None:
    run = calibrations.released_run(session, bench)
    with pytest.raises(NotFound):
        run_chain(session, replace(bench.technician, laboratory_id=999_999), run.id, now=NOW)


def test_verification_is_judged_with_its_papers(session: Session, bench: Bench) -> None:
    def reasons() -> list[BreakReason]:
        chain = standards.check_use(
            session, bench.calibration.id, at=NOW, role=bench.standard.role, legal_regime=LegalRegime.VERIFICATION
        )
        return [BreakReason(problem.code.rpartition(".")[2]) for problem in chain]

    assert reasons() == [BreakReason.PAPER_MISSING]
    session.add(
        StandardPaper(
            standard_id=bench.standard.id,
            kind=PaperKind.CERTIFIED_FOR_VERIFICATION,
            number="QĐ 1",
            issued_on=date(2026, 1, 5),
            valid_until=None,
            recorded_at=NOW,
        )
    )
    session.flush()
    assert reasons() == []


def test_many_runs_on_the_same_standards_are_one_box(session: Session, bench: Bench) -> None:
    runs = [calibrations.measured_run(session, bench) for _ in range(7)]
    few = chain_of_runs(session, [run.id for run in runs[:6]], None, now=NOW)
    many = chain_of_runs(session, [run.id for run in runs], None, now=NOW)
    assert [box.kind for box in few.picture.boxes].count(NodeKind.RUN) == 6
    (box,) = [box for box in many.picture.boxes if box.kind is NodeKind.RUN]
    assert box.standing is not None
    assert (box.standing.count, box.standing.number) == (7, f"{runs[0].number} … {runs[-1].number}")


def test_downward_what_has_no_certificate_yet_is_counted(session: Session, bench: Bench) -> None:
    calibrations.released_run(session, bench)
    page = calibration_reach(session, bench.calibration.id, TODAY)
    assert page.picture.box(calibration_key(bench.calibration.id)).start
    (more,) = [box.standing for box in page.picture.boxes if box.kind is NodeKind.MORE]
    assert more is not None
    assert (more.record_id, more.count, more.certificates) == (bench.calibration.id, 1, 0)


def test_an_end_carries_every_calibration_with_the_same_evidence(session: Session, bench: Bench) -> None:
    calibrations.released_run(session, bench)
    terminal = standards.calibration_facts(session, bench.calibration.id).terminals[0]
    found = end_reach(session, terminal.id, bench.technician.laboratory_id, TODAY)
    assert bench.calibration.id in [one.calibration.id for one in found.carried]
    assert {one.calibration.laboratory_id for one in found.carried} == {bench.calibration.laboratory_id}
    assert sum(one.runs for one in found.carried if one.calibration.id == bench.calibration.id) == 1
    for laboratory_id, key in ((999_999, terminal.id), (bench.technician.laboratory_id, 999_999)):
        with pytest.raises(NotFound):
            end_reach(session, key, laboratory_id, TODAY)


# Pages.


@pytest.fixture
def office(sqlite_database: Database) -> Office:
    with sqlite_database.transaction() as session:
        return make_office(session)


@pytest.fixture
def view(sqlite_database: Database, office: Office, clock: FixedClock) -> CertificateView:
    return issue(sqlite_database, office, clock)


@pytest.fixture
def app(sqlite_database: Database, clock: FixedClock, view: CertificateView) -> Flask:
    clock.at = ISSUE_AT
    return make_app(sqlite_database, clock)


def test_from_the_certificate_to_the_national_standard_and_what_it_carries(
    app: Flask, office: Office, view: CertificateView
) -> None:
    browser = make_client(app)
    sign_in(browser, "technician")
    assert f"/certificates/{view.id}/chain" in browser.get(f"/certificates/{view.id}").text
    page = browser.get(f"/certificates/{view.id}/chain").text
    targets = re.findall(r'<a href="([^"]*)" class="chain-node chain-(\w+)', page)
    kinds = {kind for _, kind in targets}
    assert kinds == {"si", "end", "calibration", "run", "certificate"}
    for target, kind in targets:
        assert kind == "si" or browser.get(target).status_code == 200, target
    carried = [browser.get(target).text for target, kind in targets if kind == "end"]
    assert all(view.printed in page for page in carried)
    assert any(office.bench.calibration.certificate_number in page for page in carried)
    down = browser.get(f"/standards/calibrations/{office.bench.calibration.id}/chain?direction=down").text
    assert view.printed in down


def test_the_run_and_the_calibration_have_their_pages(app: Flask, office: Office, view: CertificateView) -> None:
    browser = make_client(app)
    sign_in(browser, "technician")
    for address in (f"/runs/{office.run_id}/chain", f"/standards/calibrations/{office.bench.calibration.id}/chain"):
        page = browser.get(address)
        assert page.status_code == 200
        assert 'class="chain-node' in page.text
        assert "style=" not in page.text[page.text.index("<svg class=") :]
