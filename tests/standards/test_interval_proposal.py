"""The proposal of an interval: each method's answer on histories worked out by hand, and what a person makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.errors import InvalidInput, StaleRecord
from lims.people.models import Site
from standards import check_queries, interval_services
from standards.check_commands import DecideInterval, StateLimit
from standards.check_models import IntervalDecision
from standards.drift_facts import Found, Occasion, Series
from standards.interval_facts import Confidence, IntervalMethod, IntervalProposal, MethodResult
from standards.interval_proposal import propose
from standards.queries import standard_facts
from tests.factories import standards as make
from tests.factories.people import make_laboratory
from tests.lims.web_client import make_app, make_client, post, set_language, sign_in
from tests.standards.acting import NOW, actions, refused


def history(*values: str, limit: str | None = "5", uncertainty: str = "1.6") -> Series:
    """A series found once a year from 2015 on."""
    occasions = tuple(
        Occasion(place, f"V-{place}", date(2015 + place, 6, 25), found, found)
        for place, value in enumerate(values)
        for found in (Found(Decimal(value), Decimal(uncertainty), Decimal(2)),)
    )
    bound = None if limit is None else Decimal(limit)
    return Series("7:1 kg", 7, "1 kg", "mass", "mg", Decimal(1000), "g", None, True, occasions, bound, "R 111")


def result(proposal: IntervalProposal, method: IntervalMethod) -> MethodResult:
    """One method's answer."""
    return next(item for item in proposal.results if item.method is method)


def test_the_published_trend_is_extended_by_its_staircase() -> None:
    """Found at 2.6 of 5 mg, 52 %: 12 months × 1.25. Its line, 0.26 mg a year, reaches 5 mg after 9 years less what
    the scatter leaves open (0.03 mg with 2 degrees of freedom, growing with the distance)."""
    proposal = propose([history("1.8", "2.1", "2.3", "2.6")], 12)
    assert result(proposal, IntervalMethod.STAIRCASE).months == 15
    drift = result(proposal, IntervalMethod.DRIFT)
    assert drift.months is not None
    assert 60 < drift.months < 111
    assert result(proposal, IntervalMethod.A3).counts is False
    assert result(proposal, IntervalMethod.RELIABILITY).reason == "interval.reliability_few"
    assert (proposal.months, proposal.method) == (15, IntervalMethod.STAIRCASE)
    assert (proposal.calibrations, proposal.in_tolerance, proposal.confidence) == (3, 3, Confidence.LOW)


@pytest.mark.parametrize(
    ("last", "months", "reason"),
    [
        ("4.0", 15, "interval.staircase_extended"),
        ("4.1", 12, "interval.staircase_kept"),
        ("5.0", 12, "interval.staircase_kept"),
        ("-5.1", 6, "interval.staircase_shortened"),
    ],
)
def test_the_staircase_turns_at_80_and_100_per_cent(last: str, months: int, reason: str) -> None:
    found = result(propose([history("0", last)], 12), IntervalMethod.STAIRCASE)
    assert (found.months, found.reason) == (months, reason)


def test_a_quick_drift_shortens_the_interval() -> None:
    """1 mg a year, from 3 mg of 5: two years are left, the staircase says 15 months; a wilder one is at its limit."""
    proposal = propose([history("0", "1", "2", "3", uncertainty="0.2")], 12)
    drift = result(proposal, IntervalMethod.DRIFT)
    assert drift.months is not None
    assert 22 <= drift.months <= 24
    wild = propose([history("0", "1.5", "3.1", "4.4", uncertainty="0.2")], 12)
    assert wild.method is IntervalMethod.DRIFT
    assert wild.months is not None
    assert wild.months < 6


def test_values_that_never_move_lengthen_it() -> None:
    """No scatter and no drift: no limit is reached in ten years, so the staircase decides."""
    proposal = propose([history("-0.3", "-0.3", "-0.3", "-0.3", limit="1.25", uncertainty="1.0")], 12)
    drift = result(proposal, IntervalMethod.DRIFT)
    assert (drift.months, drift.reason) == (120, "interval.drift_never")
    assert (proposal.months, proposal.method) == (15, IntervalMethod.STAIRCASE)


def test_many_failures_are_rejected_by_the_test_of_the_interval() -> None:
    """4 of 8 within: R = 0.5 against 0.95, rejected with Q near 1: 12·10^((0.5 − 0.95)·Q) is about 4 months."""
    proposal = propose([history("0", "6", "0", "6", "0", "6", "0", "6", "1", uncertainty="0.1")], 12)
    test = result(proposal, IntervalMethod.A3)
    assert (proposal.calibrations, proposal.in_tolerance) == (8, 4)
    assert test.months == 4
    assert test.counts


def test_no_more_than_half_as_long_again_at_once() -> None:
    proposal = propose([history("0", "0.01", uncertainty="0.1")], 1)
    assert proposal.months == 1
    assert propose([history(*["0"] * 4, uncertainty="0.1")], 12).months == 15


def test_without_limits_nothing_is_proposed() -> None:
    proposal = propose([history("1", "2", "3", limit=None)], 12)
    assert (proposal.months, proposal.method) == (None, None)
    assert propose([], None).months is None
    assert propose([history("1"), history("2")], 12).months is None
    assert propose([history("1", "2")], None).months is None


def test_a_person_decides_and_the_proposal_is_kept(session: Session) -> None:
    standard = make.make_standard(session)
    actor = make.recorder(standard.laboratory_id)
    command = DecideInterval(standard.id, 18, "Bốn lần đều trong 60 %", date(2026, 3, 1), standard.row_version, 15)
    decision = interval_services.decide_interval(session, actor, command, now=NOW)
    after = standard_facts(session, standard.id)
    assert (decision.months_before, decision.months, decision.proposed_months) == (12, 18, 15)
    assert (after.interval_months, after.interval_policy) == (18, "Bốn lần đều trong 60 %")
    assert "standard.interval_decided" in actions(session)
    with pytest.raises(StaleRecord):
        interval_services.decide_interval(session, actor, command, now=NOW)


def test_what_a_decision_refuses(session: Session) -> None:
    standard = make.make_standard(session)
    actor = make.recorder(standard.laboratory_id)
    for changes, expected in (
        ({"months": 0}, {"months": "field.below"}),
        ({"evidence": " "}, {"evidence": "field.missing"}),
        ({"decided_on": date(2026, 3, 3)}, {"decided_on": "entry.date_in_future"}),
    ):
        values: dict[str, Any] = {"months": 18, "evidence": "x", "decided_on": date(2026, 3, 1), **changes}
        with pytest.raises(InvalidInput) as error:
            interval_services.decide_interval(
                session, actor, DecideInterval(standard.id, row_version=standard.row_version, **values), now=NOW
            )
        assert refused(error) == expected


def test_a_limit_is_stated_with_its_source(session: Session) -> None:
    standard = make.make_standard(session)
    actor = make.recorder(standard.laboratory_id)
    command = StateLimit(standard.id, "160", "mg", "OIML R 111-1, F2", date(2026, 1, 1))
    assert interval_services.state_limit(session, actor, command, now=NOW).half_width_expression == "160"
    assert "standard.limit_stated" in actions(session)
    with pytest.raises(InvalidInput) as error:
        interval_services.state_limit(
            session, actor, StateLimit(standard.id, "160 +", "giáp", " ", date(2026, 1, 1)), now=NOW
        )
    assert set(refused(error)) == {"half_width_expression", "unit", "basis"}


@pytest.fixture
def browser(sqlite_database: Database, clock: FixedClock) -> Callable[[], tuple[FlaskClient, int, Database]]:
    """A browser of the technical manager, and a standard that was calibrated three times."""
    app = make_app(sqlite_database, clock)
    with sqlite_database.transaction() as session:
        laboratory = make_laboratory(session)
        standard = make.make_standard(session, session.get_one(Site, laboratory.site_id), code="KL-05")
        for year in (2024, 2025, 2026):
            make.make_calibration(
                session,
                standard,
                calibrated_on=date(year, 1, 12),
                recorded_at=datetime(year, 1, 14, 2, tzinfo=UTC),
                accepted_at=datetime(year, 1, 15, 2, tzinfo=UTC),
            )

    def opened() -> tuple[FlaskClient, int, Database]:
        client = make_client(app)
        assert sign_in(client, "technical_manager").status_code == 303
        set_language(client, "en")
        return client, standard.id, sqlite_database

    return opened


def test_the_pages_show_the_history_and_take_the_decision(
    browser: Callable[[], tuple[FlaskClient, int, Database]],
) -> None:
    client, standard_id, database = browser()
    chart, page = f"/standards/{standard_id}/drift-chart", f"/standards/{standard_id}/interval"
    assert "Nothing can be proposed yet" in client.get(page).text
    limit = {"half_width_expression": "160", "unit": "mg", "basis": "R 111-1, F2", "valid_from": "01/01/2026"}
    assert post(client, f"/standards/{standard_id}/limits", limit, page=chart).status_code == 303
    text = client.get(chart).text
    assert text.count('class="chart-whisker"') == 4
    assert "permissible" in text
    assert '<title id="drift-title">' in text
    assert "± 160 mg" in text
    with database.reading() as session:
        version = standard_facts(session, standard_id).row_version
    form = {"months": "15", "evidence": "three within 5 %", "decided_on": "01/03/2026", "row_version": str(version)}
    assert post(client, page, {**form, "evidence": ""}).status_code == 422
    assert post(client, page, form).status_code == 303
    assert "three within 5 %" in client.get(page).text
    with database.reading() as session:
        decision = check_queries.interval_decisions_of(session, standard_id)[0]
        kept = json.loads(session.get_one(IntervalDecision, decision.id).proposal or "{}")
    assert (decision.months, decision.method) == (15, "staircase")
    assert [method["method"] for method in kept["methods"]] == ["staircase", "drift", "a3", "reliability"]
