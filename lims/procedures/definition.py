"""From plain data to a procedure's definition and back: strict on the way in, canonical on the way out."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from lims.core.canonical import canonical_json
from lims.core.canonical import digest as digest
from lims.core.errors import FieldError, IntegrityFailure, InvalidInput
from lims.procedures.checks import check
from lims.procedures.definition_facts import (
    INPUT_KINDS,
    SCHEMA,
    CharacteristicInput,
    Condition,
    ConditionInput,
    ConstantInput,
    Coverage,
    Definition,
    DerivedHalfWidthInput,
    DerivedInput,
    EquipmentRole,
    EquipmentSlot,
    ErrorBasis,
    HalfWidthInput,
    InputDefinition,
    Layout,
    LayoutKind,
    MeasuringPoint,
    ModelInput,
    NominalInput,
    Output,
    Position,
    ReadingRole,
    ReferenceValueInput,
    Report,
    ReportForm,
    ResolutionInput,
    Rounding,
    RoundingMode,
    Section,
    StandardDriftInput,
    StandardUncertaintyInput,
    StatedCorrelation,
)
from lims.procedures.strict import Table

_KINDS: Final = {kind: name for name, kind in INPUT_KINDS.items()}


def parse_definition(data: Mapping[str, Any]) -> Definition:
    """Return the definition that plain data means. Raises InvalidInput with one entry per fault, by path."""
    faults: list[FieldError] = []
    definition = read_definition(Table(data, "", faults))
    if not faults:
        faults.extend(check(definition))
    if faults:
        raise InvalidInput(faults)
    return definition


def read_definition(top: Table) -> Definition:
    """Read a definition's keys; faults are noted in the table."""
    schema = top.integer("schema", 0, least=0)
    if schema != SCHEMA:
        top.fault("schema", "definition.schema", known=SCHEMA)
    sections = tuple(_section(table) for table in top.tables("sections"))
    definition = Definition(
        coverage=_coverage(top.table("coverage")),
        rounding=_rounding(top.table("rounding")),
        conditions=tuple(_condition(table) for table in top.tables("conditions")),
        equipment=tuple(_slot(table) for table in top.tables("equipment")),
        sections=sections,
    )
    if not sections:
        top.fault("sections", "definition.missing")
    top.done()
    return definition


def to_data(definition: Definition) -> dict[str, Any]:
    """Return the definition as plain data that `parse_definition` reads back to the same definition."""
    data: dict[str, Any] = _plain(definition)
    order = ("schema", "coverage", "rounding", "conditions", "equipment", "sections")
    return {key: data[key] for key in order if data[key]}


def canonical(definition: Definition) -> str:
    """Return the canonical JSON of a definition: what is stored, and what its digest covers."""
    return canonical_json(to_data(definition))


@functools.lru_cache(maxsize=128)
def from_canonical(text: str) -> Definition:
    """Read what `canonical` wrote. A stored definition is read by its form alone: it was checked when it came in.

    Raises IntegrityFailure if the text is no definition any more.
    """
    faults: list[FieldError] = []
    definition = read_definition(Table(json.loads(text), "", faults))
    if faults:
        raise IntegrityFailure("procedure.damaged", fault=faults[0].field)
    return definition


def _coverage(table: Table) -> Coverage:
    plain = Coverage()
    coverage = Coverage(
        probability=table.number("probability", plain.probability),
        stated_factor=_stated_factor(table),
        stated_from=table.number("stated_from", plain.stated_from, infinite=True),
    )
    table.done()
    return coverage


def _stated_factor(table: Table) -> Decimal | None:
    if table.has("stated_factor") and table.data["stated_factor"] == "none":
        return None
    return table.number("stated_factor", Coverage().stated_factor)


def _rounding(table: Table) -> Rounding:
    rounding = Rounding(
        digits=table.integer("digits", 2, least=1, most=2),
        mode=table.choice("mode", RoundingMode, RoundingMode.NEAREST),
    )
    table.done()
    return rounding


def _condition(table: Table) -> Condition:
    condition = Condition(
        quantity=table.code("quantity"),
        unit=table.unit("unit"),
        lower=table.optional_number("lower"),
        upper=table.optional_number("upper"),
        required=table.boolean("required", True),
        title_vi=table.text("title_vi"),
        title_en=table.text("title_en", ""),
    )
    table.done()
    return condition


def _slot(table: Table) -> EquipmentSlot:
    minimum = table.integer("minimum", 1, least=0, most=100)
    slot = EquipmentSlot(
        slot=table.code("slot"),
        role=table.choice("role", EquipmentRole),
        quantity=table.code("quantity"),
        required=table.boolean("required", True),
        minimum=minimum,
        maximum=table.integer("maximum", max(1, minimum), least=1, most=100),
        title_vi=table.text("title_vi"),
        title_en=table.text("title_en", ""),
        condition_quantities=table.texts("condition_quantities"),
    )
    table.done()
    return slot


def _section(table: Table) -> Section:
    section = Section(
        code=table.code("code"),
        title_vi=table.text("title_vi"),
        title_en=table.text("title_en", ""),
        quantity=table.code("quantity"),
        unit=table.unit("unit"),
        layout=_layout(table.table("layout")),
        points_from_item=table.boolean("points_from_item", False),
        points=tuple(_point(point) for point in table.tables("points")),
        inputs=tuple(filter(None, (_input(entry) for entry in table.tables("inputs")))),
        outputs=tuple(_output(output) for output in table.tables("outputs")),
        recorded=tuple(filter(None, (_recorded(entry) for entry in table.tables("recorded")))),
        correlations=tuple(_correlation(entry) for entry in table.tables("correlations")),
    )
    for key in ("points", "inputs", "outputs"):
        if not getattr(section, key) and not table.data.get(key):
            table.fault(key, "definition.missing")
    table.done()
    return section


def _layout(table: Table) -> Layout:
    known = len(table.faults)
    kind = table.choice("kind", LayoutKind)
    if len(table.faults) > known:
        table.keys()  # of an unknown kind nothing can be said about its other keys
    cycles = kind in (LayoutKind.ABBA, LayoutKind.UP_DOWN, LayoutKind.POSITIONS)
    layout = Layout(
        kind=kind,
        entry_unit=table.unit("entry_unit"),
        cycles=table.integer("cycles", 1, most=100) if cycles else 1,
        repeats=table.integer("repeats", 1, most=100) if _repeated(kind) else 1,
        roles=_roles(table, kind),
        positions=tuple(_position(p) for p in table.tables("positions")) if kind is LayoutKind.POSITIONS else (),
        hold_minutes=table.integer("hold_minutes", 5, most=1440) if _held(table, kind) else None,
    )
    if kind is LayoutKind.POSITIONS and not layout.positions:
        table.fault("positions", "definition.missing")
    table.done()
    return layout


def _held(table: Table, kind: LayoutKind) -> bool:
    return kind is LayoutKind.UP_DOWN and table.has("hold_minutes")


def _repeated(kind: LayoutKind) -> bool:
    return kind in (LayoutKind.POINTS_REPEATS, LayoutKind.PAIRED)


def _roles(table: Table, kind: LayoutKind) -> tuple[ReadingRole, ...]:
    """Return whose indications are read; ABBA and paired readings are always of standard and item."""
    if kind in (LayoutKind.ABBA, LayoutKind.PAIRED):
        return (ReadingRole.STANDARD, ReadingRole.ITEM)
    return table.choices("roles", ReadingRole, (ReadingRole.ITEM,))


def _position(table: Table) -> Position:
    position = Position(table.code("code"), table.text("title_vi"), table.text("title_en", ""))
    table.done()
    return position


def _point(table: Table) -> MeasuringPoint:
    point = MeasuringPoint(
        code=table.code("code"),
        nominal=table.number("nominal"),
        unit=table.unit("unit"),
        title_vi=table.text("title_vi"),
        title_en=table.text("title_en", ""),
    )
    table.done()
    return point


def _correlation(table: Table) -> StatedCorrelation:
    stated = StatedCorrelation(
        first=table.text("first"),
        second=table.text("second"),
        coefficient=table.number("coefficient"),
        reason=table.text("reason"),
    )
    if abs(stated.coefficient) > 1:
        table.fault("coefficient", "definition.not_a_correlation", text=f"{stated.coefficient:f}")
    table.done()
    return stated


def _recorded(table: Table) -> DerivedInput | None:
    """Return a quantity that is only recorded: a derived one, written as an input of that kind is."""
    entry = _input(table)
    if entry is None or type(entry) is DerivedInput:
        return entry
    table.fault("kind", "definition.unknown_kind", text=_KINDS[type(entry)], known=_KINDS[DerivedInput])
    return None


def _input(table: Table) -> InputDefinition | None:
    kind = table.text("kind")
    if kind not in INPUT_KINDS:
        if kind:
            table.fault("kind", "definition.unknown_kind", text=kind[:64], known=", ".join(INPUT_KINDS))
        return None
    common = {
        "symbol": table.text("symbol"),
        "unit": table.unit("unit"),
        "title_vi": table.text("title_vi"),
        "title_en": table.text("title_en", ""),
    }
    found: InputDefinition = _READERS[INPUT_KINDS[kind]](table, common)
    table.done()
    return found


def _reduction(table: Table) -> dict[str, Any]:
    parameters = table.table("parameters")
    return {
        "reduction": table.text("reduction"),
        "parameters": tuple((name, parameters.number(name, infinite=True)) for name in sorted(parameters.keys())),
        "roles": table.choices("roles", ReadingRole),
        "section": table.code("section", ""),
        "point": table.code("point", ""),
    }


def _derived_half_width(table: Table, common: dict[str, Any]) -> DerivedHalfWidthInput:
    return DerivedHalfWidthInput(
        **common, **_reduction(table), distribution=table.text("distribution", "") or "rectangular"
    )


def _characteristic(table: Table, common: dict[str, str]) -> CharacteristicInput:
    return CharacteristicInput(
        **common,
        slot=table.text("slot"),
        characteristic=table.text("characteristic"),
        distribution=table.text("distribution", "") or "rectangular",
    )


def _half_width(table: Table, common: dict[str, str]) -> HalfWidthInput:
    return HalfWidthInput(
        **common,
        value=table.number("value", Decimal(0)),
        half_width=table.number("half_width"),
        distribution=table.text("distribution"),
    )


def _standard_uncertainty(table: Table, common: dict[str, str]) -> StandardUncertaintyInput:
    return StandardUncertaintyInput(
        **common,
        value=table.number("value", Decimal(0)),
        standard_uncertainty=table.number("standard_uncertainty"),
        degrees_of_freedom=table.number("degrees_of_freedom", Decimal("Infinity"), infinite=True),
    )


_READERS: Final[dict[type[ModelInput], Any]] = {
    ReferenceValueInput: lambda table, common: ReferenceValueInput(**common, slot=table.text("slot")),
    StandardDriftInput: lambda table, common: StandardDriftInput(**common, slot=table.text("slot")),
    DerivedInput: lambda table, common: DerivedInput(**common, **_reduction(table)),
    DerivedHalfWidthInput: _derived_half_width,
    CharacteristicInput: _characteristic,
    HalfWidthInput: _half_width,
    StandardUncertaintyInput: _standard_uncertainty,
    ResolutionInput: lambda table, common: ResolutionInput(**common, slot=table.text("slot", "")),
    ConstantInput: lambda table, common: ConstantInput(**common, value=table.number("value")),
    NominalInput: lambda table, common: NominalInput(**common),
    ConditionInput: lambda table, common: ConditionInput(**common, quantity=table.text("quantity")),
}


def _output(table: Table) -> Output:
    output = Output(
        name=table.text("name"),
        expression=table.text("expression"),
        unit=table.unit("unit"),
        title_vi=table.text("title_vi"),
        title_en=table.text("title_en", ""),
        error=table.choice("error", ErrorBasis, ErrorBasis.NONE),
        report=_report(table.table("report")),
    )
    table.done()
    return output


def _report(table: Table) -> Report:
    form = table.choice("form", ReportForm)
    if form is ReportForm.VALUE:
        report = Report(form, unit=table.unit("unit"))
    else:
        report = Report(form, nominal_unit=table.unit("nominal_unit"), deviation_unit=table.unit("deviation_unit"))
    table.done()
    return report


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return "inf" if value.is_infinite() else f"{value:f}"
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, DerivedInput):
        data = _fields(value)
        return {**data, "parameters": {name: _plain(number) for name, number in value.parameters}}
    if isinstance(value, Layout):
        return _layout_data(value)
    if isinstance(value, Section):
        data = _fields(value)
        for name in ("recorded", "correlations"):
            if not data[name]:
                del data[name]
        return data
    if isinstance(value, Coverage) and value.stated_factor is None:
        return {**_fields(value), "stated_factor": "none"}
    return _fields(value) if dataclasses.is_dataclass(value) else value


def _fields(value: Any) -> dict[str, Any]:
    data = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, ModelInput):
        data["kind"] = _KINDS[type(value)]
    return {key: entry for key, entry in data.items() if entry is not None and entry != ""}


def _layout_data(layout: Layout) -> dict[str, Any]:
    """Return only the keys that the layout's kind knows, for the others are refused when read back."""
    data = _fields(layout)
    if layout.kind not in (LayoutKind.ABBA, LayoutKind.UP_DOWN, LayoutKind.POSITIONS):
        del data["cycles"]
    if not _repeated(layout.kind):
        del data["repeats"]
    if layout.kind in (LayoutKind.ABBA, LayoutKind.PAIRED):
        del data["roles"]
    if layout.kind is not LayoutKind.POSITIONS:
        del data["positions"]
    return data
