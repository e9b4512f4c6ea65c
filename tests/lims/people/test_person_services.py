"""Persons, accounts, roles: who may do what on a day, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session

from lims.core.actor import SYSTEM, Actor
from lims.core.errors import Forbidden, InvalidInput, RuleViolation, StaleRecord
from lims.core.lists import ListRequest
from lims.people import queries, services
from lims.people.access import Permission, permissions_of
from lims.people.facts import AddMembership, ChangePerson, CreatePerson, EndMembership, Role, SetPassword
from lims.people.models import Person
from tests.factories.people import PASSWORD, make_laboratory, make_membership, make_organisation, make_person, make_site

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
ADMINISTRATOR = Actor(8, "Người quản trị", permissions_of([Role.ADMINISTRATOR]))
LINH = CreatePerson(full_name="Phạm  Thị Linh", sign_in_name="Linh.Pham", password="một hai ba bốn")


def test_a_person_with_an_account(session: Session) -> None:
    """The name is tidied, the sign-in name small, the password hashed."""
    facts = services.create_person(session, ADMINISTRATOR, LINH, now=NOW)
    assert (facts.full_name, facts.sign_in_name) == ("Phạm Thị Linh", "linh.pham")
    stored = session.get_one(Person, facts.id).password_hash
    assert stored is not None
    assert stored.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"password": None}, "password", "field.missing"),
        ({"sign_in_name": None}, "sign_in_name", "field.missing"),
        ({"sign_in_name": "phạm linh"}, "sign_in_name", "person.sign_in_name_shape"),
        ({"password": "short"}, "password", "password.too_short"),
        ({"full_name": " "}, "full_name", "field.missing"),
        ({"language": "fr"}, "language", "field.not_a_choice"),
    ],
)
def test_what_is_refused_of_a_new_person(
    session: Session, change: dict[str, str | None], field: str, code: str
) -> None:
    """Each mistake names its field."""
    with pytest.raises(InvalidInput) as refused:
        services.create_person(session, ADMINISTRATOR, replace(LINH, **change), now=NOW)  # type: ignore[arg-type]  # one wrong value per case
    assert [(item.field, item.code) for item in refused.value.fields] == [(field, code)]


def test_a_sign_in_name_is_taken_once(session: Session) -> None:
    """Capital letters do not make another name."""
    services.create_person(session, ADMINISTRATOR, LINH, now=NOW)
    with pytest.raises(InvalidInput) as refused:
        services.create_person(session, ADMINISTRATOR, replace(LINH, sign_in_name="LINH.PHAM"), now=NOW)
    assert refused.value.fields[0].code == "person.sign_in_name_taken"


def test_only_who_manages_people_does(session: Session) -> None:
    """Every service of persons refuses a technician."""
    technician = Actor(9, "T", permissions_of([Role.TECHNICIAN]))
    person, body = make_person(session), make_organisation(session)
    membership = AddMembership(person.id, body.id, Role.CUSTOMER, TODAY)
    for attempt in (
        lambda: services.create_person(session, technician, LINH, now=NOW),
        lambda: services.add_membership(session, technician, membership, now=NOW),
        lambda: services.end_membership(session, technician, EndMembership(1, TODAY), now=NOW),
        lambda: services.set_password(session, technician, SetPassword(person.id, "một hai ba bốn"), now=NOW),
        lambda: services.change_person(session, technician, _change(person), now=NOW),
    ):
        with pytest.raises(Forbidden):
            attempt()


def test_people_are_listed_by_given_name(session: Session) -> None:
    """Vietnamese lists go by the name that stands last; marks do not matter in a search."""
    for name in ("Trần Văn Bình", "Lê Thị Đào", "Đỗ Văn An", "Nguyễn Thị Dung"):
        make_person(session, full_name=name, code="NHÓM")
    page = queries.persons(session, on=TODAY)
    shown = [item.full_name for item in page.items if item.code == "NHÓM"]
    assert shown == ["Đỗ Văn An", "Trần Văn Bình", "Nguyễn Thị Dung", "Lê Thị Đào"]
    assert [item.full_name for item in queries.persons(session, ListRequest(text="dao le"), on=TODAY).items] == [
        "Lê Thị Đào"
    ]


def test_roles_hold_between_their_dates(session: Session) -> None:
    """On a date one is what one's memberships of that date say."""
    body = make_organisation(session, is_laboratory=True)
    site, other = make_site(session, body), make_site(session, body)
    person = make_person(session)
    make_membership(session, person, body, Role.TECHNICIAN, site_id=site.id, valid_to=date(2026, 6, 30))
    make_membership(session, person, body, Role.SIGNATORY, valid_from=date(2026, 7, 1))
    spring, summer = (queries.actor_of(session, person.id, date(2026, month, 30)) for month in (6, 7))
    assert spring.may(Permission.RECORD_READINGS)
    assert not spring.may(Permission.RELEASE_RUNS)
    assert spring.site_ids == {site.id}
    assert summer.may(Permission.RELEASE_RUNS)
    assert not summer.may(Permission.RECORD_READINGS)
    assert summer.site_ids == {site.id, other.id}
    assert summer.laboratory_id == body.id


def test_a_laboratory_role_in_a_customers_organisation_gives_nothing(session: Session) -> None:
    """The service refuses it, and a row that came otherwise opens no door."""
    customer, person = make_organisation(session), make_person(session)
    command = AddMembership(person.id, customer.id, Role.ADMINISTRATOR, TODAY)
    with pytest.raises(InvalidInput) as refused:
        services.add_membership(session, ADMINISTRATOR, command, now=NOW)
    assert refused.value.fields[0].code == "membership.role_does_not_fit"
    make_membership(session, person, customer, Role.ADMINISTRATOR)
    actor = queries.actor_of(session, person.id, TODAY)
    assert (actor.permissions, actor.organisation_ids, actor.laboratory_id) == (frozenset(), frozenset(), None)


def test_a_customer_belongs_to_their_own_organisation(session: Session) -> None:
    """What a customer sees is decided by these ids."""
    laboratory = make_laboratory(session)
    actor = queries.actor_of(session, laboratory.persons[Role.CUSTOMER], TODAY)
    assert actor.organisation_ids == frozenset({laboratory.customer_id})
    assert actor.laboratory_id is None
    assert actor.permissions == {Permission.VIEW_OWN_CERTIFICATES}


def test_a_membership_is_given_once_and_within_its_organisation(session: Session) -> None:
    """Overlapping twice, at a foreign site, or ending before it begins: refused."""
    body, person, foreign = make_organisation(session, is_laboratory=True), make_person(session), make_site(session)
    command = AddMembership(person.id, body.id, Role.TECHNICIAN, TODAY)
    services.add_membership(session, ADMINISTRATOR, command, now=NOW)
    with pytest.raises(RuleViolation, match=r"membership\.held_already"):
        services.add_membership(session, ADMINISTRATOR, replace(command, valid_from=date(2027, 1, 1)), now=NOW)
    with pytest.raises(InvalidInput) as elsewhere:
        services.add_membership(session, ADMINISTRATOR, replace(command, site_id=foreign.id), now=NOW)
    assert elsewhere.value.fields[0].code == "membership.foreign_site"
    with pytest.raises(InvalidInput) as reversed_dates:
        services.add_membership(session, ADMINISTRATOR, replace(command, valid_to=date(2026, 1, 1)), now=NOW)
    assert reversed_dates.value.fields[0].code == "membership.ends_before_it_begins"


def test_the_last_administrator_stays(session: Session) -> None:
    """Nobody can lock the laboratory out of itself; with a second one the first may go."""
    laboratory = make_laboratory(session)
    only = queries.memberships_of(session, [laboratory.persons[Role.ADMINISTRATOR]], TODAY)[0]
    with pytest.raises(RuleViolation, match=r"membership\.last_administrator"):
        services.end_membership(session, ADMINISTRATOR, EndMembership(only.id, TODAY), now=NOW)
    second = make_person(session)
    role = AddMembership(second.id, laboratory.organisation_id, Role.ADMINISTRATOR, TODAY)
    services.add_membership(session, ADMINISTRATOR, role, now=NOW)
    ended = services.end_membership(session, ADMINISTRATOR, EndMembership(only.id, TODAY), now=NOW)
    assert ended.valid_to == TODAY


def test_closing_an_account_ends_its_sessions(session: Session) -> None:
    """A closed account has no session and no right, and one cannot close one's own."""
    person = make_person(session)
    stamp = person.session_stamp
    services.change_person(session, ADMINISTRATOR, replace(_change(person), active=False), now=NOW)
    assert person.session_stamp != stamp
    assert queries.account(session, person.id, TODAY) is None
    own = Actor(person.id, "x", ADMINISTRATOR.permissions)
    with pytest.raises(RuleViolation, match=r"person\.own_account"):
        services.change_person(session, own, replace(_change(person), active=False), now=NOW)


def test_a_stale_change_of_a_person_is_refused(session: Session) -> None:
    """The version that was seen must still be the present one."""
    person = make_person(session)
    change = _change(person)
    services.change_person(session, ADMINISTRATOR, replace(change, code="KT-01"), now=NOW)
    with pytest.raises(StaleRecord):
        services.change_person(session, ADMINISTRATOR, replace(change, code="KT-02"), now=NOW)


def test_ones_own_password_needs_the_present_one(session: Session) -> None:
    """An open screen is not enough to take over an account; the new password ends every session."""
    person = make_person(session)
    actor, stamp = Actor(person.id, person.full_name), person.session_stamp
    with pytest.raises(InvalidInput) as refused:
        services.set_password(session, actor, SetPassword(person.id, "một hai ba bốn", "wrong"), now=NOW)
    assert refused.value.fields[0].code == "password.present_wrong"
    services.set_password(session, actor, SetPassword(person.id, "một hai ba bốn", PASSWORD), now=NOW)
    assert person.session_stamp != stamp


def test_who_has_no_account_gets_no_password(session: Session) -> None:
    """A person without a sign-in name cannot sign in by a password alone."""
    person = make_person(session, sign_in_name=None)
    with pytest.raises(RuleViolation, match=r"person\.no_account"):
        services.set_password(session, SYSTEM, SetPassword(person.id, "một hai ba bốn"), now=NOW)


def _change(person: Person) -> ChangePerson:
    return ChangePerson(
        person_id=person.id,
        row_version=person.row_version,
        full_name=person.full_name,
        code=person.code,
        title_vi=None,
        title_en=None,
        email=None,
        sign_in_name=person.sign_in_name,
        language="vi",
        active=True,
    )
