"""Pulumi's state: whether it is reached, opened, free, and whole."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from components.naming import PROJECT
from operations.doctor.finding import Finding, Patient
from operations.programs import last_words, said_by

_QUIET = ("--non-interactive", "--color", "never")

# A secret that every stack has.
_SEALED = f"{PROJECT}:secretKey"


def examine(patient: Patient) -> Iterator[Finding]:
    """Yield findings in the order in which they depend on one another; stop where one fails."""
    login = _login()
    yield login
    if not login.well:
        return
    stack = _stack(patient)
    yield stack
    if not stack.well:
        return
    yield _passphrase(patient)
    yield _lock(patient)
    yield _pending(patient)


def _login() -> Finding:
    done = said_by("pulumi", "whoami", "--json", *_QUIET)
    if done is None:
        return Finding(name="state", said="it is not known without pulumi", do=("install pulumi",))
    if done.returncode:
        return Finding(
            name="state",
            said=last_words(done),
            do=("pulumi login BACKEND    (s3://…, file://…, or nothing for Pulumi Cloud)",),
        )
    found = cast("dict[str, Any]", json.loads(done.stdout))
    return Finding(name="state", said=f"{found.get('user')} at {_where(str(found.get('url')))}")


def _where(url: str) -> str:
    """Return an address without what may be secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def _stack(patient: Patient) -> Finding:
    done = said_by("pulumi", "stack", "ls", "--json", *_QUIET)
    if done is None or done.returncode:
        said = last_words(done) if done else "pulumi is gone"
        return Finding(name="stack", said=said, do=("pulumi stack ls",))
    names = [str(each["name"]).rpartition("/")[2] for each in json.loads(done.stdout)]
    if patient.stack not in names:
        known = ", ".join(sorted(names)) or "none"
        return Finding(
            name="stack",
            said=f"{patient.stack} is not in this state, which has {known}",
            do=(
                f"pulumi stack init {patient.stack}    (a new one)",
                "pulumi login BACKEND    (if it is elsewhere)",
            ),
        )
    return Finding(name="stack", said=f"{patient.stack} is there")


def _passphrase(patient: Patient) -> Finding:
    """Return whether secrets can be opened; their values go nowhere."""
    name = "secrets"
    done = said_by("pulumi", "config", "get", _SEALED, "--stack", patient.stack, *_QUIET)
    if done is not None and done.returncode == 0:
        return Finding(name=name, said="they can be opened")
    said = last_words(done) if done else "pulumi is gone"
    if "not found" in said:
        return Finding(
            name=name,
            said=f"{_SEALED} is not set",
            do=(f"pulumi config set --secret {_SEALED} -s {patient.stack}",),
        )
    return Finding(
        name=name,
        said=said,
        do=(
            "export PULUMI_CONFIG_PASSPHRASE_FILE=FILE    (the passphrase of this stack)",
            f"pulumi stack change-secrets-provider …    (moves {patient.stack} to a key service)",
        ),
    )


def _lock(patient: Patient) -> Finding:
    """Return who holds the stack; only a state in files can be asked without touching it."""
    name = "lock"
    backend = os.environ.get("PULUMI_BACKEND_URL", "")
    parts = urlsplit(backend)
    if parts.scheme != "file":
        return Finding(name=name, said="an update says so if somebody holds the stack")
    folder = Path(parts.netloc + parts.path) / ".pulumi" / "locks" / "organization" / PROJECT
    locks = sorted((folder / patient.stack).glob("*.json"))
    if not locks:
        return Finding(name=name, said="nobody holds the stack")
    return Finding(
        name=name,
        said="; ".join(_holder(lock) for lock in locks),
        do=(
            "wait, if that update still runs",
            f"pulumi cancel --yes {patient.stack}    (if it was killed)",
        ),
    )


def _holder(lock: Path) -> str:
    try:
        held = cast("dict[str, Any]", json.loads(lock.read_text() or "{}"))
    except json.JSONDecodeError:
        held = {}
    since = str(held.get("timestamp", ""))
    try:
        since = f" since {datetime.fromisoformat(since):%Y-%m-%d %H:%M} UTC" if since else ""
    except ValueError:
        since = ""
    who = f"{held.get('username', 'somebody')}@{held.get('hostname', 'somewhere')}"
    return f"held by {who}, process {held.get('pid', 'unknown')}{since}"


def _pending(patient: Patient) -> Finding:
    name = "pending operations"
    done = said_by("pulumi", "stack", "export", "--stack", patient.stack, *_QUIET)
    if done is None or done.returncode:
        said = last_words(done) if done else "pulumi is gone"
        return Finding(name=name, said=said, do=(f"pulumi stack export -s {patient.stack}",))
    deployment = cast("Mapping[str, Any]", json.loads(done.stdout).get("deployment") or {})
    pending = cast("list[dict[str, Any]]", deployment.get("pending_operations") or [])
    if not pending:
        return Finding(name=name, said="none")
    listed = ", ".join(
        f"{each['type']} {each['resource']['urn'].rpartition('::')[2]}" for each in pending
    )
    return Finding(
        name=name,
        said=f"an update ended in the middle of: {listed}",
        do=(
            f"pulumi refresh --yes --clear-pending-creates -s {patient.stack}    (how far it came)",
            f"pulumi up --yes -s {patient.stack}    (goes on from there)",
        ),
    )
