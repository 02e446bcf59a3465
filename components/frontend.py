"""Remix: the public pages, rendered from the back end's API."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.artifact import Artifact
from components.contract import Contract
from components.endpoint import Endpoint
from components.options import children
from components.scale import Scale
from components.workload import Workload, WorkloadArgs


@dataclass(frozen=True, kw_only=True, slots=True)
class FrontendArgs:
    """What Remix needs to render a page."""

    image: Artifact
    contract: Contract
    api: Endpoint
    replicas: int | Scale


class Frontend(pulumi.ComponentResource):
    """Serve the public pages; configured when it starts, so one image serves every stack."""

    endpoint: Endpoint

    def __init__(
        self, name: str, args: FrontendArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("openvault:components:Frontend", name, None, opts)

        workload = Workload(
            name,
            WorkloadArgs(
                image=args.image,
                contract=args.contract,
                env={"OV_API_URL": args.api.url, "NODE_ENV": "production"},
                asks=[args.api.pods],
                replicas=args.replicas,
            ),
            opts=children(self, opts),
        )

        self.endpoint = workload.endpoint
        self.register_outputs({"host": self.endpoint.host, "port": self.endpoint.port})
