"""One thing in the cache, kept under a name that says what it is made of."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

WORKSHOP = re.compile(r"\..+-[0-9a-f]{16}(-go[\w.]+)?")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to make one folder of the cache, and what decides its content."""

    name: str
    about: str
    parts: Callable[[], tuple[str | bytes, ...]]
    build: Callable[[Path], None]
    shelf: str = "bin"
    # The compiler's version, "" when it is not installed: then any version's result will do.
    compiler: Callable[[], str] | None = None

    def digest(self) -> str:
        """Return sixteen hexadecimal digits that change when anything in the recipe does."""
        digest = hashlib.sha256()
        for part in self.parts():
            content = part.encode() if isinstance(part, str) else part
            digest.update(len(content).to_bytes(8, "big") + content)
        return digest.hexdigest()[:16]

    def folder(self, cache: Path) -> Path:
        """Return where the result is, or will be."""
        stem = f"{self.name}-{self.digest()}"
        shelf = cache / self.shelf
        if self.compiler is None:
            return shelf / stem
        version = self.compiler()
        if not version:
            return max(shelf.glob(f"{stem}-*"), default=shelf / stem)
        return shelf / f"{stem}-{version}"

    def made(self, cache: Path) -> bool:
        """Say whether the result is there."""
        return self.folder(cache).is_dir()

    def make(self, cache: Path) -> None:
        """Make the result where nobody looks, then move it into place in one step."""
        folder = self.folder(cache)
        workshop = folder.with_name(f".{folder.name}")
        shutil.rmtree(workshop, ignore_errors=True)
        workshop.mkdir(parents=True)
        try:
            self.build(workshop)
            workshop.rename(folder)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)

    def provide(self, cache: Path, report: Callable[[str], None]) -> bool:
        """Make the result unless it is there; return whether it was made now."""
        if self.made(cache):
            return False
        with alone(cache, report):
            # Whoever filled the cache meanwhile may have made it.
            if self.made(cache):
                return False
            report(self.about)
            self.make(cache)
        return True


@contextlib.contextmanager
def alone(cache: Path, report: Callable[[str], None]) -> Generator[None]:
    """Let one process at a time fill the cache; a second one waits and finds it full."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another process that fills the same cache")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for workshop in cache.glob("*/.*"):
            # Only what a killed process left can be here now.
            if WORKSHOP.fullmatch(workshop.name):
                shutil.rmtree(workshop)
        yield


def files(folder: Path) -> tuple[str | bytes, ...]:
    """Return the names and contents of all files in *folder*, in a fixed order."""
    found: list[str | bytes] = []
    for path in sorted(folder.iterdir()):
        found += [path.name, path.read_bytes()]
    return tuple(found)


def put(source: Path, target: Path) -> None:
    """Put a program at *target*, executable."""
    shutil.copyfile(source, target)
    os.chmod(target, 0o755)  # noqa: S103, PTH101, a program is for everybody to run
