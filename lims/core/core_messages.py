"""Words of the core's own error codes, and of fields that many forms share."""

from __future__ import annotations

from typing import Final

from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    "input.invalid": N_("Some fields need attention."),
    "field.missing": N_("Please fill in this field."),
    "field.too_long": N_("At most %(maximum)s characters; there are %(length)s."),
    "field.not_a_date": N_("“%(text)s” is not a date. Write it as day/month/year, for example 21/11/2026."),
    "field.not_a_time": N_("“%(text)s” is not a date and time, for example 21/11/2026 14:05."),
    "field.not_a_choice": N_("“%(text)s” is not one of the choices. Please choose from the list."),
    "field.not_chosen": N_("Please choose one."),
    "field.not_whole": N_("“%(text)s” is not a whole number."),
    "field.below": N_("At least %(lower)s is allowed; “%(text)s” is less."),
    "field.above": N_("At most %(upper)s is allowed; “%(text)s” is more."),
    "field.not_an_email": N_("“%(text)s” is not an email address, for example name@example.vn."),
    "number.missing": N_("Please type a number."),
    "number.not_a_number": N_(
        "“%(text)s” is not a number. Write digits with one decimal comma or point, for example 12,5."
    ),
    "unit.unknown": N_("“%(unit)s” is not a unit that is known here, such as g, mm, °C or kPa."),
    "unit.incompatible": N_("The unit “%(unit)s” does not fit here; a unit such as “%(expected)s” is needed."),
    "access.forbidden": N_("Your role does not include this. Ask the administrator if you need it."),
    "record.not_found": N_("There is no such page or record."),
    "record.stale": N_(
        "Somebody else has changed this record since you opened it. What you typed is still here: compare it with "
        "the present state, then save again."
    ),
    "record.stale_between": N_(
        "Somebody else has changed this record since you opened it: you saw version %(seen)s, the present version is "
        "%(present)s. What you typed is still here: compare, then save again."
    ),
    "record.permanent": N_("This record is permanent: it is never changed or deleted, only followed by a new one."),
    "numbering.pattern_without_number": N_("The number pattern “%(pattern)s” has no place for the number."),
    "numbering.pattern_invalid": N_("The number pattern “%(pattern)s” cannot be read."),
    "config.unknown_variable": N_("%(name)s is not a known setting. Did you mean %(nearest)s?"),
    "config.unknown_key": N_("%(path)s: “%(name)s” is not a known setting. Did you mean “%(nearest)s”?"),
    "config.not_text": N_("%(path)s: the setting “%(name)s” must be text in quotation marks."),
    "config.file_unreadable": N_("The file named by LIMS_CONFIG cannot be read: %(path)s"),
    "config.file_not_toml": N_("The file named by LIMS_CONFIG is not TOML: %(path)s: %(reason)s"),
    "config.data_dir": N_("The data folder cannot be made: %(path)s"),
    "config.secret_key_open": N_(
        "Other people on this computer may read %(path)s. Make it readable for its owner only (chmod 600)."
    ),
    "config.secret_key_short": N_("%(name)s: a secret key has at least %(shortest)s characters."),
    "config.database_url": N_("LIMS_DATABASE_URL is not a database address."),
    "config.database_kind": N_("%(kind)s is not a database that is known here: sqlite or postgresql."),
    "config.queue_kind": N_("LIMS_QUEUE_URL: %(kind)s is not a queue that is known here: sqlite, postgresql or redis."),
    "config.base_url": N_("LIMS_BASE_URL: “%(text)s” is not an address such as https://lims.example.vn."),
    "config.language": N_("LIMS_LANGUAGE: “%(text)s” is not one of %(known)s."),
    "config.timezone": N_("LIMS_TIMEZONE: “%(text)s” is not a time zone such as Asia/Ho_Chi_Minh."),
    "config.mail_host": N_("%(name)s is set, but LIMS_MAIL_HOST names no mail server."),
    "config.mail_security": N_("LIMS_MAIL_SECURITY: “%(text)s” is not one of %(known)s."),
    "config.mail_port": N_("LIMS_MAIL_PORT: “%(text)s” is not a port from 1 to 65535."),
    "config.mail_from": N_("LIMS_MAIL_FROM must be the address that mail comes from, such as lims@example.vn."),
    "config.mail_user": N_("LIMS_MAIL_USER and LIMS_MAIL_PASSWORD belong together: set both, or neither."),
}

LABELS: Final[dict[str, str]] = {
    "language.vi": N_("Vietnamese"),
    "language.en": N_("English"),
    "yes_no.yes": N_("Yes"),
    "yes_no.no": N_("No"),
}
