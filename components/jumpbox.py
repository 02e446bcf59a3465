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

        k8s.apps.v1.Deployment(
            name,
            metadata={"name": name, "labels": labels(name)},
            spec=deployment(name, runs),
            opts=children(self, opts),
        )

        self.register_outputs({})
