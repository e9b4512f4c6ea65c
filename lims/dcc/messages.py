"""Words for what is found in a digital calibration certificate, and for the lines in which it is shown."""

from __future__ import annotations

from typing import Final

from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    # The file itself.
    "dcc.empty": N_("The file is empty."),
    "dcc.too_large": N_("The file is larger than %(limit)s MB."),
    "dcc.is_pdf": N_("This is a PDF file; what is read here is the XML file of the certificate."),
    "dcc.not_xml": N_("This is not an XML file: line %(line)s, column %(column)s: %(reason)s"),
    "dcc.document_type": N_(
        "Line %(line)s has a document type (DOCTYPE). Certificates have none, and it may do harm: the file is refused."
    ),
    "dcc.entity": N_("Line %(line)s defines the entity “%(name)s”. This may do harm: the file is refused."),
    "dcc.too_deep": N_("Line %(line)s: “%(element)s” lies deeper than %(limit)s elements."),
    "dcc.too_many_elements": N_("The file has more than %(limit)s elements."),
    "dcc.too_many_entries": N_("The lists of the file have more than %(limit)s entries together."),
    "dcc.other_format": N_(
        "“%(element)s” (%(namespace)s) is another format for calibration data, which is not read here: no DCC of PTB."
    ),
    "dcc.not_a_certificate": N_(
        "This is no digital calibration certificate: its root is “%(element)s” (%(namespace)s)."
    ),
    "dcc.wrong_namespace": N_("The root's namespace is “%(namespace)s”, not “%(expected)s”."),
    "dcc.unknown_version": N_("Version “%(version)s” of the format is not known here. Known: %(known)s."),
    "dcc.no_version": N_("The file names no version of the format; it was read as %(version)s, the last without one."),
    "dcc.file_unreadable": N_("%(file)s cannot be read."),
    # Its structure.
    "dcc.element_unexpected": N_("“%(element)s” is not understood here. Possible here: %(expected)s."),
    "dcc.element_one_too_many": N_("“%(element)s” is not understood here: nothing more may stand here."),
    "dcc.element_missing": N_("Something is missing at the end of this element. Possible here: %(expected)s."),
    "dcc.attribute_unexpected": N_("The attribute “%(name)s” is not understood here."),
    "dcc.attribute_missing": N_("The attribute “%(name)s” is missing."),
    "dcc.text_unexpected": N_("Text stands where only elements may: “%(text)s”."),
    "dcc.not_one_of": N_("“%(text)s” is none of: %(expected)s."),
    "dcc.not_of_its_form": N_("“%(text)s” is empty or does not have the form that is asked for here."),
    "dcc.not_a_number": N_("“%(text)s” is no number as asked for here."),
    "dcc.number_out_of_range": N_("“%(text)s” is a number that no measurement can give."),
    "dcc.not_a_date": N_("“%(text)s” is no date (year-month-day)."),
    "dcc.not_a_date_time": N_("“%(text)s” is no date with time."),
    "dcc.not_a_boolean": N_("“%(text)s” is neither true nor false."),
    "dcc.not_a_duration": N_("“%(text)s” is no duration."),
    "dcc.not_an_integer": N_("“%(text)s” is no whole number."),
    "dcc.not_base64": N_("This file inside the certificate is not in base 64."),
    "dcc.not_a_mark": N_("“%(text)s” cannot be a mark for references."),
    "dcc.schema": N_("PTB's schema of version %(version)s, line %(line)s: %(reason)s"),
    "dcc.schema_foreign": N_("Foreign content, whose schema is not at hand: it is kept unchecked."),
    "dcc.signature_not_foreseen": N_(
        "Version %(version)s of the format does not foresee a signature; it is checked anyway."
    ),
    # Dates, references, languages, persons.
    "dcc.date_in_the_future": N_("%(date)s lies in the future (today is %(today)s)."),
    "dcc.end_before_begin": N_("The calibration ended on %(date)s, before it began on %(earlier)s."),
    "dcc.issued_before_end": N_("Issued on %(date)s, before the calibration ended on %(earlier)s."),
    "dcc.begin_before_receipt": N_("The calibration began on %(date)s, before the item was received on %(earlier)s."),
    "dcc.mark_twice": N_("The mark “%(mark)s” is also that of %(other)s."),
    "dcc.mark_without_target": N_("There is no element with the mark “%(mark)s” that is referred to."),
    "dcc.mandatory_language_unused": N_("The mandatory language “%(language)s” is not among the languages used."),
    "dcc.language_not_declared": N_("There is text in “%(language)s”; declared are: %(used)s."),
    "dcc.mandatory_language_missing": N_(
        "Texts that lack a mandatory language (%(languages)s): %(count)s; this is the first."
    ),
    "dcc.main_signers": N_("Persons named as main signer: %(count)s. There should be one."),
    # Values.
    "dcc.list_empty": N_("The list has no value."),
    "dcc.list_lengths": N_("The list has %(found)s entries; its values number %(expected)s."),
    "dcc.unit_missing": N_("There is no unit."),
    "dcc.unit_not_digital_si": N_(
        "“%(unit)s” is not a unit in the form of D-SI. It is kept as text and not calculated with."
    ),
    "dcc.unit_not_calculable": N_("The unit “%(unit)s” is one of D-SI, but not one to calculate with here."),
    "dcc.unit_non_si": N_("“%(unit)s” is marked as no SI unit; a statement defines it. It is not calculated with."),
    "dcc.unit_non_si_undeclared": N_("“%(unit)s” is marked as no SI unit, and no statement defines it."),
    "dcc.value_not_a_number": N_("Value %(position)s is not a number."),
    "dcc.no_coverage_factor": N_("Value %(position)s: an expanded uncertainty without coverage factor."),
    "dcc.coverage_probability": N_("Value %(position)s: the coverage probability “%(text)s” is not between 0 and 1."),
    "dcc.uncertainty_not_a_number": N_("Value %(position)s: the uncertainty is not a number."),
    "dcc.uncertainty_zero": N_("Value %(position)s: the uncertainty is zero."),
    "dcc.interval_reversed": N_("Value %(position)s: the coverage interval ends before it begins."),
    "dcc.value_outside_interval": N_("Value %(position)s lies outside its own coverage interval."),
    "dcc.alternatives_lengths": N_("The same quantity in several units has different numbers of values: %(counts)s."),
    "dcc.alternatives_differ": N_("Value %(position)s: %(first)s and %(second)s are not the same."),
    "dcc.covariance_not_square": N_("A covariance matrix of %(columns)s columns with %(rows)s rows."),
    "dcc.no_uncertainty": N_("None of the %(count)s values of the results has an uncertainty."),
    "dcc.degrees_of_freedom_missing": N_(
        "Uncertainties without degrees of freedom: %(count)s. These have to be asked for, or assumed and marked so."
    ),
    "dcc.no_ref_types": N_("No quantity says by a refType what it is: names have to be read by a person."),
    # Signatures.
    "dcc.signature.altered": N_("The signature is broken: the file was altered after it was signed."),
    "dcc.signature.broken": N_(
        "The signature is broken: it was not made with the key of its certificate, or was altered."
    ),
    "dcc.signature.other_signer": N_(
        "The signature is broken: it names another certificate than the one it comes with."
    ),
    # Settings.
    "dcc.trusted_unreadable": N_("%(file)s holds no certificates in PEM form."),
    "dcc.schema_missing": N_("%(file)s does not exist. LIMS_DCC_SCHEMA_DIR names the folder of PTB's schema files."),
    "dcc.schema_unreadable": N_("%(file)s cannot be loaded as a schema: %(reason)s"),
    # What the commands say.
    "dcc.verdict.accepted": N_("%(file)s: a certificate of version %(version)s without errors (%(by)s)."),
    "dcc.verdict.refused": N_("%(file)s: refused; errors: %(count)s (%(by)s)."),
    "dcc.verdict.left_off": N_("Further findings that are not shown: %(count)s"),
    "dcc.signature_state.none": N_("Signature: none; the file is unsigned."),
    "dcc.signature_state.valid": N_("Signature: valid. The file is as it was signed by %(signer)s."),
    "dcc.signature_state.invalid": N_("Signature: invalid. Signer named: %(signer)s."),
    "dcc.signature_state.cannot_verify": N_("Signature: cannot be verified; %(reason)s Signer named: %(signer)s."),
    "dcc.holds": N_("The file is as it was signed."),
    "dcc.by_rules": N_("by the rules built in; PTB's schema files are not set up"),
    "dcc.by_schema": N_("by the rules built in and by PTB's schema"),
}

LABELS: Final[dict[str, str]] = {
    "dcc_severity.error": N_("error"),
    "dcc_severity.warning": N_("to be looked at"),
    "dcc_severity.note": N_("note"),
    "dcc_reason.expired": N_("the signer's certificate has expired."),
    "dcc_reason.not_yet_valid": N_("the signer's certificate is not valid yet."),
    "dcc_reason.unknown_root": N_("the signer's certificate leads to no authority that is trusted here."),
    "dcc_reason.not_for_signing": N_("the signer's certificate is not meant for signing."),
    "dcc_reason.no_certificate": N_("it comes with no certificate of a signer."),
    "dcc_reason.certificate_unreadable": N_("its certificate cannot be read."),
    "dcc_reason.unsupported": N_("it is of a kind that is not checked here."),
    "dcc_reason.partial": N_("it covers only a part of the file."),
    "dcc_reason.not_at_root": N_("it lies inside another element."),
    "dcc.nobody": N_("nobody"),
    "dcc_place.result": N_("Results"),
    "dcc_place.condition": N_("Influence conditions"),
    "dcc_place.statement": N_("Statements and metadata"),
    "dcc_place.item": N_("Calibrated items"),
    "dcc_place.equipment": N_("Measuring equipment"),
    "dcc_place.method": N_("Methods"),
    "dcc_place.location": N_("Places"),
    "dcc_unit.not_calculable": N_("not one to calculate with"),
    "dcc_unit.non_si": N_("no SI unit"),
    "dcc_unit.not_digital_si": N_("not understood"),
    "dcc_unit.missing": N_("no unit"),
    "dcc_component.real": N_("real part"),
    "dcc_component.imaginary": N_("imaginary part"),
    "dcc_component.magnitude": N_("magnitude"),
    "dcc_component.phase": N_("phase"),
    "dcc_line.number": N_("Certificate"),
    "dcc_line.version": N_("Format"),
    "dcc_line.laboratory": N_("Laboratory"),
    "dcc_line.customer": N_("Customer"),
    "dcc_line.received": N_("Received"),
    "dcc_line.performed": N_("Calibrated"),
    "dcc_line.issued": N_("Issued"),
    "dcc_line.location": N_("Performed at"),
    "dcc_line.languages": N_("Languages"),
    "dcc_line.replaces": N_("Replaces"),
    "dcc_line.person": N_("Responsible"),
    "dcc_line.item": N_("Calibrated item"),
    "dcc_line.equipment": N_("Equipment used"),
    "dcc_line.method": N_("Method"),
    "dcc_line.software": N_("Software"),
    "dcc_line.condition": N_("Influence condition"),
    "dcc_line.statement": N_("Statement"),
    "dcc_line.attachment": N_("Attached file"),
    "dcc_line.file": N_("SHA-256"),
    "dcc_line.no_degrees": N_("not stated"),
    "dcc_line.no_name": N_("(no name)"),
    "dcc_line.interval": N_("interval"),
    "dcc_line.for_all": N_("stated once for the list"),
    "dcc_line.region": N_("coverage region"),
    "dcc_line.alternative": N_("the same in another unit"),
    "dcc_line.relative": N_("relative uncertainty"),
    "dcc_line.conformity": N_("conformity"),
}
