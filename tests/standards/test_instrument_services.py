"""What people do with instruments, on both databases: what changes, what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from lims.core.errors import InvalidInput, StaleRecord
from lims.core.lists import ListRequest
from standards import queries, services
from standards.commands import (
    AddRange,
    NewFunction,
    NewPart,
    NewRange,
    RegisterInstrument,
    UpdateInstrument,
)
from tests.factories import standards as make
from tests.standards.acting import NOW, actions, identity, refused


def test_an_instrument_without_parts_gets_one_with_its_own_name(session: Session) -> None:
    facts = make.make_instrument(session)
    (address,) = facts.ranges()
    assert (address.part.code, address.part.name_vi, address.part.name_en) == ("1", "Quả cân 10 kg", "10 kg weight")
    assert (address.function.quantity, address.range.nominal, address.range.unit) == ("mass", Decimal(10000), "g")
    assert actions(session) == ["instrument.registered"]


def test_a_set_is_registered_with_its_parts_in_one_command(session: Session) -> None:
    owner = make.make_body(session)
    parts = tuple(NewPart(f"{n} g", f"Quả {n} g", (make.weight_range(str(n)),)) for n in (1, 2, 5))
    command = RegisterInstrument(identity(owner.id, kind="weight_set"), parts=parts)
    facts = services.register_instrument(session, make.recorder(0), command, now=NOW)
    assert [(a.part.code, a.range.nominal) for a in facts.ranges()] == [
        ("1 g", Decimal(1)),
        ("2 g", Decimal(2)),
        ("5 g", Decimal(5)),
    ]


def test_units_are_stored_in_their_one_form(session: Session) -> None:
    functions = (NewFunction("temperature", "°C", ranges=(NewRange(resolution=Decimal("0.1")),)),)
    (address,) = make.make_instrument(session, functions=functions, kind="thermometer").ranges()
    assert (address.function.unit, address.range.unit, address.range.resolution_unit) == ("degC", "degC", "degC")


@pytest.mark.parametrize(
    ("function", "field", "code"),
    [
        (NewFunction("mass", "mm"), "functions-0-unit", "unit.incompatible"),
        (NewFunction("mass", "gugu"), "functions-0-unit", "unit.unknown"),
        (NewFunction("Mass!", "g"), "functions-0-quantity", "entry.not_a_code"),
        (NewFunction("mass", "g", ranges=(NewRange("mm"),)), "functions-0-ranges-0-unit", "unit.incompatible"),
        (
            NewFunction("mass", "g", ranges=(NewRange(lower=Decimal(2), upper=Decimal(1)),)),
            "functions-0-ranges-0-upper",
            "entry.limits_reversed",
        ),
        (
            NewFunction("mass", "g", ranges=(NewRange(resolution=Decimal(0)),)),
            "functions-0-ranges-0-resolution",
            "entry.not_positive",
        ),
        (NewFunction("mass", "g", ranges=(NewRange(), NewRange())), "functions-0-ranges-1-name", "entry.range_twice"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(session: Session, function: NewFunction, field: str, code: str) -> None:
    owner = make.make_body(session)
    with pytest.raises(InvalidInput) as error:
        services.register_instrument(
            session, make.recorder(0), RegisterInstrument(identity(owner.id), functions=(function,)), now=NOW
        )
    assert refused(error) == {field: code}


def test_all_mistakes_of_an_instrument_are_named_at_once(session: Session) -> None:
    command = RegisterInstrument(identity(10**9, kind="Weird kind", name_vi=" ", year_made=2027, purpose_of_use="x"))
    with pytest.raises(InvalidInput) as error:
        services.register_instrument(session, make.recorder(0), command, now=NOW)
    assert refused(error) == {
        "kind": "entry.not_a_code",
        "name_vi": "field.missing",
        "purpose_of_use": "field.not_a_choice",
        "year_made": "entry.year",
        "owner_id": "instrument.owner_unknown",
        "functions": "entry.no_function",
    }


def test_the_same_serial_number_twice_is_refused(session: Session) -> None:
    first = make.make_instrument(session, serial_number="A-1")
    with pytest.raises(InvalidInput) as error:
        make.make_instrument(session, first.owner_id, serial_number="A-1")
    assert refused(error) == {"serial_number": "instrument.serial_number_taken"}
    make.make_instrument(session, serial_number="A-1")  # another owner may have it


def test_a_change_keeps_the_ranges_and_notes_before_and_after(session: Session) -> None:
    facts = make.make_instrument(session)
    command = UpdateInstrument(facts.id, facts.row_version, identity(facts.owner_id, name_vi="Quả cân mới"))
    after = services.update_instrument(session, make.recorder(0), command, now=NOW)
    assert (after.name_vi, after.parts) == ("Quả cân mới", facts.parts)
    assert after.row_version > facts.row_version
    assert actions(session)[-1] == "instrument.updated"


def test_a_change_on_an_unseen_change_is_refused(session: Session) -> None:
    facts = make.make_instrument(session)
    command = UpdateInstrument(facts.id, facts.row_version, identity(facts.owner_id, name_vi="Tên một"))
    services.update_instrument(session, make.recorder(0), command, now=NOW)
    with pytest.raises(StaleRecord) as error:
        services.update_instrument(session, make.recorder(0), command, now=NOW)
    assert error.value.values == {"seen": facts.row_version, "present": facts.row_version + 1}


def test_a_range_can_be_added_but_not_twice(session: Session) -> None:
    facts = make.make_instrument(session)
    part = NewPart("1", "x", (NewFunction("mass", "g", ranges=(NewRange(name="phụ", upper=Decimal(5)),)),))
    after = services.add_range(session, make.recorder(0), AddRange(facts.id, part), now=NOW)
    assert [address.range.name for address in after.ranges()] == ["", "phụ"]
    assert len(after.parts) == 1
    with pytest.raises(InvalidInput) as error:
        services.add_range(session, make.recorder(0), AddRange(facts.id, part), now=NOW)
    assert refused(error) == {"parts-0-functions-0-ranges-0-name": "entry.range_twice"}


def test_lists_are_searched_without_marks(session: Session) -> None:
    make.make_instrument(session, name_vi="Áp kế lò xo", kind="pressure_gauge")
    assert [line.name_vi for line in queries.instruments(session, ListRequest(text="AP KE lo")).items] == [
        "Áp kế lò xo"
    ]
    assert queries.instruments(session, ListRequest(text="ap ke cân")).total == 0
    assert queries.instruments(session, ListRequest(chosen={"kind": ("pressure_gauge",)})).total == 1
