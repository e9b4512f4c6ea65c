"""What a handed-in file is, by its bytes: names and what a browser says of them count for nothing. Pure.

Pictures are walked from part to part as far as their frame goes, so that half a picture, or something that only begins
like one, is refused. Nothing is taken out of a file: what a camera wrote into it (place, time) stays.
"""

from __future__ import annotations

from typing import Final

from lims.core.errors import InvalidInput
from standards.register_facts import FileKind

LARGEST: Final = {FileKind.PHOTOGRAPH: 8 * 1024 * 1024, FileKind.MANUAL: 32 * 1024 * 1024}
MOST_PIXELS: Final = 100_000_000
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PDF_WITHIN: Final = 1024
_PDF_END_WITHIN: Final = 2048
_LONGEST_NAME: Final = 200
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


def media_type_of(kind: FileKind, data: bytes) -> str:
    """Return the media type of a file's bytes.

    Raises InvalidInput naming the field "file" where there is nothing in it, too much, or another kind of file.
    """
    if not data:
        raise InvalidInput.of("file", "register.file_empty")
    if len(data) > LARGEST[kind]:
        raise InvalidInput.of("file", "register.file_too_large", size=_megabytes(len(data)), limit=_limit(kind))
    if kind is FileKind.MANUAL:
        if b"%PDF-" not in data[:_PDF_WITHIN] or b"%%EOF" not in data[-_PDF_END_WITHIN:]:
            raise InvalidInput.of("file", "register.not_a_pdf")
        return "application/pdf"
    for media_type, size_of in (("image/png", _png_size), ("image/jpeg", _jpeg_size), ("image/webp", _webp_size)):
        size = size_of(data)
        if size is not None:
            _check_pixels(size)
            return media_type
    raise InvalidInput.of("file", "register.not_a_picture")


def plain_name(name: str, otherwise: str) -> str:
    """Return the last part of a file's name without what would move a cursor or lead into a folder."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in last if letter.isprintable()).strip()
    return kept[-_LONGEST_NAME:] or otherwise


def _limit(kind: FileKind) -> int:
    return LARGEST[kind] // 1024 // 1024


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f}"


def _check_pixels(size: tuple[int, int]) -> None:
    width, height = size
    if not width or not height or width * height > MOST_PIXELS:
        raise InvalidInput.of("file", "register.picture_size", width=width, height=height)


def _png_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a whole PNG: chunk after chunk up to its end mark."""
    if not data.startswith(_PNG) or data[12:16] != b"IHDR":
        return None
    at = len(_PNG)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"IEND":
            return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
        at += 12 + length
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a JPEG: segment after segment to the picture's data, and an end mark behind it."""
    if not data.startswith(b"\xff\xd8\xff") or b"\xff\xd9" not in data[-4096:]:
        return None
    at, size = 2, None
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or marker in _STANDALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker == 0xDA:
            return size
        if marker in _FRAMES and at + 9 <= len(data):
            size = int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a WebP whose container is as long as it says."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or int.from_bytes(data[4:8], "little") + 8 > len(data):
        return None
    form, body = data[12:16], data[20:30]
    if len(body) < 10:
        return None
    if form == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if form == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    return None
