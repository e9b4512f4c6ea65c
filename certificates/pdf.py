"""Markup to the bytes of a PDF by WeasyPrint, with every fetch refused but for one picture handed in."""

from __future__ import annotations

import io
from importlib.resources import files
from typing import Final

from weasyprint import CSS, HTML
from weasyprint.css import ColorProfile
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from lims.core.errors import IntegrityFailure

PDF_VARIANT: Final = "pdf/a-3a"
_INTENT: Final = "screen"


class _Refusing(URLFetcher):
    """Gives out the one picture made here; any other address stops the rendering."""

    def __init__(self, address: str, picture: bytes) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False)
        self._address = address
        self._picture = picture
        self.refused: list[str] = []

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        """Return the QR picture. Raises for every other address, whatever its kind."""
        if self._address and url == self._address:
            return URLFetcherResponse(url, body=self._picture, headers={"Content-Type": "image/svg+xml"})
        self.refused.append(url[:100])
        raise FatalURLFetchingError(f"a certificate fetches nothing: {url[:100]}")


def _colours() -> ColorProfile:
    """Return WeasyPrint's own sRGB profile from memory; left to itself it never closes the file."""
    data = (files("weasyprint.pdf") / "sRGB2014.icc").read_bytes()
    return ColorProfile(io.BytesIO(data), "sRGB2014.icc", "relative-colorimetric", (["r"], ["g"], ["b"]))


def write_pdf(html: str, style: str, address: str, picture: bytes, *, identifier: bytes) -> bytes:
    """Return a tagged PDF/A-3a; `address` is the only one that may be asked for, and gives the SVG `picture`.

    Raises IntegrityFailure if anything else is asked for.
    """
    fetcher = _Refusing(address if picture else "", picture)
    fonts = FontConfiguration()
    try:
        document = HTML(string=html, url_fetcher=fetcher)
        sheet = CSS(string=style, url_fetcher=fetcher, font_config=fonts)
        result: bytes = document.write_pdf(
            stylesheets=[sheet],
            font_config=fonts,
            color_profiles={_INTENT: _colours()},
            output_intent=_INTENT,
            pdf_variant=PDF_VARIANT,
            pdf_tags=True,
            pdf_identifier=identifier,
        )
    except FatalURLFetchingError as error:
        raise IntegrityFailure("certificate.fetch_refused", reason=str(error)) from error
    if fetcher.refused:  # inside a drawing the renderer goes on after a refusal
        raise IntegrityFailure("certificate.fetch_refused", reason=fetcher.refused[0])
    return result
