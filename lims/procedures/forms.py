"""From the text of a form to a command on procedures, authorisations and scopes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from lims.core.errors import InvalidInput
from lims.core.fields import Fields
from lims.procedures.facts import (
    Activity,
    ApproveVersion,
    EndAuthorisation,
    GrantAuthorisation,
    RecordScope,
    ScopeKind,
    ScopeLineInput,
    SignatoryKind,
    WithdrawVersion,
)

LARGEST_FILE = 500_000


def definition_text(form: Mapping[str, str], upload: bytes) -> str:
    """Return the TOML text of an upload, else the text typed. Raises InvalidInput if a file is no text."""
    if not upload:
        return form.get("text", "")
    try:
        return upload[: LARGEST_FILE + 1].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput.of("file", "definition.file_not_text") from error


def parse_row_version(form: Mapping[str, str]) -> int:
    """Return the version of the record that the form was filled from. Raises InvalidInput."""
    fields = Fields(form)
    found = fields.integer("row_version")
    fields.finish()
    return found


def parse_approval(version_id: int, form: Mapping[str, str]) -> ApproveVersion:
    """Return the approval that a form means. Raises InvalidInput."""
    fields = Fields(form)
    command = ApproveVersion(version_id, fields.integer("row_version"), fields.date("valid_from"))
    fields.finish()
    return command


def parse_withdrawal(version_id: int, form: Mapping[str, str]) -> WithdrawVersion:
    """Return the withdrawal that a form means. Raises InvalidInput."""
    fields = Fields(form)
    command = WithdrawVersion(
        version_id, fields.integer("row_version"), fields.date("ends_on"), fields.text("reason", maximum=1000)
    )
    fields.finish()
    return command


def parse_grant(form: Mapping[str, str]) -> GrantAuthorisation:
    """Return the authorisation that a form means. `object` is "procedure:KEY" or "signatory:KIND"."""
    fields = Fields(form)
    procedure_id, signatory_kind = _object(fields)
    command = GrantAuthorisation(
        person_id=fields.integer("person_id", lower=1),
        activity=fields.choice("activity", Activity),
        procedure_id=procedure_id,
        signatory_kind=signatory_kind,
        site_id=fields.optional_integer("site_id", lower=1),
        valid_from=fields.date("valid_from"),
        valid_to=fields.optional_date("valid_to"),
        evidence=fields.text("evidence", maximum=1000),
    )
    fields.finish()
    return command


def parse_end(authorisation_id: int, form: Mapping[str, str]) -> EndAuthorisation:
    """Return the early end that a form means. Raises InvalidInput."""
    fields = Fields(form)
    command = EndAuthorisation(authorisation_id, fields.date("ended_on"), fields.text("reason", maximum=1000))
    fields.finish()
    return command


def parse_scope(form: Mapping[str, str], line_count: int) -> RecordScope:
    """Return the scope that a form means; lines left empty are passed over. Raises InvalidInput."""
    fields = Fields(form)
    lines = tuple(_line(fields, number) for number in range(1, line_count + 1) if _is_filled(form, number))
    command = RecordScope(
        site_id=fields.integer("site_id", lower=1),
        kind=fields.choice("kind", ScopeKind),
        version=fields.text("version", maximum=64),
        body_number=fields.text("body_number", maximum=40),
        valid_from=fields.date("valid_from"),
        valid_to=fields.optional_date("valid_to"),
        lines=lines,
    )
    if not lines:
        fields.refuse("lines.1.title_vi", "scope.no_lines")
    fields.finish()
    return command


def grant_values(today: date) -> dict[str, object]:
    """Return the fields of an empty authorisation."""
    return {"valid_from": today, "activity": Activity.PERFORM.value}


def _object(fields: Fields) -> tuple[int | None, str | None]:
    kind, _, key = fields.raw("object").partition(":")
    if kind == "procedure" and key.isascii() and key.isdigit() and len(key) < 18:
        return int(key), None
    if kind == "signatory" and key in [member.value for member in SignatoryKind]:
        return None, key
    fields.refuse("object", "field.not_chosen")
    return None, None


def _is_filled(form: Mapping[str, str], number: int) -> bool:
    start = f"lines.{number}."
    return any(text.strip() for name, text in form.items() if name.startswith(start) and not name.endswith("on_site"))


def _line(fields: Fields, number: int) -> ScopeLineInput:
    start = f"lines.{number}."
    return ScopeLineInput(
        quantity=fields.text(f"{start}quantity", maximum=64),
        instrument_kind=fields.optional_text(f"{start}instrument_kind", maximum=64) or "",
        title_vi=fields.text(f"{start}title_vi"),
        title_en=fields.optional_text(f"{start}title_en") or "",
        lower=fields.optional_decimal(f"{start}lower"),
        upper=fields.optional_decimal(f"{start}upper"),
        unit=fields.text(f"{start}unit", maximum=40),
        parameter=fields.optional_text(f"{start}parameter", maximum=200) or "",
        method=fields.text(f"{start}method", maximum=200),
        cmc_expression=fields.text(f"{start}cmc_expression", maximum=500),
        cmc_unit=fields.text(f"{start}cmc_unit", maximum=40),
        coverage_probability=fields.optional_decimal(f"{start}coverage_probability") or Decimal("0.9545"),
        on_site=fields.flag(f"{start}on_site"),
    )
