"""What a Project object is, given what a client says of it; and what may not be said."""

from __future__ import annotations

from typing import cast

from sandbox.rancher import merging, names, quotas
from sandbox.rancher.failures import RequestError, invalid, missing
from sandbox.rancher.names import Document
from sandbox.rancher.quotas import Limit
from sandbox.rancher.requests import mapping, text, texts

QUOTA = "resourceQuota"
NAMESPACE_QUOTA = "namespaceDefaultResourceQuota"
CONTAINER = "containerDefaultResourceLimit"
BLOCKS = (QUOTA, NAMESPACE_QUOTA, CONTAINER)


def new(name: str, given: Document, creator: str) -> Document:
    """Return the object of a project that is to be made."""
    spec: Document = {
        "displayName": text(given, "name", required=True),
        "description": text(given, "description"),
        "clusterName": names.CLUSTER,
    }
    _take_blocks(spec, given, replace=True)
    notes = {
        **(texts(given, "annotations") or {}),
        names.CREATOR: creator,
        names.CREATOR_ROLES: '{"created":["project-owner"],"required":["project-owner"]}',
    }
    return {
        "apiVersion": names.API,
        "kind": "Project",
        "metadata": {
            "name": name,
            "namespace": names.CLUSTER,
            "annotations": notes,
            "labels": {**(texts(given, "labels") or {}), names.MADE_BY: "norman"},
            "finalizers": [names.PROJECT_FINALIZER],
        },
        "spec": spec,
    }


def update(project: Document, given: Document, *, replace: bool) -> None:
    """Change a project as a PUT says; a replacing one takes away what it does not name."""
    spec, meta = project["spec"], project["metadata"]
    if "name" in given or replace:
        spec["displayName"] = text(given, "name", required=True)
    if "description" in given or replace:
        spec["description"] = text(given, "description")
    _take_blocks(spec, given, replace=replace)
    meta["annotations"] = merging.merged(names.notes(project), texts(given, "annotations"))
    meta["labels"] = merging.merged(names.labels(project), texts(given, "labels"))


def _take_blocks(spec: Document, given: Document, *, replace: bool) -> None:
    used = names.part(spec, QUOTA).get("usedLimit")
    for block in BLOCKS:
        if block in given or replace:
            spec.pop(block, None)
            found = mapping(given, block)
            if found and block == CONTAINER:
                spec[block] = found
            elif found is not None and block != CONTAINER:
                spec[block] = {"limit": mapping(found, "limit") or {}}
    if used and QUOTA in spec:
        spec[QUOTA]["usedLimit"] = used
    demand_sound(spec)


def demand_sound(spec: Document) -> None:
    """Refuse quotas that do not go together, or less of one than is in use."""
    if (QUOTA in spec) != (NAMESPACE_QUOTA in spec):
        raise missing(NAMESPACE_QUOTA if QUOTA in spec else QUOTA)
    for block in BLOCKS:
        limit = spec.get(block, {})
        demand_amounts(limit if block == CONTAINER else limit.get("limit", {}), block)
    if QUOTA not in spec:
        return
    project = cast("Limit", spec[QUOTA]["limit"])
    default = cast("Limit", spec[NAMESPACE_QUOTA]["limit"])
    for field in project:
        if field not in default:
            raise missing(NAMESPACE_QUOTA, f"misses {field} defined on a {QUOTA}")
    if len(project) != len(default):
        raise missing(NAMESPACE_QUOTA, f"does not have all fields defined on a {QUOTA}")
    allowed = quotas.resources(project)
    _demand_fit(quotas.resources(default), allowed, NAMESPACE_QUOTA, "exceeds limits on fields")
    used = cast("Limit", spec[QUOTA].get("usedLimit") or {})
    kept = {field: amount for field, amount in used.items() if field in default}
    _demand_fit(quotas.resources(kept), allowed, QUOTA, "is below the used limit on fields")


def demand_amounts(limit: Document, field: str) -> None:
    """Refuse what is no amount of anything."""
    for key, amount in limit.items():
        if key == quotas.EXTENDED and isinstance(amount, dict):
            demand_amounts(cast("Document", amount), field)
            continue
        if not isinstance(amount, str):
            raise invalid("InvalidFormat", f"{key} must be a string", field)
        if not quotas.is_amount(amount):
            raise invalid("InvalidFormat", f"{key}: {amount!r} is no amount", field)


def _demand_fit(asked: quotas.Amounts, allowed: quotas.Amounts, field: str, why: str) -> None:
    over = quotas.excess([asked], allowed)
    if over:
        raise too_much(field, why, over)


def too_much(field: str, why: str, over: quotas.Amounts) -> RequestError:
    """Return the refusal of amounts that are over a limit, or negative."""
    listed = ", ".join(f"{resource}={amount}" for resource, amount in sorted(over.items()))
    negative = any(quotas.quantity(amount) < 0 for amount in over.values())
    code = "MinLimitExceeded" if negative else "MaxLimitExceeded"
    return invalid(code, f"{why}: {listed}", field)
