"""Frozen dataclasses to canonical JSON and back: what is stored, hashed and read again is one and the same text.

Only text, whole numbers, truth values, dates, enumerations, other such classes and tuples of them are allowed; floats
are not, for a printed number is text. Reading is strict: an unknown, missing or ill-typed key is an error.
"""

from __future__ import annotations

import json
import types
from collections.abc import Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from lims.core.canonical import digest as digest
from lims.core.errors import IntegrityFailure

T = TypeVar("T")

LATER = "later"
"""Marks a field that older documents do not have: without a value it is left out, so that their digests hold."""


def canonical_text(value: object) -> str:
    """Return the canonical JSON of a frozen dataclass: sorted keys, no blanks, characters as they are."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def read_text(wanted: type[T], text: str) -> T:
    """Return the dataclass that a canonical text holds. Raises IntegrityFailure if it does not fit the class."""
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise IntegrityFailure("certificate.content_unreadable", reason=str(error)) from error
    return cast(T, _read(wanted, raw, wanted.__name__))


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, date):
        if isinstance(value, datetime) and value.tzinfo is None:
            raise TypeError("a naive datetime cannot stand in a frozen document")
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        held = {item: getattr(value, item.name) for item in fields(value)}
        return {item.name: _plain(one) for item, one in held.items() if not (one is None and LATER in item.metadata)}
    raise TypeError(f"{type(value).__name__} cannot stand in a frozen document")


def _fail(path: str) -> IntegrityFailure:
    return IntegrityFailure("certificate.content_unreadable", reason=path)


def _read(wanted: Any, raw: Any, path: str) -> Any:
    origin = get_origin(wanted)
    if origin in (Union, types.UnionType):
        if raw is None and type(None) in get_args(wanted):
            return None
        return _read(next(kind for kind in get_args(wanted) if kind is not type(None)), raw, path)
    if origin is tuple:
        if not isinstance(raw, list):
            raise _fail(path)
        return tuple(_read(get_args(wanted)[0], item, f"{path}[{index}]") for index, item in enumerate(raw))
    if is_dataclass(wanted):
        return _read_dataclass(cast(type[Any], wanted), raw, path)
    return _read_simple(wanted, raw, path)


def _read_dataclass(wanted: type[Any], raw: Any, path: str) -> Any:
    known = {item.name: item for item in fields(wanted)}
    if not isinstance(raw, dict) or not raw.keys() <= known.keys():
        raise _fail(path)
    hints = _hints(cast(Hashable, wanted))
    for name, item in known.items():
        if name not in raw and item.default is MISSING and item.default_factory is MISSING:
            raise _fail(f"{path}.{name}")
    return wanted(**{name: _read(hints[name], raw[name], f"{path}.{name}") for name in raw})


@cache
def _hints(wanted: Hashable) -> Mapping[str, Any]:
    """Return the types of a class's fields; working them out takes longer than reading what they hold."""
    return get_type_hints(wanted)


def _read_simple(wanted: Any, raw: Any, path: str) -> Any:
    try:
        if wanted is datetime:
            return datetime.fromisoformat(raw)
        if wanted is date:
            return date.fromisoformat(raw)
        if isinstance(wanted, type) and issubclass(wanted, Enum):
            return wanted(raw)
    except (TypeError, ValueError) as error:
        raise _fail(path) from error
    if type(raw) is not wanted:
        raise _fail(path)
    return raw
