"""The names that Rancher gives to things in Kubernetes; what reads them is not ours to choose."""

from __future__ import annotations

from typing import Any, cast

# A document of either API, as JSON has it.
Document = dict[str, Any]

GROUP = "management.cattle.io"
VERSION = "v3"
API = f"{GROUP}/{VERSION}"
CLUSTER = "local"

# Annotations and labels of namespaces
PROJECT = "field.cattle.io/projectId"
DESCRIPTION = "field.cattle.io/description"
QUOTA = "field.cattle.io/resourceQuota"
LIMIT = "field.cattle.io/containerDefaultResourceLimit"
CREATOR = "field.cattle.io/creatorId"
STATUS = "cattle.io/status"
LIFECYCLE = "lifecycle.cattle.io/create.namespace-auth"
SYSTEM_NAMESPACE = "management.cattle.io/system-namespace"
MADE_BY = "cattle.io/creator"

# Marks of what the controllers make
DEFAULT_QUOTA = "resourcequota.management.cattle.io/default-resource-quota"
BINDING_OWNER = "authz.cluster.cattle.io/rtb-owner-updated"
PROJECT_FINALIZER = "controller.cattle.io/mgmt-project-rbac-remove"

# Marks of projects
CREATOR_ROLES = "authz.management.cattle.io/creator-role-bindings"
SYSTEM_PROJECT = "authz.management.cattle.io/system-project"


def project_id(project: Document) -> str:
    """Return the id that the API and a namespace's annotation have for a Project object."""
    return f"{CLUSTER}:{project['metadata']['name']}"


def backing_namespace(project: Document) -> str:
    """Return the namespace that holds the bindings of a project."""
    return f"{CLUSTER}-{project['metadata']['name']}"


def part(thing: Document, key: str) -> Document:
    """Return a nested document; an empty one if it is absent or null."""
    return cast("Document", thing.get(key) or {})


def notes(thing: Document) -> dict[str, str]:
    """Return the annotations of an object of Kubernetes."""
    return thing["metadata"].get("annotations") or {}


def labels(thing: Document) -> dict[str, str]:
    """Return the labels of an object of Kubernetes."""
    return thing["metadata"].get("labels") or {}
