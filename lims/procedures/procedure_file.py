"""A procedure as a TOML file: a head, `[procedure]`, and the definition; read strictly, written canonically."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from lims.core.errors import FieldError, InvalidInput
from lims.procedures.checks import check
from lims.procedures.definition import read_definition, to_data
from lims.procedures.facts import ProcedureFile, ProcedureHeader
from lims.procedures.strict import Table

MAX_CHARACTERS: Final = 500_000
ACTIVITIES: Final = ("calibration", "verification", "testing")
REGIMES: Final = ("calibration", "verification")


def read_toml(text: str) -> ProcedureFile:
    """Return the procedure that a TOML text means. Raises InvalidInput with one entry per fault, by path."""
    if not text.strip():
        raise InvalidInput.of("file", "definition.file_empty")
    if len(text) > MAX_CHARACTERS:
        raise InvalidInput.of("file", "definition.file_too_long", limit=MAX_CHARACTERS)
    try:
        data = tomllib.loads(text.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidInput.of("file", "definition.not_toml", reason=str(error)) from error
    return parse_file(data)


def parse_file(data: Mapping[str, Any]) -> ProcedureFile:
    """Return the procedure that plain data means. Raises InvalidInput with one entry per fault, by path."""
    faults: list[FieldError] = []
    top = Table(data, "", faults)
    header = _header(top)
    definition = read_definition(top)
    if not faults:
        faults.extend(check(definition))
    if faults:
        raise InvalidInput(faults)
    return ProcedureFile(header, definition)


def write_toml(file: ProcedureFile) -> str:
    """Return the TOML text of a procedure; `read_toml` gives the same procedure back."""
    head = {field.name: getattr(file.header, field.name) for field in fields(file.header)}
    data = to_data(file.definition)
    top = {"schema": data.pop("schema"), "procedure": {key: text for key, text in head.items() if text}}
    return "\n".join(_table({**top, **data}, "")).lstrip("\n") + "\n"


def _header(top: Table) -> ProcedureHeader:
    if not top.has("procedure"):
        top.fault("procedure", "definition.missing")
        return ProcedureHeader("", "", "", "", "")
    table = top.table("procedure")
    header = ProcedureHeader(
        code=table.code("code"),
        version=table.code("version"),
        title_vi=table.text("title_vi"),
        title_en=table.text("title_en", ""),
        instrument_kind=table.code("instrument_kind"),
        method_reference=table.text("method_reference"),
        activity=table.text("activity", "calibration"),
        legal_regime=table.text("legal_regime", "calibration"),
    )
    for key, known in (("activity", ACTIVITIES), ("legal_regime", REGIMES)):
        if getattr(header, key) not in known:
            table.fault(key, "definition.unknown_kind", text=getattr(header, key)[:64], known=", ".join(known))
    table.done()
    return header


def _table(data: Mapping[str, Any], path: str) -> list[str]:
    """Return the lines of a table: plain keys first, then its tables and lists of tables."""
    lines = [f"{_key(key)} = {_value(value)}" for key, value in data.items() if not _is_block(value)]
    for key, value in data.items():
        if not _is_block(value):
            continue
        inner = f"{path}.{_key(key)}" if path else _key(key)
        for entry, mark in [(value, f"[{inner}]")] if isinstance(value, dict) else [(e, f"[[{inner}]]") for e in value]:
            lines += ["", mark, *_table(entry, inner)]
    return lines


def _is_block(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(entry, dict) for entry in value))


def _key(key: str) -> str:
    return key if key.isascii() and key.replace("_", "").replace("-", "").isalnum() else _value(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(_value(entry) for entry in value) + "]"
    escaped = "".join(_ESCAPES.get(character, character) for character in str(value))
    return f'"{escaped}"'


_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\x7f": "\\u007F"}
