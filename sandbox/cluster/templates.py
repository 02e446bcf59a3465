"""Configuration files with places for what an instance decides: @NAME@."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources

from sandbox.cluster import network
from sandbox.instance import Instance

PLACE = re.compile(r"@([A-Z_]+)@")


def values(instance: Instance) -> dict[str, str]:
    """Return what every template may ask for."""
    return {
        "STATE": str(instance.state),
        "PKI": str(instance.pki),
        "SOCKET": str(instance.containerd_socket),
        "REGISTRY": instance.registry,
        "CGROUP": instance.cgroup,
        "NODE_IP": instance.node_ip,
        "NODE": network.NODE,
        "PODS": network.PODS,
        "NODE_PODS": network.NODE_PODS,
        "DOMAIN": network.DOMAIN,
        "DNS_SERVICE": network.DNS_SERVICE,
        "PROVISIONER": network.PROVISIONER,
        "INGRESS_CLASS": network.INGRESS_CLASS,
        "INGRESS_CONTROLLER": network.INGRESS_CONTROLLER,
    }


def render(name: str, filled: Mapping[str, str], package: str = "sandbox.cluster") -> str:
    """Return the file *name* of a package's `manifests/` with every place filled."""
    text = resources.files(package).joinpath("manifests", name).read_text()
    return PLACE.sub(lambda place: filled[place[1]], text)
