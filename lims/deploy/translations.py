"""Brings the catalogues of translations up to date with the source: `make translations`.

English words are the message ids; each catalogue keeps the translation of exactly those that the source uses. A new
one starts empty, which a test refuses. Nothing is guessed from similar messages.

usage: python -m lims.deploy.translations [--fill FILE.tsv ...]

A filling file has one message a line, the English and the translation with a tab between (\\n for a line break); a
plural is given once, by its singular. It fills what is empty and replaces what differs.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parents[2]
TRANSLATIONS: Final = ROOT / "lims" / "translations"
SOURCES: Final = ("lims", "standards", "certificates", "templates")
LOCALES: Final = ("vi",)
_KEYWORDS: Final = DEFAULT_KEYWORDS | {"lazy_gettext": None, "lazy_ngettext": (1, 2), "lazy_pgettext": ((1, "c"), 2)}
# A date that moved with every update would be a conflict between any two people's changes.
_FIXED_DATE: Final = datetime(2026, 1, 1, tzinfo=UTC)


def extract(root: Path = ROOT) -> Catalog:
    """Return every message of the source, with the files that use it."""
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping, str(mapping))
    catalog = Catalog(project="Chuan LIMS", creation_date=_FIXED_DATE, charset="utf-8")
    for source in SOURCES:
        found = extract_from_dir(
            root / source,
            [(pattern.removeprefix(f"{source}/"), method) for pattern, method in methods],
            {pattern.removeprefix(f"{source}/"): option for pattern, option in options.items()},
            keywords=_KEYWORDS,
        )
        for name, _line, message, comments, context in found:
            catalog.add(message, locations=[(f"{source}/{name}", 0)], auto_comments=comments, context=context)
    return catalog


def catalogue_path(locale: str) -> Path:
    """Return where the translations into a language are kept."""
    return TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po"


def read_catalogue(locale: str) -> Catalog:
    """Return the translations into a language; empty when there are none yet."""
    path = catalogue_path(locale)
    if not path.exists():
        return Catalog(locale=locale)
    with path.open("rb") as file:
        return read_po(file, locale=locale, charset="utf-8")


def updated(locale: str, template: Catalog, fillings: dict[str, str]) -> Catalog:
    """Return the translations of exactly the template's messages, kept from the catalogue or filled in."""
    before = read_catalogue(locale)
    after = Catalog(
        locale=locale,
        project="Chuan LIMS",
        creation_date=_FIXED_DATE,
        revision_date=_FIXED_DATE,
        last_translator="Chuan LIMS",
        language_team="vi",
        charset="utf-8",
        header_comment="# The Vietnamese of Chuan LIMS. Written by `make translations`; translations are edited here.",
        msgid_bugs_address="see CONTRIBUTING.md",
        version="1",
        fuzzy=False,
    )
    for message in _messages(template):
        known = before.get(message.id, message.context)
        after.add(
            message.id,
            _filled(message, _strings(known) if known else ("",), fillings, after.num_plurals),
            locations=sorted(set(message.locations)),
            auto_comments=message.auto_comments,
            context=message.context,
        )
    return after


def _messages(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def _filled(message: Message, known: tuple[str, ...], fillings: dict[str, str], plurals: int) -> str | tuple[str, ...]:
    if isinstance(message.id, str):
        return fillings.get(message.id, known[0])
    filling = fillings.get(message.id[0])
    if filling is not None:
        return (filling,) * plurals
    return known if len(known) == plurals else ("",) * plurals


def _strings(message: Message) -> tuple[str, ...]:
    return (message.string or "",) if isinstance(message.string, str | None) else tuple(message.string)


def read_fillings(paths: Iterable[Path]) -> dict[str, str]:
    """Return what the filling files say; raises ValueError naming a line without its tab."""
    fillings: dict[str, str] = {}
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if not line.strip():
                continue
            english, tab, translation = line.partition("\t")
            if not tab or not translation.strip():
                raise ValueError(f"{path}:{number}: not an English message, a tab and its translation")
            fillings[english.replace("\\n", "\n")] = translation.strip().replace("\\n", "\n")
    return fillings


def main() -> None:
    """Update, write and compile the catalogues; say what is still without a translation."""
    parser = argparse.ArgumentParser(description="Bring the translations up to date with the source.")
    parser.add_argument("--fill", nargs="*", type=Path, default=[], metavar="FILE.tsv")
    fillings = read_fillings(parser.parse_args().fill)
    template = extract()
    for locale in LOCALES:
        catalog = updated(locale, template, fillings)
        path = catalogue_path(locale)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalog, width=110, sort_output=True, include_lineno=False, ignore_obsolete=True)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalog)
        missing = [message for message in _messages(catalog) if not all(_strings(message))]
        print(f"{locale}: {len(catalog)} messages, {len(missing)} without a translation")
        for message in missing:
            print(f"  {message.id!r} ({', '.join(name for name, _ in message.locations)})")


if __name__ == "__main__":
    main()
