"""The walk by hash: a standard's digital certificate → its value in the budget → the certificate issued here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from certificates import services
from certificates.content import from_text
from certificates.hash_facts import HashFault, HashState, HashWalk
from certificates.hash_walk_queries import walk_by_hash
from certificates.models import Certificate
from lims.core.blobs import put_blob
from lims.core.errors import NotFound
from standards import queries as standards
from standards.dcc_models import ReceivedCertificate
from tests.certificates.offices import ISSUE_AT
from tests.factories import calibrations
from tests.factories.calibrations import NOW, Bench
from tests.factories.standards import make_calibration, weight_content

_FILE = b"""<dcc:digitalCalibrationCertificate xmlns:dcc="https://ptb.de/dcc" xmlns:si="https://ptb.de/si">
<dcc:result><si:valueXMLList>1 10000.005</si:valueXMLList><si:uncertaintyXMLList>45</si:uncertaintyXMLList></dcc:result>
<dcc:result><si:value>10000</si:value></dcc:result><dcc:result><si:value>0.005</si:value></dcc:result>
</dcc:digitalCalibrationCertificate>"""
_LIST = "/dcc:digitalCalibrationCertificate/dcc:result[1]/si:valueXMLList [2]"
_OTHER = "/dcc:digitalCalibrationCertificate/dcc:result[1]/si:valueXMLList [1]"
_SUM = (
    "/dcc:digitalCalibrationCertificate/dcc:result[2]/si:value\n"
    "/dcc:digitalCalibrationCertificate/dcc:result[3]/si:value"
)


def received(session: Session, standard_id: int, sha256: str) -> None:
    """Note that a file came for a standard and was taken."""
    session.add(
        ReceivedCertificate(
            standard_id=standard_id,
            sha256=sha256,
            file_name="kl-05.xml",
            size=len(_FILE),
            accepted=True,
            version="3.3.0",
            signature_state="none",
            findings="[]",
            findings_left_off=0,
            received_at=NOW,
            received_by_id=1,
            received_by_name="A",
        )
    )
    session.flush()


def issued(session: Session, place: str | None) -> tuple[int, Bench, str]:
    """A weighing with a standard whose value was read from a DCC, and its certificate as it is issued."""
    bench = calibrations.make_bench(session)
    sha256 = put_blob(session, _FILE, "application/xml", now=NOW)
    received(session, bench.standard.id, sha256)
    (address,) = standards.instrument_facts(session, bench.standard.instrument_id).ranges()
    read = make_calibration(
        session,
        bench.standard,
        calibrated_on=date(2026, 1, 13),
        dcc_sha256=sha256 if place else None,
        contents=(weight_content(address.range.id, source_path=place),),
    )
    bench = replace(bench, calibration=read)
    run = calibrations.released_run(session, bench)
    begun = services.begin_issue(session, bench.signatory, [run.id], now=ISSUE_AT)
    return begun.id, bench, sha256


def faults(walk: HashWalk, bench: Bench) -> tuple[HashFault, ...]:
    step = walk.step(bench.calibration.id)
    assert step is not None
    return step.faults


def alter(session: Session, table: str, assignment: str, **values: Any) -> None:
    """Change what is stored behind the triggers' back, as somebody with the database in hand could."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    named = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :held"
        if sqlite
        else "SELECT tgname FROM pg_trigger WHERE tgrelid = CAST(:held AS regclass) AND NOT tgisinternal"
    )
    for name in list(session.execute(text(named), {"held": table}).scalars()):
        session.execute(text(f"DROP TRIGGER {name}{'' if sqlite else f' ON {table}'}"))
    session.execute(text(f"UPDATE {table} SET {assignment}"), values)
    session.expire_all()


@pytest.mark.parametrize("place", [_LIST, _SUM], ids=["entry-of-a-list", "sum-of-two-numbers"])
def test_from_the_file_to_the_certificate(session: Session, place: str) -> None:
    certificate_id, bench, sha256 = issued(session, place)
    walk = walk_by_hash(session, certificate_id)
    assert walk.holds
    step = walk.step(bench.calibration.id)
    assert step is not None
    assert (step.state, step.dcc_sha256, step.numbers, step.values) == (HashState.VERIFIED, sha256, 1, 1)
    content = from_text(session.get_one(Certificate, certificate_id).content)
    assert [one.dcc_sha256 for one in content.standards if one.code == bench.standard.code] == [sha256]


def test_without_a_digital_certificate_the_value_is_still_followed(session: Session) -> None:
    certificate_id, bench, _ = issued(session, None)
    walk = walk_by_hash(session, certificate_id)
    step = walk.step(bench.calibration.id)
    assert step is not None
    assert (walk.holds, step.state, step.numbers, step.values) == (True, HashState.NO_DCC, 0, 1)
    assert "dcc_sha256" not in session.get_one(Certificate, certificate_id).content


def test_a_number_that_does_not_stand_where_it_was_read(session: Session) -> None:
    certificate_id, bench, _ = issued(session, _OTHER)
    walk = walk_by_hash(session, certificate_id)
    assert not walk.holds
    assert faults(walk, bench) == (HashFault.NUMBER_NOT_IN_FILE,)


def test_a_file_that_was_changed(session: Session) -> None:
    certificate_id, bench, sha256 = issued(session, _LIST)
    alter(session, "blob", "data = :data WHERE sha256 = :sha", data=_FILE + b" ", sha=sha256)
    assert faults(walk_by_hash(session, certificate_id), bench) == (HashFault.FILE_CHANGED,)


def test_a_value_that_was_changed_in_the_register(session: Session) -> None:
    certificate_id, bench, _ = issued(session, _LIST)
    of = bench.calibration.id
    alter(session, "calibration_content", "value = :value WHERE calibration_id = :of", value="9999", of=of)
    assert set(faults(walk_by_hash(session, certificate_id), bench)) == {
        HashFault.CALIBRATION_CHANGED,
        HashFault.NUMBER_NOT_IN_FILE,
    }


def test_a_value_that_was_changed_in_the_budget(session: Session) -> None:
    certificate_id, bench, _ = issued(session, _LIST)
    alter(session, "evaluation", "input = replace(input, '10000.005', '10000.006')")
    walk = walk_by_hash(session, certificate_id)
    assert walk.faults == (HashFault.EVALUATION_CHANGED,)
    assert faults(walk, bench) == (HashFault.VALUE_CHANGED,)


def test_a_certificate_that_was_changed(session: Session) -> None:
    certificate_id, bench, sha256 = issued(session, _LIST)
    alter(session, "certificate", "content = replace(content, :sha, :other)", sha=sha256, other="0" * 64)
    walk = walk_by_hash(session, certificate_id)
    assert walk.faults == (HashFault.CERTIFICATE_CHANGED,)
    assert faults(walk, bench) == (HashFault.CERTIFICATE_NAMES_OTHER_FILE,)


def test_a_certificate_that_is_not_there(session: Session) -> None:
    with pytest.raises(NotFound):
        walk_by_hash(session, 999_999)
