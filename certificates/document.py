"""The paper: frozen content to the bytes of a PDF, by a versioned template, with nothing fetched from anywhere.

The template sees only what is handed to it: an environment of its own, sandboxed, escaping every value, in which an
undefined name is an error. Text of people stays text. The renderer refuses every address, but for the QR picture that
this module made itself. The same content gives the same bytes, in every process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import segno
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from certificates import page
from certificates.content import CertificateContent, Language, Text, content_digest
from lims.core.errors import NotFound

TEMPLATE: Final = "certificate"
TEMPLATE_VERSION: Final = 2
"""The version that new certificates are made with; older versions stay for those that used them."""

DOCUMENTS: Final = Path(__file__).resolve().parent.parent / "templates" / "documents"


@dataclass(frozen=True, slots=True)
class Rendering:
    """What the renderer needs beside the content."""

    template_version: int
    verification_address: str
    made_at: datetime
    draft: bool = False


def template_folders(version: int) -> tuple[Path, ...]:
    """Return where the files of a template version lie: its own folder, then those of the versions before it.

    A version holds only the files in which it differs: no version is edited once used, so what it takes over is as
    fixed as its own. Raises NotFound if this program does not hold the version.
    """
    if not (DOCUMENTS / f"{TEMPLATE}_v{version}").is_dir():
        raise NotFound("certificate.template_missing", name=TEMPLATE, version=version)
    return tuple(DOCUMENTS / f"{TEMPLATE}_v{number}" for number in range(version, 0, -1))


def template_digest(version: int) -> str:
    """Return the SHA-256 over every file of a template version, by name and bytes."""
    return folders_digest(template_folders(version))


def template_file(version: int, name: str) -> Path:
    """Return one file of a template version."""
    return next(folder / name for folder in template_folders(version) if (folder / name).is_file())


def folders_digest(folders: Sequence[Path]) -> str:
    """Return the SHA-256 over every file of folders, by name and bytes; of one name the first folder's file counts."""
    files: dict[str, Path] = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                files.setdefault(path.relative_to(folder).as_posix(), path)
    total = hashlib.sha256()
    for name in sorted(files, key=lambda name: Path(name)):
        encoded, data = name.encode(), files[name].read_bytes()
        total.update(len(encoded).to_bytes(8, "big") + encoded + len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


def environment(folders: Sequence[Path]) -> ImmutableSandboxedEnvironment:
    """Return the strict environment of the papers: escaping, sandboxed, without any global."""
    env = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.clear()
    return env


def render_html(content: CertificateContent, rendering: Rendering) -> tuple[str, bytes]:
    """Return the page's markup and the QR picture that it names (empty for a draft)."""
    env = environment(template_folders(rendering.template_version))
    env.filters["day"] = lambda day: page.printed_date(day, content.language)
    picture = b"" if rendering.draft else qr_picture(rendering.verification_address)
    html = env.get_template("certificate.html").render(_values(content, rendering, bool(picture)))
    return html, picture


QR_ADDRESS: Final = "qr:certificate"
"""The name under which the page asks for its QR picture; no other address exists for the renderer."""


def _values(content: CertificateContent, rendering: Rendering, with_qr: bool) -> dict[str, Any]:
    language = content.language
    title = content.title.english if language is Language.ENGLISH else content.title.vi
    number = _shown_number(content, rendering)
    return {
        "content": content,
        "lang": language.value,
        "title": f"{title} {number}",
        "printed_number": number,
        "draft": rendering.draft,
        "made_at": rendering.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "qr": QR_ADDRESS if with_qr else "",
        "verification_address": rendering.verification_address,
        "received": page.date_span(_received(content), language),
        "performed": page.date_span(_performed(content), language),
        "places": page.place_groups(content),
        "conditions": page.condition_groups(content),
        "runs": page.print_runs(content),
        "notes": page.notes(content),
        "signatures": page.signature_groups(content),
        "place_of_laboratory": page.laboratory_line(content.laboratory),
        "place_and_date": _place_and_date(content),
    }


def _shown_number(content: CertificateContent, rendering: Rendering) -> str:
    if not rendering.draft:
        return content.identification.printed
    return "DRAFT" if content.language is Language.ENGLISH else "BẢN NHÁP"


def _received(content: CertificateContent) -> list[date]:
    return [item.received_on for item in content.items if item.received_on is not None]


def _performed(content: CertificateContent) -> list[date]:
    return [day for run in content.runs for day in (run.performed_from, run.performed_to)]


def _place_and_date(content: CertificateContent) -> Text | None:
    place = content.laboratory.place_line
    if place is None or not place.vi:
        return None
    words = page.date_in_words(content.issued_on)
    return Text(f"{place.vi}, {words.vi}", f"{place.english}, {words.english}")


def qr_picture(address: str) -> bytes:
    """Return the QR code of an address as SVG, the same bytes every time."""
    markup = segno.make_qr(address, error="m").svg_inline(scale=4, border=0, dark="#000000", omitsize=True)
    return str(markup).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).encode()


def render_pdf(content: CertificateContent, rendering: Rendering) -> bytes:
    """Return the PDF (PDF/A-3a, tagged) of a content. The same arguments give the same bytes.

    Raises IntegrityFailure if the template asks for anything from outside.
    """
    from certificates.pdf import write_pdf  # Pango is loaded only where something is rendered

    html, picture = render_html(content, rendering)
    style = template_file(rendering.template_version, "certificate.css").read_text(encoding="utf-8")
    return write_pdf(html, style, QR_ADDRESS, picture, identifier=bytes.fromhex(content_digest(content))[:16])
