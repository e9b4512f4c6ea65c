"""Turns the text of the register's forms into commands: files, accessories and the like, movements, keeping."""

from __future__ import annotations

from collections.abc import Mapping

from lims.core.fields import Fields
from standards.register_facts import (
    FILE_LANGUAGES,
    AddFile,
    EndEntry,
    EntryKind,
    FileKind,
    MovementKind,
    RecordEntry,
    RecordMovement,
    SafeguardMeans,
    UpdateStandard,
    WithdrawFile,
)


def parse_add_file(instrument_id: int, form: Mapping[str, str], name: str, data: bytes) -> AddFile:
    """Read the form of a photograph or manual."""
    fields = Fields(form)
    language = fields.raw("language").strip()
    command = AddFile(
        instrument_id=instrument_id,
        kind=fields.choice("kind", FileKind),
        file_name=name,
        data=data,
        title=fields.text("title"),
        language=fields.one_of("language", FILE_LANGUAGES) if language else None,
        replaces_id=fields.optional_integer("replaces_id", lower=1),
    )
    if not name:
        fields.refuse("file", "register.no_file")
    fields.finish()
    return command


def parse_withdraw_file(file_id: int, form: Mapping[str, str]) -> WithdrawFile:
    """Read the form that withdraws a file."""
    fields = Fields(form)
    command = WithdrawFile(file_id, fields.text("reason", maximum=2000))
    fields.finish()
    return command


def parse_record_entry(instrument_id: int, form: Mapping[str, str]) -> RecordEntry:
    """Read the form of an accessory, safeguard or firmware version; a firmware needs no name of its own."""
    fields = Fields(form)
    kind = fields.choice("kind", EntryKind)
    firmware = kind is EntryKind.FIRMWARE
    means = fields.optional_choice("means", SafeguardMeans)
    command = RecordEntry(
        instrument_id=instrument_id,
        kind=kind,
        name_vi=(fields.optional_text("name_vi") or "Firmware") if firmware else fields.text("name_vi"),
        valid_from=fields.date("valid_from"),
        name_en=fields.optional_text("name_en"),
        identifier=fields.optional_text("identifier", maximum=200),
        means=means if kind is EntryKind.SAFEGUARD else None,
        note=fields.optional_text("note", maximum=2000),
        replaces_id=fields.optional_integer("replaces_id", lower=1),
    )
    fields.finish()
    return command


def parse_end_entry(entry_id: int, form: Mapping[str, str]) -> EndEntry:
    """Read the form by which an accessory or safeguard ends."""
    fields = Fields(form)
    command = EndEntry(entry_id, fields.date("ended_on"), fields.text("note", maximum=2000))
    fields.finish()
    return command


def parse_record_movement(standard_id: int, form: Mapping[str, str]) -> RecordMovement:
    """Read the form of a movement."""
    fields = Fields(form)
    command = RecordMovement(
        standard_id=standard_id,
        kind=fields.choice("kind", MovementKind),
        moved_on=fields.date("moved_on"),
        organisation_id=fields.optional_integer("organisation_id", lower=1),
        holder=fields.optional_text("holder"),
        place=fields.optional_text("place", maximum=200),
        reason=fields.optional_text("reason", maximum=2000),
        condition=fields.optional_text("condition", maximum=2000),
        expected_on=fields.optional_date("expected_on"),
        row_version=fields.optional_integer("row_version"),
    )
    fields.finish()
    return command


def parse_update_standard(standard_id: int, form: Mapping[str, str]) -> UpdateStandard:
    """Read the form that changes who keeps a standard, and its level."""
    fields = Fields(form)
    command = UpdateStandard(
        standard_id,
        fields.integer("row_version"),
        fields.optional_integer("custodian_id", lower=1),
        fields.optional_text("level", maximum=40),
    )
    fields.finish()
    return command
