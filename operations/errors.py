"""How the operators' command line tells a person, and a script, what went wrong."""

from __future__ import annotations

from enum import IntEnum

from sandbox.errors import Refusal


class Exit(IntEnum):
    """What a script learns from the exit code; 1 is left to faults of the program itself."""

    USAGE = 2
    SETTINGS = 3
    MISSING = 4
    UNAUTHORIZED = 5
    UNREACHABLE = 6
    RATE_LIMIT = 7
    UNFIT = 8
    UNACKNOWLEDGED = 9
    PLAN = 10
    TOOLS = 11
    CHANGES = 12
    SICK = 13


class Refused(Refusal):
    """A refusal that scripts can tell from others."""

    def __init__(self, code: Exit, what: str, why: str, do: str) -> None:
        super().__init__(what, why, do)
        self.code = code
