"""What the cluster's daemons find in their environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from sandbox.instance import CHECKOUT, Instance


class Programs(Protocol):
    """The part of the toolchain that the cluster uses."""

    def path(self, program: str) -> Path:
        """Return where *program* is."""
        ...

    def directory(self, name: str) -> Path:
        """Return where the folder called *name* is."""
        ...

    def env(self) -> Mapping[str, str]:
        """Return the environment in which the programs run."""
        ...


def of_controllers(instance: Instance, toolchain: Programs) -> dict[str, str]:
    """Return the environment of the sandbox's own daemons, which find the same instance by it."""
    return {
        **toolchain.env(),
        "OV_SANDBOX": instance.name,
        "OV_STATE": str(instance.state.parent),
        "OV_CACHE": str(instance.cache),
        "OV_HTTPS_PORT": str(instance.https_port),
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONUNBUFFERED": "1",
    }
