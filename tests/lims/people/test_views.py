"""Pages of organisations, sites and persons: what a form does, keeps and says, in both languages."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.people.facts import Role
from tests.factories.people import Laboratory, make_laboratory, make_organisation
from tests.lims.web_client import make_app, make_client, post, sign_in

ENTRY = {
    "name_vi": "Hợp tác xã Nông sản Mẫu",
    "address_vi": "Xã Mẫu",
    "valid_from": "02/03/2026",
    "kind": "cooperative",
    "country": "VN",
    "is_customer": "on",
}


@pytest.fixture
def laboratory(database: Database) -> Laboratory:
    """A laboratory with one person in each role, on both kinds of database."""
    with database.transaction() as session:
        return make_laboratory(session)


@pytest.fixture
def app(database: Database, clock: FixedClock, laboratory: Laboratory) -> Flask:
    """The application on that laboratory."""
    return make_app(database, clock)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser in which the administrator has signed in."""
    browser = make_client(app)
    sign_in(browser, "administrator")
    return browser


def _english(client: FlaskClient) -> None:
    post(client, "/language", {"language": "en", "next": "/"}, page="/organisations")


def _value(text: str, name: str) -> str:
    field = re.search(rf'<input[^>]*id="field-{name}"[^>]*value="([^"]*)"', text)
    assert field is not None, name
    return field.group(1)


def test_the_language_is_changed_on_a_page_that_answers_a_form(client: FlaskClient) -> None:
    """A page that only takes answers cannot be opened again: the page above it can."""
    following = {"/organisations/7/nonsense/answers": "/organisations/7", "/persons/1/memberships": "/persons/1"}
    for shown, expected in following.items():
        answer = post(client, "/language", {"language": "en", "next": shown}, page="/organisations")
        assert answer.headers["Location"] == expected


def test_an_organisation_is_entered_shown_and_found(client: FlaskClient) -> None:
    """From the form to its page, to the list, to the search field."""
    answer = post(client, "/organisations/new", ENTRY, page="/organisations/new")
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"]).text
    assert "Đã thêm Hợp tác xã Nông sản Mẫu." in page
    assert "Từ ngày 02/03/2026" in page
    assert "Hợp tác xã Nông sản Mẫu" in client.get("/organisations?q=nong+san").text
    assert "Hợp tác xã Nông sản Mẫu" not in client.get("/organisations?q=nong+san&show=upstream").text
    assert "Hợp tác xã Nông sản Mẫu" in client.get("/search?q=NÔNG").text


@pytest.mark.parametrize(
    ("language", "words", "summary"),
    [
        ("vi", "“31/02/2026” không phải là ngày hợp lệ.", "Có 3 ô cần xem lại"),
        ("en", "“31/02/2026” is not a date.", "3 fields need attention"),
    ],
)
def test_mistakes_keep_what_was_typed(client: FlaskClient, language: str, words: str, summary: str) -> None:
    """Each mistake stands at its field and, linked, at the top; every field keeps its text and tick."""
    if language == "en":
        _english(client)
    wrong = {**ENTRY, "name_vi": "", "name_en": 'A "quoted" name', "valid_from": "31/02/2026", "email": "someone"}
    answer = post(client, "/organisations/new", wrong, page="/organisations/new")
    assert answer.status_code == 422
    assert answer.text.count(words) == 2
    assert summary in answer.text
    assert 'href="#field-valid_from"' in answer.text
    assert _value(answer.text, "valid_from") == "31/02/2026"
    assert _value(answer.text, "name_en") == "A &#34;quoted&#34; name"
    assert re.search(r'id="field-is_customer"[^>]* checked', answer.text)
    assert re.search(r'value="cooperative" selected', answer.text)
    assert re.search(r'id="field-email"[^>]*aria-invalid="true"', answer.text)


def test_a_new_name_comes_beside_the_old_one(client: FlaskClient, laboratory: Laboratory) -> None:
    """From its date on; until then the page shows the present name and the coming one in its history."""
    address = f"/organisations/{laboratory.customer_id}"
    rename = {"name_vi": "Công ty Cơ khí Mới", "address_vi": "Phường Mẫu", "valid_from": "01/07/2026"}
    assert post(client, f"{address}/rename", rename, page=f"{address}/rename").status_code == 303
    page = client.get(address).text
    assert "<h1>Công ty TNHH Cơ khí Mẫu" in page
    assert "Từ ngày 01/07/2026" in page
    assert "chưa hiệu lực" in page


def test_two_people_editing_are_told(app: Flask, client: FlaskClient, laboratory: Laboratory) -> None:
    """The second to save sees that the record moved on, keeps the typed text, and may then save."""
    address = f"/organisations/{laboratory.customer_id}/edit"
    seen = re.search(r'name="row_version" value="(\d+)"', client.get(address).text)
    assert seen is not None
    form = {"row_version": seen.group(1), "kind": "enterprise", "country": "VN", "is_customer": "on"}
    other = make_client(app)
    sign_in(other, "receiver")
    assert post(other, address, {**form, "phone": "0200 111 111"}, page=address).status_code == 303
    late = post(client, address, {**form, "phone": "0200 222 222"}, page=address)
    assert late.status_code == 409
    assert "Người khác đã sửa bản ghi này" in late.text
    assert _value(late.text, "phone") == "0200 222 222"
    now_seen = re.search(r'name="row_version" value="(\d+)"', late.text)
    assert now_seen is not None
    again = {**form, "row_version": now_seen.group(1), "phone": "0200 222 222"}
    assert post(client, address, again, page=address).status_code == 303
    assert "0200 222 222" in client.get(f"/organisations/{laboratory.customer_id}").text


def test_a_receiver_does_not_unmake_a_laboratory_by_a_form_without_the_box(app: Flask, laboratory: Laboratory) -> None:
    """The boxes that a receiver may not touch are not shown and keep their state."""
    client = make_client(app)
    sign_in(client, "receiver")
    address = f"/organisations/{laboratory.organisation_id}/edit"
    page = client.get(address).text
    assert 'type="checkbox" value="on" id="field-is_laboratory"' not in page
    version = re.search(r'name="row_version" value="(\d+)"', page)
    assert version is not None
    form = {"row_version": version.group(1), "kind": "enterprise", "country": "VN", "is_laboratory": "on"}
    assert post(client, address, {**form, "phone": "1"}, page=address).status_code == 303


def test_a_site_is_entered_and_changed(client: FlaskClient, laboratory: Laboratory) -> None:
    """A taken code is named at its field; the changed site shows on the laboratory's page."""
    new = f"/organisations/{laboratory.organisation_id}/sites/new"
    site = {"code": "TM", "name_vi": "Chi nhánh", "address_vi": "Xã Thử 2", "valid_from": "01/01/2026"}
    taken = post(client, new, site, page=new)
    assert taken.status_code == 422
    assert "Mã cơ sở “TM” đã được dùng." in taken.text
    assert post(client, new, {**site, "code": "CN"}, page=new).status_code == 303
    edit = f"/sites/{laboratory.site_id}/edit"
    version = re.search(r'name="row_version" value="(\d+)"', client.get(edit).text)
    assert version is not None
    changed = {**site, "row_version": version.group(1), "registration_number": "ĐK 999"}
    assert post(client, edit, changed, page=edit).status_code == 303
    page = client.get(f"/organisations/{laboratory.organisation_id}").text
    assert "Chi nhánh" in page
    assert "ĐK 999" in page


def test_a_person_is_entered_gets_a_role_and_signs_in(app: Flask, client: FlaskClient, laboratory: Laboratory) -> None:
    """The whole way of a new colleague, and the end of their role."""
    entry = {"full_name": "Võ Thị Sáu Mẫu", "sign_in_name": "sau", "password": "một hai ba bốn", "language": "en"}
    answer = post(client, "/persons/new", entry, page="/persons/new")
    assert answer.status_code == 303
    address = answer.headers["Location"]
    colleague = make_client(app)
    sign_in(colleague, "sau", "một hai ba bốn")
    assert "You have no role yet." in colleague.get("/").text
    role = {"role": "technician", "organisation_id": str(laboratory.organisation_id), "valid_from": "02/03/2026"}
    assert post(client, f"{address}/memberships", role, page=address).status_code == 303
    assert colleague.get("/organisations").status_code == 200
    twice = post(client, f"{address}/memberships", role, page=address)
    assert twice.status_code == 409
    assert "đã giữ vai trò “Kỹ thuật viên hiệu chuẩn”" in twice.text
    end = re.search(r'action="(/persons/\d+/memberships/\d+/end)"', client.get(address).text)
    assert end is not None
    assert post(client, end.group(1), page=address).status_code == 303
    assert colleague.get("/organisations").status_code == 200  # the role ends with this day


def test_an_administrator_sets_a_password_and_closes_an_account(
    app: Flask, client: FlaskClient, laboratory: Laboratory
) -> None:
    """Either ends the sessions of that person at once."""
    person = f"/persons/{laboratory.persons[Role.RECEIVER]}"
    receiver = make_client(app)
    sign_in(receiver, "receiver")
    differing = {"password": "một hai ba bốn", "repeated_password": "bốn ba hai một"}
    refused = post(client, f"{person}/password", differing, page=f"{person}/password")
    assert "Hai lần nhập mật khẩu mới không giống nhau." in refused.text
    assert "một hai ba bốn" not in refused.text
    same = {"password": "một hai ba bốn", "repeated_password": "một hai ba bốn"}
    assert post(client, f"{person}/password", same, page=f"{person}/password").status_code == 303
    assert receiver.get("/organisations").status_code == 303
    sign_in(receiver, "receiver", "một hai ba bốn")
    version = re.search(r'name="row_version" value="(\d+)"', client.get(f"{person}/edit").text)
    assert version is not None
    closed = {"row_version": version.group(1), "full_name": "Trần Thị A", "sign_in_name": "receiver", "language": "vi"}
    assert post(client, f"{person}/edit", closed, page=f"{person}/edit").status_code == 303
    assert receiver.get("/organisations").status_code == 303
    assert "tài khoản đã khóa" in client.get(person).text


def test_lists_go_on_in_pages_that_keep_their_filter(
    database: Database, client: FlaskClient, laboratory: Laboratory
) -> None:
    """The second page of a search is the second page of that search."""
    with database.transaction() as session:
        for number in range(51):
            make_organisation(session, name_vi=f"Trạm cân {number:02d}")
    page = client.get("/organisations?q=tram+can&show=customers")
    assert "1–50 trên 51" in page.text
    following = re.search(r'href="([^"]+)" rel="next"', page.text)
    assert following is not None
    address = following.group(1).replace("&amp;", "&")
    assert {"q=tram+can", "show=customers", "page=2"} <= set(address.partition("?")[2].split("&"))
    assert "51–51 trên 51" in client.get(address).text
    assert client.get("/organisations?page=nonsense").status_code == 200


def test_hostile_names_are_only_text(client: FlaskClient) -> None:
    """Markup in a name is shown as it was typed, in the page and in the message."""
    hostile = {**ENTRY, "name_vi": "<script>alert(1)</script>"}
    answer = post(client, "/organisations/new", hostile, page="/organisations/new")
    page = client.get(answer.headers["Location"]).text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
