"""Texts of a certificate in their languages: plain ones, and rich ones that also hold files and formulas."""

from __future__ import annotations

from typing import Final

from lims.dcc.facts import LanguageText, Node, Texts

_FORMULAS: Final = ("dcc:latex", "dcc:siunitx")


def texts_of(node: Node | None) -> Texts:
    """Return an element's texts; formulas stand in the order of the file, in no language."""
    if node is None:
        return Texts()
    entries: list[LanguageText] = []
    for child in node.children:
        if child.name == "dcc:content":
            language = child.attributes.get("lang")
            entries.append(LanguageText((child.text or "").strip(), language, child.path))
        elif child.name == "dcc:formula":
            entries.extend(
                LanguageText((part.text or "").strip(), None, part.path)
                for part in child.children
                if part.name in _FORMULAS
            )
    return Texts(tuple(entries))


def named(node: Node, name: str = "dcc:name") -> Texts:
    """Return the texts of a child."""
    return texts_of(node.child(name))


def described(node: Node) -> Texts:
    """Return all descriptions of an element; older versions allow several."""
    entries = [entry for child in node.all("dcc:description") for entry in texts_of(child).entries]
    return Texts(tuple(entries))
