"""From a customer's certificate one click shows the chain to the SI, one on the national standard what it carries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from certificates.facts import CertificateView
from lims.core.clock import FixedClock
from lims.core.db import Database
from tests.certificates.offices import Office, issue, make_office
from tests.factories.people import PASSWORD
from tests.live import LiveServer, serving

pytestmark = pytest.mark.browser


@pytest.fixture
def office(sqlite_database: Database) -> Office:
    with sqlite_database.transaction() as session:
        return make_office(session)


@pytest.fixture
def view(sqlite_database: Database, office: Office, clock: FixedClock) -> CertificateView:
    return issue(sqlite_database, office, clock)


@pytest.fixture
def server(sqlite_database: Database, view: CertificateView, tmp_path: Path, clock: FixedClock) -> Iterator[LiveServer]:
    clock.at = view.finished_at or clock.at
    with serving(sqlite_database, tmp_path, clock) as started:
        yield started


def sign_in(page: Page, server: LiveServer, name: str) -> None:
    page.goto(f"{server.url}/sign-in")
    page.get_by_label("Tên đăng nhập").fill(name)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def shown(page: Page) -> list[float]:
    """The part of the picture that is seen: x, y, width, height."""
    text = page.locator("svg.chain").get_attribute("viewBox") or ""
    return [float(part) for part in text.split()]


def test_from_a_certificate_to_the_si_and_down_again(
    page: Page, server: LiveServer, office: Office, view: CertificateView
) -> None:
    sign_in(page, server, "technician")
    page.goto(f"{server.url}/certificates/{view.id}")
    page.get_by_role("link", name="Liên kết chuẩn", exact=True).click()
    page.wait_for_url("**/chain")
    boxes = page.locator("a.chain-node")
    words = boxes.evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    assert any(view.printed in one for one in words)
    assert any(office.bench.calibration.certificate_number in one for one in words)
    assert sum(one.startswith("SI") for one in words) == 1
    tops = boxes.evaluate_all("all => all.map(one => [one.className.baseVal, one.getBBox().y])")
    of = {name.split()[1]: top for name, top in tops}
    assert of["chain-si"] < of["chain-end"] < of["chain-calibration"] < of["chain-run"] < of["chain-certificate"]

    standard = page.locator("a.chain-calibration", has_text=office.bench.standard.code)
    assert "chain-muted" not in (standard.get_attribute("class") or "")
    ends = page.locator("a.chain-end:not(.chain-muted)")
    assert ends.count() == 1
    ends.click()
    page.wait_for_url("**/standards/ends/*")
    assert view.printed in (page.locator("main").text_content() or "")
    assert office.bench.calibration.certificate_number in (page.locator("main").text_content() or "")


def test_the_picture_grows_and_moves_by_keys_wheel_and_dragging(
    page: Page, server: LiveServer, view: CertificateView
) -> None:
    sign_in(page, server, "technician")
    page.goto(f"{server.url}/certificates/{view.id}/chain")
    frame = page.locator("[data-chain-view]")
    frame.focus()
    page.keyboard.press("0")
    whole = shown(page)
    page.keyboard.press("+")
    larger = shown(page)
    assert larger[2] == pytest.approx(whole[2] / 1.25)
    page.keyboard.press("ArrowRight")
    assert shown(page)[0] > larger[0]
    box = frame.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    before = shown(page)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    page.wait_for_function(
        "before => document.querySelector('svg.chain').viewBox.baseVal.width < before", arg=before[2]
    )
    here = shown(page)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + 60, steps=3)
    page.mouse.up()
    assert shown(page)[0] < here[0]
    page.get_by_role("button", name="Toàn hình").click()
    assert shown(page) == whole


def test_the_customer_sees_the_chain_of_their_own(page: Page, server: LiveServer, view: CertificateView) -> None:
    sign_in(page, server, "customer")
    page.goto(f"{server.url}/portal/certificates/{view.token}")
    page.get_by_role("link", name="Chuỗi liên kết chuẩn đến SI").click()
    page.wait_for_url("**/chain")
    page.locator("a.chain-calibration").first.click()
    assert "#row-calibration" in page.url
    assert page.locator("a[href^='/standards'], a[href^='/runs'], a[href^='/certificates/']").count() == 0
