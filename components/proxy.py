"""nginx: the only public door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

from components.artifact import Artifact
from components.contract import Contract
from components.endpoint import Address, Door, Endpoint, SiteEndpoint
from components.naming import labels
from components.options import children
from components.scale import Scale
from components.way import entrance, outside
from components.workload import Workload, WorkloadArgs

# How cert-manager spells its issuers on an Ingress.
_ISSUERS = {"ClusterIssuer": "cluster-issuer", "Issuer": "issuer"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ProxyArgs:
    """Who may be asked from outside, under which addresses, and by which edge."""

    image: Artifact
    contract: Contract
    site: Address
    admin: Address
    frontend: Endpoint
    backend: SiteEndpoint
    door: Door
    # Who answers below a path of the site instead of the front end.
    routes: Mapping[str, Endpoint] = field(default_factory=dict[str, Endpoint])
    replicas: int | Scale


class Proxy(pulumi.ComponentResource):
    """Let the public in: pages to the front end, the CMS to the back end, files from volumes."""

    endpoint: Endpoint

    def __init__(
        self, name: str, args: ProxyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("openvault:components:Proxy", name, None, opts)
        child = children(self, opts)

        workload = Workload(
            name,
            WorkloadArgs(
                image=args.image,
                contract=args.contract,
                env={
                    "SITE_HOST": args.site.host,
                    "ADMIN_HOST": args.admin.host,
                    "ADMIN_SCHEME": args.admin.scheme,
                    "FRONTEND": f"{args.frontend.host}:{args.frontend.port}",
                    "BACKEND": f"{args.backend.host}:{args.backend.port}",
                    # What the front end has for the back end's address, and no browser can ask.
                    "BACKEND_URL": args.backend.url,
                    "UPLOAD_LIMIT": f"{args.door.upload_limit}m",
                    **_routes(args.routes),
                },
                claims=args.backend.claims,
                read_only=True,
                asks=[each.pods for each in (args.frontend, args.backend, *args.routes.values())],
                replicas=args.replicas,
            ),
            opts=child,
        )
        entry = f"edge-to-{name}"
        k8s.networking.v1.NetworkPolicy(
            entry,
            metadata={"name": entry, "labels": labels(name)},
            spec=entrance(workload.endpoint.pods, outside(args.door.edge)),
            opts=child,
        )
        if args.door.tls_issuer:
            k8s.networking.v1.NetworkPolicy(
                f"edge-to-{name}-tls",
                metadata={"name": f"edge-to-{name}-tls", "labels": labels(name)},
                spec=_proof(args.door),
                opts=child,
            )
        k8s.networking.v1.Ingress(
            name,
            metadata={
                "name": name,
                "labels": labels(name),
                "annotations": _notes(args.door),
            },
            spec=_ingress(args, workload.endpoint),
            opts=child,
        )

        self.endpoint = workload.endpoint
        self.register_outputs({"host": self.endpoint.host, "port": self.endpoint.port})


def _routes(routes: Mapping[str, Endpoint]) -> dict[str, str]:
    """Return what tells the proxy who else is asked; nothing where nobody is."""
    words = [f"{path}={at.host}:{at.port}" for path, at in sorted(routes.items())]
    return {"ROUTES": " ".join(words)} if words else {}


def _notes(door: Door) -> dict[str, str]:
    # The usual edge's own limit is 1 MB. Others do not know the word.
    notes = {"nginx.ingress.kubernetes.io/proxy-body-size": f"{door.upload_limit}m"}
    kind, _, issuer = door.tls_issuer.partition("/")
    if issuer:
        # A note and no Certificate: without cert-manager it means nothing, and does no harm.
        notes[f"cert-manager.io/{_ISSUERS[kind]}"] = issuer
    return notes


def _proof(door: Door) -> k8s.networking.v1.NetworkPolicySpecArgsDict:
    """Return the rule that lets the edge ask cert-manager's pod, which proves whose host it is."""
    return {
        "pod_selector": {"match_labels": {"acme.cert-manager.io/http01-solver": "true"}},
        "policy_types": ["Ingress"],
        "ingress": [{"from_": [outside(door.edge)], "ports": [{"protocol": "TCP", "port": 8089}]}],
    }


def _ingress(args: ProxyArgs, door: Endpoint) -> k8s.networking.v1.IngressSpecArgsDict:
    hosts = [args.site.host, args.admin.host]
    everything: k8s.networking.v1.HTTPIngressPathArgsDict = {
        "path": "/",
        "path_type": "Prefix",
        "backend": {"service": {"name": door.host, "port": {"number": door.port}}},
    }
    tls: k8s.networking.v1.IngressTLSArgsDict = {"hosts": hosts}
    if args.door.tls_secret or args.door.tls_issuer:
        tls["secret_name"] = args.door.tls_secret or f"{door.host}-tls"
    spec: k8s.networking.v1.IngressSpecArgsDict = {
        "rules": [{"host": host, "http": {"paths": [everything]}} for host in hosts],
    }
    if args.site.scheme == "https":
        spec["tls"] = [tls]
    if args.door.ingress_class:
        spec["ingress_class_name"] = args.door.ingress_class
    return spec
