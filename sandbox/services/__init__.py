"""What generation 1.x asks of the world: object storage, search and sign-on.

They are started when somebody asks for them, since a site of generation 0.x needs none. A pod and
a browser reach them under the same addresses, by plain HTTP: names below `localhost` are no mixed
content for a browser, and a pod has no authority of the sandbox to trust.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox import keys
from sandbox.instance import Instance
from sandbox.process import Processes
from sandbox.services import doorkeeper, objects, search, sign_on
from sandbox.toolchain import Report, Toolchain

# Setting → the file that holds its value, and the bytes of chance in it.
SECRETS = {
    "bucketAccessKey": (objects.ACCESS_KEY, 15),
    "bucketSecretKey": (objects.SECRET_KEY, 30),
    "searchPassword": (doorkeeper.WRITER, 24),
    "searchBrowserKey": (doorkeeper.READER, 24),
    "signOnSecret": ("sign-on-secret", 24),
}


def wanted(instance: Instance) -> bool:
    """Say whether somebody asked for them since the sandbox was made."""
    return (instance.state / "services").exists()


def up(instance: Instance, processes: Processes, toolchain: Toolchain, report: Report) -> bool:
    """Start what does not run yet; return whether anything started."""
    keys.make(instance, dict(SECRETS.values()))
    objects.prepare(instance, report)
    search.prepare(instance, report)
    report("starting object storage, search and sign-on")
    changed = objects.start(instance, processes)
    changed |= search.start(instance, processes)
    changed |= sign_on.start(processes)
    report("waiting for them")
    objects.settle(instance, processes)
    search.settle(instance, processes)
    sign_on.settle(instance, processes)
    changed |= doorkeeper.up(instance, processes, toolchain)
    return changed


def choices(instance: Instance, images: Mapping[str, str], stack: str) -> dict[str, Any]:
    """Return what a stack of generation 1.x chooses here otherwise than the committed file."""
    return {
        "generation": "1.x",
        "backendImage": images["wgbhmla/ov-wag:v1.0.0"],
        "frontendImage": images["wgbhmla/ov-frontend:v1.0.0"],
        "bucket": stack,
        "bucketRegion": objects.REGION,
        "bucketEndpoint": instance.service_url("objects"),
        "searchUrl": instance.service_url("search"),
        "searchUser": doorkeeper.WRITES,
        "searchIndex": stack,
        "signOnUrl": instance.service_url("sign-on"),
        "signOnClient": stack,
        "outside": f"{instance.node_ip}/32",
    }
