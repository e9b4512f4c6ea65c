"""The structure of certificates as data: content models, attributes and simple types, for each version of the format.

The tables are `structure_dcc.txt` and `structure_si.txt`, which say how they are written. A content model is matched by
its positions (Glushkov), which is exact for these formats: no child can be two positions at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

VERSIONS: Final = ("2.2.0", "2.3.0", "2.4.0", "3.0.0", "3.1.0", "3.1.1", "3.1.2", "3.2.0", "3.2.1", "3.3.0")
# The version of D-SI, the format of values, that each of them builds on.
DIGITAL_SI: Final[Mapping[str, str]] = dict(
    zip(
        VERSIONS,
        ("1.3.0", "1.3.0", "1.3.1", "2.0.0", "2.1.0", "2.1.0", "2.1.0", "2.1.0", "2.1.0", "2.2.1"),
        strict=True,
    )
)
ROOT_TYPE: Final = "digitalCalibrationCertificate"
FOREIGN: Final = "foreign"
ANY: Final = "any:any"
OTHER: Final = "any:other"
BUILT_IN: Final = frozenset(
    {
        "string",
        "date",
        "dateTime",
        "boolean",
        "duration",
        "anyURI",
        "base64Binary",
        "ID",
        "IDREF",
        "IDREFS",
        "double",
        "integer",
    }
)
_TOKEN: Final = re.compile(r"[^\s()|?*+]+|[()|?*+]")


@dataclass(frozen=True, slots=True)
class Position:
    """A child element at its place in a content model: qualified name ("dcc:name", or a wildcard) and type."""

    number: int
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class SimpleType:
    """Text: of a built-in type, and more narrowly by a pattern or an enumeration; or a list of another simple type."""

    base: str
    pattern: re.Pattern[str] | None = None
    values: tuple[str, ...] = ()
    item: str | None = None


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute, with the name of its simple type."""

    name: str
    type: str
    required: bool


@dataclass(frozen=True, slots=True)
class ComplexType:
    """What an element of a type may hold: children by position, or text of a simple type; and its attributes."""

    first: tuple[Position, ...]
    follow: tuple[tuple[Position, ...], ...]
    last: frozenset[int]
    empty_allowed: bool
    any_order: bool
    text: str | None
    attributes: tuple[Attribute, ...]

    def after(self, position: Position | None) -> tuple[Position, ...]:
        """Return what may come behind a position; at the start without one."""
        return self.first if position is None else self.follow[position.number]

    def may_end(self, position: Position | None) -> bool:
        """Return whether nothing more has to come behind a position."""
        return self.empty_allowed if position is None else position.number in self.last


@dataclass(frozen=True, slots=True)
class Grammar:
    """Every type of one version of the format."""

    version: str
    complex_types: Mapping[str, ComplexType]
    simple_types: Mapping[str, SimpleType]

    def simple(self, name: str) -> SimpleType:
        """Return a simple type, built-in ones as well."""
        return SimpleType(name) if name in BUILT_IN else self.simple_types[name]


@cache
def grammar_of(version: str) -> Grammar:
    """Return the grammar of a version; raises KeyError for one that is not known."""
    place = {known: number for number, known in enumerate(VERSIONS)}
    newest = place[version]
    complex_types: dict[str, ComplexType] = {}
    simple_types: dict[str, SimpleType] = {}
    for prefix, table in (("dcc", "structure_dcc.txt"), ("si", "structure_si.txt")):
        for name, revisions in _blocks(table).items():
            valid = [content for since, content in revisions if place[since] <= newest]
            if not valid or valid[-1] == "-":
                continue
            key = name if prefix == "dcc" else f"si.{name}"
            simple = _simple_type(valid[-1], prefix)
            if simple is not None:
                simple_types[key] = simple
            else:
                complex_types[key] = _complex_type(valid[-1], prefix)
    return Grammar(version, complex_types, simple_types)


@cache
def _blocks(table: str) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return a table's types, each with the versions from which its contents hold."""
    blocks: dict[str, list[tuple[str, str]]] = {}
    revisions: list[tuple[str, str]] = []
    for line in files("lims.dcc").joinpath(table).read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith(" "):
            revisions = blocks.setdefault(line.strip(), [])
        elif line.startswith(" " * 8):
            since, content = revisions[-1]
            revisions[-1] = (since, f"{content} {line.strip()}")
        else:
            since, content = line.split(None, 1)
            revisions.append((since, content.strip()))
    return blocks


def _typed(name: str, prefix: str) -> str:
    """Return a type's full name as a table with this prefix means it."""
    if prefix == "dcc" or name in BUILT_IN or name == FOREIGN:
        return name
    return f"si.{name}"


def _simple_type(content: str, prefix: str) -> SimpleType | None:
    if content.startswith("list of "):
        return SimpleType("string", item=_typed(content.removeprefix("list of "), prefix))
    if content.startswith("one of "):
        return SimpleType("string", values=tuple(content.removeprefix("one of ").split()))
    base, found, pattern = content.partition(" like ")
    if found:
        narrowed = pattern.replace(r"[^\s]", r"[^ \t\r\n]").replace(r"\s", r"[ \t\r\n]")
        return SimpleType(base, pattern=re.compile(narrowed, re.ASCII))
    return SimpleType(content) if content in BUILT_IN else None


def _complex_type(content: str, prefix: str) -> ComplexType:
    words = content.split()
    children = " ".join(word for word in words if not word.startswith("@"))
    attributes = tuple(_attribute(word, prefix) for word in words if word.startswith("@"))
    if children.startswith("= "):
        return ComplexType((), (), frozenset(), True, False, _typed(children[2:], prefix), attributes)
    any_order = children.startswith("all: ")
    builder = _Builder(prefix)
    part = builder.alternatives(_Tokens(children.removeprefix("all: ")))
    follow = tuple(tuple(builder.follow.get(position.number, ())) for position in builder.positions)
    last = frozenset(position.number for position in part.last)
    if any_order:
        return ComplexType(tuple(builder.positions), builder.occurring(), last, part.nullable, True, None, attributes)
    return ComplexType(tuple(part.first), follow, last, part.nullable, False, None, attributes)


def _attribute(word: str, prefix: str) -> Attribute:
    name, _, type_name = word.removeprefix("@").partition(":")
    return Attribute(name.removesuffix("!"), _typed(type_name, prefix), name.endswith("!"))


class _Tokens:
    """The tokens of a content model, one ahead."""

    def __init__(self, text: str) -> None:
        self._rest: Iterator[str] = iter(_TOKEN.findall(text))
        self.next: str | None = next(self._rest, None)

    def take(self) -> str:
        taken = self.next
        assert taken is not None
        self.next = next(self._rest, None)
        return taken


@dataclass(slots=True)
class _Part:
    first: list[Position]
    last: list[Position]
    nullable: bool


class _Builder:
    """Turns a content model into positions and what may follow each."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.positions: list[Position] = []
        self.follow: dict[int, list[Position]] = {}
        self.optional: set[int] = set()

    def alternatives(self, tokens: _Tokens) -> _Part:
        """Return a | b | … up to a closing bracket or the end."""
        part = self._sequence(tokens)
        while tokens.next == "|":
            tokens.take()
            other = self._sequence(tokens)
            part = _Part(part.first + other.first, part.last + other.last, part.nullable or other.nullable)
        return part

    def occurring(self) -> tuple[tuple[Position, ...], ...]:
        """Return, for children in any order, those that have to occur: as the one group of positions."""
        return (tuple(position for position in self.positions if position.number not in self.optional),)

    def _sequence(self, tokens: _Tokens) -> _Part:
        whole = _Part([], [], True)
        while tokens.next not in {None, "|", ")"}:
            part = self._repeated(tokens)
            self._link(whole.last, part.first)
            whole = _Part(
                whole.first + part.first if whole.nullable else whole.first,
                part.last + whole.last if part.nullable else part.last,
                whole.nullable and part.nullable,
            )
        return whole

    def _repeated(self, tokens: _Tokens) -> _Part:
        if tokens.next == "(":
            tokens.take()
            part = self.alternatives(tokens)
            tokens.take()
        else:
            part = self._child(tokens.take())
        sign = tokens.take() if tokens.next in {"?", "*", "+"} else ""
        if sign in {"*", "+"}:
            self._link(part.last, part.first)
        if sign in {"?", "*"}:
            self.optional.update(position.number for position in part.first)
            part = _Part(part.first, part.last, True)
        return part

    def _child(self, word: str) -> _Part:
        number = len(self.positions)
        if word in {ANY, OTHER}:
            position = Position(number, word, FOREIGN)
        else:
            namespace, _, local = word.partition(":") if word.startswith(("si:", "ds:")) else (self._prefix, "", word)
            name, _, type_name = local.partition(":")
            position = Position(number, f"{namespace}:{name}", _typed(type_name or name, self._prefix))
        self.positions.append(position)
        return _Part([position], [position], False)

    def _link(self, lasts: Sequence[Position], firsts: Sequence[Position]) -> None:
        for last in lasts:
            known = self.follow.setdefault(last.number, [])
            known.extend(position for position in firsts if position not in known)
