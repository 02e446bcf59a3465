"""What an update would do, as the engine itself plans it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from operations.errors import Exit, Refused
from operations.programs import said_by

Inputs = Mapping[str, Any]

# By which the provider of Kubernetes takes fields from whoever else holds them.
FORCE: Mapping[str, str] = {"PULUMI_K8S_ENABLE_PATCH_FORCE": "true"}

# What a plan calls the parts of a replacement.
_REPLACED = {"replace", "create-replacement", "delete-replaced", "import-replacement"}
_NOTHING = {"same", "read", "refresh", "read-replacement", "discard", "discard-replaced"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What happens to one resource: create, update, replace or delete."""

    urn: str
    operation: str
    old: Inputs = field(default_factory=dict[str, Any])
    new: Inputs = field(default_factory=dict[str, Any])
    # The properties that differ, as the provider names them: spec.template.spec.
    paths: tuple[str, ...] = ()
    # Whether it stays where it is when the program forgets it.
    retained: bool = False

    @property
    def type(self) -> str:
        """The type, without those of its parents: kubernetes:apps/v1:Deployment."""
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def kind(self) -> str:
        """The last word of its type: Deployment."""
        return "Provider" if ":providers:" in self.type else self.type.rpartition(":")[2]

    @property
    def name(self) -> str:
        """What it is called in the program."""
        return self.urn.rpartition("::")[2]

    @property
    def title(self) -> str:
        """What people call it, and what an acknowledgement names: Deployment ov-wag."""
        return f"{self.kind} {self.name}"

    def touches(self, *places: str) -> bool:
        """Return whether a property at or below one of *places* differs."""
        return any(
            path == place or path.startswith((f"{place}.", f"{place}["))
            for path in self.paths
            for place in places
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All changes that an update of one stack would make now."""

    stack: str
    changes: tuple[Change, ...]
    # The settings of the stack by their full keys; a secret is "[secret]".
    settings: Mapping[str, str] = field(default_factory=dict[str, str])


def preview(stack: str, *, refresh: bool = False) -> Plan:
    """Let the engine plan an update of *stack*; nothing is changed by that.

    With *refresh* it looks first whether the cluster still is as the state says.
    """
    words = ["preview", "--json", *(["--refresh"] if refresh else [])]
    # Whoever changed a field by hand holds it: the plan would end in a conflict, and say no more.
    # Nothing is taken from anybody by a plan.
    done = pulumi(stack, *words, environment=FORCE if refresh else None)
    digest = _document(done.stdout)
    if done.returncode:
        said = _diagnostics(digest) or done.stderr or done.stdout
        raise Refused(
            Exit.PLAN,
            f"The engine cannot plan an update of {stack}",
            "\n  ".join(said.strip().splitlines()) or f"pulumi ended with code {done.returncode}",
            f"Mend what it says; `pulumi preview -s {stack}` says the same at length",
        )
    return read(stack, digest)


def pulumi(
    stack: str, *words: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the engine's command line on *stack*, without asking anybody anything."""
    # A plan takes as long as it takes.
    done = said_by(
        *("pulumi", *words, "--stack", stack, "--non-interactive", "--color", "never"),
        patience=None,
        environment=environment,
    )
    if done is None:
        raise Refused(
            Exit.TOOLS,
            "The program pulumi is missing",
            "it is not on this shell's PATH",
            'Install it, or use the sandbox\'s: make up, then eval "$(make -s env)"',
        )
    return done


def read(stack: str, digest: Mapping[str, Any]) -> Plan:
    """Return the plan in what `pulumi preview --json` prints, one change for each resource."""
    steps = cast("list[dict[str, Any]]", digest.get("steps") or [])
    found: dict[str, Change] = {}
    for step in steps:
        if step["op"] in _NOTHING or not _is_real(step):
            continue
        change = _change(step)
        before = found.get(change.urn)
        found[change.urn] = _joined(before, change) if before else change
    settings = cast("dict[str, str]", digest.get("config") or {})
    return Plan(stack=stack, changes=tuple(found.values()), settings=settings)


def _is_real(step: Mapping[str, Any]) -> bool:
    """Return whether it is more than a group of others, which a component and a stack are."""
    state = cast("dict[str, Any]", step.get("newState") or step.get("oldState") or {})
    return bool(state.get("custom"))


def _change(step: Mapping[str, Any]) -> Change:
    old = cast("dict[str, Any]", step.get("oldState") or {})
    new = cast("dict[str, Any]", step.get("newState") or {})
    operation = "replace" if step["op"] in _REPLACED else str(step["op"])
    reasons: Iterable[str] = step.get("detailedDiff") or step.get("diffReasons") or ()
    return Change(
        urn=step["urn"],
        operation={"import": "create"}.get(operation, operation),
        old=old.get("inputs") or {},
        new=new.get("inputs") or {},
        paths=tuple(sorted(reasons)),
        retained=bool((old or new).get("retainOnDelete")),
    )


def _joined(one: Change, other: Change) -> Change:
    """Return the parts of a replacement as one change."""
    return Change(
        urn=one.urn,
        operation="replace",
        old=one.old or other.old,
        new=one.new or other.new,
        paths=tuple(sorted({*one.paths, *other.paths})),
        retained=one.retained or other.retained,
    )


def _document(text: str) -> dict[str, Any]:
    """Return the JSON document that a command printed; nothing if it printed other things."""
    begin = text.find("{")
    if begin < 0:
        return {}
    try:
        found, _ = json.JSONDecoder().raw_decode(text[begin:])
    except json.JSONDecodeError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _diagnostics(digest: Mapping[str, Any]) -> str:
    found = cast("list[dict[str, Any]]", digest.get("diagnostics") or [])
    return "".join(each["message"] for each in found if each.get("severity") == "error")
