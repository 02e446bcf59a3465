"""`.env`, from which compose takes what is secret or a person's own choice; it is not committed."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# A secret → the bytes of chance in it.
SECRETS: Mapping[str, int] = {
    "OV_ADMIN_PASSWORD": 12,
    "OV_DATABASE_PASSWORD": 24,
    "OV_SECRET_KEY": 48,
}

_LINE = re.compile(r"^\s*(\w+)\s*=\s*(.*?)\s*$", re.MULTILINE)
_HEAD = "# Made by ./ov dev up for this machine alone; never commit it.\n"


@dataclass(frozen=True, slots=True)
class Choices:
    """The variables in `.env`; lines that are not changed stay as they are."""

    path: Path

    def read(self) -> dict[str, str]:
        """Return every variable by its name."""
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        return {found[1]: found[2].strip("'\"") for found in _LINE.finditer(text)}

    def make_secrets(self) -> bool:
        """Make the secrets that are missing; return whether any was."""
        known = self.read()
        made = {
            name: secrets.token_hex(size) for name, size in SECRETS.items() if not known.get(name)
        }
        self.choose(made)
        return bool(made)

    def choose(self, changes: Mapping[str, str | None]) -> None:
        """Write *changes*, readable for their owner only; None takes a variable out."""
        known = self.read()
        if all(known.get(name) == value for name, value in changes.items()):
            return
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else _HEAD
        kept = [line for line in text.splitlines() if not _names(line, changes)]
        lines = [
            *kept,
            *(f"{name}={_quoted(at)}" for name, at in changes.items() if at is not None),
        ]
        half = self.path.with_name(f".{self.path.name}.half")
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")
        half.replace(self.path)


def _names(line: str, changes: Mapping[str, str | None]) -> bool:
    found = _LINE.match(line)
    return found is not None and found[1] in changes


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[\w./:-]*", value) else f"'{value}'"
