"""Programs that tests put in the place of real ones."""

from __future__ import annotations

from pathlib import Path


def program(path: Path, script: str) -> None:
    """Write a shell script that can be run by its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
