"""The walk by hash: a standard's digital certificate, its value in the budget, the certificate issued here.

What each step keeps of the one before is computed again: the file's SHA-256 and its numbers in their places, the
digest of what a calibration says, the digest of each reference value that an evaluation rests on, the evaluation's own
digests, the certificate's content with the file's SHA-256. Above a standard calibrated here the walk goes on through
its run's evaluation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import combinations
from typing import Any, Final

from lxml import etree
from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates import content as contents
from certificates.hash_facts import HashFault, HashState, HashStep, HashWalk
from certificates.models import Certificate
from lims.calibrations.evaluation import evaluation_digest, text_digest
from lims.calibrations.models import Evaluation
from lims.core.canonical import digest as digest_of_text
from lims.core.errors import IntegrityFailure, NotFound
from lims.core.models import Blob
from lims.dcc.source import DCC_NAMESPACE
from standards import queries as standards
from standards.calibration_facts import CalibrationFacts
from standards.reference import value_digest

_NAMES: Final = {"dcc": DCC_NAMESPACE, "si": "https://ptb.de/si"}
_DEEPEST: Final = 12


@dataclass(slots=True)
class _Found:
    """What the walk gathers of one calibration."""

    facts: CalibrationFacts
    faults: list[HashFault] = field(default_factory=list)
    numbers: int = 0
    values: int = 0

    def note(self, fault: HashFault) -> None:
        if fault not in self.faults:
            self.faults.append(fault)

    def step(self) -> HashStep:
        """Return it as a step of the walk."""
        state = HashState.NO_DCC if self.facts.dcc_sha256 is None else HashState.VERIFIED
        if self.faults:
            state = HashState.BROKEN
        return HashStep(
            self.facts.id,
            self.facts.standard_code,
            self.facts.certificate_number,
            state,
            self.facts.dcc_sha256,
            self.facts.content_digest,
            self.numbers,
            self.values,
            tuple(self.faults),
        )


def walk_by_hash(session: Session, certificate_id: int) -> HashWalk:
    """Walk a certificate's hashes upward and return what holds. Raises NotFound; reads only."""
    row = session.get(Certificate, certificate_id)
    if row is None:
        raise NotFound("certificate.not_found")
    faults: list[HashFault] = []
    if digest_of_text(row.content) != row.content_digest:
        faults.append(HashFault.CERTIFICATE_CHANGED)
    printed = contents.printed_number(row.number, row.version)
    try:
        content = contents.from_text(row.content)
    except IntegrityFailure:
        return HashWalk(printed, row.content_digest, (), (HashFault.CERTIFICATE_CHANGED,))
    found: dict[int, _Found] = {}
    own: set[int] = set()
    for run in content.runs:
        faults += _evaluation(session, run.evaluation_digest, found, own, _DEEPEST)
    _named(content, [found[key] for key in own])
    steps = tuple(found[key].step() for key in sorted(found, key=lambda key: (key not in own, key)))
    return HashWalk(printed, row.content_digest, steps, tuple(dict.fromkeys(faults)))


def _evaluation(
    session: Session, digest: str, found: dict[int, _Found], direct: set[int], depth: int
) -> Iterator[HashFault]:
    """Follow an evaluation by its digest: its own digests, then every reference value that it rests on."""
    row = session.execute(select(Evaluation).where(Evaluation.digest == digest)).scalar_one_or_none()
    if row is None:
        yield HashFault.EVALUATION_MISSING
        return
    own = (text_digest(row.input), text_digest(row.result))
    if own != (row.input_digest, row.result_digest) or evaluation_digest(*own) != digest:
        yield HashFault.EVALUATION_CHANGED
    for entry in json.loads(row.input)["references"]:
        key = entry["calibration_id"]
        direct.add(key)
        if key not in found:
            found[key] = _calibration(session, standards.calibration_facts(session, key))
            facts = found[key].facts
            if facts.run_digest is not None and depth:
                for fault in _evaluation(session, facts.run_digest, found, set(), depth - 1):
                    found[key].note(fault)
        _value(found[key], entry)


def _calibration(session: Session, facts: CalibrationFacts) -> _Found:
    """Check what a calibration says against its digest, and its digital certificate against both."""
    found = _Found(facts)
    if standards.content_digest(facts) != facts.content_digest:
        found.note(HashFault.CALIBRATION_CHANGED)
    if facts.dcc_sha256 is not None:
        blob = session.get(Blob, facts.dcc_sha256)
        if blob is None:
            found.note(HashFault.FILE_MISSING)
        elif hashlib.sha256(blob.data).hexdigest() != facts.dcc_sha256:
            found.note(HashFault.FILE_CHANGED)
        else:
            _numbers(found, blob.data)
    return found


def _numbers(found: _Found, data: bytes) -> None:
    """Look every number up in the file, at the place kept with it."""
    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    for content in found.facts.contents:
        said = [(content.value, content.source_path)]
        said += [(point.value, point.source_path) for point in content.points]
        for value, places in said:
            if value is None or not places:
                continue
            if value in _possible(root, places):
                found.numbers += 1
            else:
                found.note(HashFault.NUMBER_NOT_IN_FILE)


def _possible(root: etree._Element, places: str) -> set[Decimal]:
    """Return the numbers at some places, and the sums and differences of two of them."""
    numbers = [number for place in places.split("\n") if (number := _number(root, place)) is not None]
    return {
        *numbers,
        *(sign * one + other for one, other in combinations(numbers, 2) for sign in (1, -1)),
        *(one - other for one, other in combinations(numbers, 2)),
    }


def _number(root: etree._Element, place: str) -> Decimal | None:
    """Return the number at an XPath; behind it may stand, in brackets, which entry of a list is meant."""
    path, _, position = place.partition(" [")
    try:
        elements = root.xpath(path, namespaces=_NAMES)
    except etree.XPathError:
        return None
    if not isinstance(elements, list) or len(elements) != 1 or not isinstance(elements[0], etree._Element):
        return None
    words = (elements[0].text or "").split()
    chosen = words[int(position.rstrip("]")) - 1 :] if position else words
    try:
        return Decimal(chosen[0]) if chosen else None
    except InvalidOperation:
        return None


def _value(found: _Found, entry: Mapping[str, Any]) -> None:
    """Tie a reference value of an evaluation to its calibration: by the digest of both, and by the file's."""
    content = found.facts.content(entry["content_id"])
    drift = entry["drift"]
    freedom = entry["degrees_of_freedom"]
    expected = (
        None
        if content is None
        else value_digest(
            found.facts.content_digest,
            content.identifier,
            (entry["value"], entry["unit"]),
            (entry["expanded_uncertainty"], entry["coverage_factor"], None if freedom == "Infinity" else freedom),
            None if drift is None else f"{drift['half_width']} {drift['unit']} {drift['distribution']}",
        )
    )
    if expected != entry["digest"]:
        found.note(HashFault.VALUE_CHANGED)
    if entry.get("dcc") is not None and entry["dcc"] != found.facts.dcc_sha256:
        found.note(HashFault.VALUE_NAMES_OTHER_FILE)
    found.values += 1


def _named(content: contents.CertificateContent, used: list[_Found]) -> None:
    """Hold what the certificate's content keeps of each standard's file against the calibration's."""
    kept = {(one.code, one.certificate_number): one.dcc_sha256 for one in content.standards}
    for one in used:
        named = kept.get((one.facts.standard_code, one.facts.certificate_number))
        if named is not None and named != one.facts.dcc_sha256:
            one.note(HashFault.CERTIFICATE_NAMES_OTHER_FILE)
