"""Words for the codes of what the register keeps: files, accessories, safeguards, firmware, movements, its sheets."""

from __future__ import annotations

from typing import Final

from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    "register.file_not_found": N_("There is no such file."),
    "register.entry_not_found": N_("There is no such entry."),
    "register.no_file": N_("Choose a file."),
    "register.file_empty": N_("The file is empty."),
    "register.file_too_large": N_("The file has %(size)s MB; at most %(limit)s MB are kept."),
    "register.not_a_pdf": N_("This is no whole PDF file, whatever its name says. Manuals are kept as PDF."),
    "register.not_a_picture": N_(
        "This is no whole picture in JPEG, PNG or WebP, whatever its name says. Photographs are kept in these."
    ),
    "register.picture_size": N_("A picture of %(width)s × %(height)s points is not shown; at most 100 million are."),
    "register.other_kind": N_("Only something of the same kind can take its place."),
    "register.replaced_already": N_("Somebody replaced or ended this meanwhile; look at what stands now."),
    "register.firmware_stays": N_("Firmware does not end; record the version that came after it."),
    "movement.before_the_last": N_("%(date)s lies before the last movement, which was on %(last)s."),
    "movement.to_nobody": N_("Say who has it: an organisation, a person, or both."),
    "movement.not_here": N_("What is away or retired cannot be moved within the laboratory."),
    "movement.nothing_to_receive": N_("It is not away, so it cannot be received."),
    "movement.away_already": N_("It is away since %(since)s; record first that it was received."),
    "movement.receive_it": N_("It is away: record its reception, with the condition in which it came back."),
}

LABELS: Final[dict[str, str]] = {
    "file_kind.photograph": N_("Photograph"),
    "file_kind.manual": N_("Manual"),
    "file_language.vi": N_("Vietnamese"),
    "file_language.en": N_("English"),
    "file_language.de": N_("German"),
    "file_language.fr": N_("French"),
    "file_language.ja": N_("Japanese"),
    "file_language.zh": N_("Chinese"),
    "entry_kind.accessory": N_("Accessory"),
    "entry_kind.safeguard": N_("Safeguard"),
    "entry_kind.firmware": N_("Firmware"),
    "safeguard_means.seal": N_("seal"),
    "safeguard_means.locked_menu": N_("locked menu"),
    "safeguard_means.password": N_("password"),
    "safeguard_means.cover": N_("sealed cover"),
    "safeguard_means.other": N_("other means"),
    "movement_kind.lent": N_("Lent"),
    "movement_kind.sent": N_("Sent for calibration or repair"),
    "movement_kind.received": N_("Received again"),
    "movement_kind.moved": N_("Moved within the laboratory"),
}
