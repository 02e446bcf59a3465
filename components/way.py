"""Who may speak to whom: the arrows of the architecture, as the network knows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.endpoint import Edge, Pods
from components.naming import labels
from components.options import children


@dataclass(frozen=True, kw_only=True, slots=True)
class WayArgs:
    """Whom the pods of one service ask."""

    asks: Sequence[Pods]


class Way(pulumi.ComponentResource):
    """Let one service's pods reach those it asks; without it, nobody answers a stranger."""

    def __init__(
        self, name: str, args: WayArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("openvault:components:Way", name, None, opts)
        child = children(self, opts)

        for pods in args.asks:
            arrow = f"{name}-to-{pods.service}"
            k8s.networking.v1.NetworkPolicy(
                arrow,
                metadata={"name": arrow, "labels": labels(name)},
                spec=entrance(pods, {"pod_selector": {"match_labels": labels(name)}}),
                opts=child,
            )

        self.register_outputs({})


def entrance(
    pods: Pods, peer: k8s.networking.v1.NetworkPolicyPeerArgsDict
) -> k8s.networking.v1.NetworkPolicySpecArgsDict:
    """Return the rule that lets *peer* in to *pods*, at the one port they listen on."""
    return {
        "pod_selector": {"match_labels": labels(pods.service)},
        "policy_types": ["Ingress"],
        "ingress": [{"from_": [peer], "ports": [{"protocol": "TCP", "port": pods.port}]}],
    }


def outside(edge: Edge) -> k8s.networking.v1.NetworkPolicyPeerArgsDict:
    """Return the edge, as a rule of the network names it."""
    if edge.network:
        return {"ip_block": {"cidr": edge.network}}
    return {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": edge.namespace}}}
