"""What the register keeps beside an instrument: files, accessories, safeguards, firmware, movements; and commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from standards.facts import StandardState

FILE_LANGUAGES: Final = ("vi", "en", "de", "fr", "ja", "zh")
"""Languages of manuals that a form offers."""


class FileKind(StrEnum):
    """What a file shows."""

    PHOTOGRAPH = "photograph"
    MANUAL = "manual"


class EntryKind(StrEnum):
    """What is kept of an instrument with dates of its own."""

    ACCESSORY = "accessory"
    SAFEGUARD = "safeguard"
    FIRMWARE = "firmware"


class SafeguardMeans(StrEnum):
    """What keeps people from adjusting an instrument unnoticed (ISO/IEC 17025:2017, 6.4.12)."""

    SEAL = "seal"
    LOCKED_MENU = "locked_menu"
    PASSWORD = "password"
    COVER = "cover"
    OTHER = "other"


class MovementKind(StrEnum):
    """How a standard changes hands or place."""

    LENT = "lent"
    SENT = "sent"
    RECEIVED = "received"
    MOVED = "moved"


LEAVING: Final = frozenset({MovementKind.LENT, MovementKind.SENT})
STATE_AFTER: Final = MappingProxyType(
    {
        MovementKind.LENT: StandardState.OUT,
        MovementKind.SENT: StandardState.OUT,
        MovementKind.RECEIVED: StandardState.RETURNED,
    }
)
"""The state that a movement leads to; being moved to another room leads to none."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A photograph or manual as it stands; `replaced_by` where a later one took its place."""

    id: int
    instrument_id: int
    kind: FileKind
    sha256: str
    media_type: str
    file_name: str
    size: int
    title: str
    language: str | None
    replaces_id: int | None
    withdrawn: bool
    reason: str | None
    added_at: datetime
    added_by_name: str
    replaced_by: int | None = None

    @property
    def current(self) -> bool:
        """Whether it holds now."""
        return self.replaced_by is None and not self.withdrawn


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """An accessory, a safeguard or a firmware version from a day on, until a later entry takes its place."""

    id: int
    instrument_id: int
    kind: EntryKind
    means: str | None
    name_vi: str
    name_en: str | None
    identifier: str | None
    note: str | None
    valid_from: date
    replaces_id: int | None
    ended: bool
    recorded_at: datetime
    recorded_by_name: str
    replaced_by: int | None = None

    @property
    def current(self) -> bool:
        """Whether it holds now."""
        return self.replaced_by is None and not self.ended


@dataclass(frozen=True, slots=True)
class MovementFacts:
    """A movement of a standard. `ended_by` is the reception that ended it."""

    id: int
    standard_id: int
    kind: MovementKind
    moved_on: date
    organisation_id: int | None
    organisation_name_vi: str | None
    organisation_name_en: str | None
    holder: str | None
    place: str | None
    reason: str | None
    condition: str | None
    expected_on: date | None
    ends_id: int | None
    recorded_at: datetime
    recorded_by_name: str
    ended_by: int | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """Everything that the register keeps beside an instrument, the newest first."""

    files: tuple[FileFacts, ...]
    entries: tuple[EntryFacts, ...]

    @property
    def photographs(self) -> tuple[FileFacts, ...]:
        """The photographs that hold now."""
        return tuple(file for file in self.files if file.current and file.kind is FileKind.PHOTOGRAPH)

    @property
    def manuals(self) -> tuple[FileFacts, ...]:
        """The manuals that hold now."""
        return tuple(file for file in self.files if file.current and file.kind is FileKind.MANUAL)

    @property
    def former_files(self) -> tuple[FileFacts, ...]:
        """Files that were replaced or withdrawn; the row that withdraws one shows no file of its own."""
        return tuple(file for file in self.files if not file.current and not file.withdrawn)

    def of(self, kind: str) -> tuple[EntryFacts, ...]:
        """Return the entries of a kind that hold now."""
        return tuple(entry for entry in self.entries if entry.current and entry.kind == kind)

    def former(self, kind: str) -> tuple[EntryFacts, ...]:
        """Return the entries of a kind that hold no longer."""
        return tuple(entry for entry in self.entries if not entry.current and not entry.ended and entry.kind == kind)


@dataclass(frozen=True, slots=True)
class AddFile:
    """A photograph or manual that was handed in; `replaces_id` names the one whose place it takes."""

    instrument_id: int
    kind: FileKind
    file_name: str
    data: bytes
    title: str
    language: str | None = None
    replaces_id: int | None = None


@dataclass(frozen=True, slots=True)
class WithdrawFile:
    """A file that shall no longer be shown as holding, and why; it is kept."""

    file_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class RecordEntry:
    """An accessory, safeguard or firmware version from a day on; `replaces_id` names what it takes the place of."""

    instrument_id: int
    kind: EntryKind
    name_vi: str
    valid_from: date
    name_en: str | None = None
    identifier: str | None = None
    means: str | None = None
    note: str | None = None
    replaces_id: int | None = None


@dataclass(frozen=True, slots=True)
class EndEntry:
    """An accessory or safeguard that is there no longer, since when and why."""

    entry_id: int
    ended_on: date
    note: str


@dataclass(frozen=True, slots=True)
class RecordMovement:
    """A standard lent, sent away, received again or moved; who has it is an organisation, a person's name, or both."""

    standard_id: int
    kind: MovementKind
    moved_on: date
    organisation_id: int | None = None
    holder: str | None = None
    place: str | None = None
    reason: str | None = None
    condition: str | None = None
    expected_on: date | None = None
    row_version: int | None = None


@dataclass(frozen=True, slots=True)
class UpdateStandard:
    """Who keeps a standard and where it stands in the laboratory's hierarchy, with the version that was seen."""

    standard_id: int
    row_version: int
    custodian_id: int | None
    level: str | None
