"""What the walk by hash finds: from a standard's certificate as it was received to the certificate issued here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class HashState(StrEnum):
    """Whether the walk came through: every digest as stored, something else than it was, or no digital certificate."""

    VERIFIED = "verified"
    BROKEN = "broken"
    NO_DCC = "no_dcc"


class HashFault(StrEnum):
    """Where a walk by hash stops."""

    FILE_MISSING = "file_missing"
    FILE_CHANGED = "file_changed"
    NUMBER_NOT_IN_FILE = "number_not_in_file"
    CALIBRATION_CHANGED = "calibration_changed"
    VALUE_CHANGED = "value_changed"
    VALUE_NAMES_OTHER_FILE = "value_names_other_file"
    EVALUATION_MISSING = "evaluation_missing"
    EVALUATION_CHANGED = "evaluation_changed"
    CERTIFICATE_CHANGED = "certificate_changed"
    CERTIFICATE_NAMES_OTHER_FILE = "certificate_names_other_file"


@dataclass(frozen=True, slots=True)
class HashStep:
    """One calibration of a standard on the way: how many numbers of its file and values of budgets were followed."""

    calibration_id: int
    standard_code: str
    certificate_number: str
    state: HashState
    dcc_sha256: str | None
    content_digest: str
    numbers: int
    values: int
    faults: tuple[HashFault, ...] = ()


@dataclass(frozen=True, slots=True)
class HashWalk:
    """The whole walk of a certificate; `faults` are those of the certificate and its evaluations themselves."""

    certificate: str
    content_digest: str
    steps: tuple[HashStep, ...]
    faults: tuple[HashFault, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing on the way is other than it was."""
        return not self.faults and all(step.state is not HashState.BROKEN for step in self.steps)

    def step(self, calibration_id: int) -> HashStep | None:
        """Return the step of a calibration."""
        return next((step for step in self.steps if step.calibration_id == calibration_id), None)
