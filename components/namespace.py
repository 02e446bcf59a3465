"""The namespace of one stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

from components.naming import PROJECT
from components.options import FORCED, children, kept

_POD_SECURITY = "restricted"

_DENY: k8s.networking.v1.NetworkPolicySpecArgsDict = {
    "pod_selector": {},
    "policy_types": ["Ingress", "Egress"],
}

# Out of the namespace goes nothing but questions to the cluster's name server. Inside it, who is
# asked decides who may come: see Way.
_EGRESS: k8s.networking.v1.NetworkPolicySpecArgsDict = {
    "pod_selector": {},
    "policy_types": ["Egress"],
    "egress": [
        {"to": [{"pod_selector": {}}]},
        {
            "to": [
                {
                    "namespace_selector": {
                        "match_labels": {"kubernetes.io/metadata.name": "kube-system"}
                    },
                    "pod_selector": {"match_labels": {"k8s-app": "kube-dns"}},
                }
            ],
            "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
        },
    ],
}


@dataclass(frozen=True, kw_only=True, slots=True)
class NamespaceArgs:
    """What a stack chooses about its namespace."""

    protect: bool
    # What it says so that it belongs to a project of Rancher's.
    membership: Mapping[str, pulumi.Input[str]] = field(
        default_factory=dict[str, pulumi.Input[str]]
    )


class Namespace(pulumi.ComponentResource):
    """Keep one stack apart from all else, and run no pod that asks for more than it needs."""

    name: pulumi.Output[str]

    def __init__(
        self, name: str, args: NamespaceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("openvault:components:Namespace", name, None, opts)
        namespace = k8s.core.v1.Namespace(
            name,
            # Its marks say whose it is and what may run in it.
            metadata={
                "name": name,
                "labels": _labels(),
                "annotations": {**FORCED, **args.membership},
            },
            # Deleting it deletes the volumes in it, whatever protects them elsewhere.
            opts=kept(self, opts, protect=args.protect),
        )

        for rule, spec in (("default-deny", _DENY), ("default-egress", _EGRESS)):
            k8s.networking.v1.NetworkPolicy(
                rule,
                metadata={"name": rule, "labels": {"app.kubernetes.io/part-of": PROJECT}},
                spec=spec,
                opts=pulumi.ResourceOptions.merge(
                    children(self, opts), pulumi.ResourceOptions(depends_on=[namespace])
                ),
            )

        self.name = namespace.metadata.name
        self.register_outputs({"name": self.name})


def _labels() -> dict[str, str]:
    modes = ("enforce", "warn", "audit")
    security = {f"pod-security.kubernetes.io/{mode}": _POD_SECURITY for mode in modes}
    return {"app.kubernetes.io/part-of": PROJECT} | security
