"""The file of a backup: written whole or not at all, read only after every part has been held against its hash."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from lims.backup.facts import MANIFEST, SUMS, Manifest, Part, manifest_of
from lims.core.errors import IntegrityFailure, RuleViolation

_PIECE: Final = 1 << 20
_END: Final = bytes(2 * tarfile.BLOCKSIZE)


class ArchiveWriter:
    """Takes the parts of a backup one after the other."""

    def __init__(self, file: IO[bytes], folder: Path, made_at: int) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed by `finish`
        self._folder = folder
        self._made_at = made_at
        self.parts: list[Part] = []

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add a part as it is."""
        self.parts.append(self._write(name, io.BytesIO(data), len(data)))

    def add_lines(self, name: str, lines: Iterable[bytes]) -> None:
        """Add a table's lines, packed; the first of them names the columns."""
        content, rows = hashlib.sha256(), -1
        with tempfile.TemporaryFile(dir=self._folder) as packed:
            with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=3, mtime=0) as zipped:
                for line in lines:
                    content.update(line)
                    zipped.write(line)
                    rows += 1
            size = packed.tell()
            packed.seek(0)
            part = self._write(name, packed, size)
        self.parts.append(Part(name, part.size, part.sha256, rows, content.hexdigest()))

    def finish(self, manifest: Manifest) -> None:
        """Close the file with what it holds and the sums of all."""
        data = manifest.as_json().encode()
        named = [*manifest.parts, self._write(MANIFEST, io.BytesIO(data), len(data))]
        sums = "".join(f"{part.sha256}  {part.name}\n" for part in named).encode()
        self._write(SUMS, io.BytesIO(sums), len(sums))
        self._tar.close()

    def _write(self, name: str, data: IO[bytes], size: int) -> Part:
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = size, 0o600, self._made_at
        digest = hashlib.sha256()
        self._tar.addfile(member, _Watched(data, digest))
        return Part(name, size, digest.hexdigest())


class _Watched(io.RawIOBase):
    """Bytes that are hashed while they are read."""

    def __init__(self, data: IO[bytes], digest: Any) -> None:
        self._data, self._digest = data, digest

    def read(self, size: int = -1) -> bytes:
        piece = self._data.read(size)
        self._digest.update(piece)
        return piece


@contextmanager
def new_file(path: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """Give a file to write, with the name it has meanwhile; it gets its own when it is whole and on disk.

    Raises RuleViolation where there is a file of that name, or another backup is writing it.
    """
    if path.exists():
        raise RuleViolation("backup.file_exists", file=str(path))
    if not path.parent.is_dir():
        raise RuleViolation("backup.no_folder", folder=str(path.parent))
    draft = path.with_name(path.name + ".part")
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RuleViolation("backup.being_written", file=str(path)) from error
        try:
            file.truncate()
            yield file, draft
            file.flush()
            os.fsync(file.fileno())
            if path.exists():
                raise RuleViolation("backup.file_exists", file=str(path))
            draft.rename(path)
        finally:
            draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names of a folder on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def verify(path: Path) -> Manifest:
    """Hold every part against its hash and return the manifest.

    Raises IntegrityFailure naming the part that is cut short, altered, missing or too many.
    """
    found: dict[str, str] = {}
    kept: dict[str, bytes] = {}
    for name, data in _members(path):
        digest, whole = hashlib.sha256(), bytearray()
        while piece := _piece(data, name):
            digest.update(piece)
            if name in {MANIFEST, SUMS}:
                whole += piece
        if name in found:
            raise IntegrityFailure("backup.part_unknown", part=name)
        found[name], kept[name] = digest.hexdigest(), bytes(whole)
    last = next(reversed(found), "–")
    if SUMS not in found:
        raise IntegrityFailure("backup.cut_short", part=last)
    manifest = _manifest(kept, found)
    _hold_against(manifest, found)
    _hold_end(path)
    return manifest


def _manifest(kept: dict[str, bytes], found: dict[str, str]) -> Manifest:
    """Read what the backup says of itself; the sums say whether it is what was written."""
    if MANIFEST not in found:
        raise IntegrityFailure("backup.part_missing", part=MANIFEST)
    wanted = dict(_sum_lines(kept[SUMS]))
    for name, digest in found.items():
        if name != SUMS and wanted.get(name) != digest:
            raise IntegrityFailure("backup.part_damaged", part=name)
    for name in wanted.keys() - found.keys():
        raise IntegrityFailure("backup.part_missing", part=name)
    try:
        return manifest_of(json.loads(kept[MANIFEST]))
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityFailure("backup.other_format", part=MANIFEST) from error


def _sum_lines(data: bytes) -> Iterator[tuple[str, str]]:
    for line in data.decode("utf-8", errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        yield name, digest


def _hold_against(manifest: Manifest, found: dict[str, str]) -> None:
    named = {part.name: part.sha256 for part in manifest.parts}
    for name in sorted(named.keys() | (found.keys() - {MANIFEST, SUMS})):
        if name not in named:
            raise IntegrityFailure("backup.part_unknown", part=name)
        if name not in found:
            raise IntegrityFailure("backup.part_missing", part=name)
        if named[name] != found[name]:
            raise IntegrityFailure("backup.part_damaged", part=name)


def _hold_end(path: Path) -> None:
    """A file that ends before the end of its last block was cut short, if only by nothing that matters."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - len(_END)))
        if size % tarfile.RECORDSIZE or file.read() != _END:
            raise IntegrityFailure("backup.cut_short", part=SUMS)


def lines_in(path: Path, part: Part) -> Iterator[bytes]:
    """Yield the lines of a table as they were written. Raises IntegrityFailure where they are not."""
    for name, data in _members(path):
        if name == part.name:
            yield from _unpacked(data, part)
            return
    raise IntegrityFailure("backup.part_missing", part=part.name)


def _unpacked(data: IO[bytes], part: Part) -> Iterator[bytes]:
    digest = hashlib.sha256()
    try:
        with gzip.GzipFile(fileobj=data, mode="rb") as lines:
            for line in lines:
                digest.update(line)
                yield line
    except (OSError, EOFError) as error:
        raise IntegrityFailure("backup.part_damaged", part=part.name) from error
    if digest.hexdigest() != part.content_sha256:
        raise IntegrityFailure("backup.part_damaged", part=part.name)


def bytes_in(path: Path, wanted: str) -> bytes:
    """Return a part as it is. Raises IntegrityFailure where there is none."""
    for name, data in _members(path):
        if name == wanted:
            return data.read()
    raise IntegrityFailure("backup.part_missing", part=wanted)


def _members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the parts in the order of the file."""
    last = "–"
    try:
        with tarfile.open(path, mode="r:") as tar:
            for member in tar:
                data = tar.extractfile(member) if member.isreg() else None
                if data is None:
                    raise IntegrityFailure("backup.part_unknown", part=member.name)
                last = member.name
                yield member.name, data
    except tarfile.TarError as error:
        if last == "–":
            raise IntegrityFailure("backup.none", file=str(path)) from error
        raise IntegrityFailure("backup.cut_short", part=last) from error


def _piece(data: IO[bytes], name: str) -> bytes:
    try:
        return data.read(_PIECE)
    except (tarfile.TarError, OSError) as error:
        raise IntegrityFailure("backup.cut_short", part=name) from error
