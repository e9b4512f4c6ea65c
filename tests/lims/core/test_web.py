"""The shared ground of all pages: tokens, sessions that end, languages, error pages, where one is sent on to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lims.app import MESSAGES
from lims.core import messages
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.web import IDLE_END, LONGEST
from tests.factories.people import PASSWORD, Laboratory, make_laboratory
from tests.lims.web_client import make_app, make_client, post, set_language, sign_in


@pytest.fixture
def laboratory(sqlite_database: Database) -> Laboratory:
    """A laboratory with one person in each role."""
    with sqlite_database.transaction() as session:
        return make_laboratory(session)


@pytest.fixture
def app(sqlite_database: Database, clock: FixedClock, laboratory: Laboratory) -> Flask:
    """The application on that laboratory."""
    return make_app(sqlite_database, clock)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser in which the administrator has signed in."""
    browser = make_client(app)
    assert sign_in(browser, "administrator").status_code == 303
    return browser


def test_a_form_without_its_token_changes_nothing(client: FlaskClient) -> None:
    """A page elsewhere cannot send our forms; the answer says what to do."""
    answer = client.post("/organisations/new", data={"name_vi": "Kẻ lạ", "address_vi": "x"})
    assert answer.status_code == 400
    assert "Biểu mẫu đã hết hạn" in answer.text
    assert "Kẻ lạ" not in client.get("/organisations").text


def test_the_session_cookie_is_guarded(app: Flask, sqlite_database: Database, clock: FixedClock) -> None:
    """Scripts do not see it, other sites do not send it, and over https it never travels in the open."""
    cookie = sign_in(make_client(app), "receiver").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    over_https = make_app(sqlite_database, clock, base_url="https://lims.example.vn")
    page = over_https.test_client().get("/sign-in", base_url="https://lims.example.vn")
    assert "Secure" in page.headers["Set-Cookie"]
    assert page.headers["Strict-Transport-Security"]


def test_an_idle_session_ends(client: FlaskClient, clock: FixedClock) -> None:
    """Half an hour without a click ends it; clicking keeps it; the sign-in page says why and leads back."""
    clock.at += IDLE_END - timedelta(minutes=1)
    assert client.get("/organisations").status_code == 200
    clock.at += IDLE_END - timedelta(minutes=1)
    assert client.get("/organisations?q=a").status_code == 200
    clock.at += IDLE_END + timedelta(seconds=1)
    answer = client.get("/organisations?q=a")
    assert answer.headers["Location"] == "/sign-in?next=/organisations?q%3Da&ended=idle"
    assert "một thời gian không thao tác" in client.get(answer.headers["Location"]).text


def test_a_page_that_asks_by_itself_does_not_keep_a_session_alive(client: FlaskClient, clock: FixedClock) -> None:
    """A screen left open for the night is signed out, though it polls; its poll gets a bare 401, not a sign-in page."""
    background = {"X-Background": "1", "X-Requested-With": "fetch"}
    clock.at += IDLE_END - timedelta(minutes=1)
    assert client.get("/organisations", headers=background).status_code == 200
    clock.at += timedelta(minutes=2)
    answer = client.get("/organisations", headers=background)
    assert (answer.status_code, answer.text) == (401, "")


def test_a_session_ends_after_its_longest_time(client: FlaskClient, clock: FixedClock) -> None:
    """However busy one is, a day later the password is asked for again."""
    steps = LONGEST // timedelta(minutes=20)
    for _ in range(steps):
        clock.at += timedelta(minutes=20)
        assert client.get("/organisations").status_code == 200
    clock.at += timedelta(minutes=20)
    assert client.get("/organisations").status_code == 303


def test_a_kept_cookie_is_worth_nothing_after_the_password_changed(app: Flask, client: FlaskClient) -> None:
    """Changing the password signs out every other browser at once, and not this one."""
    elsewhere = make_client(app)
    sign_in(elsewhere, "administrator")
    new = "ngựa pin ghim đúng"
    changed = post(
        client, "/password", {"present_password": PASSWORD, "password": new, "repeated_password": new}, page="/password"
    )
    assert changed.status_code == 303
    assert client.get("/persons").status_code == 200
    assert elsewhere.get("/persons").status_code == 303
    assert sign_in(make_client(app), "administrator").status_code == 422
    assert sign_in(make_client(app), "administrator", new).status_code == 303


def test_signing_out_ends_the_session_of_this_browser(client: FlaskClient) -> None:
    """After signing out the same browser is a stranger."""
    assert post(client, "/sign-out", page="/").headers["Location"] == "/sign-in"
    assert client.get("/organisations").status_code == 303


@pytest.mark.parametrize(
    ("target", "led_to"),
    [
        ("/organisations?q=a", "/organisations?q=a"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("//[", "/"),
        ("/\\elsewhere.example/", "/"),
        ("/a\nb", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_on_only_within_the_application(app: Flask, target: str, led_to: str) -> None:
    """An address in a link cannot lead from the sign-in page to another site."""
    answer = post(make_client(app), "/sign-in", {"sign_in_name": "receiver", "password": PASSWORD, "next": target})
    assert answer.headers["Location"] == led_to


def test_the_language_is_chosen_by_browser_then_person_then_installation(
    app: Flask, sqlite_database: Database, clock: FixedClock
) -> None:
    """Vietnamese unless the installation says otherwise; a choice stays with the person in other browsers too."""
    client = make_client(app)
    assert '<html lang="vi">' in client.get("/sign-in").text
    set_language(client, "en")
    assert '<html lang="en">' in client.get("/sign-in").text
    sign_in(client, "receiver")
    assert '<html lang="vi">' in client.get("/organisations").text
    post(client, "/language", {"language": "en", "next": "/organisations"}, page="/organisations")
    elsewhere = make_client(app)
    sign_in(elsewhere, "receiver")
    assert '<html lang="en">' in elsewhere.get("/organisations").text
    english = make_app(sqlite_database, clock, language="en")
    assert '<html lang="en">' in make_client(english).get("/sign-in").text


def test_an_unknown_language_changes_nothing(client: FlaskClient) -> None:
    """Only the languages there are can be chosen."""
    assert post(client, "/language", {"language": "fr"}, page="/").status_code == 303
    assert '<html lang="vi">' in client.get("/organisations").text


@pytest.mark.parametrize(
    ("language", "words"), [("vi", "Không có trang hoặc bản ghi này."), ("en", "There is no such page")]
)
def test_a_missing_page_and_a_missing_record_read_the_same(client: FlaskClient, language: str, words: str) -> None:
    """Nobody learns from the answer whether a record exists."""
    post(client, "/language", {"language": language, "next": "/"}, page="/organisations")
    page, record = client.get("/nowhere"), client.get("/organisations/424242")
    assert page.status_code == record.status_code == 404
    assert words in page.text
    token = 'name="csrf_token"'
    assert page.text.count(token) == record.text.count(token)
    assert words in record.text


def test_a_refusal_is_a_page_with_a_way_back(app: Flask) -> None:
    """Someone without the right is told so in their language, inside the frame they know."""
    client = make_client(app)
    sign_in(client, "technician")
    answer = client.get("/persons")
    assert answer.status_code == 403
    assert "Vai trò của bạn không bao gồm việc này." in answer.text
    assert "Về trang đầu" in answer.text


def test_our_own_mistake_has_a_number_and_no_details(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page shows a number that is also in the log, and nothing of the inside."""

    def fail(*_arguments: object, **_named: object) -> None:
        raise ZeroDivisionError("inside knowledge")

    logged: list[tuple[object, ...]] = []
    monkeypatch.setattr(app.logger, "error", lambda *arguments, **_named: logged.append(arguments))
    monkeypatch.setattr("lims.people.queries.organisations", fail)
    answer = client.get("/organisations")
    assert answer.status_code == 500
    assert "inside knowledge" not in answer.text
    assert str(logged[0][1]) in answer.text


def test_a_request_that_is_too_large_is_refused(client: FlaskClient) -> None:
    """A page says what the limit is."""
    answer = client.post("/organisations/new", data={"csrf_token": "x", "name_vi": "x" * 17_000_000})
    assert answer.status_code == 413
    assert "16 MB" in answer.text


def test_the_sign_of_life_asks_the_database(client: FlaskClient) -> None:
    """Monitors get a plain word, without signing in."""
    answer = client.get("/health")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_the_rail_shows_ones_own_places_only(app: Flask) -> None:
    """Places by role, never more than seven, each leading somewhere."""
    for name, sees_people in (("administrator", True), ("technician", False)):
        client = make_client(app)
        sign_in(client, name)
        rail = client.get("/").text.partition('<nav class="rail')[2].partition("</nav>")[0]
        assert ('href="/persons"' in rail) is sees_people
        assert 2 <= rail.count('class="rail-place"') <= 7


def test_a_customer_begins_with_their_own(app: Flask) -> None:
    """The first page of a customer holds what falls due and the newest certificates, nothing of the laboratory."""
    client = make_client(app)
    sign_in(client, "customer")
    page = client.get("/").text
    assert 'id="due"' in page
    assert 'id="newest"' in page
    assert "/portal/instruments" in page
    assert 'href="/jobs"' not in page


def test_words_of_one_code_are_the_same_in_every_package() -> None:
    """Two packages that word the same code differently would show either, by chance of their order."""
    for words in MESSAGES:
        assert messages.register(words.MESSAGES, words.LABELS) == [], words.__name__
