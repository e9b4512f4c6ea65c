"""The people of the demonstration: accounts, roles, verifiers' cards, and what each is authorised to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from sqlalchemy.orm import Session

from lims.core.actor import SYSTEM
from lims.core.clock import local_date
from lims.demo.laboratory import Laboratory
from lims.people import paper_services, person_services
from lims.people.facts import AddMembership, CreatePerson, Role
from lims.people.paper_facts import PersonPaperKind, RecordPersonPaper
from lims.procedures import authorisation_services
from lims.procedures.facts import Activity, GrantAuthorisation, SignatoryKind
from lims.procedures.queries import procedure_version_facts


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person of the demonstration: how they sign in, who they are, in which roles, for which organisation."""

    sign_in: str
    full_name: str
    code: str
    title_vi: str
    title_en: str
    roles: tuple[Role, ...]
    organisation: str = "centre"


PEOPLE: Final[Sequence[Somebody]] = (
    Somebody("admin", "Quản trị hệ thống", "QT-01", "Quản trị hệ thống", "Administrator", (Role.ADMINISTRATOR,)),
    Somebody("tn01", "Đỗ Mẫu Hạnh", "TN-01", "Người tiếp nhận", "Receiver", (Role.RECEIVER,)),
    Somebody("kdv01", "Nguyễn Mẫu An", "KĐV-01", "Kiểm định viên", "Technician", (Role.TECHNICIAN,)),
    Somebody("kdv02", "Trần Mẫu Bình", "KĐV-02", "Kiểm định viên", "Technician", (Role.TECHNICIAN,)),
    Somebody("kdv03", "Đặng Mẫu Hòa", "KĐV-03", "Kiểm định viên", "Technician", (Role.TECHNICIAN,)),
    Somebody("kdv04", "Phan Mẫu Thu", "KĐV-04", "Kiểm định viên", "Technician", (Role.TECHNICIAN,)),
    Somebody("kdv05", "Lý Mẫu Quang", "KĐV-05", "Kiểm định viên", "Technician", (Role.TECHNICIAN,)),
    Somebody("kdv06", "Mai Mẫu Sơn", "KĐV-06", "Kiểm định viên", "Technician", (Role.TECHNICIAN,)),
    Somebody("kt01", "Lê Mẫu Chi", "KT-01", "Phụ trách kỹ thuật", "Technical manager", (Role.TECHNICAL_MANAGER,)),
    Somebody("cl01", "Phạm Mẫu Dung", "CL-01", "Phụ trách chất lượng", "Quality manager", (Role.QUALITY_MANAGER,)),
    Somebody("gd01", "Hoàng Mẫu Giang", "GĐ-01", "Giám đốc", "Director", (Role.SIGNATORY,)),
    Somebody("gd02", "Vũ Mẫu Khánh", "GĐ-02", "Phó giám đốc", "Deputy director", (Role.SIGNATORY,)),
    Somebody("cokhi", "Bùi Mẫu Lan", "KH-01", "Quản lý thiết bị", "Equipment manager", (Role.CUSTOMER,), "cokhi"),
    Somebody("benhvien", "Ngô Mẫu Minh", "KH-02", "Phòng vật tư", "Supplies", (Role.CUSTOMER,), "benhvien"),
)
SIGN_IN_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {person.sign_in: f"{person.full_name}, {person.title_vi} / {person.title_en}" for person in PEOPLE}
)


@dataclass(frozen=True, slots=True)
class Card:
    """A verifier's card: its number, for which fields, and how many days from today it ends (below zero: expired)."""

    number: str
    fields: str
    ends_in: int


CARDS: Final[Mapping[str, Card]] = MappingProxyType(
    {
        "kdv01": Card("KĐV-01", "Khối lượng", 702),
        "kdv02": Card("KĐV-02", "Dung tích – Lưu lượng", 688),
        "kdv03": Card("KĐV-03", "Áp suất", 455),
        "kdv04": Card("KĐV-04", "Nhiệt độ; Độ ẩm", 455),
        "kdv05": Card("KĐV-05", "Điện – Điện từ", 9),
        "kdv06": Card("KĐV-06", "Khối lượng", -235),
    }
)
_CARD_YEARS: Final = 5
"""For how long a card is given."""

PERFORMERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"HC-KL": ("kdv01", "kdv06"), "HC-AS": ("kdv03",), "HC-ND": ("kdv04",)}
)
"""Who measures by the procedures of a field, by the beginning of their codes."""


def add_person(
    session: Session,
    person: Somebody,
    organisations: Mapping[str, int],
    site_id: int,
    password: str,
    since: date,
    *,
    now: datetime,
) -> int:
    """Enter a person with the account, the roles and the card; returns the key."""
    command = CreatePerson(
        full_name=person.full_name,
        code=person.code,
        title_vi=person.title_vi,
        title_en=person.title_en,
        sign_in_name=person.sign_in,
        password=password,
    )
    created = person_services.create_person(session, SYSTEM, command, now=now)
    for role in person.roles:
        at = site_id if person.organisation == "centre" else None
        membership = AddMembership(created.id, organisations[person.organisation], role, valid_from=since, site_id=at)
        person_services.add_membership(session, SYSTEM, membership, now=now)
    return created.id


def add_cards(session: Session, laboratory: Laboratory) -> None:
    """Enter the verifiers' cards, each on the day on which it was given."""
    for sign_in, card in CARDS.items():
        valid_until = laboratory.today + timedelta(days=card.ends_in)
        issued_on = valid_until.replace(year=valid_until.year - _CARD_YEARS, day=min(valid_until.day, 28))
        command = RecordPersonPaper(
            laboratory.actor(sign_in).person_id,
            PersonPaperKind.VERIFIER_CARD,
            card.number,
            "Cơ quan quản lý đo lường (dữ liệu mẫu)",
            issued_on,
            valid_until,
            card.fields,
        )
        at = max(laboratory.at(issued_on, hour=9), laboratory.founded_at)
        paper_services.record_person_paper(session, SYSTEM, command, now=at)


def authorise(session: Session, laboratory: Laboratory, *, now: datetime) -> None:
    """Let the quality manager authorise everybody for what they do."""
    for grant in (*_by_procedure(session, laboratory, now), *_signatories(laboratory, now)):
        authorisation_services.grant_authorisation(session, laboratory.actor("cl01"), grant, now=now)


def performer(code: str) -> str:
    """Return who measures by a procedure."""
    return PERFORMERS[code[:5]][0]


def _by_procedure(session: Session, laboratory: Laboratory, now: datetime) -> Iterator[GrantAuthorisation]:
    since = local_date(now, laboratory.timezone)
    for code, version_id in laboratory.procedure_versions.items():
        procedure_id = procedure_version_facts(session, version_id).procedure_id
        measuring = [(name, Activity.PERFORM, "Biên bản đánh giá năng lực 07/BB-KT") for name in PERFORMERS[code[:5]]]
        others = (
            ("kt01", Activity.REVIEW, "Quyết định phân công 03/QĐ-TT"),
            ("kt01", Activity.SUPERVISE, "Quyết định phân công 03/QĐ-TT"),
            ("gd01", Activity.REVIEW, "Quyết định phân công 03/QĐ-TT"),
        )
        for name, activity, evidence in (*measuring, *others):
            card = CARDS.get(name)
            until = laboratory.today + timedelta(days=card.ends_in) if card and card.ends_in < 0 else None
            yield GrantAuthorisation(
                laboratory.actor(name).person_id,
                activity,
                since,
                evidence,
                procedure_id=procedure_id,
                site_id=laboratory.site_id,
                valid_to=until,
            )


def _signatories(laboratory: Laboratory, now: datetime) -> Iterator[GrantAuthorisation]:
    signs = SignatoryKind.CALIBRATION_CERTIFICATE
    this_year = laboratory.today.replace(month=1, day=1)
    yield GrantAuthorisation(
        laboratory.actor("gd01").person_id,
        Activity.RELEASE,
        local_date(now, laboratory.timezone),
        "Quyết định bổ nhiệm 01/QĐ-SKHCN",
        signatory_kind=signs,
    )
    yield GrantAuthorisation(
        laboratory.actor("gd02").person_id,
        Activity.RELEASE,
        this_year,
        "Giấy ủy quyền 02/UQ-TT",
        signatory_kind=signs,
        valid_to=this_year.replace(month=12, day=31),
    )
