"""What a planned change means to the people who use the site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from operations.plan import Change


class Severity(IntEnum):
    """How much a change asks of those who let it happen."""

    HARMLESS = 0
    RESTARTS = 1
    OUTAGE = 2
    DATA = 3
    FORBIDDEN = 4

    @property
    def asks(self) -> bool:
        """Whether somebody has to say that it is meant."""
        return self >= Severity.DATA


_WORDS: Mapping[Severity, str] = {
    Severity.HARMLESS: "harmless",
    Severity.RESTARTS: "restarts {service}",
    Severity.OUTAGE: "brief outage of {service}",
    Severity.DATA: "touches data",
    Severity.FORBIDDEN: "forbidden",
}

# What happens to a resource, and what that means: a class, and a sentence for a person.
Said = tuple[Severity, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """One change, how it counts, and a sentence for a person."""

    change: Change
    severity: Severity
    # Whose restart or outage it is.
    service: str
    sentence: str

    @property
    def word(self) -> str:
        """The class in words: restarts ov-wag."""
        return _WORDS[self.severity].format(service=self.service)
