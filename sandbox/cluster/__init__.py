"""The cluster: Kubernetes with everything a site needs from it."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.cluster import addons, controllers, controlplane, mounts, node, pki
from sandbox.cluster.environment import Programs
from sandbox.instance import Instance
from sandbox.process import Processes


def up(
    instance: Instance, processes: Processes, toolchain: Programs, report: Callable[[str], None]
) -> bool:
    """Bring the cluster up, or heal what is missing of it; return whether anything changed."""
    report("certificates")
    changed = pki.prepare(instance)
    report("control plane")
    changed |= controlplane.up(instance, processes, toolchain)
    report("node")
    changed |= node.up(instance, processes, toolchain)
    with addons.connect(instance) as client:
        report("standard objects")
        changed |= addons.apply(client, instance)
        report("controllers")
        changed |= controllers.up(instance, processes, toolchain)
        report("waiting for the node")
        addons.wait_for_node(client, node.kubelet_since(instance))
        report("waiting for DNS")
        addons.wait_for_dns(client, instance, toolchain.path("kubectl"))
    return changed


def down(instance: Instance) -> None:
    """Undo what `up` did outside the instance's folder; its processes must have ended."""
    mounts.forget(instance)
