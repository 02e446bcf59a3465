"""Plans as the engine prints them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PARENTS = "openvault:components:OpenVault$openvault:components:Backend"

TYPES: Mapping[str, str] = {
    "ConfigMap": "kubernetes:core/v1:ConfigMap",
    "CronJob": "kubernetes:batch/v1:CronJob",
    "Deployment": "kubernetes:apps/v1:Deployment",
    "HorizontalPodAutoscaler": "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
    "Image": "docker:index/image:Image",
    "Ingress": "kubernetes:networking.k8s.io/v1:Ingress",
    "Job": "kubernetes:batch/v1:Job",
    "LimitRange": "kubernetes:core/v1:LimitRange",
    "Namespace": "kubernetes:core/v1:Namespace",
    "NetworkPolicy": "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    "PersistentVolumeClaim": "kubernetes:core/v1:PersistentVolumeClaim",
    "PodDisruptionBudget": "kubernetes:policy/v1:PodDisruptionBudget",
    "Project": "rancher2:index/project:Project",
    "ProjectRoleTemplateBinding": (
        "rancher2:index/projectRoleTemplateBinding:ProjectRoleTemplateBinding"
    ),
    "Provider": "pulumi:providers:kubernetes",
    "ResourceQuota": "kubernetes:core/v1:ResourceQuota",
    "Secret": "kubernetes:core/v1:Secret",
    "Service": "kubernetes:core/v1:Service",
    "StatefulSet": "kubernetes:apps/v1:StatefulSet",
}


def urn(title: str, stack: str = "ov-demo") -> str:
    """Return the URN of a resource that people call *title*: Deployment ov-wag."""
    kind, name = title.split(" ", 1)
    type_ = TYPES.get(kind, f"pulumi:providers:{kind}")
    return f"urn:pulumi:{stack}::openvault::{PARENTS}${type_}::{name}"


def step(operation: str, title: str, *paths: str, **more: Any) -> dict[str, Any]:
    """Return one step of a plan: *old* and *new* inputs, whether *retained*."""
    state = {"custom": True, "retainOnDelete": more.get("retained", False)}
    found: dict[str, Any] = {"op": operation, "urn": urn(title)}
    if operation not in {"create", "create-replacement"}:
        found["oldState"] = {**state, "inputs": more.get("old", {})}
    if operation not in {"delete", "delete-replaced"}:
        found["newState"] = {**state, "inputs": more.get("new", {})}
    if paths:
        found["detailedDiff"] = {path: {"kind": "update", "inputDiff": False} for path in paths}
    return found


def digest(*steps: dict[str, Any], **config: str) -> dict[str, Any]:
    """Return what `pulumi preview --json` prints."""
    settings = {f"openvault:{key}": value for key, value in config.items()}
    return {"config": settings, "steps": list(steps), "changeSummary": {}}
