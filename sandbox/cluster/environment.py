"""What the cluster's daemons find in their environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from sandbox.instance import CHECKOUT, Instance

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


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


def stable(toolchain: Programs) -> dict[str, str]:
    """Return the toolchain's environment without what the person's shell adds to it.

    A daemon is restarted when its environment changes, and `make up` from another shell is no
    reason to restart a cluster.
    """
    ambient = {"PATH": SYSTEM_PATH, "LD_LIBRARY_PATH": ""}
    found = dict(toolchain.env())
    for name, system in ambient.items():
        shell = os.environ.get(name, "").split(":")
        ours = [part for part in found.get(name, "").split(":") if part and part not in shell]
        found[name] = ":".join([*ours, *system.split(":")]).rstrip(":")
    return found


def of_controllers(instance: Instance, toolchain: Programs) -> dict[str, str]:
    """Return the environment of the sandbox's own daemons, which find the same instance by it."""
    return {
        **stable(toolchain),
        "OV_SANDBOX": instance.name,
        "OV_STATE": str(instance.state.parent),
        "OV_CACHE": str(instance.cache),
        "OV_HTTPS_PORT": str(instance.https_port),
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONUNBUFFERED": "1",
    }
