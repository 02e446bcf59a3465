"""Objects of Rancher's as short as the tests of decisions need them."""

from __future__ import annotations

import json

from sandbox.rancher import names
from sandbox.rancher.names import Document
from sandbox.rancher.quotas import annotation


def project(name: str = "p-a", **spec: object) -> Document:
    """Return a project."""
    spec = {"displayName": "media", "clusterName": "local", **spec}
    return {
        "apiVersion": "management.cattle.io/v3",
        "kind": "Project",
        "metadata": {"name": name, "namespace": "local"},
        "spec": spec,
    }


def with_quota(allowed: dict[str, str], default: dict[str, str]) -> Document:
    """Return a project with quotas."""
    return project(
        resourceQuota={"limit": allowed}, namespaceDefaultResourceQuota={"limit": default}
    )


def space(name: str = "site", *, validated: bool = True, **quota: str) -> Document:
    """Return a namespace of the project, with a quota or without."""
    notes = {names.PROJECT: "local:p-a"}
    if quota:
        so = {"Type": "ResourceQuotaValidated", "Status": str(validated), "Message": ""}
        notes[names.QUOTA] = annotation(quota)
        notes[names.STATUS] = json.dumps({"Conditions": [so]})
    return {"metadata": {"name": name, "uid": name, "annotations": notes, "labels": {}}}


def binding(role: str = "read-only", **subject: str) -> Document:
    """Return a role binding of the project."""
    return {
        "metadata": {"name": "team", "namespace": "local-p-a"},
        "projectName": "local:p-a",
        "roleTemplateName": role,
        **subject,
    }
