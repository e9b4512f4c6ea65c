"""Text of the certificate forms to commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from certificates.facts import AddNotice, IssueSuccessor, NoticeKind, RelationKind, RevokeCertificate
from lims.core.fields import Fields, read_key


def run_ids(texts: Sequence[str]) -> list[int]:
    """Return the numbers of the chosen runs; what is no number is left out."""
    return [key for key in map(read_key, dict.fromkeys(texts)) if key is not None]


def parse_successor(certificate_id: int, form: Mapping[str, str], runs: Sequence[str]) -> IssueSuccessor:
    """Read what a certificate is to be amended, replaced or supplemented by."""
    fields = Fields(form)
    command = IssueSuccessor(
        certificate_id=certificate_id,
        kind=fields.choice("kind", RelationKind),
        run_ids=tuple(run_ids(runs)),
        reason_vi=fields.text("reason_vi", maximum=1000),
        reason_en=fields.optional_text("reason_en", maximum=1000) or "",
    )
    if not command.run_ids:
        fields.refuse("run", "certificate.no_runs")
    fields.finish()
    return command


def parse_revocation(certificate_id: int, form: Mapping[str, str]) -> RevokeCertificate:
    """Read why a certificate is revoked."""
    fields = Fields(form)
    command = RevokeCertificate(
        certificate_id=certificate_id,
        reason_vi=fields.text("reason_vi", maximum=1000),
        reason_en=fields.optional_text("reason_en", maximum=1000) or "",
        row_version=fields.optional_integer("row_version", lower=0),
    )
    fields.finish()
    return command


def parse_notice(certificate_id: int, form: Mapping[str, str]) -> AddNotice:
    """Read what is said beside a certificate."""
    fields = Fields(form)
    command = AddNotice(
        certificate_id=certificate_id,
        kind=fields.choice("notice", NoticeKind),
        text_vi=fields.text("text_vi", maximum=1000),
        text_en=fields.optional_text("text_en", maximum=1000) or "",
    )
    fields.finish()
    return command
