"""The page that holds each line of the scope against what was computed, with figures from a reviewed run."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from lims.calibrations.capability import Verdict
from lims.calibrations.capability_queries import capabilities
from lims.core.clock import FixedClock, local_date
from lims.core.db import Database
from tests.factories.calibrations import NOW, Bench, make_bench, reviewed_run, sign_in_name
from tests.factories.procedures import make_scope
from tests.lims.web_client import make_app, make_client, sign_in


@pytest.fixture
def bench(database: Database) -> Bench:
    with database.transaction() as session:
        return make_bench(session)


@pytest.fixture
def client(database: Database, bench: Bench, clock: FixedClock) -> FlaskClient:
    with database.transaction() as session:
        name = sign_in_name(session, bench.reviewer)
    client = make_client(make_app(database, clock))
    assert sign_in(client, name).status_code == 303
    return client


@pytest.mark.parametrize(
    ("cmc", "verdict"), [("30", Verdict.NOT_SUPPORTED), ("200", Verdict.COULD_BE_LOWERED)], ids=["too small", "reserve"]
)
def test_a_line_is_held_against_what_was_computed(
    database: Database, bench: Bench, client: FlaskClient, cmc: str, verdict: Verdict
) -> None:
    with database.transaction() as session:
        make_scope(session, site_id=bench.item.site_id, instrument_kind=None, cmc_expression=cmc)
        run = reviewed_run(session, bench)
    with database.reading() as session:
        (entry,) = capabilities(session, bench.item.site_id, on=local_date(NOW, run.timezone))
    assert entry.verdict is verdict
    assert entry.is_current
    (point,) = entry.points
    assert point.run_number == run.number
    assert 0 < point.best_uncertainty < point.reported_uncertainty
    page = client.get("/scope/capability").get_data(as_text=True)
    assert run.number in page
    assert f"/runs/{run.id}" in page


def test_a_line_without_a_run_and_a_laboratory_without_a_scope(
    database: Database, bench: Bench, client: FlaskClient
) -> None:
    assert client.get("/scope/capability").status_code == 200
    with database.transaction() as session:
        make_scope(session, site_id=bench.item.site_id, instrument_kind=None)
    with database.reading() as session:
        (entry,) = capabilities(session, bench.item.site_id, on=local_date(NOW, "Asia/Ho_Chi_Minh"))
        ended = capabilities(session, bench.item.site_id, on=local_date(NOW, "UTC") - timedelta(days=9999))
    assert (entry.verdict, ended) == (Verdict.NO_EVIDENCE, [])
    assert client.get("/scope/capability").status_code == 200
