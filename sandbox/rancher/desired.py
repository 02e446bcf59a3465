"""What the cluster should hold for the projects there are: decided from data, tried without it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from sandbox.rancher import names, quotas, views
from sandbox.rancher.names import Document
from sandbox.rancher.quotas import Amounts, Limit

RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class Room:
    """A namespace's quota: what the ResourceQuota says, and what the namespace says of it."""

    hard: Amounts | None
    annotation: str | None
    # None: nothing was asked, so nothing is said.
    fits: bool | None = None
    why: str = ""


def room(
    namespace: Document,
    project: Document | None,
    others: Sequence[Document],
    present: Amounts | None,
) -> Room:
    """Return a namespace's quota, given those of the project's *others* and the one at *present*.

    A new quota that is more than the project has left allows nothing of what there is too much of;
    one that grows too large stays as it was.
    """
    note = names.notes(namespace).get(names.QUOTA)
    spec = names.part(project or {}, "spec")
    default = names.part(spec, "namespaceDefaultResourceQuota").get("limit")
    if not default:
        return Room(None, None if present is not None else note)
    wanted = quotas.complete(limit(namespace), cast("Limit", default))
    hard = quotas.resources(wanted)
    if present is not None and quotas.same(hard, present):
        return Room(present, note)
    allowed = cast("Limit", names.part(names.part(spec, "resourceQuota"), "limit"))
    beside = [quotas.resources(limit(other) or {}) for other in others if is_validated(other)]
    over = quotas.excess([hard, *beside], quotas.resources(allowed))
    written = quotas.annotation(wanted)
    if not over:
        return Room(hard, written, fits=True)
    listed = ", ".join(f"{resource}={amount}" for resource, amount in sorted(over.items()))
    why = f"Resource quota [{listed}] exceeds project limit"
    zeroed = {**hard, **dict.fromkeys(over.keys() & hard.keys(), "0")}
    return Room(zeroed if present is None else present, written, fits=False, why=why)


def used(namespaces: Sequence[Document]) -> dict[str, str | dict[str, str]]:
    """Return the sum of the quotas of a project's namespaces, as the project shows it."""
    limits = [quotas.resources(limit(one) or {}) for one in namespaces if is_validated(one)]
    sums = quotas.total(limits)
    return quotas.limit_of({name: quotas.written(name, sums[name]) for name in sorted(sums)})


def container_limit(namespace: Document, project: Document | None) -> dict[str, str]:
    """Return what a container gets that asks for nothing: the namespace's word before the rest."""
    noted = views.noted(namespace, names.LIMIT)
    given = cast("dict[str, str]", noted) if quotas.are_amounts(noted) else {}
    default = names.part(names.part(project or {}, "spec"), "containerDefaultResourceLimit")
    return {**default, **given} if project else {}


def is_validated(namespace: Document) -> bool:
    """Tell whether a namespace's quota counts: one that never fitted does not."""
    return is_so(namespace, "ResourceQuotaValidated")


def is_so(namespace: Document, condition: str) -> bool:
    """Tell whether a namespace says that a condition holds."""
    said = {one["Type"]: one["Status"] for one in views.conditions(namespace)}
    return said.get(condition) == "True"


def status(namespace: Document, said: Mapping[str, tuple[bool, str]], now: str) -> str:
    """Return a namespace's own account of itself, with these conditions changed."""
    before = views.conditions(namespace)
    kept = {one["Type"]: one for one in before}
    for condition, (so, why) in said.items():
        fresh = {"Type": condition, "Status": "True" if so else "False", "Message": why}
        if not fresh.items() <= kept.get(condition, {}).items():
            kept[condition] = {**fresh, "LastUpdateTime": now}
    if list(kept.values()) == before:
        return names.notes(namespace)[names.STATUS]
    return json.dumps({"Conditions": list(kept.values())}, separators=(",", ":"))


def grants(
    binding: Document, verbs: Sequence[str], namespaces: Sequence[Document]
) -> list[Document]:
    """Return all roles and bindings of Kubernetes' that a role in a project comes to."""
    meta = binding["metadata"]
    project = binding["projectName"].partition(":")[2]
    role = binding["roleTemplateName"]
    # Names that are no longer than Kubernetes allows, whatever those of the binding are.
    mark = hashlib.sha256(f"{meta['namespace']}/{meta['name']}/{role}".encode()).hexdigest()[:10]
    name = f"rb-{mark}"
    labels = {names.BINDING_OWNER: f"{meta['namespace']}_{mark}"}
    subject = _subject(binding)
    if subject is None:
        return []

    def bound(kind: str, place: str, referred: str, to: str) -> Document:
        metadata: Document = {"name": name, "labels": labels}
        if place:
            metadata["namespace"] = place
        return {
            "apiVersion": f"{RBAC}/v1",
            "kind": kind,
            "metadata": metadata,
            "roleRef": {"apiGroup": RBAC, "kind": referred, "name": to},
            "subjects": [subject],
        }

    itself: Document = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "Role",
        "metadata": {"name": name, "namespace": names.CLUSTER, "labels": labels},
        "rules": [
            {
                "apiGroups": [names.GROUP],
                "resources": ["projects"],
                "resourceNames": [project],
                "verbs": list(verbs),
            }
        ],
    }
    places = [meta["namespace"], *(one["metadata"]["name"] for one in namespaces)]
    return [
        itself,
        bound("RoleBinding", names.CLUSTER, "Role", name),
        bound("ClusterRoleBinding", "", "ClusterRole", f"{names.CLUSTER}-clustermember"),
        *(bound("RoleBinding", place, "ClusterRole", role) for place in places),
    ]


def _subject(binding: Document) -> Document | None:
    for kind, fields in (
        ("User", ("userName", "userPrincipalName")),
        ("Group", ("groupPrincipalName", "groupName")),
    ):
        for field in fields:
            if binding.get(field):
                return {"apiGroup": RBAC, "kind": kind, "name": binding[field]}
    return None


def limit(namespace: Document) -> Limit | None:
    """Return the quota that a namespace's annotation asks for; one that is none asks for none."""
    found = (views.noted(namespace, names.QUOTA) or {}).get("limit")
    return cast("Limit", found) if found and quotas.are_amounts(found) else None
