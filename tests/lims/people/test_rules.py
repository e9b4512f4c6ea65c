"""Rules of people: what a role may do, how often a password may be tried, which passwords are taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher

from lims.core.actor import SYSTEM, Actor
from lims.core.errors import Forbidden, InvalidInput
from lims.people import passwords
from lims.people.access import LABORATORY_ROLES, PERMISSIONS, Permission, permissions_of, require, role_fits
from lims.people.facts import Role
from lims.people.throttle import PER_ADDRESS, PER_NAME, WINDOW, TooManyAttempts, check_attempts, wait_until

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def test_every_role_stands_in_the_table() -> None:
    """A new role without a line in the table would fail at sign-in."""
    assert set(PERMISSIONS) == set(Role)


def test_a_customer_holds_nothing_of_the_laboratory() -> None:
    """Their one right is to their own certificates, and nobody else holds it."""
    assert PERMISSIONS[Role.CUSTOMER] == {Permission.VIEW_OWN_CERTIFICATES}
    assert Permission.VIEW_OWN_CERTIFICATES not in permissions_of(LABORATORY_ROLES)


def test_who_records_does_not_release_by_role_alone() -> None:
    """Readings, review, release: no single role holds all three."""
    three = {Permission.RECORD_READINGS, Permission.REVIEW_RUNS, Permission.RELEASE_RUNS}
    assert not [role for role in Role if three <= PERMISSIONS[role]]


def test_administrators_do_not_touch_results() -> None:
    """Who gives roles neither records, reviews, releases nor issues."""
    technical = {
        Permission.RECORD_READINGS,
        Permission.REVIEW_RUNS,
        Permission.RELEASE_RUNS,
        Permission.ISSUE_CERTIFICATES,
    }
    assert not PERMISSIONS[Role.ADMINISTRATOR] & technical


def test_require_lets_through_who_holds_any_and_the_program_itself() -> None:
    """Several permissions mean any of them."""
    actor = Actor(1, "A", permissions_of([Role.RECEIVER]))
    require(actor, Permission.MANAGE_PEOPLE, Permission.MANAGE_JOBS)
    require(SYSTEM, Permission.MANAGE_PEOPLE)
    with pytest.raises(Forbidden):
        require(actor, Permission.MANAGE_PEOPLE)


@pytest.mark.parametrize(
    ("role", "laboratory", "authority", "fits"),
    [
        (Role.SIGNATORY, True, False, True),
        (Role.SIGNATORY, False, False, False),
        (Role.ADMINISTRATOR, False, True, False),
        (Role.CUSTOMER, False, False, True),
        (Role.PROVINCE_OFFICE, True, False, False),
        (Role.PROVINCE_OFFICE, False, True, True),
    ],
)
def test_roles_belong_to_sorts_of_organisations(role: Role, laboratory: bool, authority: bool, fits: bool) -> None:
    """A laboratory role exists only in a laboratory, the office's only in an authority."""
    assert role_fits(role, is_laboratory=laboratory, is_authority=authority) is fits


def test_the_door_closes_after_five_failures_and_opens_again() -> None:
    """The fifth failure closes it; it opens when the oldest of the five leaves the window."""
    failures = [NOW - timedelta(minutes=minutes) for minutes in (14, 3, 2, 1, 0)]
    assert wait_until(failures[1:], PER_NAME, NOW) is None
    assert wait_until(failures, PER_NAME, NOW) == failures[0] + WINDOW
    assert wait_until(failures, PER_NAME, failures[0] + WINDOW) is None


def test_the_longer_wait_counts_and_is_told_in_minutes() -> None:
    """Name and address are counted apart; what is told is never zero minutes."""
    by_name = [NOW - WINDOW + timedelta(seconds=1)] * PER_NAME
    by_address = [NOW - timedelta(minutes=5)] * PER_ADDRESS
    with pytest.raises(TooManyAttempts) as closed:
        check_attempts(by_name, by_address, NOW)
    assert closed.value.values == {"minutes": 10}
    with pytest.raises(TooManyAttempts) as nearly:
        check_attempts(by_name, [], NOW)
    assert nearly.value.values == {"minutes": 1}
    check_attempts(by_name[1:], by_address[1:], NOW)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password.too_short"),
        ("x" * 201, "password.too_long"),
        ("aaaaaaaaaaaa", "password.too_easy"),
        ("my Linh.Mẫu 1", "password.too_easy"),
    ],
)
def test_weak_passwords_are_refused(password: str, code: str) -> None:
    """Too short, too long, one letter over and over, or with the sign-in name inside, marks or not."""
    with pytest.raises(InvalidInput) as refused:
        passwords.check_new_password("password", password, "linh.mau")
    assert [item.code for item in refused.value.fields] == [code]


def test_passwords_are_hashed_with_todays_parameters() -> None:
    """A hash of weaker parameters still opens, and asks to be made anew; no hash opens nothing."""
    stored = passwords.hash_password("bốn quả cân")
    assert stored.startswith("$argon2id$")
    assert passwords.verify_password(stored, "bốn quả cân")
    assert not passwords.verify_password(stored, "bốn quả cam")
    assert not passwords.verify_password(None, "nobody signs in with this")
    assert not passwords.verify_password("not a hash", "anything")
    assert not passwords.needs_rehash(stored)
    assert passwords.needs_rehash(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("bốn quả cân"))
