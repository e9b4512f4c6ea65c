"""Tables of people: organisations, sites and rooms, persons and who belongs where. Names hold between dates."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.columns import BigKey, Code, Instant, Key, Name, OptionalExact, OptionalInstant, Unit
from lims.core.db import Base, InsertOnly


class Organisation(Base):
    """A laboratory, customer, upstream laboratory, enterprise or authority: one body, possibly several of these."""

    __tablename__ = "organisation"
    __table_args__ = ({"info": {"no_delete": True}},)

    id: Mapped[Key]
    token: Mapped[Code] = mapped_column(unique=True)
    is_laboratory: Mapped[bool] = mapped_column(Boolean, default=False)
    is_customer: Mapped[bool] = mapped_column(Boolean, default=False)
    is_upstream: Mapped[bool] = mapped_column(Boolean, default=False)
    is_authority: Mapped[bool] = mapped_column(Boolean, default=False)
    kind: Mapped[Code] = mapped_column(default="enterprise")
    tax_code: Mapped[str | None] = mapped_column(String(20), index=True)
    country: Mapped[str] = mapped_column(String(2), default="VN")
    sector: Mapped[str | None] = mapped_column(String(100))
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    closed_on: Mapped[date | None]
    search_text: Mapped[str] = mapped_column(Text)
    sort_key: Mapped[str] = mapped_column(Text, index=True)
    created_at: Mapped[Instant]
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class OrganisationName(InsertOnly, Base):
    """What an organisation is called and where it sits, from a date on (until the next row)."""

    __tablename__ = "organisation_name"
    __table_args__ = (Index(None, "organisation_id", "valid_from"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    name_vi: Mapped[Name]
    name_en: Mapped[str | None] = mapped_column(String(300))
    address_vi: Mapped[Name]
    address_en: Mapped[str | None] = mapped_column(String(300))
    province_code: Mapped[str | None] = mapped_column(String(10))
    commune: Mapped[str | None] = mapped_column(String(100))
    valid_from: Mapped[date]
    recorded_at: Mapped[Instant]


class Contact(Base):
    """How an organisation is reached; personal data, may be erased."""

    __tablename__ = "contact"

    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str | None] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    is_primary: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[Instant]


class Site(Base):
    """A place of the laboratory, with the numbers of its registration, designation and accreditation."""

    __tablename__ = "site"
    __table_args__ = (
        UniqueConstraint("organisation_id", "code"),
        {"info": {"no_delete": True}},
    )

    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    code: Mapped[Code]
    name_vi: Mapped[Name]
    name_en: Mapped[str | None] = mapped_column(String(300))
    address_vi: Mapped[Name]
    address_en: Mapped[str | None] = mapped_column(String(300))
    phone: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(254))
    timezone: Mapped[Code] = mapped_column(default="Asia/Ho_Chi_Minh")
    place_line_vi: Mapped[Name] = mapped_column(default="")
    place_line_en: Mapped[str | None] = mapped_column(String(300))
    registration_number: Mapped[str | None] = mapped_column(String(40))
    designation_number: Mapped[str | None] = mapped_column(String(40))
    accreditation_number: Mapped[str | None] = mapped_column(String(40))
    reviewer_may_release: Mapped[bool] = mapped_column(Boolean, default=False)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class Room(Base):
    """A room of a site, in which items are measured. Closed on a date, never deleted."""

    __tablename__ = "room"
    __table_args__ = (UniqueConstraint("site_id", "code"), {"info": {"no_delete": True, "frozen": ("site_id",)}})

    id: Mapped[Key]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    code: Mapped[Code]
    name_vi: Mapped[Name]
    name_en: Mapped[str | None] = mapped_column(String(300))
    note_vi: Mapped[str | None] = mapped_column(String(300))
    note_en: Mapped[str | None] = mapped_column(String(300))
    closed_on: Mapped[date | None]
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class RoomLimit(InsertOnly, Base):
    """Between which limits a condition of a room is kept, from a date on (until the next row of that quantity).

    A row without any limit says that there is none from that date on.
    """

    __tablename__ = "room_limit"
    __table_args__ = (Index(None, "room_id", "quantity", "valid_from"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    quantity: Mapped[Code]
    unit: Mapped[Unit]
    lower: Mapped[OptionalExact]
    upper: Mapped[OptionalExact]
    change_per_hour: Mapped[OptionalExact]
    valid_from: Mapped[date]
    recorded_at: Mapped[Instant]


class Person(Base):
    """A person with or without an account. The account can be erased; names in technical records stay there."""

    __tablename__ = "person"
    __table_args__ = ({"info": {"no_delete": True}},)

    id: Mapped[Key]
    code: Mapped[str | None] = mapped_column(String(40))
    full_name: Mapped[Name]
    title_vi: Mapped[str | None] = mapped_column(String(200))
    title_en: Mapped[str | None] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254))
    sign_in_name: Mapped[str | None] = mapped_column(String(100), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(300))
    session_stamp: Mapped[Code]
    language: Mapped[str] = mapped_column(String(2), default="vi")
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    erased_at: Mapped[OptionalInstant]
    last_signed_in_at: Mapped[OptionalInstant]
    search_text: Mapped[str] = mapped_column(Text)
    sort_key: Mapped[str] = mapped_column(Text, index=True)
    created_at: Mapped[Instant]
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class Membership(Base):
    """A person's role in an organisation (at one site or all), between dates. Ended, never deleted."""

    __tablename__ = "membership"
    __table_args__ = (
        Index(None, "person_id", "organisation_id"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="dates"),
        {"info": {"no_delete": True, "frozen": ("person_id", "organisation_id", "role", "valid_from")}},
    )

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    role: Mapped[Code]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class PersonPaper(InsertOnly, Base):
    """A paper with dates that a person holds, such as a verifier's card; of each kind the newest counts."""

    __tablename__ = "person_paper"
    __table_args__ = (
        Index(None, "person_id", "kind"),
        CheckConstraint("valid_until IS NULL OR valid_until >= issued_on", name="dates"),
        {"info": {"insert_only": True}},
    )

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[Code]
    number: Mapped[str] = mapped_column(String(100))
    issued_by: Mapped[Name]
    fields: Mapped[str | None] = mapped_column(Text)
    issued_on: Mapped[date]
    valid_until: Mapped[date | None]
    recorded_at: Mapped[Instant]
    recorded_by_id: Mapped[int] = mapped_column(BigKey)
    recorded_by_name: Mapped[Name]


class SignInAttempt(Base):
    """A failed attempt to sign in, for throttling by name and address; old rows are swept."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index(None, "sign_in_name", "at"), Index(None, "address", "at"))

    id: Mapped[Key]
    sign_in_name: Mapped[str] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(String(64))
    at: Mapped[Instant]
