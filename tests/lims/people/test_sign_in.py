"""Signing in: right and wrong passwords, the closed door, re-hashing, and what the page says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.people import services
from lims.people.models import Person, SignInAttempt
from lims.people.sign_in import Proof
from lims.people.throttle import PER_ADDRESS, PER_NAME, TooManyAttempts
from tests.factories.people import PASSWORD, make_laboratory, make_person
from tests.lims.web_client import make_app, make_client, post, set_language, sign_in

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def _try(session: Session, name: str, password: str, address: str = "192.0.2.1", at: datetime = NOW) -> Person | None:
    proof = services.prove_identity(session, name, password, address, now=at)
    facts = services.sign_in(session, proof, now=at)
    return None if facts is None else session.get_one(Person, facts.id)


def _attempts(session: Session) -> int:
    return session.execute(select(func.count()).select_from(SignInAttempt)).scalar_one()


def test_the_right_password_opens(session: Session) -> None:
    """Capital letters in the name do not matter; the time is kept; earlier failures are forgotten."""
    person = make_person(session)
    assert _try(session, str(person.sign_in_name), "wrong password") is None
    assert _try(session, str(person.sign_in_name).upper(), PASSWORD) is person
    assert person.last_signed_in_at == NOW
    assert _attempts(session) == 0


def test_an_old_hash_is_made_anew(session: Session) -> None:
    """A hash with yesterday's parameters is replaced at the next sign-in, once."""
    person = make_person(
        session, password_hash=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    )
    old = person.password_hash
    assert _try(session, str(person.sign_in_name), PASSWORD) is person
    new = person.password_hash
    assert new != old
    assert _try(session, str(person.sign_in_name), PASSWORD) is person
    assert person.password_hash == new


def test_closed_and_unknown_accounts_fail_alike(session: Session) -> None:
    """No answer tells whether a name exists."""
    closed = make_person(session, active=False)
    assert _try(session, str(closed.sign_in_name), PASSWORD) is None
    assert _try(session, "nobody", PASSWORD) is None
    assert _attempts(session) == 2


def test_the_door_closes_for_a_name(session: Session) -> None:
    """After five failures even the right password waits, from anywhere; a quarter of an hour later it opens."""
    person = make_person(session)
    name = str(person.sign_in_name)
    for number in range(PER_NAME):
        assert _try(session, name, "wrong password", f"192.0.2.{number}") is None
    with pytest.raises(TooManyAttempts):
        _try(session, name, PASSWORD, "192.0.2.200")
    assert _try(session, name, PASSWORD, "192.0.2.200", NOW + timedelta(minutes=15)) is person


def test_the_door_closes_for_an_address(session: Session) -> None:
    """Trying one password on many names is stopped as well; another address is not concerned."""
    person = make_person(session)
    for number in range(PER_ADDRESS):
        assert _try(session, f"name{number}", "wrong password") is None
    with pytest.raises(TooManyAttempts):
        _try(session, str(person.sign_in_name), PASSWORD)
    assert _try(session, str(person.sign_in_name), PASSWORD, "198.51.100.1") is person


def test_attempts_tried_side_by_side_gain_nothing(session: Session) -> None:
    """A proof gained while the door was open is refused when others closed it meanwhile."""
    person = make_person(session)
    proof = services.prove_identity(session, str(person.sign_in_name), PASSWORD, "192.0.2.1", now=NOW)
    assert proof.person_id == person.id
    for _ in range(PER_NAME):
        services.sign_in(session, Proof(str(person.sign_in_name), "192.0.2.9", None), now=NOW)
    with pytest.raises(TooManyAttempts):
        services.sign_in(session, proof, now=NOW)


def test_a_password_changed_meanwhile_does_not_open(session: Session) -> None:
    """Between trying and keeping, the stored hash must be the same one."""
    person = make_person(session)
    proof = services.prove_identity(session, str(person.sign_in_name), PASSWORD, "192.0.2.1", now=NOW)
    person.password_hash = "another"
    session.flush()
    assert services.sign_in(session, proof, now=NOW) is None


@pytest.fixture
def app(database: Database, clock: FixedClock) -> Flask:
    """The application with one person in each role, on both kinds of database."""
    with database.transaction() as session:
        make_laboratory(session)
    return make_app(database, clock)


@pytest.mark.parametrize(
    ("language", "wrong", "wait"),
    [
        ("vi", "Tên đăng nhập hoặc mật khẩu không đúng.", "Vui lòng chờ 15 phút"),
        ("en", "The sign-in name or the password is not right.", "Please wait 15 min"),
    ],
)
def test_the_page_says_what_is_wrong_and_how_long_to_wait(app: Flask, language: str, wrong: str, wait: str) -> None:
    """The name stays in its field, the password does not; the closed door says how long."""
    client = make_client(app)
    set_language(client, language)
    for _ in range(PER_NAME):
        answer = sign_in(client, "receiver", "not this one")
        assert answer.status_code == 422
        assert wrong in answer.text
        assert 'value="receiver"' in answer.text
        assert "not this one" not in answer.text
    answer = sign_in(client, "receiver")
    assert answer.status_code == 429
    assert wait in answer.text
    assert sign_in(client, "signatory").status_code == 303


def test_empty_fields_are_named(app: Flask) -> None:
    """Nothing typed is no attempt."""
    answer = post(make_client(app), "/sign-in", {})
    assert answer.status_code == 422
    assert answer.text.count("Ô này không được để trống.") == 4  # at both fields and twice in the summary
