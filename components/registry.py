"""What lets the nodes pull from registries that ask who they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.artifact import Credentials, docker_config
from components.naming import labels
from components.options import children


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryAccessArgs:
    """Who the nodes are, to each registry that the stack's images are in."""

    credentials: Sequence[Credentials]


class RegistryAccess(pulumi.ComponentResource):
    """Keep the credentials by which the namespace's pods are pulled, in one Secret."""

    secret: pulumi.Output[str]

    def __init__(
        self, name: str, args: RegistryAccessArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("openvault:components:RegistryAccess", name, None, opts)

        secret = k8s.core.v1.Secret(
            name,
            metadata={"name": name, "labels": labels(name)},
            type="kubernetes.io/dockerconfigjson",
            string_data={".dockerconfigjson": docker_config(args.credentials)},
            opts=children(self, opts),
        )

        self.secret = secret.metadata.name
        self.register_outputs({"secret": self.secret})
