"""From released runs to what a certificate says: pure, everything it needs is handed in.

Numbers are taken as the evaluations report them; nothing is computed or rounded here. Names and addresses are those of
the day of issue. What is missing stays empty and is named by `certificates.check`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from calc.rounding import localise
from calc.units import display_unit
from certificates import sentences
from certificates.content import (
    CertificateContent,
    Condition,
    Identification,
    Item,
    Laboratory,
    Language,
    Location,
    Method,
    Party,
    RunRecord,
    Signatory,
    SignatoryRole,
    StandardUsed,
    Statements,
    Text,
    optional_english,
)
from certificates.facts import CertificateKind, CertificateSources
from certificates.head import accreditation_number, has_results_outside, head_numbers
from certificates.results import deviations, result_tables
from lims.calibrations.facts import (
    ConditionRange,
    EquipmentUseFacts,
    PersonAct,
    ReleasedRun,
)
from lims.core.clock import local_date
from lims.jobs.facts import JobItemFacts, PurposeOfUse
from lims.people.facts import OrganisationFacts
from standards.chain_facts import TraceabilityChain
from standards.facts import InstrumentFacts, RangeFacts

RANGES_SHOWN = 6
"""Ranges of an instrument that its description lists; results name the rest."""


def compose(sources: CertificateSources) -> CertificateContent:
    """Return the frozen content of a certificate over the runs of the sources."""
    items = _items(sources)
    methods = list(dict.fromkeys(_method(sources, run) for run in sources.runs))
    standards = list(dict.fromkeys(used for run in sources.runs for used in _standards(sources, run)))
    runs = tuple(_run(sources, run, list(items), methods, standards) for run in sources.runs)
    item_facts = [sources.items[item_id] for item_id in items]
    return CertificateContent(
        kind=CertificateKind.CALIBRATION,
        language=Language(item_facts[0].certificate_language),
        title=sentences.TITLE,
        laboratory=_laboratory(sources),
        identification=Identification(sources.number, sources.version, sources.job.number),
        customer=_party(sources.customer),
        addressee=_party(sources.addressee),
        methods=tuple(methods),
        items=tuple(items.values()),
        runs=runs,
        standards=tuple(standards),
        statements=_statements(sources, runs, item_facts),
        signatories=_signatories(sources.runs),
        issued_on=sources.issued_on,
        relation=sources.relation,
    )


def _optional(vi: str, en: str | None) -> Text | None:
    return optional_english(vi, en) if vi else None


def _laboratory(sources: CertificateSources) -> Laboratory:
    body, site = sources.laboratory, sources.site
    named_apart = site.name_vi != body.name_vi
    return Laboratory(
        name=optional_english(body.name_vi, body.name_en),
        address=optional_english(site.address_vi, site.address_en),
        site_code=site.code,
        site_name=optional_english(site.name_vi, site.name_en) if named_apart else None,
        phone=site.phone or body.phone,
        email=site.email or body.email,
        place_line=_optional(site.place_line_vi, site.place_line_en),
        numbers=head_numbers(site, sources.runs),
    )


def _party(organisation: OrganisationFacts) -> Party:
    contact = " · ".join(part for part in (organisation.contact_name, organisation.phone, organisation.email) if part)
    return Party(
        name=optional_english(organisation.name_vi, organisation.name_en),
        address=optional_english(organisation.address_vi, organisation.address_en),
        tax_code=organisation.tax_code or None,
        contact=contact or None,
    )


def _item_id(run: ReleasedRun) -> int:
    if run.run.job_item_id is None:
        raise ValueError("only runs of a job item are composed")
    return run.run.job_item_id


def _items(sources: CertificateSources) -> dict[int, Item]:
    """Return the items of the runs, each once, in the order of their places in the job."""
    facts = {_item_id(run): sources.items[_item_id(run)] for run in sources.runs}
    ordered = sorted(facts.values(), key=lambda item: item.position)
    return {item.id: _item(item, sources.instruments[item.instrument_id]) for item in ordered}


def _item(item: JobItemFacts, instrument: InstrumentFacts) -> Item:
    return Item(
        name=optional_english(instrument.name_vi, instrument.name_en),
        manufacturer=instrument.manufacturer or None,
        model=instrument.model or None,
        serial_number=instrument.serial_number or None,
        asset_tag=instrument.asset_tag or None,
        year_made=instrument.year_made,
        country_made=instrument.country_made or None,
        specification=_description(instrument),
        condition_on_receipt=_optional(item.condition_on_receipt, item.condition_on_receipt_en),
        received_on=item.received_on,
        place_of_use=item.place_of_use or instrument.place_of_use or None,
        purpose_of_use=item.purpose_of_use,
    )


def _description(instrument: InstrumentFacts) -> Text | None:
    """Return what an instrument spans, how finely it reads, and its class: "(0 ÷ 1,6) MPa; cấp chính xác 1,6"."""
    ranges = [address.range for address in instrument.ranges()][:RANGES_SHOWN]
    described = [Text(_range(item, "vi"), _range(item, "en")) for item in ranges]
    parts = [text for text in dict.fromkeys(described) if text.vi]
    if instrument.accuracy_class:
        words = instrument.accuracy_class
        parts.append(Text(f"cấp chính xác {words}", f"accuracy class {words}"))
    return sentences.join(parts, ", ") if parts else None


def _range(item: RangeFacts, language: str) -> str:
    unit = display_unit(item.unit)
    number = _number(item.nominal, language)
    low, high = _number(item.lower, language), _number(item.upper, language)
    if number:
        span = f"{number} {unit}"
    elif low and high:
        span = f"({low} ÷ {high}) {unit}" if language == "vi" else f"{low} to {high} {unit}"
    else:
        span = f"≤ {high} {unit}" if high else ""
    step = _number(item.resolution, language)
    fine = f"d = {step} {display_unit(item.resolution_unit or item.unit)}" if step else ""
    return ", ".join(part.strip() for part in (span, fine) if part)


def _number(number: Decimal | None, language: str) -> str:
    if number is None:
        return ""
    text = f"{number:f}"
    return localise(text.rstrip("0").rstrip(".") if "." in text else text, language)


def _method(sources: CertificateSources, run: ReleasedRun) -> Method:
    version = sources.procedures[run.run.procedure_version_id]
    title = optional_english(version.title_vi, version.title_en)
    return Method(version.code, version.version, title, version.method_reference)


def _standards(sources: CertificateSources, run: ReleasedRun) -> list[StandardUsed]:
    """Return the calibrated equipment of a run; what needs no calibration does not bear on the result."""
    used = [use for use in run.equipment if use.withdrawn_at is None and use.calibration_id is not None]
    return list(dict.fromkeys(_standard(sources, use) for use in used))


def _standard(sources: CertificateSources, use: EquipmentUseFacts) -> StandardUsed:
    chain = None if use.calibration_id is None else sources.chains.get(use.calibration_id)
    return StandardUsed(
        code=use.standard_code,
        name=optional_english(use.name_vi, use.name_en),
        role=use.role,
        serial_number=use.serial_number or None,
        certificate_number=use.certificate_number or None,
        laboratory=_optional(use.laboratory_vi, use.laboratory_en),
        calibrated_on=use.calibrated_on,
        valid_until=use.valid_until,
        traceability=sentences.traceability_of(chain.terminals) if chain is not None and chain.holds else None,
        dcc_sha256=None if chain is None else _dcc_of(chain, use.calibration_id),
    )


def _dcc_of(chain: TraceabilityChain, calibration_id: int | None) -> str | None:
    return next((node.dcc_sha256 for node in chain.nodes if node.calibration_id == calibration_id), None)


def _run(
    sources: CertificateSources,
    run: ReleasedRun,
    items: Sequence[int],
    methods: Sequence[Method],
    standards: Sequence[StandardUsed],
) -> RunRecord:
    item = sources.items[_item_id(run)]
    site = sources.site
    elsewhere = run.run.location_kind != "laboratory"
    address = Text(item.location_address) if elsewhere else optional_english(site.address_vi, site.address_en)
    adjustments = [sentences.adjustment(entry, run.run.timezone) for entry in run.adjustments]
    room = optional_english(run.run.room, run.run.room_en)
    return RunRecord(
        number=run.run.number,
        item=items.index(item.id),
        method=methods.index(_method(sources, run)),
        performed_from=run.started_on,
        performed_to=run.ended_on,
        location=Location(run.run.location_kind, sentences.location(run.run.location_kind, address, room)),
        conditions=tuple(_condition(entry) for entry in run.conditions if entry.minimum is not None),
        standards=tuple(standards.index(used) for used in _standards(sources, run)),
        results=result_tables(run),
        evaluation_digest=run.evaluation_digest,
        deviations=deviations(run),
        adjustment=sentences.join(adjustments, " ") if adjustments else None,
        specification=sentences.specification(run.run.agreed_specification),
        decision_rule=sentences.decision_rule(run.run.decision_rule),
    )


def _condition(entry: ConditionRange) -> Condition:
    return Condition(
        quantity=entry.quantity,
        title=optional_english(entry.title_vi, entry.title_en),
        lowest=f"{entry.minimum:f}",
        highest=f"{entry.maximum:f}",
        unit=entry.unit,
    )


def _statements(sources: CertificateSources, runs: Sequence[RunRecord], items: Sequence[JobItemFacts]) -> Statements:
    rows = [row for run in runs for table in run.results for row in table.rows]
    ends = [terminal for chain in sources.chains.values() for terminal in chain.terminals]
    in_group_2 = any(
        PurposeOfUse.GROUP_2 in {item.purpose_of_use, sources.instruments[item.instrument_id].purpose_of_use}
        for item in items
    )
    accredited = accreditation_number(sources.site, sources.runs)
    return Statements(
        scope=sentences.outside_scope(accredited) if accredited and has_results_outside(sources.runs) else None,
        uncertainty=sentences.uncertainty(rows),
        results_relate_to_items=sentences.RESULTS_RELATE_TO_ITEMS,
        traceability=sentences.traceability(ends),
        reproduction=sentences.REPRODUCTION,
        sampling=sentences.NO_SAMPLING,
        verification=sentences.NOT_VERIFICATION if in_group_2 else None,
        outside_providers=(
            sentences.OUTSIDE_RESULTS if any(row.provider is not None for row in rows) else sentences.OWN_RESULTS
        ),
    )


def _signatories(runs: Sequence[ReleasedRun]) -> tuple[Signatory, ...]:
    """Return who performed, reviewed and approved, each person once per role with the last date."""
    found: dict[tuple[SignatoryRole, str], Signatory] = {}
    for run in runs:
        zone = run.run.timezone
        for person in run.performed:
            _keep_latest(found, SignatoryRole.PERFORMED, person, min(local_date(person.at, zone), run.ended_on))
        _keep_latest(found, SignatoryRole.REVIEWED, run.reviewed, local_date(run.reviewed.at, zone))
        _keep_latest(found, SignatoryRole.APPROVED, run.released, local_date(run.released.at, zone))
    order = list(SignatoryRole)
    return tuple(sorted(found.values(), key=lambda signatory: order.index(signatory.role)))


def _keep_latest(
    found: dict[tuple[SignatoryRole, str], Signatory], role: SignatoryRole, person: PersonAct, on: date
) -> None:
    before = found.get((role, person.name))
    if before is None or before.on < on:
        found[(role, person.name)] = Signatory(role, person.name, _optional(person.title_vi, person.title_en), on)
