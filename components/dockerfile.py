"""What a Dockerfile says of the image it makes, read without making it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

_FROM = re.compile(r"(?:--\S+\s+)*(?P<base>\S+)(?:\s+as\s+(?P<name>\S+))?", re.IGNORECASE)


def labels(text: str, target: str | None = None) -> Mapping[str, str]:
    """Return the labels of the stage that is *target*, or the last; those of a base are unknown."""
    stages: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for word, rest in _instructions(text):
        if word == "FROM" and (stage := _FROM.fullmatch(rest)):
            current = dict(stages.get(stage["base"].lower(), {}))
            stages[(stage["name"] or str(len(stages))).lower()] = current
        elif word == "LABEL":
            current |= _pairs(rest)
    return stages.get(target.lower(), {}) if target else current


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Yield each instruction's word and the rest of it, on one line and without comments."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\[ \t]*\n", " ", "\n".join(lines)).splitlines():
        word, _, rest = line.strip().partition(" ")
        yield word.upper(), rest.strip()


def _pairs(rest: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in shlex.split(rest))
    return {key: value for key, equals, value in pairs if equals}
