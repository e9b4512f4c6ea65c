"""Organisations and sites: entering, renaming, changing, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session

from lims.core.actor import SYSTEM, Actor
from lims.core.errors import Forbidden, InvalidInput, NotFound, RuleViolation, StaleRecord
from lims.core.lists import ListRequest
from lims.people import queries, services
from lims.people.access import permissions_of
from lims.people.facts import ChangeOrganisation, ChangeSite, CreateOrganisation, CreateSite, RenameOrganisation, Role
from lims.people.facts import OrganisationKind as Kind
from tests.factories.people import make_organisation, make_site

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
RECEIVER = Actor(7, "Người tiếp nhận", permissions_of([Role.RECEIVER]))
ADMINISTRATOR = Actor(8, "Người quản trị", permissions_of([Role.ADMINISTRATOR]))
COMMAND = CreateOrganisation(
    name_vi="Công ty Cấp nước Mẫu",
    address_vi="1 đường Mẫu",
    valid_from=date(2026, 1, 1),
    tax_code="0000000001",
    is_customer=True,
    email="lienhe@mau.example",
)


def test_an_organisation_is_entered_with_its_name(session: Session) -> None:
    """What was entered comes back; the tax code keeps its zeros; text is NFC."""
    decomposed = "Ca\u0302\u0301p nu\u031bo\u031b\u0301c"
    facts = services.create_organisation(session, RECEIVER, replace(COMMAND, name_vi=decomposed), now=NOW)
    assert facts.name_vi == "Cấp nước"
    assert (facts.tax_code, facts.email, facts.is_customer) == ("0000000001", "lienhe@mau.example", True)
    assert len(facts.token) >= 20


@pytest.mark.parametrize("tax_code", ["123", "0000000001-1", "00000000012", "٠٠٠٠٠٠٠٠٠١", "000000000A"])
def test_a_tax_code_has_a_shape(session: Session, tax_code: str) -> None:
    """Ten digits, ten and three, or twelve; nothing else in Vietnam."""
    with pytest.raises(InvalidInput) as refused:
        services.create_organisation(session, RECEIVER, replace(COMMAND, tax_code=tax_code), now=NOW)
    assert refused.value.fields[0].code == "organisation.tax_code_shape"


def test_a_foreign_number_is_taken_as_it_is(session: Session) -> None:
    """Other countries have other numbers."""
    facts = services.create_organisation(session, RECEIVER, replace(COMMAND, tax_code="DE 123", country="DE"), now=NOW)
    assert facts.tax_code == "DE 123"


def test_a_tax_code_is_entered_once(session: Session) -> None:
    """The second organisation with the same number is probably the first one again."""
    services.create_organisation(session, RECEIVER, COMMAND, now=NOW)
    with pytest.raises(InvalidInput) as refused:
        services.create_organisation(session, RECEIVER, COMMAND, now=NOW)
    assert refused.value.fields[0].code == "organisation.tax_code_taken"


def test_a_receiver_cannot_make_a_laboratory(session: Session) -> None:
    """Members of a laboratory get rights in it, so only who manages people makes one."""
    with pytest.raises(Forbidden):
        services.create_organisation(session, RECEIVER, replace(COMMAND, is_laboratory=True), now=NOW)
    customer = services.create_organisation(session, RECEIVER, COMMAND, now=NOW)
    change = _change(customer.id, customer.row_version, is_laboratory=True)
    with pytest.raises(Forbidden):
        services.change_organisation(session, RECEIVER, change, now=NOW)
    assert services.change_organisation(session, ADMINISTRATOR, change, now=NOW).is_laboratory


def test_a_technician_enters_no_organisation(session: Session) -> None:
    """The service itself refuses, whatever page called it."""
    technician = Actor(9, "T", permissions_of([Role.TECHNICIAN]))
    with pytest.raises(Forbidden):
        services.create_organisation(session, technician, COMMAND, now=NOW)


def test_names_hold_from_their_date(session: Session) -> None:
    """A paper of last year prints last year's name; both names are found."""
    body = services.create_organisation(session, RECEIVER, COMMAND, now=NOW)
    rename = RenameOrganisation(
        body.id, "Công ty Nước sạch Mẫu", "2 đường Mẫu", date(2026, 7, 1), name_en="Clean Water"
    )
    services.rename_organisation(session, RECEIVER, rename, now=NOW)
    before = queries.organisation_facts(session, body.id, date(2026, 6, 30))
    after = queries.organisation_facts(session, body.id, date(2026, 7, 1))
    assert (before.name_vi, before.address_vi) == ("Công ty Cấp nước Mẫu", "1 đường Mẫu")
    assert (after.name_vi, after.name_en) == ("Công ty Nước sạch Mẫu", "Clean Water")
    assert queries.organisation_facts(session, body.id, date(1999, 1, 1)).name_vi == "Công ty Cấp nước Mẫu"
    for words in ("cap nuoc", "nước sạch", "0000000001", "clean"):
        found = queries.organisations(session, ListRequest(text=words), on=date(2026, 6, 30))
        assert [hit.id for hit in found.items] == [body.id], words
        assert found.items[0].name_vi == "Công ty Cấp nước Mẫu"


def test_a_correction_of_the_same_day_counts_last(session: Session) -> None:
    """Two names from the same date: the later entry holds."""
    body = services.create_organisation(session, RECEIVER, COMMAND, now=NOW)
    rename = RenameOrganisation(body.id, "Công ty Cấp nước Mẫu 2", "1 đường Mẫu", COMMAND.valid_from)
    services.rename_organisation(session, RECEIVER, rename, now=NOW)
    assert queries.organisation_facts(session, body.id, date(2026, 3, 2)).name_vi == "Công ty Cấp nước Mẫu 2"


def test_a_stale_change_is_refused_with_both_versions(session: Session) -> None:
    """Two people have the form open; the second is told."""
    body = services.create_organisation(session, RECEIVER, COMMAND, now=NOW)
    first = services.change_organisation(session, RECEIVER, _change(body.id, body.row_version, phone="1"), now=NOW)
    with pytest.raises(StaleRecord) as stale:
        services.change_organisation(session, RECEIVER, _change(body.id, body.row_version, phone="2"), now=NOW)
    assert stale.value.values == {"seen": body.row_version, "present": first.row_version}
    assert queries.organisation_facts(session, body.id, date(2026, 3, 2)).phone == "1"


def test_a_laboratory_with_sites_stays_one(session: Session) -> None:
    """Its members would lose every right at once."""
    site = make_site(session)
    body = queries.organisation_facts(session, site.organisation_id, date(2026, 3, 2))
    with pytest.raises(RuleViolation, match=r"organisation\.laboratory_in_use"):
        services.change_organisation(session, ADMINISTRATOR, _change(body.id, body.row_version), now=NOW)


def test_lists_are_in_vietnamese_order_and_filtered(session: Session) -> None:
    """Đ comes after D, Ă after A; each filter leaves out what it says; a search is never a pattern."""
    upstream = make_organisation(session, name_vi="Viện Z", is_upstream=True, is_customer=False)
    names = ["Điện lực", "An Bình", "Ắc quy", "Dệt may"]
    made = {make_organisation(session, name_vi=name).id for name in names}
    page = queries.organisations(session, on=date(2026, 3, 2))
    shown = [item.name_vi for item in page.items if item.id in made]
    assert shown == ["An Bình", "Ắc quy", "Dệt may", "Điện lực"]
    customers = queries.organisations(session, ListRequest(chosen={"show": ("customers",)}), on=date(2026, 3, 2))
    assert upstream.id not in [item.id for item in customers.items]
    assert queries.organisations(session, ListRequest(chosen={"show": ("upstream",)}), on=date(2026, 3, 2)).total == 1
    assert queries.organisations(session, ListRequest(text="%"), on=date(2026, 3, 2)).total == 0


def test_lists_come_in_pages(session: Session) -> None:
    """Fifty rows a page; a page that does not exist is the last one."""
    for number in range(53):
        make_organisation(session, name_vi=f"Trang {number:03d}")
    page = queries.organisations(session, ListRequest(text="trang", page=2), on=date(2026, 3, 2))
    assert (page.total, page.pages, page.first, page.last, len(page.items)) == (53, 2, 51, 53, 3)
    assert queries.organisations(session, ListRequest(text="trang", page=99), on=date(2026, 3, 2)).number == 2


def test_sites_belong_to_a_laboratory_and_have_their_own_code(session: Session) -> None:
    """A customer has no site here; a code is used once in a laboratory."""
    customer = make_organisation(session)
    site = CreateSite(customer.id, "TM", "Cơ sở", "1 đường Mẫu", date(2026, 1, 1))
    with pytest.raises(RuleViolation, match=r"site\.not_a_laboratory"):
        services.create_site(session, SYSTEM, site, now=NOW)
    laboratory = make_organisation(session, is_laboratory=True)
    made = services.create_site(session, SYSTEM, replace(site, organisation_id=laboratory.id), now=NOW)
    changed = services.change_site(
        session,
        SYSTEM,
        ChangeSite(made.id, made.row_version, replace(site, name_vi="Cơ sở chính", registration_number="ĐK 000")),
        now=NOW,
    )
    assert (changed.name_vi, changed.registration_number) == ("Cơ sở chính", "ĐK 000")
    assert changed.organisation_id == laboratory.id
    with pytest.raises(InvalidInput) as taken:
        services.create_site(session, SYSTEM, replace(site, organisation_id=laboratory.id), now=NOW)
    assert taken.value.fields[0].code == "site.code_taken"


def test_a_missing_organisation_is_not_found(session: Session) -> None:
    """Reads and writes of what is not there say so."""
    with pytest.raises(NotFound):
        queries.organisation_facts(session, 10**9, date(2026, 3, 2))
    with pytest.raises(NotFound):
        services.change_organisation(session, RECEIVER, _change(10**9, 1), now=NOW)


def _change(
    organisation_id: int, row_version: int, *, is_laboratory: bool = False, phone: str | None = None
) -> ChangeOrganisation:
    return ChangeOrganisation(
        organisation_id=organisation_id,
        row_version=row_version,
        kind=Kind.ENTERPRISE,
        tax_code=None,
        country="VN",
        is_laboratory=is_laboratory,
        is_customer=True,
        is_upstream=False,
        is_authority=False,
        contact_name=None,
        email=None,
        phone=phone,
    )
