"""How many pods a service has: always the same number, or as many as its work takes."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_kubernetes as k8s


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """As many pods as keep each of them, on average, at *cpu* percent of what it asks for."""

    least: int
    most: int
    cpu: int


def most(pods: int | Scale) -> int:
    """Return the largest number of *pods* there can be."""
    return pods.most if isinstance(pods, Scale) else pods


def autoscaler(name: str, scale: Scale) -> k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgsDict:
    """Return what tells the cluster to keep the pods of Deployment *name* at *scale*."""
    return {
        "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": name},
        "min_replicas": scale.least,
        "max_replicas": scale.most,
        "metrics": [
            {
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "target": {"type": "Utilization", "average_utilization": scale.cpu},
                },
            }
        ],
    }
