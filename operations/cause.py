"""Why a change is planned: the setting or the file that differs from what was deployed last."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

from components.naming import PROJECT
from components.roster import companions
from operations.plan import Change, Plan, pulumi
from operations.reaches import REACHES

# What the engine shows of a secret.
_SEALED = "[secret]"

# Files that decide what is deployed, and what they decide.
FILES: Mapping[str, Sequence[str]] = {
    "images/ov-nginx/": ("Image ov-nginx", "Deployment ov-nginx"),
    "images/jumpbox/": ("Image jumpbox", "Deployment jumpbox"),
    **{f"images/{name}/": (f"Image {name}", f"Deployment {name}") for name in companions()},
    "components/": ("*",),
    "__main__.py": ("*",),
    "requirements.txt": ("*",),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Causes:
    """What differs between what was deployed last and what would be deployed now."""

    # Settings by their short keys, with their values before and now where they may be shown.
    settings: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    # Secret settings of which one may differ: the object that holds them does.
    sealed: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    # What somebody changed in the cluster, by URN.
    by_hand: Mapping[str, str] = field(default_factory=dict[str, str])

    def of(self, change: Change) -> str:
        """Return in words why *change* is planned; "" if that cannot be told."""
        keys = [key for key in self.settings if _reaches(REACHES.get(key, ()), change)]
        plain = [_changed(key, *self.settings[key]) for key in keys]
        sealed = [key for key in self.sealed if _reaches(REACHES[key], change)]
        if sealed:
            which = f"one of {', '.join(sealed)}" if sealed[1:] else sealed[0]
            plain.append(f"{which} has another value")
        if change.urn in self.by_hand:
            plain.insert(0, self.by_hand[change.urn])
        if plain:
            return " and ".join(plain)
        exact = [name for name in self.files if _reaches(_decides(name), change)]
        return f"{_listed(exact)} changed" if exact else ""


def causes(plan: Plan, checkout: Path) -> Causes:
    """Compare the settings and files of now with those of the last update of the plan's stack."""
    done = pulumi(plan.stack, "stack", "history", "--json", "--page-size", "10")
    updates = _updates(done.stdout) if done.returncode == 0 else []
    last = next((each for each in updates if _deployed(each)), None)
    if last is None:
        return Causes()
    before = {
        key: str(value.get("value", _SEALED)) for key, value in last.get("config", {}).items()
    }
    commit = str(last.get("environment", {}).get("git.head", ""))
    return Causes(
        settings=_different(before, plan.settings),
        sealed=_sealed(plan),
        files=_files(checkout, commit) if commit else (),
    )


def _deployed(update: Mapping[str, Any]) -> bool:
    return update.get("kind") == "update" and update.get("result") == "succeeded"


def _updates(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return []
    return cast("list[dict[str, Any]]", found) if isinstance(found, list) else []


def _different(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    prefix = f"{PROJECT}:"
    keys = sorted(key for key in {*before, *now} if key.startswith(prefix))
    pairs = {key: (before.get(key, ""), now.get(key, "")) for key in keys}
    return {key.removeprefix(prefix): pair for key, pair in pairs.items() if pair[0] != pair[1]}


def _sealed(plan: Plan) -> tuple[str, ...]:
    """Return the stack's secret settings whose Secret would be another; none can be compared."""
    changed = {change.title for change in plan.changes if change.operation == "update"}
    return tuple(
        key
        for key, (first, *_) in REACHES.items()
        if first.startswith("Secret ")
        and first in changed
        and plan.settings.get(f"{PROJECT}:{key}") == _SEALED
    )


def _files(checkout: Path, commit: str) -> tuple[str, ...]:
    """Return the files that differ from *commit*; none if this is no clone that knows it."""
    diff = ["git", "-C", str(checkout), "diff", "--name-only", commit, "--", *FILES]
    try:
        done = subprocess.run(diff, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ()
    return tuple(done.stdout.split()) if done.returncode == 0 else ()


def _decides(name: str) -> Sequence[str]:
    return next((what for start, what in FILES.items() if name.startswith(start)), ())


def _reaches(patterns: Sequence[str], change: Change) -> bool:
    return any(fnmatchcase(change.title, pattern) for pattern in patterns)


def _changed(key: str, before: str, now: str) -> str:
    if _SEALED in (before, now):
        return f"{key} has another value"
    if not before:
        return f"{key} is now {now}"
    if not now:
        return f"{key} is no longer set (it was {before})"
    return f"{key} changed from {before} to {now}"


def _listed(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
