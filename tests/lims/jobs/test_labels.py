"""What stands on a label, and what a scan of it names."""

from __future__ import annotations

import pytest

from lims.jobs.labels import Scan, code_picture, customer_code, item_address, read_scan

TOKEN = "aB3-_xyzaB3-_xyzaB3-_xyzaB3-_xyz"


def test_the_address_is_short_and_names_nobody() -> None:
    assert item_address("http://localhost:8000/", TOKEN) == f"http://localhost:8000/i/{TOKEN}"
    assert customer_code(12) == "KH-0012"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"http://localhost:8000/i/{TOKEN}", Scan(token=TOKEN)),
        (f"HTTPS://lab.example.com/i/{TOKEN}/", Scan(token=TOKEN)),
        (f"/i/{TOKEN}", Scan(token=TOKEN)),
        (f"  {TOKEN} ", Scan(token=TOKEN)),
        ("PYC26-TM-00012/3", Scan(job_number="PYC26-TM-00012", position=3)),
        ("PYC26-TM-00012 / 12", Scan(job_number="PYC26-TM-00012", position=12)),
        ("PYC26-TM-00012", None),
        (f"http://lócalhót:8000/i/{TOKEN}", Scan(token=TOKEN)),
        ("20,015", None),
        ("8934567890123", None),
        ("http://localhost:8000/certificates/12345", None),
        ("", None),
    ],
    ids=[
        "address",
        "another host",
        "path",
        "token",
        "number",
        "spaced",
        "job",
        "altered",
        "reading",
        "barcode",
        "other",
        "empty",
    ],
)
def test_what_a_text_names(text: str, found: Scan | None) -> None:
    assert read_scan(text) == found


def test_the_code_is_a_plain_picture_with_its_quiet_zone() -> None:
    picture = code_picture(item_address("http://localhost:8000", TOKEN))
    assert 'viewBox="0 0 41 41"' in picture  # 33 modules and four on each side
    assert "style=" not in picture
    assert 'd="M4 4.5' in picture
