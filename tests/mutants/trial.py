"""One broken promise, tried: the tests run on a copy of the checkout in which it is broken."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock

from tests.mutants.table import Mutant, StaleError

# What pytest's exit code says: all passed, or some failed; all others are no answer.
_GREEN, _RED, _HANGS = 0, 1, -1
_FAILED = re.compile(r"^(?:FAILED|ERROR) (?P<test>[^\s\[]+::[^\s\[]+)", re.MULTILINE)

# A test that waits longer waits for ever.
PATIENCE = 600

# The mutants' own tests would notice every mutant, for its text is there no more.
WHOLE = ("tests", "--ignore=tests/mutants")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a mutant."""

    mutant: Mutant
    caught: bool
    # By which test, or why not.
    words: str


class RedBaselineError(Exception):
    """Tests that fail with nothing broken, so that they say nothing about what is."""


class Bench:
    """Copies of one checkout, and the tests that run in them; the checkout itself is only read."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self._checkout = checkout
        self._clean = folder / "clean"
        self._copies = folder
        self._lock = Lock()
        _copy(checkout, self._clean)

    def require_green(self, tests: Sequence[str], *, tools: bool = False) -> None:
        """Run *tests* with nothing broken; a RedBaselineError says what fails."""
        code, said = _pytest(self._clean, tests, tools=tools)
        if code != _GREEN:
            raise RedBaselineError(_first_failure(said) or said[-2000:])

    def judge(self, mutant: Mutant) -> Verdict:
        """Break one promise in a copy of its own and return whether a test noticed."""
        copy = self._copies / f"{mutant.area}-{abs(hash(mutant))}"
        shutil.copytree(self._clean, copy, symlinks=True)
        try:
            place = mutant.place(copy)
            _break(place, mutant)
            for tests in (mutant.tests,) if mutant.tools else (mutant.tests, WHOLE):
                if tests is WHOLE:
                    self._require_green_whole()
                code, said = _pytest(copy, tests, tools=mutant.tools)
                if code == _RED:
                    return Verdict(mutant, caught=True, words=_first_failure(said))
                if code != _GREEN:
                    words = f"no test ran: {said.strip()[-400:]}"
                    return Verdict(mutant, caught=False, words=words)
        except StaleError as error:
            return Verdict(mutant, caught=False, words=str(error))
        finally:
            shutil.rmtree(copy)
        return Verdict(mutant, caught=False, words="no test goes red")

    def _require_green_whole(self) -> None:
        """Run all tests with nothing broken, once, for whoever is noticed by none of its own."""
        with self._lock:
            _ = self._whole

    @cached_property
    def _whole(self) -> None:
        self.require_green(WHOLE)


def _pytest(folder: Path, tests: Sequence[str], *, tools: bool) -> tuple[int, str]:
    """Return pytest's exit code and what it says of *tests* in *folder*."""
    words = ("-x", "-q", "--no-header", "--tb=line", "-p", "no:cacheprovider")
    marked = "live" if tools else "not live"
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words, "-m", marked, *tests],
            cwd=folder,
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _HANGS, f"a test waits for more than {PATIENCE} seconds"
    return done.returncode, done.stdout


def _break(place: Path, mutant: Mutant) -> None:
    text = place.read_text().replace(mutant.old, mutant.new)
    place.write_text(text)
    # Python would take what it compiled before, if size and second are the same.
    for compiled in (place.parent / "__pycache__").glob(f"{place.stem}.*"):
        compiled.unlink()


def _copy(checkout: Path, folder: Path) -> None:
    """Copy what git knows, or would know if it were added; the virtual environment is shared."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=checkout,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source, target = checkout / name, folder / name
        if source.is_symlink() or source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    if (checkout / ".venv").is_dir() and not (folder / ".venv").exists():
        (folder / ".venv").symlink_to((checkout / ".venv").resolve())


def _environment() -> Mapping[str, str]:
    """Return the environment without what a person's own pytest is told by it, and loads."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return own | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def _first_failure(said: str) -> str:
    match = _FAILED.search(said)
    return match["test"] if match else ""
