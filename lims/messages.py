"""Words for what the command line says: every package's codes, and those of the command line's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lims.app import register_messages
from lims.backup.messages import MESSAGES as BACKUP_MESSAGES
from lims.config import installed_language
from lims.core import messages, reader
from lims.core.errors import InvalidInput, LimsError
from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    "server.port_taken": N_(
        "%(host)s:%(port)s is already in use (%(reason)s). Stop the program that uses it, for example an earlier "
        "“make run”, or choose another port: make run PORT=%(other)s, or --port %(other)s."
    ),
    "demo.folder_not_empty": N_(
        "%(folder)s is not empty and holds no demonstration laboratory. Name another folder or an empty one."
    ),
    "demo.mark_damaged": N_("%(file)s cannot be read. Delete the demonstration's folder to have it built anew."),
    "cli.no_database": N_(
        "The database of %(folder)s has no tables yet: run “lims user add” or “lims db upgrade”, or set LIMS_DATA_DIR."
    ),
    "cli.up_to_date": N_("The database is up to date."),
    "cli.holds": N_("Everything holds."),
    "cli.problems": N_("Problems: %(count)s"),
    "cli.account_added": N_("%(name)s can sign in as %(sign_in)s."),
    "cli.procedure_imported": N_(
        "Procedure %(code)s, version %(version)s, is a draft now; somebody has to approve it."
    ),
    "accounts.no_laboratory": N_("There is no laboratory yet: “lims user add” makes the first account and names it."),
    "cli.recomputed": N_("Evaluations run again: %(count)s; differences: %(differences)s"),
    "cli.chains_hold": N_("Audit entries: %(entries)s in %(chains)s chains; every one holds."),
    "cli.ready": N_("Chuan LIMS answers at %(address)s   (Ctrl+C ends it)"),
    "cli.checked.tables": N_("tables"),
    "cli.checked.blobs": N_("stored files"),
    "cli.checked.procedure_versions": N_("procedure versions"),
    "cli.checked.evaluations": N_("evaluations"),
    "cli.checked.decisions": N_("decisions"),
    "cli.checked.certificates": N_("certificates"),
    "cli.checked.templates": N_("document templates"),
    "cli.checked.numbers": N_("number counters"),
    "cli.checked.references": N_("kinds of reference"),
    "cli.checked.accounts": N_("accounts"),
    "cli.checked.standard_calibrations": N_("calibrations of standards"),
    "cli.checked.tokens_of_equipment": N_("labels of equipment and calibrations"),
    "cli.checked.calendar_addresses": N_("addresses of calendars"),
    "cli.checked.tokens_of_orders": N_("links of orders, items and notices"),
    "cli.checked.evaluated_readings": N_("readings that evaluations took"),
    "cli.checked.used_calibrations": N_("values of standards that evaluations used"),
    "cli.checked.result_rows": N_("rows of results"),
    "cli.checked.own_calibrations": N_("calibrations of standards in the laboratory itself"),
    "cli.checked.runs": N_("labels of runs"),
    "cli.checked.certificate_runs": N_("runs on certificates"),
    "cli.checked.certificate_tokens": N_("links of certificates"),
    "cli.checked.impact_studies": N_("impact studies"),
    "cli.checked.audit_chains": N_("entries in audit chains"),
    "demo.opening": N_("Opening the demonstration in %(folder)s"),
    "demo.database": N_("Creating the database"),
    "demo.people": N_("People, customers, procedures, authorisations, scope"),
    "demo.standards": N_("Standards and their calibrations"),
    "demo.past": N_("The work of three years: certificate %(done)s of %(of)s"),
    "demo.today": N_("The work of today, an item in every state"),
    "demo.weighing": N_("The weighing of EA-4/02 M, S2: order, readings, evaluation, review, release"),
    "demo.certificates": N_("Rendering the certificates"),
    "demo.full.water_batch": N_("Not loaded yet: 240 water meters in 40 runs; no procedure verifies water meters"),
    "demo.full.control": N_("Not loaded yet: control verification of 1000 electricity meters and 400 water meters"),
    "demo.full.petrol_stations": N_("Not loaded yet: a day at five petrol stations; no procedure verifies dispensers"),
    "demo.full.market_scales": N_("Not loaded yet: 64 market scales in a morning; no procedure verifies scales"),
    "demo.full.hospital": N_("Not loaded yet: a hospital's blood pressure gauges; no procedure verifies them"),
    "demo.full.overdue": N_("Not loaded yet: the list of what is overdue for verification"),
    "demo.full.programme": N_("Not loaded yet: a year of the provincial programme"),
    "accounts.laboratory_needed": N_('The very first account also names the laboratory: --laboratory "name".'),
    "accounts.laboratory_exists": N_("The laboratory exists already: leave --laboratory out."),
    "audit.entry_missing": N_("Audit chain of site %(site_id)s: entry %(sequence)s is missing."),
    "audit.entry_altered": N_("Audit chain of site %(site_id)s: entry %(sequence)s was altered."),
    "audit.payload_altered": N_("Audit chain of site %(site_id)s: what entry %(sequence)s says was altered."),
    "audit.personal_altered": N_("Audit chain of site %(site_id)s: the name in entry %(sequence)s was altered."),
    "audit.anchor_differs": N_(
        "Audit chain of site %(site_id)s: entry %(sequence)s is not the one noted outside the database."
    ),
    "audit.head_differs": N_(
        "Audit chain of site %(site_id)s: it ends at entry %(sequence)s, its head says otherwise."
    ),
    "audit.chain_cut": N_("Audit chain of site %(site_id)s: it was cut short before entry %(sequence)s."),
    "audit.chain_missing": N_("The audit chain of site %(site_id)s is gone (it had reached entry %(sequence)s)."),
    "audit.anchor_file_damaged": N_("Line %(line)s of %(file)s cannot be read."),
    "blob.damaged": N_("The stored file %(sha256)s no longer has its hash."),
    "blob.not_found": N_("There is no stored file %(sha256)s."),
    "integrity.revision": N_("The tables stand at %(found)s, not at %(wanted)s: run “lims db upgrade”."),
    "integrity.trigger_missing": N_("The trigger %(name)s is missing: permanent rows are not held."),
    "integrity.reference": N_("Row %(row)s of %(table)s refers to a row of %(refers_to)s that does not exist."),
    "integrity.file": N_("The database file is damaged: %(message)s"),
    "integrity.definition": N_("The definition of procedure version %(version)s (%(id)s) no longer has its digest."),
    "integrity.evaluation": N_("Evaluation %(id)s of run %(run_id)s no longer has its digest."),
    "integrity.decision": N_("Decision %(id)s names another evaluation than the one stored."),
    "integrity.certificate_content": N_(
        "The content of certificate %(number)s (version %(version)s) no longer has its digest."
    ),
    "integrity.certificate_without_pdf": N_("Certificate %(number)s (version %(version)s) is issued but has no file."),
    "integrity.certificate_run": N_("A certificate (row %(id)s) names another evaluation than the one stored."),
    "integrity.certificate_head": N_(
        "Certificate %(number)s (version %(version)s) is listed with another number, version or date than it says."
    ),
    "integrity.calibration": N_("Calibration %(number)s of a standard (%(id)s) no longer has its digest."),
    "integrity.own_calibration": N_(
        "Calibration %(id)s of a standard names an evaluation of run %(run_id)s that is not stored."
    ),
    "integrity.reading": N_(
        "Reading %(id)s is no longer what evaluation %(evaluation)s of run %(run_id)s took, or is gone."
    ),
    "integrity.used_calibration": N_(
        "Calibration %(id)s of a standard no longer gives the value that evaluation %(evaluation)s of run %(run_id)s "
        "used."
    ),
    "integrity.result_row": N_(
        "Row %(place)s of evaluation %(evaluation)s (run %(run_id)s) is not what its result says."
    ),
    "integrity.impact_result": N_("Impact study %(study)s: its row for run %(run_id)s no longer has its digest."),
    "integrity.impact_study": N_("Impact study %(study)s no longer has its digests."),
    "integrity.malformed": N_("Row %(row)s of %(table)s: %(column)s has not the form it is given."),
    "integrity.trigger_altered": N_("The trigger %(name)s was altered: permanent rows may not be held."),
    "integrity.unreadable": N_("%(what)s: rows cannot be read (%(reason)s)."),
    "integrity.template_edited": N_("The template %(name)s, version %(version)s, was edited after it was used."),
    "integrity.numbers": N_("Certificate numbers of %(year)s: %(taken)s were taken, %(found)s stand on certificates."),
}


def prepare() -> None:
    """Speak the installation's language from now on, with the words of every package."""
    reader.speak(installed_language())
    register_messages()
    messages.register({**MESSAGES, **BACKUP_MESSAGES}, {})


def words(code: str, values: Mapping[str, object] | None = None) -> str:
    """Return the words of a code."""
    prepare()
    return messages.message(code, values)


def lines(error: LimsError) -> Iterator[str]:
    """Return an error as lines that a person understands: one for each field that is wrong, else one."""
    prepare()
    if isinstance(error, InvalidInput):
        for field in error.fields:
            yield f"{field.field}: {messages.error_message(field)}"
        return
    clause = f" [{error.clause}]" if error.clause else ""
    yield messages.error_message(error) + clause
