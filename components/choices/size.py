"""How much of everything: workers, memory and processor time."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import cast

from components.contract import Generation, Need
from components.postgres import least_memory
from components.reader import Reader

_MEMORY = {"Mi": 1, "Gi": 1024}

# Nobody has meant more, of anything.
_MANY = 16


def tuned(read: Reader, generation: Generation) -> Generation:
    """Return *generation* with the workers and resources that the stack chooses."""
    key = "resources"
    workers = read.parsed("workers", f"a number from 1 to {_MANY}", "2", _workers)
    crew = generation.crew(workers)
    needs: dict[str, Need] = {"ov-wag": crew}
    for service, given in read.table(key).items():
        if service not in generation.services:
            read.entry(key, service, f"there are only {', '.join(generation.services)}")
            continue
        usual = crew if service == "ov-wag" else generation.contract(service).need
        need = _need(usual, given)
        if need is None:
            wanted = "cpu (100m), memory and memoryLimit (256Mi), the first memory the smaller"
            read.entry(key, f"{service}.memory", f"{given!r}, but allowed are {wanted}", "256Mi")
        else:
            needs[service] = need
    least = workers * generation.worker + generation.picture
    if needs["ov-wag"].memory_limit < least:
        read.entry(
            key,
            "ov-wag.memoryLimit",
            f"{workers} workers and a picture take {least}Mi, and its limit is less",
            f"{least}Mi",
        )
    return generation.tuned(needs, workers)


def connections(read: Reader, generation: Generation, wanted: int) -> None:
    """Refuse a database too small for the connections that are *wanted* of it at a time."""
    least = least_memory(wanted)
    if generation.database.need.memory_limit < least:
        read.entry(
            "resources",
            "db.memoryLimit",
            f"{wanted} connections (replicas and workers of ov-wag) take {least}Mi, and its limit "
            "is less",
            f"{least}Mi",
        )


def _workers(text: str) -> int | None:
    return int(text) if text.isdecimal() and 1 <= int(text) <= _MANY else None


def _need(usual: Need, given: object) -> Need | None:
    """Return the *usual* need with what is *given*, or None when that makes no sense."""
    if not isinstance(given, dict):
        return None
    fields = cast("dict[str, object]", given)
    sizes = {key: _amount(key, str(value)) for key, value in fields.items()}
    if None in sizes.values():
        return None
    need = replace(
        usual,
        cpu=sizes.get("cpu") or usual.cpu,
        memory=sizes.get("memory") or usual.memory,
        memory_limit=sizes.get("memoryLimit") or usual.memory_limit,
    )
    return need if need.memory <= need.memory_limit else None


def _amount(key: str, text: str) -> int | None:
    """Return thousandths of a core, or MiB; None when *text* is neither."""
    units = {"cpu": {"m": 1, "": 1000}, "memory": _MEMORY, "memoryLimit": _MEMORY}.get(key, {})
    match = re.fullmatch(r"([1-9]\d*)(\D*)", text)
    return int(match[1]) * units[match[2]] if match and match[2] in units else None
