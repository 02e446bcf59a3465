"""Where the tools that keep copies of the data put them, and for how long."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from components.reader import CRON, Reader

_PLACE = re.compile(r"s3://[a-z0-9][-.a-z0-9]{1,61}[a-z0-9](/[-\w./]+)?")

_MOST = 3650


@dataclass(frozen=True, kw_only=True, slots=True)
class Backups:
    """A place, a time in cron's words (UTC), and how many days a copy is kept."""

    place: str
    schedule: str
    keep: int

    @property
    def output(self) -> Mapping[str, str | int]:
        """What the tools read of the stack's outputs."""
        return {"place": self.place, "schedule": self.schedule, "keepDays": self.keep}


def backups(read: Reader) -> Backups | None:
    """Return where backups go, or None when nothing is said of them."""
    key = "backups"
    given = read.table(key)
    if not given:
        return None
    known = {"place", "schedule", "keepDays"}
    for entry in sorted(given.keys() - known):
        read.entry(key, entry, f"there are only {', '.join(sorted(known))}")
    place, schedule, keep = (given.get(each) for each in ("place", "schedule", "keepDays"))
    if not isinstance(place, str) or not _PLACE.fullmatch(place):
        example = f"s3://{read.stack}-backups"
        read.entry(key, "place", f"{place!r} is no bucket with a folder", example)
    if not isinstance(schedule, str) or not CRON.fullmatch(schedule):
        read.entry(key, "schedule", f"{schedule!r} is no time as cron spells it", "'30 2 * * *'")
    if not isinstance(keep, int) or isinstance(keep, bool) or not 1 <= keep <= _MOST:
        read.entry(key, "keepDays", f"{keep!r} is not a number from 1 to {_MOST}", "30")
        keep = 0
    return Backups(place=str(place), schedule=str(schedule), keep=keep)
