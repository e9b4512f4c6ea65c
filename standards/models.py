"""Tables of instruments and their structure: instrument → part → function → range."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.columns import Code, Instant, Key, Name, OptionalExact, Unit
from lims.core.db import Base


class Instrument(Base):
    """Any measuring instrument or material measure, a customer's or the laboratory's."""

    __tablename__ = "instrument"
    __table_args__ = (Index(None, "owner_id", "sort_key"), {"info": {"no_delete": True}})

    id: Mapped[Key]
    token: Mapped[Code] = mapped_column(unique=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    kind: Mapped[Code]
    name_vi: Mapped[Name]
    name_en: Mapped[str | None] = mapped_column(String(300))
    manufacturer: Mapped[str | None] = mapped_column(String(200))
    model: Mapped[str | None] = mapped_column(String(200))
    serial_number: Mapped[str | None] = mapped_column(String(100), index=True)
    asset_tag: Mapped[str | None] = mapped_column(String(100), index=True)
    year_made: Mapped[int | None] = mapped_column(Integer)
    country_made: Mapped[str | None] = mapped_column(String(100))
    accuracy_class: Mapped[str | None] = mapped_column(String(40))
    firmware: Mapped[str | None] = mapped_column(String(100))
    type_approval_number: Mapped[str | None] = mapped_column(String(60))
    purpose_of_use: Mapped[Code] = mapped_column(default="group_1")
    legal_regime: Mapped[Code] = mapped_column(default="calibration")
    place_of_use: Mapped[str | None] = mapped_column(String(300))
    location: Mapped[str | None] = mapped_column(String(200))
    note: Mapped[str | None] = mapped_column(Text)
    retired_on: Mapped[date | None]
    search_text: Mapped[str] = mapped_column(Text)
    sort_key: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class InstrumentPart(Base):
    """A part with an identity of its own: a weight of a set, a probe, a channel. Every instrument has at least one."""

    __tablename__ = "instrument_part"
    __table_args__ = (UniqueConstraint("instrument_id", "code"), {"info": {"no_delete": True}})

    id: Mapped[Key]
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    code: Mapped[Code]
    name_vi: Mapped[Name]
    name_en: Mapped[str | None] = mapped_column(String(300))
    serial_number: Mapped[str | None] = mapped_column(String(100))
    marking: Mapped[str | None] = mapped_column(String(100))
    position: Mapped[int] = mapped_column(Integer, default=1)


class InstrumentFunction(Base):
    """A quantity that a part measures or realises, with a second parameter (frequency, cosφ) where there is one."""

    __tablename__ = "instrument_function"
    __table_args__ = (UniqueConstraint("part_id", "quantity", "name"), {"info": {"no_delete": True}})

    id: Mapped[Key]
    part_id: Mapped[int] = mapped_column(ForeignKey("instrument_part.id"))
    name: Mapped[Code] = mapped_column(default="")
    quantity: Mapped[Code]
    unit: Mapped[Unit]
    second_parameter: Mapped[str | None] = mapped_column(String(64))
    second_parameter_unit: Mapped[str | None] = mapped_column(String(40))


class InstrumentRange(Base):
    """A range of a function: limits, resolution and the maker's or legal specification (text of a limit expression)."""

    __tablename__ = "instrument_range"
    __table_args__ = (UniqueConstraint("function_id", "name"), {"info": {"no_delete": True}})

    id: Mapped[Key]
    function_id: Mapped[int] = mapped_column(ForeignKey("instrument_function.id"))
    name: Mapped[Code] = mapped_column(default="")
    lower: Mapped[OptionalExact]
    upper: Mapped[OptionalExact]
    nominal: Mapped[OptionalExact]
    unit: Mapped[Unit]
    resolution: Mapped[OptionalExact]
    resolution_unit: Mapped[str | None] = mapped_column(String(40))
    second_lower: Mapped[OptionalExact]
    second_upper: Mapped[OptionalExact]
    specification: Mapped[str | None] = mapped_column(Text)


class InstrumentSchedule(Base):
    """How often something falls due for an instrument: calibration, verification or check; several side by side."""

    __tablename__ = "instrument_schedule"
    __table_args__ = (Index(None, "instrument_id", "kind"), {"info": {"no_delete": True}})

    id: Mapped[Key]
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    kind: Mapped[Code]
    interval_months: Mapped[int | None] = mapped_column(Integer)
    basis: Mapped[str | None] = mapped_column(String(200))
    agreed_with_customer: Mapped[bool] = mapped_column(Boolean, default=False)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
