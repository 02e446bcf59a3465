"""Files that somebody names on the command line to be written."""

from __future__ import annotations

from pathlib import Path

from operations.errors import Exit, Refused


def write(path: Path, text: str) -> None:
    """Write *text*, and say what is in the way of it."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused(
            Exit.USAGE,
            f"{path} cannot be written",
            error.strerror or str(error),
            f"Name another file, or look at its folder: mkdir -p {path.parent}; ls -ld {path}",
        ) from None
