"""Standards calibrated here, and the gauge and the thermometer that customers' work measures with them.

The figures are those of the laboratory's published budgets: what is typed are its readings, through the same services
as anybody's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest
from sqlalchemy import select

from certificates import services as certificate_services
from certificates.content import Language
from certificates.facts import RecordOwnCalibration, RevokeCertificate
from certificates.home_queries import own_to_record
from certificates.own_standard_services import record_own_calibration
from certificates.status_services import revoke_certificate
from certificates.tables import print_table
from lims.calibrations.ancestor_queries import made_with_ancestors
from lims.calibrations.commands import Decide, OpenRun
from lims.calibrations.decision_services import submit_run
from lims.calibrations.evaluations import evaluation_view
from lims.calibrations.facts import EvaluationView, ResultFacts, RunPurpose
from lims.calibrations.models import Evaluation
from lims.calibrations.services import open_run
from lims.calibrations.shared_ancestors import shared_correlations
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.errors import RuleViolation
from lims.core.models import AuditEntry
from lims.demo import equipment, gauges, instruments, own_standards, thermometers, work
from lims.demo.own_standards import Certified
from lims.demo.people import performer
from lims.demo.work import OrderedItem
from standards import queries as standards
from standards.calibration_facts import (
    CalibrationFacts,
    CalibrationSource,
    CalibrationState,
    ContentKind,
    Point,
    TerminalKind,
)
from standards.calibration_models import Standard
from standards.facts import StandardRole
from tests.journeys.laboratory import House, build_house

_PAPER: Final = b"%PDF-1.7 the paper itself is proven elsewhere"
_GAUGES: Final = frozenset({"AS-01", "AS-02", "NH-03", "PB-01"})
_THERMOMETERS: Final = frozenset({"ND-01", "PT-01", "NH-03"})
_WEIGHTS: Final = frozenset({"KL-02", "KL-03", "NH-01"})


def furnish(house: House, codes: frozenset[str]) -> Mapping[str, int]:
    """Register equipment and the customers' instruments; returns their keys by serial number."""
    with house.database.transaction() as session:
        equipment.add_equipment(session, house.laboratory, codes)
        return instruments.add_instruments(session, house.laboratory)


def certified(house: House, code: str) -> Certified:
    """Calibrate a standard here, some days ago, up to its issued certificate."""
    at = house.laboratory.at(house.laboratory.today - timedelta(days=10), hour=8)
    done = own_standards.certify(house.database, house.laboratory, code, at)
    with house.database.transaction() as session:
        certificate_services.finish_issue(session, done.certificate_id, _PAPER, now=done.at + timedelta(minutes=2))
    return done


def measured(house: House, kind: ModuleType, instrument_id: int, at: datetime) -> int:
    """Take an instrument in and measure it with its published readings, up to submission."""
    laboratory, who = house.laboratory, performer(kind.CODE)
    with house.database.transaction() as session:
        agreed = kind.agreement(laboratory, laboratory.today)
        (item,) = work.take_order(session, laboratory, "cokhi", [OrderedItem(instrument_id, agreed)], at)
        run = work.measure(session, laboratory, item, kind.measurement(kind.published()), at, who=who)
        submit_run(session, laboratory.actor(who), Decide(run), now=at + timedelta(hours=3))
    return run


def evaluated(house: House, run: int) -> EvaluationView:
    """Return what was stored when the run was submitted."""
    with house.database.reading() as session:
        key = session.execute(select(Evaluation.id).where(Evaluation.run_id == run)).scalar_one()
        return evaluation_view(session, key)


def result_at(view: EvaluationView, point: str) -> ResultFacts:
    return next(row for row in view.results if row.point == point)


def held(house: House, calibration_id: int) -> CalibrationFacts:
    with house.database.reading() as session:
        return standards.calibration_facts(session, calibration_id)


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path, clock: FixedClock) -> House:
    """A founded laboratory with nothing in it yet."""
    return build_house(sqlite_database, tmp_path, clock, ())


def test_a_gauge_measured_with_a_standard_that_is_calibrated_here(house: House) -> None:
    gauge = furnish(house, _GAUGES)["AK-2203"]
    done = certified(house, "AS-02")
    page = f"/certificates/{done.certificate_id}"

    technician = house.person("kdv03").open(page)
    assert "Ghi nhận là lần hiệu chuẩn" not in "".join(form.text_content() for form in technician.page.forms)
    refused = technician.client.post(f"{page}/calibration", data={"run": str(done.run_id)})
    assert refused.status_code in {400, 403}

    manager = house.person("kt01").open(page).send("/calibration")
    calibration_id = manager.number()
    assert "AS-02" in manager.text
    own = held(house, calibration_id)
    assert (own.source, own.run_id, own.standard_code) == (CalibrationSource.IN_HOUSE, done.run_id, "AS-02")
    assert own.run_number == "R26-TM-00001"
    assert own.run_digest == evaluated(house, done.run_id).digest
    (content,) = own.contents
    said = [(p.argument, p.value, p.expanded_uncertainty, p.coverage_factor) for p in content.points]
    assert content.kind is ContentKind.CURVE
    assert said[2] == (Decimal(800), Decimal("800.0"), Decimal("1.0"), Decimal(2))
    assert said[-1] == (Decimal(2500), Decimal("2499.7"), Decimal("1.0"), Decimal(2))
    assert len(said) == 7
    assert "Xem lần hiệu chuẩn" in manager.open(page).text
    again = manager.client.post(f"{page}/calibration", data={"run": str(done.run_id)})
    assert again.status_code in {400, 409}

    accepted = house.person("cl01").open(f"/standards/calibrations/{calibration_id}")
    house.pass_minutes()
    accepted.send("/accept", note="Phù hợp")
    house.pass_minutes()

    run = measured(house, gauges, gauge, house.clock.now())
    view = evaluated(house, run)
    half = result_at(view, "0.8")
    assert f"{float(half.combined_standard_uncertainty):.5f}" == "3.48305"
    assert half.effective_degrees_of_freedom == "inf"
    assert (half.reported_value, half.reported_expanded_uncertainty, half.reported_unit) == ("2.5", "7.0", "kPa")
    assert (half.reported_coverage_factor, half.in_scope, half.decision) == ("2", True, "pass")
    assert [(one.symbol, one.reported_value) for one in view.recorded] == [("dp_0", "0.9")]
    between = next(line for line in result_at(view, "0.4").budget if line.symbol == "p_S")
    assert float(between.standard_uncertainty) > 0.5, "between the points of the curve interpolation adds its part"
    check_chain(house, calibration_id)
    check_shared_part(house, calibration_id, view)
    check_certificate(house, run)


def check_chain(house: House, calibration_id: int) -> None:
    """The path goes from the gauge here to the pressure balance, and ends at the national institute."""
    with house.database.reading() as session:
        chain = standards.traceability_chain(session, calibration_id, house.laboratory.today)
    assert chain.holds
    assert {node.standard_code for node in chain.nodes} == {"AS-02", "AS-01", "NH-03"}
    assert TerminalKind.NMI_CMC in {terminal.kind for terminal in chain.terminals}


def check_shared_part(house: House, calibration_id: int, view: EvaluationView) -> None:
    """Beside the pressure balance, the gauge calibrated with it is correlated with it: by hand, at 0.8 MPa.

    The balance brings 0.02 % of 800 kPa / 2 = 0.08 kPa of the gauge's U / k = 0.5 kPa: r = 0.08 / 0.5 = 0.16.
    """
    with house.database.reading() as session:
        (edge,) = [e for e in held(house, calibration_id).edges if e.role is StandardRole.REFERENCE]
        balance = standards.reference_value_at(
            session, edge.upper_id, point=Point(Decimal("0.8"), "MPa"), at=house.clock.now()
        )
        made = made_with_ancestors(session, {calibration_id, edge.upper_id})
    record = json.loads(json.dumps(view.input))
    gauge = next(entry for entry in record["references"] if entry["point"] == "0.8")
    beside = {
        "calibration_id": balance.calibration_id,
        "content_id": balance.content_id,
        "unit": balance.unit,
        "expanded_uncertainty": f"{balance.expanded_uncertainty:f}",
        "expanded_uncertainty_unit": balance.unit,
        "digest": balance.digest,
    }
    record["references"] = [gauge, {**gauge, **beside}]
    (pair,) = shared_correlations(record, made)
    assert float(pair["coefficient"]) == pytest.approx(0.16, rel=1e-9)
    assert pair["ancestors"] == [f"AS-01 {held(house, edge.upper_id).certificate_number}"]


def check_certificate(house: House, run: int) -> None:
    """The paper prints the error with its sign, and the zero shift beside the results."""
    laboratory, at = house.laboratory, house.clock.now() + timedelta(hours=4)
    with house.database.transaction() as session:
        work.review(session, laboratory, run, at)
        work.release(session, laboratory, run, at)
        content = certificate_services.preview_issue(session, laboratory.actor("gd01"), [run], now=at)
    (table,) = content.runs[0].results
    printed = print_table(table, Language.VIETNAMESE_ENGLISH)
    row = printed.groups[0][2]
    assert row.value is not None
    assert (row.value.lead, row.value.digits, printed.shows_error, printed.unit) == ("+", "2,5", False, "kPa")
    (beside,) = printed.remarks
    assert beside.remark is not None
    assert beside.remark.vi == "Độ lệch điểm không sau khi giảm áp (chỉ ghi nhận): 0,9 kPa."
    assert beside.remark.english == "Zero shift after falling pressure (recorded only): 0.9 kPa."


def test_a_thermometer_in_the_bath(house: House) -> None:
    thermometer = furnish(house, _THERMOMETERS)["NK-5512"]
    run = measured(house, thermometers, thermometer, house.clock.now())
    half = result_at(evaluated(house, run), "50")
    assert (half.reported_value, half.reported_expanded_uncertainty) == ("0.100", "0.074")
    assert (half.reported_coverage_factor, half.in_scope, half.decision) == ("2", True, "pass")
    budget = {line.symbol: line for line in half.budget}
    assert (budget["dt_B"].origin, budget["t_S"].origin) == ("PT-01", "ND-01")
    assert float(budget["dt_B"].standard_uncertainty) == pytest.approx(0.01 / 3**0.5, rel=1e-12)
    assert float(budget["dt_U"].standard_uncertainty) == pytest.approx(0.02 / 3**0.5, rel=1e-12)
    zero = next(line for line in result_at(evaluated(house, run), "0").budget if line.symbol == "t_S")
    assert float(zero.estimate) == pytest.approx(-0.02304, abs=5e-6), "the certified coefficients correct the readout"


def test_working_weights_become_elements(house: House) -> None:
    furnish(house, _WEIGHTS)
    done = certified(house, "KL-03")
    with house.database.transaction() as session:
        own = own_standards.record_and_accept(session, house.laboratory, done, done.at + timedelta(minutes=20))
        with pytest.raises(RuleViolation) as twice:
            record_own_calibration(
                session,
                house.laboratory.actor("kt01"),
                RecordOwnCalibration(done.certificate_id, done.run_id),
                now=done.at + timedelta(hours=1),
            )
        chain = standards.traceability_chain(session, own.id, house.laboratory.today)
    assert twice.value.code == "own_standard.recorded_already"
    elements = {content.identifier: content for content in own.contents}
    assert len(elements) == 18
    assert {content.kind for content in own.contents} == {ContentKind.ELEMENT}
    largest, twin = elements["20 kg"], elements["2 kg*"]
    assert (largest.value, largest.expanded_uncertainty, largest.expanded_uncertainty_unit) == (
        Decimal("20000.26"),
        Decimal("0.30"),
        "g",
    )
    assert (twin.nominal, twin.value, twin.coverage_factor) == (Decimal(2000), Decimal("2000.022"), Decimal(2))
    assert (elements["1 g"].value, elements["1 g"].expanded_uncertainty) == (Decimal("1.00030"), Decimal("0.17"))
    assert chain.holds
    assert {node.standard_code for node in chain.nodes} == {"KL-03", "KL-02", "NH-01"}


@pytest.mark.parametrize("accepted", [True, False], ids=["accepted", "recorded"])
def test_a_revoked_certificate_ends_the_calibration_recorded_from_it(house: House, accepted: bool) -> None:
    """Nobody who may only issue certificates manages standards: what was recorded ends with the paper all the same."""
    furnish(house, _GAUGES)
    done = certified(house, "AS-02")
    at, laboratory = done.at + timedelta(hours=2), house.laboratory
    with house.database.transaction() as session:
        (waiting,) = own_to_record(session, laboratory.actor("kt01"))
        assert (waiting.certificate_id, waiting.standard_code) == (done.certificate_id, "AS-02")
        if accepted:
            own_standards.record_and_accept(session, laboratory, done, done.at + timedelta(minutes=20))
        else:
            record = RecordOwnCalibration(done.certificate_id, done.run_id)
            record_own_calibration(session, laboratory.actor("kt01"), record, now=done.at + timedelta(minutes=20))
    with house.database.transaction() as session:
        command = RevokeCertificate(done.certificate_id, "Nhầm số liệu của áp kế píttông")
        revoked = revoke_certificate(session, laboratory.actor("gd01"), command, now=at)
    with house.database.reading() as session:
        assert own_to_record(session, laboratory.actor("kt01")) == []
        by_code = select(Standard.id).where(Standard.code == "AS-02")
        (own,) = standards.calibrations_of(session, session.execute(by_code).scalar_one())
        problems = standards.check_use(session, own.id, at=at + timedelta(hours=1), role=StandardRole.REFERENCE)
        noted = select(AuditEntry.action).where(AuditEntry.subject_kind == "standard_calibration")
        actions = list(session.execute(noted.order_by(AuditEntry.id)).scalars())
    wanted = CalibrationState.ENDED if accepted else CalibrationState.REJECTED
    assert own.state is wanted
    assert actions[-1] == f"calibration.{wanted.value}"
    assert revoked.printed in ((own.ended_reason if accepted else own.acceptance_note) or "")
    assert problems


def test_a_run_on_an_own_standard_is_offered_as_one(house: House) -> None:
    gauge = furnish(house, frozenset({"AS-02"}))["AK-2203"]
    laboratory, at = house.laboratory, house.clock.now()
    with house.database.transaction() as session:
        standard = session.execute(select(Standard.instrument_id).where(Standard.code == "AS-02")).scalar_one()
        own = OrderedItem(standard, own_standards.agreement(laboratory, own_standards.own_standard("AS-02")))
        (mine,) = work.take_order(session, laboratory, "centre", [own], at)
        agreed = OrderedItem(gauge, gauges.agreement(laboratory, laboratory.today))
        (theirs,) = work.take_order(session, laboratory, "cokhi", [agreed], at)
    technician = house.person("kdv03")
    offered = technician.open(f"/jobs/items/{mine}/runs").offers("/runs", "purpose")
    assert offered[0] == "chuẩn của đơn vị"
    assert "cho khách hàng" not in offered
    offered = technician.open(f"/jobs/items/{theirs}/runs").offers("/runs", "purpose")
    assert offered[0] == "cho khách hàng"
    assert "chuẩn của đơn vị" not in offered
    with house.database.transaction() as session, pytest.raises(RuleViolation) as refused:
        command = OpenRun(RunPurpose.OWN_STANDARD, job_item_id=theirs)
        open_run(session, laboratory.actor("kdv03"), command, now=at)
    assert refused.value.code == "run.no_own_standard"
