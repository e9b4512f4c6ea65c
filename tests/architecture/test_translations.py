"""Everything a person reads exists in Vietnamese and English, and no template or code says anything past that."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest
from babel.messages.catalog import Catalog, Message
from jinja2 import Environment, nodes

from lims.deploy.translations import ROOT, extract, read_catalogue
from tests.architecture.source import committed_files, module_name, python_files, tree_of

_TEMPLATES: Final = ROOT / "templates"
# Papers carry their own words in both languages, frozen with the version of the template.
_FROZEN: Final = _TEMPLATES / "documents"
_SHOWN_ATTRIBUTES: Final = frozenset(
    {"placeholder", "title", "aria-label", "aria-description", "alt", "label", "summary"}
)
# Names, symbols and formats that read the same in every language.
_SAME_EVERYWHERE: Final = frozenset(
    {
        "Chuan",
        "LIMS",
        "Tiếng",
        "Việt",
        "English",
        "VI",
        "EN",
        "ISO",
        "IEC",
        "PDF",
        "DCC",
        "QR",
        "U",
        "k",
        "p",
        "n",
        "u",
        "s",
        "ν",
        "CMC",
        "r",
        "SI",
    }
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)[sdrf]|\{(\w*)[^}]*\}")
_TRANSLATING: Final = frozenset({"_", "gettext", "ngettext", "pgettext", "lazy_gettext"})
_EXPRESSION: Final = "\ufffc"


@cache
def _source() -> Catalog:
    return extract()


@cache
def _vietnamese() -> Catalog:
    return read_catalogue("vi")


def _messages(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def _english(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _strings(message: Message) -> tuple[str, ...]:
    return (message.string or "",) if isinstance(message.string, str | None) else tuple(message.string)


def _templates() -> list[Path]:
    return [
        path
        for path in committed_files()
        if path.is_relative_to(_TEMPLATES) and not path.is_relative_to(_FROZEN) and path.suffix in {".html", ".txt"}
    ]


def test_there_is_something_to_translate() -> None:
    assert len(_messages(_source())) > 100
    assert len(_templates()) > 5


def test_every_message_has_its_vietnamese() -> None:
    known = {(_english(message), message.context): message for message in _messages(_vietnamese())}
    missing = [
        f"{_english(message)!r} in {message.locations[0][0]}"
        for message in _messages(_source())
        if (found := known.get((_english(message), message.context))) is None or not all(_strings(found))
    ]
    assert missing == []


def test_the_catalogue_holds_nothing_that_is_no_longer_said() -> None:
    said = {(_english(message), message.context) for message in _messages(_source())}
    assert [_english(m) for m in _messages(_vietnamese()) if (_english(m), m.context) not in said] == []


def test_translations_keep_the_placeholders() -> None:
    for message in _messages(_vietnamese()):
        assert "fuzzy" not in message.flags
        wanted = _placeholders(_english(message))
        for translation in filter(None, _strings(message)):
            # A plural may leave its number unsaid in one of its forms.
            plural = not isinstance(message.id, str)
            assert _placeholders(translation) | ({"num"} if plural else set()) >= wanted, _english(message)
            assert _placeholders(translation) <= wanted | ({"num"} if plural else set()), _english(message)


def _placeholders(text: str) -> set[str]:
    return {first or second for first, second in _PLACEHOLDER.findall(text.replace("%%", ""))}


def test_translations_keep_spaces_and_marks_at_the_ends() -> None:
    for message in _messages(_vietnamese()):
        english = _english(message)
        for translation in filter(None, _strings(message)):
            assert (translation[0].isspace(), translation[-1].isspace()) == (
                english[0].isspace(),
                english[-1].isspace(),
            )
            assert translation.endswith(":") == english.endswith(":"), english


@pytest.mark.parametrize("path", _templates(), ids=lambda path: str(path.relative_to(_TEMPLATES)))
def test_a_template_says_nothing_untranslated(path: Path) -> None:
    tree = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"]).parse(path.read_text(encoding="utf-8"))
    bare = [*_bare_text(_markup(tree), plain=path.suffix == ".txt"), *_bare_constants(tree)]
    assert bare == []


def _markup(tree: nodes.Template) -> str:
    """Return a template's own text, with a mark where something is put in."""
    return "".join(_pieces(tree))


def _pieces(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Block) and node.name.endswith("_class"):
        return  # stands inside an attribute of the page that it extends
    if isinstance(node, nodes.TemplateData):
        yield node.data
        return
    if isinstance(node, nodes.Expr):
        yield _EXPRESSION
        return
    for child in node.iter_child_nodes():
        yield from _pieces(child)


def _bare_text(markup: str, *, plain: bool) -> list[str]:
    if plain:
        return _unknown_words(markup)
    reader = _ShownText()
    reader.feed(markup)
    reader.close()
    return [shown for shown in reader.shown if _unknown_words(shown)]


def _unknown_words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if word not in _SAME_EVERYWHERE]


class _ShownText(HTMLParser):
    """Collects what a person sees or hears of a page: text, and the attributes that are shown or read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"script", "style"}
        self.shown.extend(value for name, value in attrs if value and name in _SHOWN_ATTRIBUTES)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            # A macro may print attributes alone, for the element that its caller opens.
            self.shown.append(re.sub(r'\b[a-z-]+="[^"]*"', "", data).strip())


def _bare_constants(tree: nodes.Template) -> list[str]:
    """Return words written as a string in an expression, `{{ button("Save") }}`, outside of the translating calls."""
    return [text for text in _constants(tree) if re.match(r"[A-ZÀ-ỸĐ][a-zà-ỹđ]", text) and _unknown_words(text)]


def _constants(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in _TRANSLATING:
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    for child in node.iter_child_nodes():
        yield from _constants(child)


def test_every_word_for_a_code_is_offered_for_translation() -> None:
    said = {_english(message) for message in _messages(_source())}
    modules = [module_name(path) for path in python_files() if path.stem.endswith("messages")]
    words = [
        (module, text)
        for module in modules
        for name in ("MESSAGES", "LABELS")
        for text in getattr(import_module(module), name, {}).values()
    ]
    assert len(words) > 50
    assert [pair for pair in words if pair[1] not in said] == []


def test_code_shows_no_words_past_the_translations() -> None:
    """A flash, an abort or a title in Vietnamese or as a literal sentence would reach one half of the readers."""
    bare = [
        f"{module_name(path)}:{node.lineno}"
        for path in python_files()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and _name(node.func) in {"flash", "abort"}
        if any(isinstance(argument, ast.Constant | ast.JoinedStr) and _is_text(argument) for argument in node.args[:1])
    ]
    assert bare == []


def _name(called: ast.expr) -> str:
    return called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""


def _is_text(argument: ast.expr) -> bool:
    return isinstance(argument, ast.JoinedStr) or (
        isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    )
