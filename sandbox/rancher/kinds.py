"""Rancher's kinds of objects, as `manifests/crds.yaml` declares them to the API server."""

from __future__ import annotations

from typing import Any, cast

from lightkube import generic_resource
from lightkube.core.resource import Resource

from sandbox.rancher.names import GROUP, VERSION

_lightkube: Any = generic_resource


def _of_a_namespace(kind: str, plural: str) -> type[Resource]:
    made = _lightkube.create_namespaced_resource(GROUP, VERSION, kind, plural)
    return cast("type[Resource]", made)


def _of_the_cluster(kind: str, plural: str) -> type[Resource]:
    made = _lightkube.create_global_resource(GROUP, VERSION, kind, plural)
    return cast("type[Resource]", made)


Project = _of_a_namespace("Project", "projects")
Binding = _of_a_namespace("ProjectRoleTemplateBinding", "projectroletemplatebindings")
Cluster = _of_the_cluster("Cluster", "clusters")
RoleTemplate = _of_the_cluster("RoleTemplate", "roletemplates")
Setting = _of_the_cluster("Setting", "settings")
User = _of_the_cluster("User", "users")
Token = _of_the_cluster("Token", "tokens")
