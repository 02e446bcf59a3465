"""What one examination found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


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
