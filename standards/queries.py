"""What other packages may ask of standards: every read in one place, under one name."""

from __future__ import annotations

from standards.beside_queries import beside, entry_facts, file_facts, movements_of, open_movements
from standards.calibration_queries import (
    calibration_facts,
    calibration_of_run,
    calibrations_by_id,
    calibrations_of,
    chain_facts,
    drifts_of,
    traceability_chain,
)
from standards.dcc_queries import received_dcc, received_dccs
from standards.digests import content_digest, damaged_calibrations
from standards.evidence_queries import comparison_of
from standards.instrument_queries import (
    instrument_facts,
    instruments_by_id,
    names_of,
    own_instruments,
    own_standard_facts,
    range_ends,
    standard_facts,
    standards_by_id,
)
from standards.list_queries import instruments
from standards.register_queries import standard_line, standards
from standards.use_queries import (
    ReferenceSource,
    Used,
    UseInQuestion,
    calibration_choice,
    calibration_choices,
    check_use,
    reference_correlations,
    reference_source,
    reference_value_at,
    usable_calibrations,
    usable_without_calibration,
    uses_in_question,
)

__all__ = [
    "ReferenceSource",
    "UseInQuestion",
    "Used",
    "beside",
    "calibration_choice",
    "calibration_choices",
    "calibration_facts",
    "calibration_of_run",
    "calibrations_by_id",
    "calibrations_of",
    "chain_facts",
    "check_use",
    "comparison_of",
    "content_digest",
    "damaged_calibrations",
    "drifts_of",
    "entry_facts",
    "file_facts",
    "instrument_facts",
    "instruments",
    "instruments_by_id",
    "movements_of",
    "names_of",
    "open_movements",
    "own_instruments",
    "own_standard_facts",
    "range_ends",
    "received_dcc",
    "received_dccs",
    "reference_correlations",
    "reference_source",
    "reference_value_at",
    "standard_facts",
    "standard_line",
    "standards",
    "standards_by_id",
    "traceability_chain",
    "usable_calibrations",
    "usable_without_calibration",
    "uses_in_question",
]
