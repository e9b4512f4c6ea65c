"""The reader outside a request: commands speak the language of the installation."""

from __future__ import annotations

from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Final

from babel.support import NullTranslations, Translations

_FOLDER: Final = Path(__file__).resolve().parent.parent / "translations"
_language: ContextVar[str] = ContextVar("language", default="en")


def speak(language: str) -> None:
    """Say which language is spoken from now on, outside requests."""
    _language.set(language)


def spoken() -> str:
    """Return the language spoken outside requests: English until something else is said."""
    return _language.get()


def translated(words: str) -> str:
    """Return English words in the language spoken; words without a translation as they are."""
    return words if spoken() == "en" else str(_catalogue(spoken()).gettext(words))


@cache
def _catalogue(language: str) -> NullTranslations:
    return Translations.load(str(_FOLDER), [language])
