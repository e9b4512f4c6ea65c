"""The bodies of the demonstration: the centre with its sites and rooms, customers, upstream laboratories."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from importlib import resources
from typing import Any, Final

from sqlalchemy.orm import Session

from lims.core.actor import SYSTEM
from lims.people import room_services
from lims.people import services as people_services
from lims.people.facts import CreateOrganisation, CreateSite, OrganisationKind
from lims.people.room_facts import ROOM_QUANTITIES, CreateRoom, RoomLimitFacts

_P: Final = "phường Mẫu"
CUSTOMERS: Final[Sequence[tuple[str, str, str, OrganisationKind]]] = (
    ("cokhi", "Công ty TNHH Cơ khí Mẫu", "Mau Mechanical Co., Ltd.", OrganisationKind.ENTERPRISE),
    ("benhvien", "Bệnh viện đa khoa Mẫu", "Mau General Hospital", OrganisationKind.PUBLIC_SERVICE_UNIT),
    ("capnuoc", "Công ty cổ phần Cấp nước Mẫu", "Mau Water Supply JSC", OrganisationKind.ENTERPRISE),
    ("tramcan", "Trạm cân Mẫu", "Mau Weighing Station", OrganisationKind.ENTERPRISE),
    ("htx", "Hợp tác xã Nông sản Mẫu", "Mau Farm Produce Cooperative", OrganisationKind.COOPERATIVE),
    ("vang", "Hộ kinh doanh Vàng Mẫu", "Mau Gold Household Business", OrganisationKind.HOUSEHOLD),
    ("dienluc", "Điện lực Mẫu", "Mau Power Company", OrganisationKind.ENTERPRISE),
    ("cho", "Chợ Mẫu (ban quản lý)", "Mau Market (Management Board)", OrganisationKind.PUBLIC_SERVICE_UNIT),
    ("thunghiem", "Phòng thử nghiệm Mẫu", "Mau Testing Laboratory", OrganisationKind.ENTERPRISE),
    *(
        (f"xangdau{n}", f"Cửa hàng xăng dầu Mẫu {n}", f"Mau Petrol Station {n}", OrganisationKind.ENTERPRISE)
        for n in range(1, 6)
    ),
)
UPSTREAM: Final[Sequence[tuple[str, str, str, str, str]]] = (
    ("vmi", "Viện Đo lường Việt Nam (VMI)", "Vietnam Metrology Institute (VMI)", "Hà Nội", "Ha Noi"),
    (
        "quatest1",
        "Trung tâm Kỹ thuật TĐC 1 (QUATEST 1)",
        "QUATEST 1",
        "Hà Nội",
        "Ha Noi",
    ),
    (
        "quatest3",
        "Trung tâm Kỹ thuật TĐC 3 (QUATEST 3)",
        "QUATEST 3",
        "TP. Hồ Chí Minh",
        "Ho Chi Minh City",
    ),
)


def centre_command(since: date) -> CreateOrganisation:
    """Return the command that enters the centre itself."""
    return CreateOrganisation(
        name_vi="Trung tâm Kỹ thuật Tiêu chuẩn Đo lường Chất lượng tỉnh Mẫu",
        name_en="Technical Centre for Standards, Metrology and Quality of Mau Province",
        address_vi="Số 1 đường Đo lường, phường Mẫu 1, tỉnh Mẫu",
        address_en="1 Do luong Street, Mau 1 Ward, Mau Province",
        valid_from=since,
        kind=OrganisationKind.PUBLIC_SERVICE_UNIT,
        tax_code="0000000000",
        is_laboratory=True,
        is_customer=True,
        email="lienhe@mau.example",
        phone="0000 000 000",
    )


def site_commands(centre: int, since: date) -> tuple[CreateSite, CreateSite]:
    """Return the commands that enter its two sites, the main one first."""
    main = CreateSite(
        organisation_id=centre,
        code="TM",
        name_vi="Trụ sở chính",
        name_en="Main site",
        address_vi="Số 1 đường Đo lường, phường Mẫu 1, tỉnh Mẫu",
        address_en="1 Do luong Street, Mau 1 Ward, Mau Province",
        valid_from=since,
        phone="0000 000 000",
        email="lienhe@mau.example",
        place_line_vi="Mẫu",
        place_line_en="Mau",
        registration_number="ĐK 000",
        designation_number="N000",
        accreditation_number="VILAS 0000",
    )
    branch = CreateSite(
        organisation_id=centre,
        code="CN",
        name_vi="Chi nhánh (tỉnh Thử cũ)",
        name_en="Branch (former Thu Province)",
        address_vi="Số 2 đường Chuẩn, xã Thử 2, tỉnh Mẫu",
        address_en="2 Chuan Street, Thu 2 Commune, Mau Province",
        valid_from=since,
        place_line_vi="Thử",
        place_line_en="Thu",
        registration_number="ĐK 000",
        designation_number="N000",
        accreditation_number="VILAS 0000",
    )
    return main, branch


def add_organisations(session: Session, since: date, *, now: datetime) -> dict[str, int]:
    """Enter customers and upstream laboratories; returns their keys by short name."""
    keys = {}
    for number, (short, name_vi, name_en, kind) in enumerate(CUSTOMERS, start=1):
        command = CreateOrganisation(
            name_vi=name_vi,
            name_en=name_en,
            address_vi=f"Số {number}0 đường Cân, {_P} {number}, tỉnh Mẫu",
            address_en=f"{number}0 Can Street, Mau {number} Ward, Mau Province",
            valid_from=since,
            kind=kind,
            tax_code=f"{number:010d}",
            is_customer=True,
            email=f"{short}@mau.example",
        )
        keys[short] = people_services.create_organisation(session, SYSTEM, command, now=now).id
    for short, name_vi, name_en, address_vi, address_en in UPSTREAM:
        command = CreateOrganisation(
            name_vi=name_vi,
            name_en=name_en,
            address_vi=address_vi,
            address_en=address_en,
            valid_from=since,
            kind=OrganisationKind.METROLOGY_INSTITUTE,
            is_upstream=True,
        )
        keys[short] = people_services.create_organisation(session, SYSTEM, command, now=now).id
    return keys


def add_rooms(session: Session, sites: Mapping[str, int], since: date, *, now: datetime) -> dict[str, int]:
    """Enter the rooms of the sites with the limits of their conditions; returns their keys by code."""
    text = resources.files("lims.demo").joinpath("registers/rooms.toml").read_text(encoding="utf-8")
    return {
        record["code"]: room_services.create_room(session, SYSTEM, _room(record, sites, since), now=now).id
        for record in tomllib.loads(text)["room"]
    }


def _room(record: Mapping[str, Any], sites: Mapping[str, int], since: date) -> CreateRoom:
    return CreateRoom(
        site_id=sites[record["site"]],
        code=record["code"],
        name_vi=record["name_vi"],
        name_en=record["name_en"],
        note_vi=record.get("note_vi"),
        note_en=record.get("note_en"),
        valid_from=since,
        limits=tuple(
            RoomLimitFacts(quantity, unit, *(_number(text) for text in record[quantity]))
            for quantity, (unit, _) in ROOM_QUANTITIES.items()
            if quantity in record
        ),
    )


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None
