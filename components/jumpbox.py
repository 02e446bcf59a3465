"""A tool kit inside the namespace."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.artifact import Artifact
from components.contract import Contract
from components.endpoint import DatabaseEndpoint
from components.naming import labels
from components.options import children
from components.way import Way, WayArgs
from components.workload import WorkloadArgs, deployment


@dataclass(frozen=True, kw_only=True, slots=True)
class JumpboxArgs:
    """What a person who looks around will want to reach."""

    image: Artifact
    contract: Contract
    database: DatabaseEndpoint


class Jumpbox(pulumi.ComponentResource):
    """Wait for a person with curl, psql and python; answer nobody and know no Kubernetes."""

    def __init__(
        self, name: str, args: JumpboxArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("openvault:components:Jumpbox", name, None, opts)
        child = children(self, opts)
        runs = WorkloadArgs(
            image=args.image,
            contract=args.contract,
            env={
                "PGHOST": args.database.host,
                "PGPORT": str(args.database.port),
                "PGDATABASE": args.database.name,
                "PGUSER": args.database.user,
                "PGPASSWORD": args.database.password,
            },
        )

        way = Way(name, WayArgs(asks=[args.database.pods]), opts=child)
        k8s.apps.v1.Deployment(
            name,
            metadata={"name": name, "labels": labels(name)},
            spec=deployment(name, runs),
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[way])),
        )

        self.register_outputs({})
