"""What the register keeps beside standards: files by their bytes, entries with supersession, movements and states."""

from __future__ import annotations

import struct
import zlib
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from lims.core.errors import Forbidden, InvalidInput, NotFound, RuleViolation, StaleRecord
from standards import queries, services
from standards.commands import UpdateInstrument
from standards.facts import StandardFacts, StandardState
from standards.file_contents import LARGEST, media_type_of, plain_name
from standards.register_facts import (
    AddFile,
    EndEntry,
    EntryKind,
    FileFacts,
    FileKind,
    MovementFacts,
    MovementKind,
    RecordEntry,
    RecordMovement,
    UpdateStandard,
    WithdrawFile,
)
from tests.factories import standards as make
from tests.standards.acting import NOW, actions, change, identity, refused

TODAY = date(2026, 3, 2)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n"
JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    b"\xff\xc0\x00\x0b\x08\x00\x02\x00\x03\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00?\x00\x00\xff\xd9"
)
WEBP = b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8L" + struct.pack("<I", 10) + b"\x2f" + b"\x00" * 9


def png(width: int = 3, height: int = 2) -> bytes:
    """A whole grey picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\x80" * width for _ in range(min(height, 9))))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "data", "media_type"),
    [
        pytest.param(FileKind.PHOTOGRAPH, png(), "image/png", id="png"),
        pytest.param(FileKind.PHOTOGRAPH, JPEG, "image/jpeg", id="jpeg"),
        pytest.param(FileKind.PHOTOGRAPH, WEBP, "image/webp", id="webp"),
        pytest.param(FileKind.MANUAL, PDF, "application/pdf", id="pdf"),
    ],
)
def test_a_file_is_what_its_bytes_say(kind: FileKind, data: bytes, media_type: str) -> None:
    assert media_type_of(kind, data) == media_type


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [
        pytest.param(FileKind.PHOTOGRAPH, b"", "register.file_empty", id="empty"),
        pytest.param(FileKind.PHOTOGRAPH, PDF, "register.not_a_picture", id="pdf-as-picture"),
        pytest.param(FileKind.PHOTOGRAPH, b"<svg onload='x'/>", "register.not_a_picture", id="svg"),
        pytest.param(FileKind.PHOTOGRAPH, png()[:-8], "register.not_a_picture", id="half-a-png"),
        pytest.param(FileKind.PHOTOGRAPH, JPEG[:-2], "register.not_a_picture", id="half-a-jpeg"),
        pytest.param(FileKind.PHOTOGRAPH, WEBP[:-3], "register.not_a_picture", id="half-a-webp"),
        pytest.param(
            FileKind.PHOTOGRAPH, b"\xff\xd8\xff" + b"<script>" * 9, "register.not_a_picture", id="begins-like"
        ),
        pytest.param(FileKind.PHOTOGRAPH, png(20_000, 20_000), "register.picture_size", id="huge-picture"),
        pytest.param(FileKind.MANUAL, png(), "register.not_a_pdf", id="picture-as-manual"),
        pytest.param(FileKind.MANUAL, PDF[:-6], "register.not_a_pdf", id="half-a-pdf"),
        pytest.param(
            FileKind.PHOTOGRAPH, png() + b"\0" * LARGEST[FileKind.PHOTOGRAPH], "register.file_too_large", id="too-large"
        ),
    ],
)
def test_what_is_no_whole_file_of_its_kind_is_refused(kind: FileKind, data: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as error:
        media_type_of(kind, data)
    assert refused(error) == {"file": code}


def test_names_of_files_lead_nowhere() -> None:
    assert plain_name("C:\\photos\\..\\a\u202eb.png", "x") == "ab.png"
    assert plain_name("../..", "photograph") == ".."
    assert plain_name("/", "photograph") == "photograph"


def _photo(session: Session, standard: StandardFacts, **rest: object) -> FileFacts:
    command = AddFile(standard.instrument_id, FileKind.PHOTOGRAPH, "a.png", png(), "Mặt trước", **rest)  # type: ignore[arg-type]
    return services.add_file(session, make.recorder(standard.laboratory_id), command, now=NOW)


def test_a_file_is_replaced_once_and_withdrawn_with_a_reason(session: Session) -> None:
    standard = make.make_standard(session)
    actor = make.recorder(standard.laboratory_id)
    first = _photo(session, standard)
    second = _photo(session, standard, replaces_id=first.id)
    with pytest.raises(RuleViolation, match="replaced_already"):
        _photo(session, standard, replaces_id=first.id)
    with pytest.raises(InvalidInput):
        services.withdraw_file(session, actor, WithdrawFile(second.id, " "), now=NOW)
    services.withdraw_file(session, actor, WithdrawFile(second.id, "Chụp nhầm"), now=NOW)
    kept = queries.beside(session, standard.instrument_id)
    assert kept.photographs == ()
    assert [file.id for file in kept.former_files] == [second.id, first.id]
    assert actions(session)[-3:] == ["instrument.file_added", "instrument.file_added", "instrument.file_withdrawn"]


def test_files_are_kept_by_those_who_manage_the_laboratory_s_own(session: Session) -> None:
    standard = make.make_standard(session)
    command = AddFile(standard.instrument_id, FileKind.PHOTOGRAPH, "a.png", png(), "Mặt trước")
    other = make.make_own_site(session).organisation_id
    with pytest.raises(NotFound):
        services.add_file(session, make.recorder(other), command, now=NOW)
    nobody = make._actor(9003, "Khách", set(), standard.laboratory_id)
    with pytest.raises(Forbidden):
        services.add_file(session, nobody, command, now=NOW)


def _entry(standard: StandardFacts, kind: EntryKind, **rest: object) -> RecordEntry:
    values: dict[str, object] = {"name_vi": "Niêm phong nắp", "valid_from": TODAY}
    return RecordEntry(standard.instrument_id, kind, **{**values, **rest})  # type: ignore[arg-type]


def test_a_seal_is_replaced_by_the_next_and_ends_with_a_reason(session: Session) -> None:
    standard = make.make_standard(session)
    actor = make.recorder(standard.laboratory_id)
    with pytest.raises(InvalidInput) as error:
        services.record_entry(session, actor, _entry(standard, EntryKind.SAFEGUARD), now=NOW)
    assert refused(error) == {"means": "field.not_chosen"}
    seal = _entry(standard, EntryKind.SAFEGUARD, means="seal", identifier="NP-001", valid_from=TODAY - timedelta(9))
    first = services.record_entry(session, actor, seal, now=NOW)
    later = _entry(standard, EntryKind.SAFEGUARD, means="seal", identifier="NP-002", replaces_id=first.id)
    second = services.record_entry(session, actor, later, now=NOW)
    with pytest.raises(RuleViolation, match="replaced_already"):
        services.end_entry(session, actor, EndEntry(first.id, TODAY, "x"), now=NOW)
    with pytest.raises(InvalidInput) as error:
        services.end_entry(session, actor, EndEntry(second.id, TODAY - timedelta(1), ""), now=NOW)
    assert refused(error) == {"note": "field.missing", "ended_on": "entry.dates_reversed"}
    services.end_entry(session, actor, EndEntry(second.id, TODAY, "Mở để sửa"), now=NOW)
    kept = queries.beside(session, standard.instrument_id)
    assert kept.of("safeguard") == ()
    assert [one.identifier for one in kept.former("safeguard")] == ["NP-002", "NP-001"]


def test_firmware_has_one_history_however_it_is_entered(session: Session) -> None:
    standard = make.make_standard(session)
    actor = make.recorder(standard.laboratory_id)
    instrument = queries.instrument_facts(session, standard.instrument_id)
    named = identity(instrument.owner_id, serial_number=instrument.serial_number, firmware="1.02")
    services.update_instrument(session, actor, UpdateInstrument(instrument.id, instrument.row_version, named), now=NOW)
    (present,) = queries.beside(session, instrument.id).of("firmware")
    newer = _entry(standard, EntryKind.FIRMWARE, identifier="1.10", replaces_id=present.id)
    services.record_entry(session, actor, newer, now=NOW)
    kept = queries.beside(session, instrument.id)
    assert [one.identifier for one in (*kept.of("firmware"), *kept.former("firmware"))] == ["1.10", "1.02"]
    assert queries.instrument_facts(session, instrument.id).firmware == "1.10"
    with pytest.raises(RuleViolation, match="firmware_stays"):
        services.end_entry(session, actor, EndEntry(kept.of("firmware")[0].id, TODAY, "x"), now=NOW)


def _move(session: Session, standard: StandardFacts, kind: MovementKind, **rest: object) -> MovementFacts:
    command = RecordMovement(standard.id, kind, **{"moved_on": TODAY, **rest})  # type: ignore[arg-type]
    return services.record_movement(session, make.recorder(standard.laboratory_id), command, now=NOW)


def _state(session: Session, standard: StandardFacts) -> StandardState:
    return queries.standard_facts(session, standard.id).states[-1].state


def test_what_is_sent_is_out_and_waits_for_acceptance_when_it_is_back(session: Session) -> None:
    standard = make.make_standard(session)
    institute = make.make_body(session)
    sent = _move(
        session,
        standard,
        MovementKind.SENT,
        moved_on=TODAY - timedelta(20),
        organisation_id=institute.id,
        reason="Hiệu chuẩn định kỳ",
        expected_on=TODAY - timedelta(1),
    )
    assert _state(session, standard) is StandardState.OUT
    line = next(iter(queries.standards(session, laboratory_id=standard.laboratory_id, at=NOW)))
    assert (line.away_with_vi, line.expected_on, line.late) == ("Viện Đo lường Mẫu", TODAY - timedelta(1), True)
    with pytest.raises(RuleViolation, match="away_already"):
        _move(session, standard, MovementKind.LENT, holder="Bà Mẫu", reason="x")
    with pytest.raises(RuleViolation, match="not_here"):
        _move(session, standard, MovementKind.MOVED, place="Phòng 2")
    with pytest.raises(RuleViolation, match="receive_it"):
        change(session, standard, StandardState.RETURNED)
    back = _move(session, standard, MovementKind.RECEIVED, condition="Nguyên niêm phong", place="Tủ 3")
    assert back.ends_id == sent.id
    assert _state(session, standard) is StandardState.RETURNED
    assert queries.instrument_facts(session, standard.instrument_id).location == "Tủ 3"
    assert queries.open_movements(session, [standard.id]) == {}
    assert actions(session)[-1] == "standard.moved"


@pytest.mark.parametrize(
    ("kind", "rest", "fields"),
    [
        pytest.param(
            MovementKind.LENT, {}, {"reason": "field.missing", "organisation_id": "movement.to_nobody"}, id="to-nobody"
        ),
        pytest.param(
            MovementKind.SENT,
            {"holder": "Bà Mẫu", "reason": "x", "expected_on": TODAY - timedelta(1)},
            {"expected_on": "entry.dates_reversed"},
            id="back-before-it-left",
        ),
        pytest.param(
            MovementKind.MOVED,
            {"moved_on": TODAY + timedelta(1)},
            {"moved_on": "entry.date_in_future", "place": "field.missing"},
            id="tomorrow-to-nowhere",
        ),
        pytest.param(
            MovementKind.LENT,
            {"organisation_id": 10**9, "reason": "x"},
            {"organisation_id": "entry.organisation_unknown"},
            id="unknown-body",
        ),
    ],
)
def test_movements_that_lack_something_are_refused(
    session: Session, kind: MovementKind, rest: dict[str, object], fields: dict[str, str]
) -> None:
    standard = make.make_standard(session)
    with pytest.raises(InvalidInput) as error:
        _move(session, standard, kind, **rest)
    assert refused(error) == fields


def test_what_is_not_away_cannot_be_received_and_quarantine_stays(session: Session) -> None:
    standard = make.make_standard(session)
    with pytest.raises(RuleViolation, match="nothing_to_receive"):
        _move(session, standard, MovementKind.RECEIVED, condition="tốt")
    _move(session, standard, MovementKind.LENT, holder="Bà Mẫu", reason="So sánh")
    change(session, standard, StandardState.QUARANTINED, reason="Nghi ngờ")
    _move(session, standard, MovementKind.RECEIVED, condition="Móp")
    assert _state(session, standard) is StandardState.QUARANTINED


def test_two_who_saw_the_same_standard_cannot_both_act(session: Session) -> None:
    standard = make.make_standard(session)
    actor = make.recorder(standard.laboratory_id)
    _move(session, standard, MovementKind.MOVED, place="Phòng 2", row_version=standard.row_version)
    with pytest.raises(StaleRecord):
        _move(session, standard, MovementKind.MOVED, place="Phòng 3", row_version=standard.row_version)
    with pytest.raises(StaleRecord):
        services.update_standard(
            session, actor, UpdateStandard(standard.id, standard.row_version, None, "chuẩn chính"), now=NOW
        )
    present = queries.standard_facts(session, standard.id)
    changed = services.update_standard(
        session, actor, UpdateStandard(standard.id, present.row_version, None, "chuẩn chính"), now=NOW
    )
    assert changed.level == "chuẩn chính"
    with pytest.raises(InvalidInput) as error:
        services.update_standard(session, actor, UpdateStandard(standard.id, changed.row_version, 10**9, None), now=NOW)
    assert refused(error) == {"custodian_id": "standard.custodian_unknown"}
