"""Who may speak to whom: the arrows of the architecture, as the network knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

import pulumi
import pulumi_kubernetes as k8s

from components.endpoint import Edge, Pods
from components.naming import labels
from components.options import children
from components.outside import Reach

# Where clusters, nodes and clouds keep what is theirs: metadata of a machine, pods, Services.
_PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")


@dataclass(frozen=True, kw_only=True, slots=True)
class WayArgs:
    """Whom the pods of one service ask, inside the namespace and outside the cluster."""

    asks: Sequence[Pods]
    reach: Reach | None = None


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

        if args.reach:
            arrow = f"{name}-to-outside"
            k8s.networking.v1.NetworkPolicy(
                arrow,
                metadata={"name": arrow, "labels": labels(name)},
                spec=exit_to(args.reach, labels(name)),
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


def exit_to(reach: Reach, pods: Mapping[str, str]) -> k8s.networking.v1.NetworkPolicySpecArgsDict:
    """Return the rule that lets *pods* out to where *reach* leads, and nowhere else."""
    return {
        "pod_selector": {"match_labels": pods},
        "policy_types": ["Egress"],
        "egress": [
            {
                "to": [{"ip_block": _block(network)} for network in reach.networks],
                "ports": [{"protocol": "TCP", "port": port} for port in reach.ports],
            }
        ],
    }


def _block(network: str) -> k8s.networking.v1.IPBlockArgsDict:
    """Return *network*; everywhere means the public part of it."""
    if ip_network(network).prefixlen:
        return {"cidr": network}
    return {"cidr": network, "except_": [*_PRIVATE]}


def outside(edge: Edge) -> k8s.networking.v1.NetworkPolicyPeerArgsDict:
    """Return the edge, as a rule of the network names it."""
    if edge.network:
        return {"ip_block": {"cidr": edge.network}}
    return {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": edge.namespace}}}
