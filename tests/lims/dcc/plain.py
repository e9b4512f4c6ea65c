"""A small certificate written by hand for these tests, whose parts a test changes, and the shortest way to read it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from lims.dcc.certificate_facts import Certificate, Reading
from lims.dcc.facts import Finding, Severity
from lims.dcc.reading import read_certificate
from lims.dcc.value_facts import Quantity, Value

TODAY: Final = date(2026, 3, 2)
NOW: Final = datetime(2026, 3, 2, 8, tzinfo=UTC)
ROOT: Final = "/dcc:digitalCalibrationCertificate"
RESULT: Final = f"{ROOT}/dcc:measurementResults/dcc:measurementResult/dcc:results/dcc:result/dcc:data"

REAL: Final = r"""<si:real><si:value>100.0220</si:value><si:unit>\ohm</si:unit><si:expandedUnc>
<si:uncertainty>0.0039</si:uncertainty><si:coverageFactor>2</si:coverageFactor>
<si:coverageProbability>0.95</si:coverageProbability><si:distribution>normal</si:distribution></si:expandedUnc></si:real>"""

_PAGE: Final = """<?xml version="1.0" encoding="UTF-8"?>{before}
<dcc:digitalCalibrationCertificate xmlns:dcc="{namespace}" xmlns:si="https://ptb.de/si"{version}>
<dcc:administrativeData>
 <dcc:dccSoftware><dcc:software><dcc:name><dcc:content>writer</dcc:content></dcc:name><dcc:release>1</dcc:release>
 </dcc:software></dcc:dccSoftware>
 <dcc:coreData><dcc:countryCodeISO3166_1>VN</dcc:countryCodeISO3166_1>
  <dcc:usedLangCodeISO639_1>vi</dcc:usedLangCodeISO639_1><dcc:usedLangCodeISO639_1>en</dcc:usedLangCodeISO639_1>
  <dcc:mandatoryLangCodeISO639_1>vi</dcc:mandatoryLangCodeISO639_1>
  <dcc:uniqueIdentifier>HC-2026-001</dcc:uniqueIdentifier>{core}
  <dcc:beginPerformanceDate>{began}</dcc:beginPerformanceDate><dcc:endPerformanceDate>{ended}</dcc:endPerformanceDate>
  <dcc:performanceLocation>laboratory</dcc:performanceLocation>{after_core}</dcc:coreData>
 <dcc:items>{items_before}<dcc:item id="item1"><dcc:name><dcc:content lang="vi">Nhiệt kế điện trở</dcc:content>
  <dcc:content lang="en">Resistance thermometer</dcc:content></dcc:name>
  <dcc:manufacturer><dcc:name><dcc:content>Maker</dcc:content></dcc:name></dcc:manufacturer><dcc:model>PT-100</dcc:model>
  <dcc:identifications><dcc:identification><dcc:issuer>manufacturer</dcc:issuer><dcc:value>SN-7</dcc:value>
  <dcc:name><dcc:content lang="en">Serial no.</dcc:content></dcc:name></dcc:identification></dcc:identifications>
 </dcc:item></dcc:items>
 <dcc:calibrationLaboratory><dcc:calibrationLaboratoryCode>VILAS 000</dcc:calibrationLaboratoryCode>
  <dcc:contact><dcc:name><dcc:content lang="vi">Phòng thử</dcc:content></dcc:name><dcc:eMail>lab@example.org</dcc:eMail>
  <dcc:location><dcc:city>Hà Nội</dcc:city><dcc:countryCode>VN</dcc:countryCode></dcc:location></dcc:contact>
 </dcc:calibrationLaboratory>
 <dcc:respPersons>{persons}</dcc:respPersons>
 <dcc:customer><dcc:name><dcc:content>Khách hàng</dcc:content></dcc:name><dcc:eMail>c@example.org</dcc:eMail>
  <dcc:location><dcc:city>Huế</dcc:city></dcc:location></dcc:customer>{statements}
</dcc:administrativeData>
<dcc:measurementResults><dcc:measurementResult><dcc:name><dcc:content lang="vi">Kết quả</dcc:content></dcc:name>
 {used}<dcc:results><dcc:result><dcc:name><dcc:content lang="vi">Bảng 1</dcc:content></dcc:name>
 <dcc:data>{data}</dcc:data></dcc:result></dcc:results></dcc:measurementResult></dcc:measurementResults>{after}
</dcc:digitalCalibrationCertificate>
"""
PERSON: Final = (
    "<dcc:respPerson><dcc:person><dcc:name><dcc:content>Người ký</dcc:content></dcc:name></dcc:person>"
    "<dcc:mainSigner>true</dcc:mainSigner></dcc:respPerson>"
)


def quantity(inside: str, *, metadata: str = "", attributes: str = ' refType="basic_measuredValue"') -> str:
    """Return a quantity that holds a value."""
    name = '<dcc:name><dcc:content lang="en">Resistance</dcc:content></dcc:name>'
    return f"<dcc:quantity{attributes}>{name}{inside}{metadata}</dcc:quantity>"


def page(version: str | None = "3.3.0", **parts: str) -> bytes:
    """Return a certificate; `parts` replace what stands in it, `data` the results."""
    filled = {
        "before": "",
        "namespace": "https://ptb.de/dcc",
        "version": "" if version is None else f' schemaVersion="{version}"',
        "core": "",
        "after_core": "",
        "began": "2026-01-05",
        "ended": "2026-01-06",
        "items_before": "",
        "persons": PERSON,
        "statements": "",
        "used": "",
        "data": quantity(REAL),
        "after": "",
        **parts,
    }
    return _PAGE.format(**filled).encode()


def read(data: bytes, **settings: Any) -> Reading:
    """Read a file on the day of these tests."""
    return read_certificate(data, **{"today": TODAY, "now": NOW, **settings})


def accepted(data: bytes) -> Certificate:
    """Return the certificate of a file that has to be accepted."""
    reading = read(data)
    assert reading.accepted, reading.findings
    assert reading.certificate is not None
    return reading.certificate


def only_quantity(inside: str, version: str = "3.3.0") -> Quantity:
    """Return the quantity of a certificate with one value element in it."""
    (found,) = accepted(page(version, data=quantity(inside))).quantities
    return found


def only_value(inside: str, version: str = "3.3.0") -> Value:
    """Return the value of a certificate with one value in it."""
    (found,) = only_quantity(inside, version).values
    return found


def errors(reading: Reading) -> list[Finding]:
    """Return what refuses a file."""
    return [finding for finding in reading.findings if finding.severity is Severity.ERROR]


def codes(reading: Reading, severity: Severity = Severity.ERROR) -> list[str]:
    """Return the codes of the findings of a weight."""
    return [finding.code for finding in reading.findings if finding.severity is severity]


def written(folder: Path, data: bytes, name: str = "certificate.xml") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(data)
    return path


def xpath(root: Any, expression: str) -> list[Any]:
    """Return what an XPath finds, with the prefixes of these formats: independent of the code that is tested."""
    return list(root.xpath(expression, namespaces={"dcc": "https://ptb.de/dcc", "si": "https://ptb.de/si"}))
