"""Layers: what one step of an image adds, changes and removes."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from typing_extensions import Buffer, override

# Made anew in every container.
EPHEMERAL = ("dev", "proc", "sys")

# What a file looked like: anything that changes when a package replaces it.
Look = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer as a registry keeps it, and the digest of what it unpacks to."""

    digest: str
    size: int
    unpacked: str


class _Tap(io.RawIOBase):
    """A file that hashes and counts what is written to it."""

    def __init__(self, target: BinaryIO | gzip.GzipFile) -> None:
        super().__init__()
        self._target = target
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, b: Buffer, /) -> int:
        data = bytes(b)
        self._hash.update(data)
        self.size += len(data)
        self._target.write(data)
        return len(data)


def looks(root: Path) -> dict[str, Look]:
    """Return how everything below *root* looks now, to be compared later."""
    return {name: _look(root / name) for name in _walk(root)}


def pack(root: Path, target: Path, before: Mapping[str, Look] | None = None) -> Layer:
    """Write to *target* what differs below *root* from how it looked *before*."""
    before = before or {}
    now = looks(root)
    changed = [name for name, look in now.items() if before.get(name) != look]
    removed = [
        name
        for name in before
        if name not in now and (os.path.dirname(name) in now or not os.path.dirname(name))  # noqa: PTH120
    ]
    with target.open("wb") as file:
        packed = _Tap(file)
        # The fastest compression: these layers travel no further than this machine.
        with gzip.GzipFile("", "wb", 1, packed, mtime=0) as compressed:
            unpacked = _Tap(compressed)
            with tarfile.open(fileobj=unpacked, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                for name in changed:
                    _add(tar, root / name, name)
                for name in removed:
                    folder, _, base = name.rpartition("/")
                    tar.addfile(tarfile.TarInfo(f"{folder}/.wh.{base}".lstrip("/")))
    return Layer(digest=packed.digest, size=packed.size, unpacked=unpacked.digest)


def unpack(layer: Path, root: Path) -> None:
    """Unpack a layer that removes nothing onto *root*, owners and times kept."""
    with tarfile.open(layer, "r|gz") as tar:
        tar.extractall(root, numeric_owner=True, filter="fully_trusted")  # noqa: S202, we packed it


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        here = os.path.relpath(folder, root)
        prefix = "" if here == "." else f"{here}/"
        yield from sorted(f"{prefix}{name}" for name in folders + files)
        folders[:] = [name for name in folders if prefix or name not in EPHEMERAL]


def _look(path: Path) -> Look:
    look = path.lstat()
    owner = (look.st_mode, look.st_uid, look.st_gid)
    if stat.S_ISDIR(look.st_mode):
        return owner
    return (*owner, look.st_size, look.st_mtime_ns, look.st_ino)


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    entry = tar.gettarinfo(path, name)
    entry.uname = entry.gname = ""
    # Python compares whole seconds to decide whether compiled files are current.
    entry.mtime = int(entry.mtime)
    if entry.isreg():
        with path.open("rb") as content:
            tar.addfile(entry, content)
    else:
        tar.addfile(entry)
