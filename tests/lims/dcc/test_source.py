"""What is no certificate, or means harm, is refused with the element and the reason, and quickly."""

from __future__ import annotations

import random

import pytest

from lims.dcc.source import DEEPEST, LARGEST_FILE, parse
from lims.dcc.structure import MOST_ENTRIES
from tests.lims.dcc.plain import ROOT, codes, page, quantity, read

_ENTITIES = """<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">]>"""
_OUTSIDE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
_WITHOUT = "<!DOCTYPE digitalCalibrationCertificate SYSTEM 'http://example.invalid/x.dtd'>"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "dcc.empty"),
        (b"  \n\t ", "dcc.empty"),
        (b"%PDF-1.7 \x00\x01", "dcc.is_pdf"),
        (b"PK\x03\x04 an archive", "dcc.not_xml"),
        (b"\x00" * 1000, "dcc.not_xml"),
        (b"value;unit\n1;m\n", "dcc.not_xml"),
        (b"<a><b></a></b>", "dcc.not_xml"),
        (b"<a>&undefined;</a>", "dcc.not_xml"),
        (b'<?xml version="1.0" encoding="no-such-code"?><a/>', "dcc.not_xml"),
        ("<a>Đ</a>".encode("utf-16")[:-3], "dcc.not_xml"),
        (b"<html><body>404</body></html>", "dcc.not_a_certificate"),
        (b'<digitalCalibrationExchange xmlns="https://dfm.dk"/>', "dcc.other_format"),
        (page(namespace="https://example.org/dcc"), "dcc.wrong_namespace"),
        (page(namespace=""), "dcc.not_xml"),  # a prefix cannot stand for no namespace
        (b"<digitalCalibrationCertificate/>", "dcc.wrong_namespace"),
        (page("3.4.0"), "dcc.unknown_version"),
        (page("4"), "dcc.unknown_version"),
        (page(""), "dcc.unknown_version"),
        (page(before=_ENTITIES), "dcc.document_type"),
        (page(before=_OUTSIDE, data="&f;"), "dcc.document_type"),
        (page(before=_WITHOUT), "dcc.document_type"),
        (page().replace(b"<dcc:data>", b"<dcc:data>" + b"<dcc:list>" * 5000, 1), "dcc.too_deep"),
    ],
)
def test_refused(data: bytes, code: str) -> None:
    reading = read(data)
    assert not reading.accepted
    assert reading.certificate is None
    assert codes(reading) == [code]
    assert len(reading.sha256) == 64
    assert reading.findings[0].path.startswith("/")


def test_a_large_file_is_refused_before_it_is_parsed() -> None:
    assert codes(read(b"<a>" + b" " * LARGEST_FILE + b"</a>")) == ["dcc.too_large"]


def test_noise_is_refused() -> None:
    noise = random.Random(1).randbytes(3_000_000)
    assert codes(read(noise)) == ["dcc.not_xml"]
    assert codes(read(b"<a>" + noise)) == ["dcc.not_xml"]


def test_many_elements_are_refused() -> None:
    data = b"<a>" + b"<b/>" * 600_000 + b"</a>"
    assert codes(read(data)) == ["dcc.too_many_elements"]


def test_the_deepest_that_is_allowed_is_read() -> None:
    inside = "<a>" * (DEEPEST - 3) + "</a>" * (DEEPEST - 3)
    source = parse(page(after=f"<dcc:comment>{inside}</dcc:comment>"))
    assert source.version == "3.3.0"


def test_another_encoding_and_declarations_do_not_matter() -> None:
    text = page().decode().replace("UTF-8", "UTF-16")
    reading = read(text.encode("utf-16"))
    assert reading.accepted
    assert reading.certificate is not None
    assert reading.certificate.core.unique_identifier == "HC-2026-001"


def test_comments_and_instructions_are_no_content() -> None:
    data = page().replace(b"100.0220", b"100.<!-- here -->02<?x y?>20")
    reading = read(data)
    assert reading.certificate is not None
    assert reading.certificate.quantities[0].values[0].number.text == "100.0220"


def test_without_a_version_the_last_without_one_is_meant() -> None:
    reading = read(page(None))
    assert reading.version == "2.2.0"
    # 2.2.0 knew no place of performance.
    assert reading.findings[0].path == f"{ROOT}/dcc:administrativeData/dcc:coreData/dcc:performanceLocation"


def test_long_lists_are_read_and_longer_ones_refused() -> None:
    def numbers(count: int) -> bytes:
        values = "<si:valueXMLList>" + "1.5 " * count + r"</si:valueXMLList><si:unitXMLList>\one</si:unitXMLList>"
        return page(data=quantity(f"<si:realListXMLList>{values}</si:realListXMLList>"))

    reading = read(numbers(20_000))
    assert reading.certificate is not None
    assert len(reading.certificate.quantities[0].values) == 20_000
    refused = read(numbers(MOST_ENTRIES + 1))
    assert codes(refused) == ["dcc.too_many_entries"]
    assert refused.findings[0].path.endswith("/si:realListXMLList/si:valueXMLList")
