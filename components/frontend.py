"""Remix: the public pages, rendered from the back end's API."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.artifact import Artifact
from components.contract import Contract
from components.endpoint import Endpoint, SecretValue, sealed
from components.naming import labels
from components.options import children
from components.outside import Outside
from components.scale import Scale
from components.workload import Workload, WorkloadArgs


@dataclass(frozen=True, kw_only=True, slots=True)
class FrontendArgs:
    """What Remix needs to render a page."""

    image: Artifact
    contract: Contract
    api: Endpoint
    outside: Outside
    replicas: int | Scale


class Frontend(pulumi.ComponentResource):
    """Serve the public pages; configured when it starts, so one image serves every stack."""

    endpoint: Endpoint

    def __init__(
        self, name: str, args: FrontendArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("openvault:components:Frontend", name, None, opts)
        child = children(self, opts)
        env: dict[str, pulumi.Input[str] | SecretValue] = {
            "OV_API_URL": args.api.url,
            "NODE_ENV": "production",
            **args.outside.env,
        }

        if secrets := args.outside.secrets:
            credentials = k8s.core.v1.Secret(
                f"{name}-credentials",
                metadata={"name": f"{name}-credentials", "labels": labels(name)},
                string_data=secrets,
                opts=child,
            )
            env |= sealed(credentials.metadata.name, secrets)
        workload = Workload(
            name,
            WorkloadArgs(
                image=args.image,
                contract=args.contract,
                env=env,
                asks=[args.api.pods],
                reach=args.outside.reach(args.contract.reaches),
                replicas=args.replicas,
            ),
            opts=child,
        )

        self.endpoint = workload.endpoint
        self.register_outputs({"host": self.endpoint.host, "port": self.endpoint.port})
