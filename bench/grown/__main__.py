"""Register the whole site as often as OV_COPIES says, each in a namespace of its own."""

from __future__ import annotations

import os
from dataclasses import replace

import pulumi

from components import OpenVault, Settings, companions


class Copy(pulumi.ComponentResource):
    """Tell one site's resources from another's: their names are the same."""

    def __init__(self, name: str) -> None:
        super().__init__(f"bench:copies:{name.title().replace('-', '')}", name)
        self.register_outputs({})


settings = Settings.load(pulumi.get_stack(), companions())
for number in range(int(os.environ["OV_COPIES"])):
    namespace = f"ov-bench-{number:02}"
    OpenVault(
        namespace,
        replace(settings, namespace=namespace),
        pulumi.ResourceOptions(parent=Copy(namespace)),
    )
