"""Files of cases and the data files beside them, read within limits and never from outside their folder."""

from __future__ import annotations

import csv
import io
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Final

from calc.cases.document import Document, read_document
from calc.cases.facts import Load
from calc.errors import InvalidQuantity
from lims.core.errors import RuleViolation

LARGEST_FILE: Final = 32 * 1024 * 1024


def read_cases(path: Path) -> Document:
    """Return the cases of a TOML file, numbers exactly as written.

    Raises RuleViolation where the file cannot be read or is no TOML, InvalidQuantity where it holds no cases.
    """
    file = str(path)
    try:
        if not path.is_file():  # a pipe or a device might never end
            raise RuleViolation("evaluate.unreadable", file=file)
        held = _bytes_of(path)
        if len(held) > LARGEST_FILE:
            raise RuleViolation("evaluate.too_large", file=file, limit=LARGEST_FILE // 1024 // 1024)
        text = held.decode("utf-8-sig").replace("\r\n", "\n")
        content = tomllib.loads(text, parse_float=Decimal)
    except OSError:
        raise RuleViolation("evaluate.unreadable", file=file) from None
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise RuleViolation("evaluate.not_toml", file=file, reason=str(error) or type(error).__name__) from None
    return read_document(content)


def _bytes_of(path: Path) -> bytes:
    """Return what a file holds, at most one byte more than is allowed."""
    with path.open("rb") as stream:
        return stream.read(LARGEST_FILE + 1)


def loader(folder: Path) -> Load:
    """Return a reader of data files that lie in `folder` or below it."""
    root = folder.resolve()

    def load(name: str) -> list[list[str]]:
        try:
            path = (root / name).resolve()
            if Path(name).is_absolute() or not path.is_relative_to(root):
                raise InvalidQuantity("case.data_outside", case="", field="data_file", value=name)
            held = _bytes_of(path) if path.is_file() else None
            if held is None or len(held) > LARGEST_FILE:
                raise InvalidQuantity("case.data_file", case="", field="data_file", value=name)
            text = held.decode("utf-8-sig")
            return [row for row in csv.reader(io.StringIO(text, newline="")) if row]
        except InvalidQuantity:
            raise
        except (OSError, ValueError, csv.Error):  # ValueError: a zero byte in the name, or bytes that are no UTF-8
            raise InvalidQuantity("case.data_file", case="", field="data_file", value=name) from None

    return load
