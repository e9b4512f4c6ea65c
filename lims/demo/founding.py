"""Founding the demonstration centre: everything that is there before the first instrument."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from importlib import resources

from sqlalchemy.orm import Session

from lims.core.actor import SYSTEM
from lims.core.clock import local_date
from lims.demo.laboratory import FOUNDED_DAYS_AGO, Laboratory
from lims.demo.organisations import add_organisations, add_rooms, centre_command, site_commands
from lims.demo.people import PEOPLE, add_cards, add_person, authorise
from lims.demo.scope import record_scope
from lims.people import queries as people_queries
from lims.people import services as people_services
from lims.procedures import files as procedure_files
from lims.procedures import services as procedure_services
from lims.procedures.facts import ApproveVersion


def found_laboratory(session: Session, password: str, *, timezone: str, now: datetime) -> Laboratory:
    """Enter the centre, its people and what they work by; all accounts share the password."""
    founded_at = now - timedelta(days=FOUNDED_DAYS_AGO)
    since, today = local_date(founded_at, timezone), local_date(now, timezone)
    centre = people_services.create_organisation(session, SYSTEM, centre_command(since), now=founded_at).id
    main, branch = (
        people_services.create_site(session, SYSTEM, command, now=founded_at)
        for command in site_commands(centre, since)
    )
    sites = {site.code: site.id for site in (main, branch)}
    rooms = add_rooms(session, sites, since, now=founded_at)
    organisations = {"centre": centre, **add_organisations(session, since, now=founded_at)}
    persons = {
        person.sign_in: add_person(session, person, organisations, main.id, password, since, now=founded_at)
        for person in PEOPLE
    }
    actors = {name: people_queries.actor_of(session, key, today) for name, key in persons.items()}
    laboratory = Laboratory(centre, main.id, timezone, now, organisations, actors, rooms=rooms)
    add_cards(session, laboratory)
    versions = _procedures(session, laboratory)
    laboratory = replace(laboratory, procedure_versions=versions)
    authorise(session, laboratory, now=founded_at + timedelta(days=2))
    record_scope(session, laboratory, since, now=founded_at)
    return laboratory


def _procedures(session: Session, laboratory: Laboratory) -> dict[str, int]:
    """Import every procedure file that comes with the demonstration, and let the director approve each."""
    versions = {}
    since = local_date(laboratory.founded_at, laboratory.timezone)
    folder = resources.files("lims.demo").joinpath("procedures")
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        version = procedure_files.import_file(
            session,
            laboratory.actor("kt01"),
            file.read_text(encoding="utf-8"),
            organisation_id=laboratory.organisation_id,
            now=laboratory.founded_at,
        )
        approve = ApproveVersion(version.id, version.row_version, valid_from=since)
        approved = procedure_services.approve_version(
            session, laboratory.actor("gd01"), approve, now=laboratory.founded_at + timedelta(days=1)
        )
        versions[approved.code] = approved.id
    return versions
