"""Words for what making and restoring a backup says."""

from __future__ import annotations

from typing import Final

from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    "backup.made": N_("%(file)s: %(tables)s tables with %(rows)s rows, %(size)s bytes."),
    "backup.sum": N_("SHA-256 of the file: %(sha256)s"),
    "backup.without_key": N_(
        "The secret key is not in it. Where it is restored, a new one is made and everybody signs in again; "
        "--with-secret-key takes it along."
    ),
    "backup.with_key": N_("The secret key is in it: whoever has this file can pass for anybody. Keep it locked away."),
    "backup.holds_people": N_("It holds all that the database holds, personal data and password hashes included."),
    "backup.sound": N_(
        "%(file)s is whole: made on %(made_at)s by version %(version)s, %(tables)s tables with %(rows)s rows."
    ),
    "backup.verifying": N_("Checking every part of the backup"),
    "backup.loading": N_("Writing the rows beside what there is, and reading them back"),
    "backup.checking": N_("Checking every stored hash and reference of what was written"),
    "backup.restored": N_("Restored: %(tables)s tables with %(rows)s rows, made on %(made_at)s."),
    "backup.kept": N_("What was there before is kept as %(name)s."),
    "backup.upgraded": N_("The tables were brought from %(old)s to %(new)s."),
    "backup.new_key": N_("The backup holds no secret key: everybody signs in again."),
    "backup.file_exists": N_("%(file)s exists already; a backup never overwrites anything. Choose another name."),
    "backup.no_folder": N_("The folder %(folder)s does not exist."),
    "backup.being_written": N_("Another backup is writing %(file)s at this moment."),
    "backup.none": N_("%(file)s is no backup of Chuan LIMS."),
    "backup.cut_short": N_("The backup is cut short or damaged at or after %(part)s; nothing was changed."),
    "backup.part_damaged": N_("The backup is damaged: %(part)s no longer has its hash; nothing was changed."),
    "backup.part_missing": N_("The backup is incomplete: %(part)s is missing; nothing was changed."),
    "backup.part_unknown": N_("The backup holds %(part)s, which does not belong there; nothing was changed."),
    "backup.other_format": N_("%(part)s is of a form that this version does not know; nothing was changed."),
    "backup.other_columns": N_("The columns of %(part)s are not those of its revision; nothing was changed."),
    "backup.read_back": N_("What was written of %(part)s does not read back the same; nothing was changed."),
    "backup.newer": N_(
        "The backup comes from a newer version (%(version)s, tables at %(revision)s): install that version first."
    ),
    "backup.not_empty": N_(
        "This installation is not empty (%(found)s). --replace puts the backup in its place and keeps what was there."
    ),
    "backup.in_use": N_(
        "%(database)s is in use. Stop “lims serve”, “lims worker” and every other program that uses it, then try again."
    ),
    "backup.does_not_hold": N_(
        "The backup is whole, but what it holds does not pass the check (problems: %(count)s): it was damaged before "
        "the backup was made. --despite-problems restores it as it is. Nothing was changed."
    ),
}
