"""Other programs, asked without anybody at the keyboard."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

# Nothing that only looks takes longer when it is well.
PATIENCE = 30


def said_by(
    *argv: str, patience: float | None = PATIENCE, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str] | None:
    """Return what a program says, within *patience* seconds; None if there is no such program."""
    try:
        return subprocess.run(
            argv,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true", **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=patience,
        )
    except FileNotFoundError:
        return None
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(argv, 124, "", f"no answer within {patience} seconds")


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """Return the words of a failure that say most: the first line that names an error."""
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or [f"it ended with code {done.returncode}"])[0]
