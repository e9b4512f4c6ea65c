"""The demonstration centre: its sites, people, customers, upstream laboratories, procedure, authorisations, scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib import resources
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from lims.core.actor import SYSTEM, Actor
from lims.core.clock import local_date
from lims.people import person_services
from lims.people import queries as people_queries
from lims.people import services as people_services
from lims.people.facts import (
    AddMembership,
    CreateOrganisation,
    CreatePerson,
    CreateSite,
    OrganisationKind,
    Role,
)
from lims.procedures import authorisation_services, scope_services
from lims.procedures import files as procedure_files
from lims.procedures import services as procedure_services
from lims.procedures.facts import (
    Activity,
    ApproveVersion,
    GrantAuthorisation,
    RecordScope,
    ScopeKind,
    ScopeLineInput,
    SignatoryKind,
)


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
_AFTERNOON: Final = 14
PROCEDURES: Final = ("hc-kl-01",)


@dataclass(frozen=True, slots=True)
class Laboratory:
    """The founded laboratory: keys by short name, and the people as actors."""

    organisation_id: int
    site_id: int
    timezone: str
    now: datetime
    organisations: Mapping[str, int]
    actors: Mapping[str, Actor]
    procedure_versions: Mapping[str, int] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """Return the date in the laboratory's zone."""
        return local_date(self.now, self.timezone)

    @property
    def close_of_work(self) -> datetime:
        """Return the end of the last stretch of work: now in the afternoon, before it yesterday at 17:00.

        What the demonstration has done "today" took hours, which a day just begun does not have.
        """
        if self.now.astimezone(ZoneInfo(self.timezone)).hour >= _AFTERNOON:
            return self.now
        return self.at(self.today - timedelta(days=1), hour=17)

    def actor(self, sign_in: str) -> Actor:
        """Return a person in the act of doing something."""
        return self.actors[sign_in]

    def at(self, day: date, hour: int) -> datetime:
        """Return an hour of a day in the laboratory's zone."""
        return datetime.combine(day, time(hour), ZoneInfo(self.timezone))


def found_laboratory(session: Session, password: str, *, timezone: str, now: datetime) -> Laboratory:
    """Enter everything that is there before the first instrument; all accounts share the password."""
    today = local_date(now, timezone)
    since = today - timedelta(days=3 * 365)
    long_ago = now - timedelta(days=3 * 365)
    centre = people_services.create_organisation(session, SYSTEM, _centre(since), now=long_ago).id
    main, branch = _sites(centre, since)
    site_id = people_services.create_site(session, SYSTEM, main, now=long_ago).id
    people_services.create_site(session, SYSTEM, branch, now=long_ago)
    organisations = {"centre": centre, **_organisations(session, since, now=long_ago)}
    persons = {
        person.sign_in: _person(session, person, organisations, site_id, password, since, now=long_ago)
        for person in PEOPLE
    }
    actors = {name: people_queries.actor_of(session, key, today) for name, key in persons.items()}
    laboratory = Laboratory(centre, site_id, timezone, now, organisations, actors)
    versions = _procedures(session, laboratory, since, now=long_ago)
    founded = Laboratory(centre, site_id, timezone, now, organisations, actors, versions)
    _authorise(session, founded, persons, now=long_ago + timedelta(days=2))
    _scope(session, founded, since, now=long_ago)
    return founded


def _centre(since: date) -> CreateOrganisation:
    return CreateOrganisation(
        name_vi="Trung tâm Kỹ thuật Tiêu chuẩn Đo lường Chất lượng tỉnh Mẫu",
        name_en="Technical Centre for Standards, Metrology and Quality of Mau Province",
        address_vi="Số 1 đường Đo lường, phường Mẫu 1, tỉnh Mẫu",
        address_en="1 Do luong Street, Mau 1 Ward, Mau Province",
        valid_from=since,
        kind=OrganisationKind.PUBLIC_SERVICE_UNIT,
        tax_code="0000000000",
        is_laboratory=True,
        email="lienhe@mau.example",
        phone="0000 000 000",
    )


def _sites(centre: int, since: date) -> tuple[CreateSite, CreateSite]:
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


def _organisations(session: Session, since: date, *, now: datetime) -> dict[str, int]:
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


def _person(
    session: Session,
    person: Somebody,
    organisations: Mapping[str, int],
    site_id: int,
    password: str,
    since: date,
    *,
    now: datetime,
) -> int:
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


def _procedures(session: Session, laboratory: Laboratory, since: date, *, now: datetime) -> dict[str, int]:
    versions = {}
    for name in PROCEDURES:
        text = resources.files("lims.demo").joinpath(f"procedures/{name}.toml").read_text(encoding="utf-8")
        version = procedure_files.import_file(
            session, laboratory.actor("kt01"), text, organisation_id=laboratory.organisation_id, now=now
        )
        approve = ApproveVersion(version.id, version.row_version, valid_from=since)
        approved = procedure_services.approve_version(
            session, laboratory.actor("gd01"), approve, now=now + timedelta(days=1)
        )
        versions[approved.code] = approved.id
    return versions


def _authorise(session: Session, laboratory: Laboratory, persons: Mapping[str, int], *, now: datetime) -> None:
    from lims.procedures.queries import procedure_version_facts

    since, this_year = local_date(now, laboratory.timezone), laboratory.today.replace(month=1, day=1)
    grants: list[GrantAuthorisation] = []
    for version_id in laboratory.procedure_versions.values():
        procedure_id = procedure_version_facts(session, version_id).procedure_id
        grants += [
            GrantAuthorisation(
                persons[name], activity, since, evidence, procedure_id=procedure_id, site_id=laboratory.site_id
            )
            for name, activity, evidence in (
                ("kdv01", Activity.PERFORM, "Biên bản đánh giá năng lực 07/BB-KT"),
                ("kt01", Activity.REVIEW, "Quyết định phân công 03/QĐ-TT"),
                ("kt01", Activity.SUPERVISE, "Quyết định phân công 03/QĐ-TT"),
                ("gd01", Activity.REVIEW, "Quyết định phân công 03/QĐ-TT"),
            )
        ]
    signs = SignatoryKind.CALIBRATION_CERTIFICATE
    grants.append(
        GrantAuthorisation(
            persons["gd01"], Activity.RELEASE, since, "Quyết định bổ nhiệm 01/QĐ-SKHCN", signatory_kind=signs
        )
    )
    grants.append(
        GrantAuthorisation(
            persons["gd02"],
            Activity.RELEASE,
            this_year,
            "Giấy ủy quyền 02/UQ-TT",
            signatory_kind=signs,
            valid_to=this_year.replace(month=12, day=31),
        )
    )
    for grant in grants:
        authorisation_services.grant_authorisation(session, laboratory.actor("cl01"), grant, now=now)


def _scope(session: Session, laboratory: Laboratory, since: date, *, now: datetime) -> None:
    weights = ScopeLineInput(
        quantity="mass",
        instrument_kind="weight",
        title_vi="Quả cân cấp chính xác M1 và thấp hơn",
        title_en="Weights of class M1 and lower",
        lower=Decimal(1),
        upper=Decimal(20),
        unit="kg",
        method="HC-KL-01:2026",
        cmc_expression="0.02 + 0.003 * x",
        cmc_unit="g",
    )
    command = RecordScope(
        laboratory.site_id,
        ScopeKind.ACCREDITATION,
        version="1",
        body_number="VILAS 0000",
        valid_from=since,
        lines=(weights,),
    )
    scope_services.record_scope(session, laboratory.actor("kt01"), command, now=now)
