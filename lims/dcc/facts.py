"""What a certificate's file is made of: elements with their place, texts with their language, findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final


@lru_cache(maxsize=32)
def _divided(text: str) -> tuple[str, ...]:
    """Return the words of a text; kept, for a list is asked for each of its entries in turn."""
    return tuple(text.split())


class Severity(StrEnum):
    """How much a finding weighs: an error refuses the file, a warning asks a person, a note only tells."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was noticed at an element (an XPath with the prefixes dcc, si and ds): a code with its values."""

    severity: Severity
    code: str
    path: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Node:
    """An element as the grammar knows it: qualified name, type and place; text of what holds text alone.

    `text` is as written, white space included. `raw` is the source of a foreign element, which is kept unread.
    """

    name: str
    type: str
    path: str
    attributes: Mapping[str, str]
    children: tuple[Node, ...] = ()
    text: str | None = None
    raw: str | None = None

    def child(self, name: str) -> Node | None:
        """Return the first child of a qualified name."""
        return next((child for child in self.children if child.name == name), None)

    def all(self, name: str) -> tuple[Node, ...]:
        """Return the children of a qualified name."""
        return tuple(child for child in self.children if child.name == name)

    def value(self, name: str) -> str | None:
        """Return a child's text without white space around it; None where there is no such child."""
        found = self.child(name)
        return None if found is None else (found.text or "").strip()

    def values(self, name: str) -> tuple[str, ...]:
        """Return the texts of the children of a name, without white space around them."""
        return tuple((child.text or "").strip() for child in self.all(name))

    def walk(self) -> Iterator[Node]:
        """Return this element and everything inside it, in the order of the file."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def words(self) -> tuple[str, ...]:
        """The entries of a list: its text divided at white space."""
        return _divided(self.text or "")

    @property
    def ref_types(self) -> tuple[str, ...]:
        """The words by which the laboratory says what this is."""
        return tuple(self.attributes.get("refType", "").split())

    @property
    def identifier(self) -> str | None:
        """The mark by which other elements refer to this one."""
        return self.attributes.get("id")


@dataclass(frozen=True, slots=True)
class LanguageText:
    """A text in a language (ISO 639-1), or in none that is said."""

    text: str
    language: str | None
    path: str


@dataclass(frozen=True, slots=True)
class Texts:
    """The same words in one or more languages."""

    entries: tuple[LanguageText, ...] = ()

    def in_language(self, *languages: str) -> str:
        """Return the text in the first of the languages that has one, else the first text; empty if there is none."""
        for language in languages:
            for entry in self.entries:
                if entry.language == language:
                    return entry.text
        return self.entries[0].text if self.entries else ""

    def __bool__(self) -> bool:
        return bool(self.entries)


NO_TEXTS: Final = Texts()
