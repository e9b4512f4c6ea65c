"""Canonical records: models, inputs and results as plain JSON structures and back, to the last bit.

Floats are written as their shortest round-trip text, because JSON readers differ on numbers; infinite ones as "inf"
and "-inf". NaN is refused. Canonical text has sorted keys and no spaces, so equal things have equal digests. Reading
tolerates the absence of a field that has a default (a record of an earlier engine) and refuses one it does not know.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from typing import Any, TypeVar

from calc.errors import CalcError, InvalidQuantity

Record = dict[str, "Record"] | list["Record"] | str | int | bool | None
Kind = TypeVar("Kind")
_FLOAT = re.compile(r"-?(?:inf|[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?)")


def to_record(thing: object, name: str = "record") -> Record:
    """Return a dataclass of calc (or a plain structure) as a JSON structure; raises InvalidQuantity on NaN."""
    if isinstance(thing, StrEnum):
        return thing.value
    if thing is None or isinstance(thing, bool | int | str):
        return thing
    if isinstance(thing, float):
        if math.isnan(thing):
            raise InvalidQuantity("record.not_a_number", name=name, value="NaN")
        return repr(float(thing))
    if is_dataclass(thing) and not isinstance(thing, type):
        written = (f for f in fields(thing) if f.init)
        return {f.name: _field_to_record(f, getattr(thing, f.name), f"{name}.{f.name}") for f in written}
    if isinstance(thing, Mapping):
        return {str(key): to_record(value, f"{name}.{key}") for key, value in thing.items()}
    if isinstance(thing, tuple | list):
        return [to_record(item, f"{name}[{index}]") for index, item in enumerate(thing)]
    raise InvalidQuantity("record.not_a_number", name=name, value=type(thing).__name__)


def _field_to_record(f: Field[Any], value: object, name: str) -> Record:
    """Return the record of a field; one that can hold objects of several classes says itself how they are written."""
    write = f.metadata.get("to_record")
    record: Record = to_record(value, name) if write is None else write(value)
    return record


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def from_record(kind: type[Kind], record: object) -> Kind:
    """Return the object that `to_record` wrote, with the same bits.

    Raises InvalidQuantity: `record.unknown_field`, `record.missing_field`, `record.wrong_type`, or what the object
    itself refuses.
    """
    read: Kind = _read(kind, record, getattr(kind, "__name__", "record"))
    return read


def _wrong(value: object, expected: str, name: str) -> InvalidQuantity:
    return InvalidQuantity("record.wrong_type", name=name, value=repr(value)[:80], expected=expected)


def _read(kind: Any, record: object, name: str) -> Any:
    origin = typing.get_origin(kind)
    if origin in {types.UnionType, typing.Union}:
        return _read_union(typing.get_args(kind), record, name)
    if origin is tuple:
        if not isinstance(record, list):
            raise _wrong(record, "a list", name)
        inner = typing.get_args(kind)[0]
        return tuple(_read(inner, item, f"{name}[{index}]") for index, item in enumerate(record))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(record, dict):
            raise _wrong(record, "an object", name)
        inner = typing.get_args(kind)[1]
        return {str(key): _read(inner, value, f"{name}.{key}") for key, value in record.items()}
    if is_dataclass(kind):
        return _read_dataclass(kind, record, name)
    return _read_scalar(kind, record, name)


def _read_union(kinds: tuple[Any, ...], record: object, name: str) -> Any:
    """Read `float | None` and `float | str`: text that is a float's text becomes one."""
    if record is None and types.NoneType in kinds:
        return None
    for kind in kinds:
        if kind is not types.NoneType:
            try:
                return _read(kind, record, name)
            except InvalidQuantity:
                continue
    raise _wrong(record, " or ".join(getattr(kind, "__name__", str(kind)) for kind in kinds), name)


def _read_scalar(kind: Any, record: object, name: str) -> Any:
    if kind is float:
        if not isinstance(record, str) or _FLOAT.fullmatch(record) is None:
            raise _wrong(record, "a number as text", name)
        return float(record)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        try:
            return kind(str(record))
        except ValueError:
            raise _wrong(record, kind.__name__, name) from None
    if kind in {str, int, bool} and type(record) is kind:
        return record
    raise _wrong(record, getattr(kind, "__name__", str(kind)), name)


def _read_dataclass(kind: Any, record: object, name: str) -> Any:
    if not isinstance(record, dict):
        raise _wrong(record, "an object", name)
    known: dict[str, Field[Any]] = {f.name: f for f in fields(kind) if f.init}
    for key in record:
        if key not in known:
            raise InvalidQuantity("record.unknown_field", name=name, field=str(key))
    hints = _hints(kind)
    values: dict[str, Any] = {}
    for key, f in known.items():
        if key in record:
            read = f.metadata.get("from_record")
            values[key] = _read(hints[key], record[key], f"{name}.{key}") if read is None else read(record[key])
        elif f.default is MISSING and f.default_factory is MISSING:
            raise InvalidQuantity("record.missing_field", name=name, field=key)
    try:
        return kind(**values)
    except CalcError as error:
        raise error.with_values(record=name) from None


def canonical_text(thing: object) -> str:
    """Return the one JSON text of a thing: sorted keys, no spaces, UTF-8 characters as they are."""
    return json.dumps(to_record(thing), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(thing: object) -> str:
    """Return the SHA-256 of the canonical text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_text(thing).encode()).hexdigest()
