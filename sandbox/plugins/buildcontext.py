"""A build's context: its digest, which decides when an image is rebuilt, and its archive."""

import contextlib
import hashlib
import os
import posixpath
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sandbox.plugins.ignore import Ignored, PatternError, parse

MOST_LINKS = 255

_KINDS = {
    stat.S_IFDIR: "d",
    stat.S_IFLNK: "L",
    stat.S_IFBLK: "D",
    stat.S_IFIFO: "p",
    stat.S_IFSOCK: "S",
    stat.S_IFCHR: "Dc",
}


class ContextError(Exception):
    """What keeps a context from being read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a context: its path inside it, and what it is."""

    name: str
    status: os.stat_result

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return stat.S_ISLNK(self.status.st_mode)

    @property
    def is_folder(self) -> bool:
        """Whether it is a directory."""
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.status.st_mode)


def digest(context: str, dockerfile: str) -> str:
    """Return the digest of everything a build of *context* can see, and of its Dockerfile.

    Modification times, owners and the modes of directories do not count.
    """
    total = hashlib.sha256()
    try:
        total.update(_record("Dockerfile", 0, _file_hash(dockerfile)))
    except OSError as error:
        raise ContextError(
            f'error hashing dockerfile "{dockerfile}": could not copy file {dockerfile} to hash: '
            f"read {dockerfile}: {_words(error)}"
        ) from error
    ignored = _ignored(context, dockerfile)
    try:
        for record in _records(context, ignored):
            total.update(record)
    except ContextError as error:
        raise ContextError(f"unable to hash build context: {error}") from error
    return total.hexdigest()


def write_archive(context: str, dockerfile: str, target: BinaryIO) -> str:
    """Write *context* as a tar archive; return the name under which it holds the Dockerfile.

    Everything belongs to root in it, as in a context that is read from a repository.
    """
    ignored = _ignored(context, dockerfile)
    inside = posixpath.relpath(posixpath.abspath(dockerfile), posixpath.abspath(context))
    # The builder needs these two, whatever the patterns say.
    kept = {inside, ".dockerignore", f"{inside}.dockerignore"}
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        # The builder looks at the first header alone to tell an archive from a bare Dockerfile,
        # and a long name would not fit into it.
        top = tarfile.TarInfo("./")
        top.type = tarfile.DIRTYPE
        top.mode = 0o755
        archive.addfile(top)
        for entry in _walk(context, ignored, kept):
            if not stat.S_ISSOCK(entry.status.st_mode):
                _add(archive, _join(context, entry.name), entry.name)
        if inside.startswith("../"):
            inside = f".dockerfile.{hashlib.sha256(inside.encode()).hexdigest()[:20]}"
            _add(archive, dockerfile, inside)
    return inside


def resolve(path: str) -> str:
    """Follow every symbolic link of *path*; a relative path stays relative."""
    done = "/" if path.startswith("/") else ""
    rest = path
    links = 0
    while rest:
        part, _, rest = rest.partition("/")
        if part in {"", "."}:
            continue
        if part == "..":
            done = _up(done)
            continue
        here = posixpath.join(done, part)
        try:
            mode = os.lstat(here).st_mode
        except OSError as error:
            raise ContextError(f"lstat {here}: {_words(error)}") from error
        if not stat.S_ISLNK(mode):
            done = here
            continue
        links += 1
        if links > MOST_LINKS:
            raise ContextError("EvalSymlinks: too many links")
        target = str(Path(here).readlink())
        rest = f"{target}/{rest}"
        if target.startswith("/"):
            done = "/"
    return clean(done)


def clean(path: str) -> str:
    """Return the shortest form of *path*, without looking at the file system."""
    short = posixpath.normpath(path)
    return short[1:] if short.startswith("//") else short


def mode_words(mode: int) -> str:
    """Return *mode* as Go writes it: `-rw-r--r--`, `Lrwxrwxrwx`, `urwxr-xr-x`."""
    # Go gives each property a letter, in an order of its own: device, special bits, character.
    kind = _KINDS.get(stat.S_IFMT(mode), "")
    letters = kind[:1]
    letters += "u" if mode & stat.S_ISUID else ""
    letters += "g" if mode & stat.S_ISGID else ""
    letters += kind[1:]
    letters += "t" if mode & stat.S_ISVTX else ""
    rights = "".join(
        letter if mode & 1 << (8 - number) else "-" for number, letter in enumerate("rwxrwxrwx")
    )
    return (letters or "-") + rights


def _records(context: str, ignored: Ignored) -> Iterator[bytes]:
    skipped: str | None = None
    for entry in _walk(context, ignored, set()):
        if skipped is not None and entry.name.startswith(skipped):
            continue
        if entry.is_folder:
            continue
        path = _join(context, entry.name)
        if entry.is_link:
            try:
                content = hashlib.sha256(resolve(path).encode()).digest()
            except ContextError as error:
                if "too many links" in str(error):
                    raise ContextError(
                        f'error while hashing "{entry.name}": '
                        f"could not evaluate symlink at {path}: {error}"
                    ) from error
                # The official plugin hashes nothing more of a folder after a dangling link.
                folder = posixpath.dirname(entry.name)
                skipped = f"{folder}/" if folder else ""
                continue
        elif entry.is_file:
            content = _file_hash(path)
        else:
            content = hashlib.sha256().digest()
        yield _record(entry.name, entry.status.st_mode, content)


def _record(name: str, mode: int, content: bytes) -> bytes:
    return os.fsencode(name) + mode_words(mode).encode() + content + b"\0"


def _file_hash(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _walk(context: str, ignored: Ignored, kept: set[str]) -> Iterator[Entry]:
    """Yield what is in *context* and not ignored, by name, what a folder holds in its place."""
    try:
        top = resolve(context)
    except ContextError as error:
        raise ContextError(f"resolve : {error}") from error
    yield from _walk_folder(top, "", ignored, None, kept)


def _walk_folder(
    top: str, folder: str, ignored: Ignored, parent: list[bool] | None, kept: set[str]
) -> Iterator[Entry]:
    names = [path.name for path in Path(top, folder).iterdir()]
    for name in sorted(names, key=os.fsencode):
        path = posixpath.join(folder, name)
        left_out, matches = ignored.judge(path, parent)
        status = os.lstat(posixpath.join(top, path))
        is_folder = stat.S_ISDIR(status.st_mode)
        if not left_out or path in kept:
            yield Entry(path, status)
        inside = any(one.startswith(f"{path}/") for one in kept)
        if is_folder and (not left_out or ignored.keeps_some or inside):
            yield from _walk_folder(top, path, ignored, matches, kept)


def _ignored(context: str, dockerfile: str) -> Ignored:
    own = f"{dockerfile}.dockerignore"
    path = own if Path(own).exists() else _join(context, ".dockerignore")
    text = ""
    try:
        with contextlib.suppress(FileNotFoundError):
            text = Path(path).read_text(errors="surrogateescape")
    except OSError as error:
        raise ContextError(f'reading "{path}": open {path}: {_words(error)}') from error
    try:
        return Ignored(parse(text))
    except PatternError as error:
        raise ContextError(f"unable to hash build context: {error}") from error


def _add(archive: tarfile.TarFile, path: str, name: str) -> None:
    member = archive.gettarinfo(path, name)
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    # Whole seconds fit into the plain header; a fraction would need an extended one.
    member.mtime = int(member.mtime)
    if member.isreg():
        with Path(path).open("rb") as file:
            archive.addfile(member, file)
    else:
        archive.addfile(member)


def _join(context: str, name: str) -> str:
    return clean(posixpath.join(context, name))


def _up(path: str) -> str:
    if path == "/":
        return path
    if not path or posixpath.basename(path) == "..":
        return posixpath.join(path, "..")
    return posixpath.dirname(path)


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
