"""The quantities of a digital certificate as columns that go line by line, however the file divides them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from lims.dcc.certificate_facts import Certificate
from lims.dcc.value_facts import Place, Quantity, Value
from standards.dcc_facts import ColumnValue, DccHead, ValueColumn


def columns_of(certificate: Certificate, place: Place = Place.RESULT) -> tuple[ValueColumn, ...]:
    """Return the columns of what was measured (or of another place), numbered from 0 in the order of the file."""
    found: list[ValueColumn] = []
    for quantity in certificate.quantities:
        if quantity.place is not place:
            continue
        for column in _of_quantity(quantity):
            if found and _continues(found[-1], column):
                found[-1] = replace(found[-1], values=(*found[-1].values, *column.values))
            else:
                found.append(column)
    return tuple(replace(column, number=number) for number, column in enumerate(found))


def head_of(certificate: Certificate) -> DccHead:
    """Return the certificate's number and dates; the calibration is of the day on which it ended."""
    core = certificate.core
    return DccHead(core.unique_identifier, core.ended_on or core.began_on, core.issued_on)


def _of_quantity(quantity: Quantity) -> list[ValueColumn]:
    ordered = sorted(quantity.values, key=_of_column)
    return [_column(quantity, list(values)) for _, values in groupby(ordered, key=_of_column)]


def _of_column(value: Value) -> tuple[int, str, str]:
    return value.alternative or 0, value.component or "", value.unit.text


def _column(quantity: Quantity, values: Sequence[Value]) -> ValueColumn:
    first = values[0]
    parent = quantity.path.rpartition("/")[0]
    return ValueColumn(
        0,
        quantity.path,
        parent,
        quantity.heading,
        quantity.name,
        quantity.ref_types,
        first.unit,
        tuple(ColumnValue(value, quantity.path) for value in values),
        first.alternative,
        quantity.description,
        first.component,
    )


def _continues(column: ValueColumn, next_one: ValueColumn) -> bool:
    """Whether single values side by side in one list are one column: no names of their own, one unit, one meaning."""
    single = len(next_one.values) == 1 and next_one.values[0].value.index is None
    alone = all(value.value.index is None for value in column.values)
    return (
        single
        and alone
        and column.list_path == next_one.list_path
        and column.list_path.rpartition("/")[2].startswith("dcc:list")
        and not column.name
        and not next_one.name
        and column.unit.text == next_one.unit.text
        and column.ref_types == next_one.ref_types
        and column.alternative == next_one.alternative is None
    )
