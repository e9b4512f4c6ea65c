"""Text as it is stored, searched and sorted: NFC on entry, folded for search, Vietnamese order for lists."""

from __future__ import annotations

import unicodedata
from typing import Final

_ALPHABET: Final = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES: Final = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}


def normalise(text: str) -> str:
    """Return the text in NFC, control characters (but tab and line feed) removed, ends stripped."""
    if text.isascii() and text.isprintable():
        return text.strip()
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = (c for c in composed if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})
    return "".join(kept).strip()


def fold(text: str) -> str:
    """Return the text for searching: lower case, no marks, đ as d, runs of white space as one blank."""
    decomposed = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(plain.split())


def search_text(*parts: str | None) -> str:
    """Return the folded text of a row's searchable fields."""
    return " ".join(fold(part) for part in parts if part)


def sort_key(text: str) -> str:
    """Return a key whose byte order is the Vietnamese order: a ă â b c d đ …, tones only where letters are equal.

    The letters come first, each as two digits of its place; then, behind a separator, the tones.
    """
    letters: list[str] = []
    tones: list[str] = []
    for character in unicodedata.normalize("NFC", text).casefold():
        base, tone = _split_tone(character)
        place = _ALPHABET.find(base)
        if place >= 0:
            letters.append(f"m{place:02d}")
        elif character.isspace():
            letters.append(" ")
        elif character.isalnum():
            letters.append(character)
        tones.append(tone)
    return "".join(letters) + "!" + "".join(tones)


def person_sort_key(full_name: str) -> str:
    """Return the key of a Vietnamese personal name: by the given name, which stands last, then by the rest."""
    words = full_name.split()
    return sort_key(" ".join(words[-1:] + words[:-1]))


def _split_tone(character: str) -> tuple[str, str]:
    """Return the letter without its tone mark, and the tone's place in the order (level first)."""
    tone = "0"
    rest = ""
    for part in unicodedata.normalize("NFD", character):
        if part in _TONES:
            tone = _TONES[part]
        else:
            rest += part
    return unicodedata.normalize("NFC", rest), tone
