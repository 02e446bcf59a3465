"""What one examination found."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# Nothing that is asked here takes longer when it is well.
PATIENCE = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at: well, or what is wrong and what to type."""

    name: str
    said: str
    # Commands or advice, a line each; none where all is well.
    do: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        """Whether nothing has to be done."""
        return not self.do


@dataclass(frozen=True, kw_only=True, slots=True)
class Patient:
    """The stack that is examined, and what its settings say."""

    stack: str
    folder: Path
    # By short keys, defaults included; a secret is not among them.
    settings: Mapping[str, object] = field(default_factory=dict[str, object])

    def text(self, key: str) -> str:
        """Return a setting as text; "" where there is none."""
        value = self.settings.get(key)
        return "" if value is None else str(value)


def said_by(*argv: str) -> subprocess.CompletedProcess[str] | None:
    """Return what a program says to nobody in particular; None if there is no such program."""
    try:
        return subprocess.run(
            argv,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    except FileNotFoundError:
        return None
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(argv, 124, "", f"no answer within {PATIENCE} seconds")


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """Return the words of a failure that say most: the first line that names an error."""
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or [f"it ended with code {done.returncode}"])[0]
