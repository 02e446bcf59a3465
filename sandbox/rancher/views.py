"""Kubernetes' objects as documents of Rancher's API."""

from __future__ import annotations

import json
from typing import Any, cast

from sandbox.cluster.addons import MARK
from sandbox.rancher import names
from sandbox.rancher.names import Document

# What the API shows as fields and not among the annotations.
FIELDS = (names.PROJECT, names.DESCRIPTION, names.QUOTA, names.LIMIT, names.CREATOR)


def project(thing: Document, base: str) -> Document:
    """Return a project."""
    spec, status = names.part(thing, "spec"), names.part(thing, "status")
    name = names.project_id(thing)
    own = f"{base}/v3/projects/{name}"
    state = _project_state(thing)
    found: Document = {
        **_common(thing, "project", name, state),
        "name": spec["displayName"],
        "description": spec.get("description", ""),
        "clusterId": names.CLUSTER,
        "namespaceId": None,
        "backingNamespace": status.get("backingNamespace"),
        "conditions": status.get("conditions", []),
        "links": {
            **_links(own),
            "namespaces": f"{base}/v3/cluster/{names.CLUSTER}/namespaces?projectId={name}",
            "projectRoleTemplateBindings": (
                f"{base}/v3/projectroletemplatebindings?projectId={name}"
            ),
        },
        "actions": {},
    }
    for key in ("resourceQuota", "namespaceDefaultResourceQuota", "containerDefaultResourceLimit"):
        if spec.get(key):
            found[key] = spec[key]
    return found


def _project_state(thing: Document) -> str:
    if thing["metadata"].get("deletionTimestamp"):
        return "removing"
    so = {
        found["type"]
        for found in names.part(thing, "status").get("conditions", [])
        if found["status"] == "True"
    }
    return (
        "active" if {"BackingNamespaceCreated", "InitialRolesPopulated"} <= so else "initializing"
    )


def binding(thing: Document, base: str) -> Document:
    """Return a project's role binding."""
    meta = thing["metadata"]
    name = f"{meta['namespace']}:{meta['name']}"
    return {
        **_common(thing, "projectRoleTemplateBinding", name, "active"),
        "name": meta["name"],
        "projectId": thing["projectName"],
        "roleTemplateId": thing["roleTemplateName"],
        "userId": thing.get("userName", ""),
        "userPrincipalId": thing.get("userPrincipalName", ""),
        "groupId": thing.get("groupName", ""),
        "groupPrincipalId": thing.get("groupPrincipalName", ""),
        "links": _links(f"{base}/v3/projectroletemplatebindings/{name}"),
        "actions": {},
    }


def namespace(thing: Document, base: str) -> Document:
    """Return a namespace."""
    name, notes = thing["metadata"]["name"], names.notes(thing)
    own = f"{base}/v3/cluster/{names.CLUSTER}/namespaces/{name}"
    found = _common(thing, "namespace", name, namespace_state(thing))
    found["annotations"] = {
        key: value for key, value in found["annotations"].items() if key not in FIELDS
    }
    return {
        **found,
        "name": name,
        "projectId": notes.get(names.PROJECT),
        "description": notes.get(names.DESCRIPTION),
        "resourceQuota": noted(thing, names.QUOTA),
        "containerDefaultResourceLimit": noted(thing, names.LIMIT),
        "links": _links(own),
        "actions": {"move": f"{own}?action=move"},
    }


def namespace_state(thing: Document) -> str:
    """Return what a namespace is doing, which its annotation says while it is being made ready."""
    if thing["metadata"].get("deletionTimestamp"):
        return "removing"
    waited = {"InitialRolesPopulated", "ResourceQuotaValidated"}
    unknown = {c["Type"] for c in conditions(thing) if c["Status"] == "Unknown"}
    return "activating" if waited & unknown else "active"


def conditions(thing: Document) -> list[dict[str, str]]:
    """Return the conditions that a namespace's annotation holds."""
    return cast("list[dict[str, str]]", (noted(thing, names.STATUS) or {}).get("Conditions") or [])


def noted(thing: Document, key: str) -> Document | None:
    """Return the document that an annotation holds; None if it holds none."""
    try:
        found: Any = json.loads(names.notes(thing).get(key) or "null")
    except ValueError:
        return None
    return cast("Document", found) if isinstance(found, dict) else None


def cluster(thing: Document, base: str, version: str) -> Document:
    """Return the cluster."""
    name = thing["metadata"]["name"]
    own = f"{base}/v3/clusters/{name}"
    found = thing.get("status", {}).get("conditions", [])
    ready = any(c["type"] == "Updated" and c["status"] == "True" for c in found)
    return {
        **_common(thing, "cluster", name, "active" if ready else "unavailable"),
        "name": thing["spec"]["displayName"],
        "driver": "imported",
        "internal": True,
        "conditions": found,
        "version": {"gitVersion": version},
        "links": {
            "self": own,
            "namespaces": f"{base}/v3/cluster/{name}/namespaces",
            "projects": f"{base}/v3/projects?clusterId={name}",
            "schemas": f"{base}/v3/cluster/{name}/schemas",
        },
        "actions": {},
    }


def role_template(thing: Document, base: str) -> Document:
    """Return a role template."""
    name = thing["metadata"]["name"]
    return {
        **_common(thing, "roleTemplate", name, "active"),
        "name": thing["displayName"],
        "description": thing.get("description", ""),
        "context": thing["context"],
        "builtin": thing.get("builtin", False),
        "rules": thing.get("rules", []),
        "links": {"self": f"{base}/v3/roletemplates/{name}"},
        "actions": {},
    }


def setting(thing: Document, base: str) -> Document:
    """Return a setting."""
    name = thing["metadata"]["name"]
    return {
        **_common(thing, "setting", name, "active"),
        "name": name,
        "value": thing["value"],
        "links": {"self": f"{base}/v3/settings/{name}"},
        "actions": {},
    }


def token(thing: Document, base: str, *, expired: bool) -> Document:
    """Return a token, without its secret."""
    name = thing["metadata"]["name"]
    return {
        **_common(thing, "token", name, "active"),
        "name": name,
        "userId": thing["userId"],
        "expired": expired,
        "expiresAt": thing.get("expiresAt", ""),
        "links": {
            "self": f"{base}/v3/tokens/{name}",
            "remove": f"{base}/v3/tokens/{name}",
        },
        "actions": {},
    }


def collection(kind: str, where: str, found: list[Document]) -> Document:
    """Return all documents of one kind."""
    return {
        "type": "collection",
        "resourceType": kind,
        "links": {"self": where},
        "createTypes": {},
        "actions": {},
        "pagination": {"limit": 1000, "total": len(found), "partial": False},
        "sort": {},
        "filters": {},
        "data": found,
    }


def _common(thing: Document, kind: str, name: str, state: str) -> Document:
    moving = state in {"removing", "activating", "initializing"}
    return {
        "id": name,
        "type": kind,
        "baseType": kind,
        "state": state,
        "transitioning": "yes" if moving else "no",
        "transitioningMessage": "",
        "annotations": {
            key: value
            for key, value in names.notes(thing).items()
            if key not in (names.CREATOR, MARK)
        },
        "labels": names.labels(thing),
        "creatorId": names.notes(thing).get(names.CREATOR),
        "created": str(thing["metadata"].get("creationTimestamp", "")),
        "uuid": thing["metadata"].get("uid", ""),
    }


def _links(own: str) -> dict[str, str]:
    return {"self": own, "update": own, "remove": own}
