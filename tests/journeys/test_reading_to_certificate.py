"""The main way: from a reading at the bench to a certificate in the customer's hands, through the pages."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pypdf import PdfReader

from lims.calibrations.recompute import recompute
from lims.core.audit import verify_chains
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.demo import weights
from lims.integrity import check_database
from tests.journeys.laboratory import House, build_house
from tests.journeys.walker import Walker

SERIAL = "QC-HTTP-1"
CONDITIONS = {"temperature": ("20,2", "20.4"), "relative_humidity": ("51", "52"), "pressure": ("100,4", "100,4")}


@pytest.fixture
def house(database: Database, tmp_path: Path, clock: FixedClock) -> House:
    return build_house(database, tmp_path, clock)


def register(house: House) -> None:
    """The receiver enters a new customer and its weight."""
    walker = house.person("tn01")
    walker.open("/organisations/new").send(
        "/organisations/new",
        name_vi="Công ty TNHH Đúc Mẫu",
        name_en="Mau Foundry Co., Ltd.",
        address_vi="Số 7 đường Lò, phường Mẫu 3, tỉnh Mẫu",
        address_en="7 Lo Street, Mau 3 Ward, Mau Province",
        tax_code="0000000031",
        is_customer="1",
    )
    organisation = walker.number()
    house.pass_minutes()
    walker.open("/instruments/new").send_fields(
        "/instruments/new",
        {
            "owner_id": str(organisation),
            "kind": "weight",
            "name_vi": "Quả cân 10 kg",
            "name_en": "Weight 10 kg",
            "serial_number": SERIAL,
            "accuracy_class": "M1",
            "rows-0-quantity": "mass",
            "rows-0-unit": "g",
            "rows-0-nominal": "10000",
        },
    )
    assert SERIAL in walker.text


def order(house: House) -> int:
    """The receiver opens a job, agrees, receives the weight and reviews the contract; returns the item's key."""
    walker = house.person("tn01").open("/jobs/new")
    customer = walker.option("/jobs/new", "customer_id", "Đúc Mẫu")
    walker.send("/jobs/new", customer_id=customer)
    job = walker.number()
    walker.open(f"/jobs/{job}/items/new").open(walker.link("Quả cân 10 kg"))
    form = "/items/new"
    walker.send(
        form,
        procedure_version_id=walker.option(form, "procedure_version_id", "HC-KL-01"),
        specification_kind="class",
        accuracy_class="M1",
        specification_title_vi="Quả cân cấp M1, 10 kg",
        specification_title_en="Weight of class M1, 10 kg",
        specification_reference="OIML R 111-1:2004, Table 1",
        lower="-500",
        upper="500",
        specification_unit="mg",
        rule_kind="oiml_r111",
        rule_reference="OIML R 111-1:2004, 5.2 – 5.3",
        place_of_use="Xưởng đúc",
    )
    house.pass_minutes()
    walker.open(f"/jobs/{job}")
    item = int(walker.link("Quả cân 10 kg").rpartition("/")[2])
    house.pass_minutes()
    walker.open(f"/jobs/items/{item}")
    walker.send(f"/jobs/items/{item}/receive", condition_on_receipt="Sạch, không xước", condition_on_receipt_en="Clean")
    house.pass_minutes()
    walker.open(f"/jobs/{job}").send(f"/jobs/{job}/review")
    return item


def open_run(house: House, item: int, name: str = "kdv01") -> Walker:
    """A technician opens the run; their page shows it."""
    walker = house.person(name).open(f"/jobs/items/{item}/runs")
    walker.send(f"/jobs/items/{item}/runs", room_id=str(house.laboratory.rooms["KL-1"]))
    house.pass_minutes()
    return walker


def choose(walker: Walker, slot: str, code: str) -> None:
    """Choose what a slot offers."""
    field = f"choice-{slot}"
    form = walker.form_with(field)
    values = {option.get("value"): option.text_content() for option in form.inputs[field].iter("option")}
    walker.post(form, {field: next(value for value, words in values.items() if code in words)})


def equip(house: House, walker: Walker) -> None:
    """Choose the reference weight and the equipment of the room."""
    slots = (("reference", "KL-05"), ("comparator", "CS-01"), ("thermo_hygrometer", "NH-01"), ("barometer", "PB-01"))
    for slot, code in slots:
        choose(walker, slot, code)
        house.pass_minutes(1)


def type_cells(walker: Walker, typed: dict[str, str], *, status: int = 200) -> None:
    """Type into cells by their addresses and save the form they stand in."""
    walker.post(walker.form_with(*typed), typed, status=status)


def condition_cells(sequence: int) -> dict[str, str]:
    """Return the addresses and texts of the conditions at the start (1) or the end (2)."""
    return {
        f"conditions|{quantity}|1||{sequence}|influence|as_found": texts[sequence - 1]
        for quantity, texts in CONDITIONS.items()
    }


def reading_cells() -> dict[str, str]:
    """Return the addresses and texts of the twelve published indications."""
    return {entry.address.key: entry.text for entry in weights.published()}


def measure(house: House, walker: Walker) -> None:
    """Type conditions and readings."""
    type_cells(walker, condition_cells(1))
    house.pass_minutes()
    type_cells(walker, reading_cells())
    house.pass_minutes(20)
    type_cells(walker, condition_cells(2))
    house.pass_minutes()


def certificate_of(house: House, run: int) -> Walker:
    """The signatory issues the certificate of a released run, the worker renders it."""
    walker = house.person("gd01").open(f"/runs/{run}/certificates")
    walker.open(walker.link("Cấp giấy chứng nhận"))
    walker.post(walker.form_with("run"))
    assert house.work() == 1
    return walker.open(walker.path)


def test_the_published_weight_travels_the_whole_way(house: House) -> None:
    register(house)
    item = order(house)
    bench = open_run(house, item)
    run = bench.number()
    offered = " ".join(form.text_content() for form in bench.page.forms)
    assert "KL-05" in offered
    assert "KL-06" not in offered, "an overdue weight is not offered"
    equip(house, bench)
    measure(house, bench)
    assert "10 kg + 25 mg" in bench.text, "the preview shows the result"
    assert "59 mg" in bench.text
    bench.send(f"/runs/{run}/submit")
    house.pass_minutes()

    reviewer = house.person("kt01").open(f"/runs/{run}/review")
    assert "10 kg + 25 mg" in reviewer.text
    reviewer.send(f"/runs/{run}/review", comment="Đã kiểm tra")
    house.pass_minutes()
    house.person("gd01").open(f"/runs/{run}/release").send(f"/runs/{run}/release")
    house.pass_minutes()
    issued = certificate_of(house, run)
    assert "HC-TM-2026-00001" in issued.text

    with house.database.transaction() as session:
        from tests.journeys.accounts import customer_account

        customer_account(session, house.laboratory, "khach", "Đúc Mẫu", now=house.clock.now())
    customer = house.person("khach").open("/portal/certificates")
    assert "HC-TM-2026-00001" in customer.text
    customer.open(customer.link("HC-TM-2026-00001"))
    token = customer.path.rpartition("/")[2]
    answer = customer.client.get(f"/portal/certificates/{token}/pdf")
    assert answer.mimetype == "application/pdf"
    check_document(answer.data)

    stranger = house.person("benhvien")
    denied = stranger.client.get(f"/portal/certificates/{token}")
    missing = stranger.client.get("/portal/certificates/" + "x" * len(token))
    assert (denied.status_code, missing.status_code) == (404, 404)
    assert denied.data.replace(token.encode(), b"") == missing.data.replace(b"x" * len(token), b"")
    assert stranger.client.get(f"/portal/certificates/{token}/pdf").status_code == 404

    check_records(house)


def check_document(data: bytes) -> None:
    """The PDF prints the published result, and every page says which it is."""
    pages = [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(data)).pages]
    text = " ".join(pages)
    for words in ("10 kg + 25 mg", "59 mg", "95,45 %", SERIAL, "Công ty TNHH Đúc Mẫu", "KL-05", "GIẤY CHỨNG NHẬN"):
        assert words.casefold() in text.casefold(), words
    for number, page in enumerate(pages, start=1):
        assert "HC-TM-2026-00001" in page
        assert f"{number} / {len(pages)}" in page


def check_records(house: House) -> None:
    """Everything holds afterwards: hashes, numbers, audit; every evaluation gives the same again."""
    report = check_database(house.database, [])
    assert report.problems == ()
    assert report.checked["certificates"] == 1
    with house.database.reading() as session:
        assert verify_chains(session) is None
        outcomes = list(recompute(session))
    assert [outcome.holds for outcome in outcomes] == [True]


@pytest.fixture
def sqlite_house(sqlite_database: Database, tmp_path: Path, clock: FixedClock) -> House:
    return build_house(sqlite_database, tmp_path, clock)


def test_a_slip_is_corrected_a_run_returned_a_certificate_amended(sqlite_house: House) -> None:
    house = sqlite_house
    register(house)
    bench = open_run(house, order(house))
    run = bench.number()
    equip(house, bench)
    slip = next(iter(reading_cells()))
    type_cells(bench, condition_cells(1))
    type_cells(bench, {**reading_cells(), slip: "0,0l0"}, status=422)
    assert "0,0l0" in bench.response.get_data(as_text=True), "what was typed stays"
    assert bench.open(f"/runs/{run}").form_with(slip).fields[slip] == "", "and is not stored"
    type_cells(bench, {slip: "0,100"})
    house.pass_minutes()
    type_cells(bench, condition_cells(2))
    type_cells(bench, {slip: "0,010"}, status=422)
    type_cells(bench, {slip: "0,010", "correction_reason": "Gõ nhầm dấu phẩy"})
    bench.send(f"/runs/{run}/submit")
    house.pass_minutes()

    reviewer = house.person("kt01").open(f"/runs/{run}/review")
    review = reviewer.form_with("comment")
    back = next(button.get("formaction") for button in review.iter("button") if button.get("formaction"))
    reviewer.send_to(back, review, {"comment": "Ghi rõ lý do sửa số đọc"})
    house.pass_minutes()
    bench.open(f"/runs/{run}").send(f"/runs/{run}/submit")
    house.pass_minutes()
    house.person("kt01").open(f"/runs/{run}/review").send(f"/runs/{run}/review")
    house.pass_minutes()
    house.person("gd01").open(f"/runs/{run}/release").send(f"/runs/{run}/release")
    issued = certificate_of(house, run)
    certificate = issued.number()
    house.pass_minutes()

    issued.open(f"/certificates/{certificate}/amend")
    issued.send(f"/certificates/{certificate}/amend", kind="amends", reason_vi="Bổ sung tên tiếng Anh của khách hàng")
    assert house.work() == 1
    issued.open(issued.path)
    assert "HC-TM-2026-00001.R1" in issued.text
    old = house.person("tn01").open(f"/certificates/{certificate}")
    assert "đã được thay thế" in old.text.casefold() or "thay thế" in old.text.casefold()
    report = check_database(house.database, [])
    assert report.problems == ()
    with house.database.reading() as session:
        assert [outcome.holds for outcome in recompute(session)] == [True, True], "both evaluations are kept"
