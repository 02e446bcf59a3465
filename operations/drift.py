"""What somebody changed in the cluster by hand, which a refreshing plan would change back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from operations.plan import Change, Plan, pulumi

_PART = re.compile(r"[^.\[\]]+")


def by_hand(plan: Plan) -> Mapping[str, str]:
    """Return by URN what differs between the state and what a refresh saw of the cluster.

    *plan* has to be a refreshing one: what it calls old is what there is now.
    """
    done = pulumi(plan.stack, "stack", "export")
    if done.returncode:
        return {}
    known = _inputs(done.stdout)
    told = {change.urn: _told(change, known) for change in plan.changes}
    return {urn: words for urn, words in told.items() if words}


def _inputs(text: str) -> Mapping[str, Mapping[str, Any]]:
    """Return what was deployed last, by URN."""
    try:
        deployment = cast("dict[str, Any]", json.loads(text)["deployment"])
    except (ValueError, LookupError, TypeError):
        return {}
    resources = cast("list[dict[str, Any]]", deployment.get("resources") or [])
    return {str(each["urn"]): each.get("inputs") or {} for each in resources}


def _told(change: Change, known: Mapping[str, Mapping[str, Any]]) -> str:
    deployed = known.get(change.urn)
    if deployed is None:
        return ""
    if change.operation == "create":
        return "somebody deleted it by hand"
    words = list(_differences(change, deployed))
    return f"somebody changed {' and '.join(words)} by hand" if words else ""


def _differences(change: Change, deployed: Mapping[str, Any]) -> Iterator[str]:
    for path in change.paths:
        before, now = _at(deployed, path), _at(change.old, path)
        if before == now:
            continue
        # What a Secret holds is shown to nobody, and is sealed in the state.
        if change.kind == "Secret":
            continue
        shown = all(isinstance(each, str | int | float) for each in (before, now))
        yield f"{path} from {before} to {now}" if shown else path


def _at(inputs: Mapping[str, Any], path: str) -> object:
    """Return the value at a path as the engine writes it: spec.containers[0].image."""
    value: object = inputs
    for part in _PART.findall(path):
        if isinstance(value, list) and part.isdigit() and int(part) < len(cast("Any", value)):
            value = cast("list[object]", value)[int(part)]
        elif isinstance(value, dict):
            value = cast("dict[str, object]", value).get(part.strip('"'))
        else:
            return None
    return value
