"""The paper: frozen content to the bytes of a PDF, by a versioned template, with nothing fetched from anywhere.

The template sees only what is handed to it: an environment of its own, sandboxed, escaping every value, in which an
undefined name is an error. Text of people stays text. The renderer refuses every address, but for the QR picture that
this module made itself. The same content gives the same bytes, in every process.
"""

from __future__ import annotations

import hashlib
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
TEMPLATE_VERSION: Final = 1
"""The version that new certificates are made with; older versions stay for those that used them."""

DOCUMENTS: Final = Path(__file__).resolve().parent.parent / "templates" / "documents"


@dataclass(frozen=True, slots=True)
class Rendering:
    """What the renderer needs beside the content."""

    template_version: int
    verification_address: str
    made_at: datetime
    draft: bool = False


def template_folder(version: int) -> Path:
    """Return the folder of a template version. Raises NotFound if this program does not hold it."""
    folder = DOCUMENTS / f"{TEMPLATE}_v{version}"
    if not folder.is_dir():
        raise NotFound("certificate.template_missing", name=TEMPLATE, version=version)
    return folder


def template_digest(version: int) -> str:
    """Return the SHA-256 over every file of a template version, by name and bytes."""
    return folder_digest(template_folder(version))


def folder_digest(folder: Path) -> str:
    """Return the SHA-256 over every file of a folder, by name and bytes."""
    total = hashlib.sha256()
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        name = path.relative_to(folder).as_posix().encode()
        data = path.read_bytes()
        total.update(len(name).to_bytes(8, "big") + name + len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


def environment(folder: Path) -> ImmutableSandboxedEnvironment:
    """Return the strict environment of the papers: escaping, sandboxed, without any global."""
    env = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.clear()
    return env


def render_html(content: CertificateContent, rendering: Rendering) -> tuple[str, bytes]:
    """Return the page's markup and the QR picture that it names (empty for a draft)."""
    folder = template_folder(rendering.template_version)
    env = environment(folder)
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
    style = (template_folder(rendering.template_version) / "certificate.css").read_text(encoding="utf-8")
    return write_pdf(html, style, QR_ADDRESS, picture, identifier=bytes.fromhex(content_digest(content))[:16])
