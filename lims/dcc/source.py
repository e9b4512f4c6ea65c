"""Bytes to a parsed tree, within limits: no document type, no entities of its own, nothing fetched, nothing too deep.

A first pass with expat, which builds nothing, refuses what could hurt; only then lxml builds the tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

from lxml import etree

from lims.dcc.facts import Finding, Severity
from lims.dcc.grammar import VERSIONS

LARGEST_FILE: Final = 32 * 1024 * 1024
DEEPEST: Final = 100
MOST_ELEMENTS: Final = 500_000
DCC_NAMESPACE: Final = "https://ptb.de/dcc"
SI_NAMESPACE: Final = "https://ptb.de/si"
SIGNATURE_NAMESPACE: Final = "http://www.w3.org/2000/09/xmldsig#"
PREFIXES: Final = {DCC_NAMESPACE: "dcc", SI_NAMESPACE: "si", SIGNATURE_NAMESPACE: "ds"}
_ROOT: Final = "digitalCalibrationCertificate"
_OTHER_FORMATS: Final = frozenset({"digitalCalibrationExchange"})
_FIRST_VERSION: Final = VERSIONS[0]
# Up to this version the root says no version.
_SHOWN: Final = 80


class Refused(Exception):
    """The file cannot be read at all; carries the one finding that says why."""

    def __init__(self, code: str, path: str = "/", **values: object) -> None:
        self.finding = Finding(Severity.ERROR, code, path, values)
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Source:
    """The root of a certificate's file and the version of the format it says it has."""

    root: etree._Element
    version: str


def parse(data: bytes) -> Source:
    """Return the root of a certificate; raises Refused where the bytes are none, or mean harm."""
    if not data.strip():
        raise Refused("dcc.empty")
    if len(data) > LARGEST_FILE:
        raise Refused("dcc.too_large", limit=LARGEST_FILE // 1024 // 1024)
    if data.startswith(b"%PDF"):
        raise Refused("dcc.is_pdf")
    _look_through(data)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=True,  # the limits are those of the pass before; long attachments are let through
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise Refused("dcc.not_xml", line=line, column=column, reason=_short(error.msg or "")) from None
    except ValueError as error:
        raise Refused("dcc.not_xml", line=1, column=0, reason=_short(str(error))) from None
    return Source(root, _version_of(root))


def qualified(tag: str) -> str:
    """Return an element's or attribute's name with the prefix used in paths: {https://ptb.de/si}real is si:real."""
    namespace, found, local = tag.removeprefix("{").rpartition("}")
    if not found:
        return tag
    prefix = PREFIXES.get(namespace)
    return f"{prefix}:{local}" if prefix else f"{{{_short(namespace)}}}{local}"


def _version_of(root: etree._Element) -> str:
    name = etree.QName(root)
    if name.localname in _OTHER_FORMATS:
        raise Refused("dcc.other_format", f"/{name.localname}", element=name.localname, namespace=name.namespace or "")
    if name.localname != _ROOT:
        raise Refused(
            "dcc.not_a_certificate",
            f"/{_short(name.localname)}",
            element=_short(name.localname),
            namespace=_short(name.namespace or ""),
        )
    if name.namespace != DCC_NAMESPACE:
        values = {"namespace": _short(name.namespace or ""), "expected": DCC_NAMESPACE}
        raise Refused("dcc.wrong_namespace", f"/{_ROOT}", **values)
    version = root.get("schemaVersion")
    if version is None:
        return _FIRST_VERSION
    if version not in VERSIONS:
        values = {"version": _short(version), "known": ", ".join(VERSIONS)}
        raise Refused("dcc.unknown_version", f"/dcc:{_ROOT}/@schemaVersion", **values)
    return version


def _short(text: str) -> str:
    """Return text that may be shown: one line, not long, without signs that steer a terminal."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


class _Look:
    """What the first pass counts."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._entity
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self._open: list[str] = []
        self._elements = 0

    def _doctype(self, name: str, _system: str | None, _public: str | None, _internal: bool) -> None:
        raise Refused("dcc.document_type", f"/{_short(name)}", line=self.parser.CurrentLineNumber)

    def _entity(self, name: str, *_rest: object) -> None:
        raise Refused("dcc.entity", line=self.parser.CurrentLineNumber, name=_short(name))

    def _start(self, name: str, _attributes: object) -> None:
        self._elements += 1
        self._open.append(name)
        if len(self._open) > DEEPEST:
            path = "/" + "/".join(_short(opened) for opened in self._open[:4]) + "/…"
            raise Refused("dcc.too_deep", path, line=self.parser.CurrentLineNumber, limit=DEEPEST, element=_short(name))
        if self._elements > MOST_ELEMENTS:
            raise Refused("dcc.too_many_elements", line=self.parser.CurrentLineNumber, limit=MOST_ELEMENTS)

    def _end(self, _name: str) -> None:
        self._open.pop()


def _look_through(data: bytes) -> None:
    """Read the bytes once without keeping anything; raises Refused at the first thing that is not allowed."""
    look = _Look()
    try:
        look.parser.Parse(data, True)
    except expat.ExpatError as error:
        reason = expat.errors.messages.get(error.code, "")
        raise Refused("dcc.not_xml", line=error.lineno, column=error.offset, reason=reason) from None
    except (ValueError, LookupError) as error:  # an encoding that Python does not know
        raise Refused("dcc.not_xml", line=1, column=0, reason=_short(str(error))) from None
