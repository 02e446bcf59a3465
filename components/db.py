"""PostgreSQL: one server, and a volume of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pulumi
import pulumi_kubernetes as k8s

from components.artifact import Artifact
from components.contract import Contract
from components.endpoint import DatabaseEndpoint, Pods, SecretValue, fingerprint
from components.naming import labels
from components.options import AT_ONCE, children
from components.postgres import DATABASE, FOLDER, OWNER, START, settings
from components.reader import mebibytes
from components.volume import Volume, VolumeArgs
from components.workload import WorkloadArgs, pod, revisions, service

PORT = 5432


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseArgs:
    """What a stack chooses about its database."""

    image: Artifact
    contract: Contract
    password: pulumi.Input[str]
    # How many may want to be connected at a time.
    connections: int
    volume: VolumeArgs


class Database(pulumi.ComponentResource):
    """Keep PostgreSQL running, one at a time, and its data through a `pulumi destroy`."""

    endpoint: DatabaseEndpoint

    def __init__(
        self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("openvault:components:Database", name, None, opts)
        child = children(self, opts)
        meta: k8s.meta.v1.ObjectMetaArgsDict = {"name": name, "labels": labels(name)}

        secret = k8s.core.v1.Secret(
            f"{name}-credentials",
            metadata={"name": f"{name}-credentials", "labels": labels(name)},
            string_data={"POSTGRES_PASSWORD": args.password},
            opts=child,
        )
        password = SecretValue(
            secret=secret.metadata.name,
            key="POSTGRES_PASSWORD",
            revision=fingerprint(args.password),
        )
        data = Volume(f"ov-{name}", args.volume, opts=child)
        server = k8s.apps.v1.StatefulSet(
            name, metadata=meta, spec=_server(name, args, password, data.claim), opts=child
        )
        k8s.core.v1.Service(
            name,
            metadata={**meta, "annotations": AT_ONCE},
            spec=service(name, PORT, args.contract),
            opts=child,
        )

        self.endpoint = DatabaseEndpoint(
            # The server's name is the Service's, and is known when the server is ready.
            host=server.metadata.name,
            port=PORT,
            name=DATABASE,
            user=OWNER,
            password=password,
            pods=Pods(service=name, port=PORT),
        )
        self.register_outputs({"host": self.endpoint.host, "port": self.endpoint.port})


def _server(
    name: str, args: DatabaseArgs, password: SecretValue, claim: pulumi.Input[str]
) -> k8s.apps.v1.StatefulSetSpecArgsDict:
    contract = args.contract
    tuned = settings(contract.need, args.connections, mebibytes(args.volume.size))
    flags = (word for setting in tuned for word in ("-c", setting))
    runs = WorkloadArgs(
        image=args.image,
        contract=replace(contract, command=("sh", "-c", START, name, *flags)),
        env={
            # Not the mount itself: PostgreSQL refuses a folder that belongs to somebody else.
            "PGDATA": f"{contract.volumes['data']}/{FOLDER}",
            "POSTGRES_DB": DATABASE,
            "POSTGRES_USER": OWNER,
            "POSTGRES_PASSWORD": password,
        },
        claims={"data": claim},
    )
    return {
        "service_name": name,
        "replicas": 1,
        "selector": {"match_labels": labels(name)},
        # In order, a pod that cannot start would be waited for even when its successor is there.
        "pod_management_policy": "Parallel",
        "template": {
            "metadata": {"labels": labels(name), "annotations": revisions(runs)},
            "spec": pod(name, runs),
        },
    }
