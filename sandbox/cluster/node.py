"""The node: containerd, kubelet and kube-proxy, and what they need around them."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path

from sandbox import files
from sandbox.cluster import mounts, network, templates
from sandbox.cluster.environment import Programs
from sandbox.instance import Instance
from sandbox.process import Processes, hierarchies


def up(instance: Instance, processes: Processes, toolchain: Programs) -> bool:
    """Start what does not run yet; return whether anything started."""
    processes.make_cgroups()
    for root in hierarchies():
        _make_group(root, root / instance.cgroup / "shims")
    env = toolchain.env()
    changed = _containerd(instance, processes, toolchain, env)
    processes.wait_until("containerd", lambda: _answers(instance.containerd_socket), seconds=30)
    changed |= _kubelet(instance, processes, toolchain, env)
    changed |= _kube_proxy(instance, processes, toolchain, env)
    return changed


def kubelet_since(instance: Instance) -> float:
    """Return when kubelet was started."""
    return (instance.run / "kubelet.started").stat().st_mtime


def _containerd(
    instance: Instance, processes: Processes, toolchain: Programs, env: Mapping[str, str]
) -> bool:
    node = instance.state / "node"
    filled = {**templates.values(instance), "CNI": str(toolchain.directory("cni"))}
    configuration = node / "containerd.toml"
    files.write(configuration, templates.render("containerd.toml", filled))
    for registry in (instance.registry, instance.closed_registry):
        hosts = templates.render("hosts.toml", {"REGISTRY": registry})
        files.write(node / "certs.d" / registry / "hosts.toml", hosts)
    files.write(node / "cni" / "10-node.conflist", templates.render("10-node.conflist", filled))
    if mounts.ensure(instance):
        # Whoever still runs in an earlier, broken namespace sees other files than we do.
        processes.stop("kubelet")
        processes.stop("containerd")
        processes.end_all("shims", "kubepods")
    return processes.start(
        "containerd",
        mounts.inside(instance, [toolchain.path("containerd"), "--config", configuration]),
        env=env,
        configuration=[configuration],
    )


def _kubelet(
    instance: Instance, processes: Processes, toolchain: Programs, env: Mapping[str, str]
) -> bool:
    node, pki = instance.state / "node", instance.pki
    configuration, kubeconfig = node / "kubelet.yaml", pki / "kubelet.conf"
    files.write(configuration, templates.render("kubelet.yaml", templates.values(instance)))
    # Pods that keep the node's resolver find none: the sandbox has no world outside.
    files.write(node / "resolv.conf", "nameserver 127.0.0.1\n")
    return processes.start(
        "kubelet",
        mounts.inside(
            instance,
            [
                toolchain.path("kubelet"),
                f"--config={configuration}",
                f"--kubeconfig={kubeconfig}",
                f"--hostname-override={network.NODE}",
                f"--node-ip={instance.node_ip}",
                f"--root-dir={mounts.KUBELET}",
            ],
        ),
        env=env,
        configuration=[
            configuration,
            kubeconfig,
            pki / "ca.crt",
            pki / "kubelet-server.crt",
            pki / "kubelet-server.key",
        ],
    )


def _kube_proxy(
    instance: Instance, processes: Processes, toolchain: Programs, env: Mapping[str, str]
) -> bool:
    configuration, kubeconfig = (
        instance.state / "node" / "kube-proxy.yaml",
        instance.pki / "proxy.conf",
    )
    files.write(configuration, templates.render("kube-proxy.yaml", templates.values(instance)))
    return processes.start(
        "kube-proxy",
        [toolchain.path("kube-proxy"), f"--config={configuration}"],
        env=env,
        configuration=[configuration, kubeconfig],
    )


def _make_group(root: Path, group: Path) -> None:
    group.mkdir(exist_ok=True)
    for key in ("cpuset.cpus", "cpuset.mems"):
        # A cpuset without processors accepts no process on version 1; version 2 has no such file
        # at its root.
        if (root / key).exists() and not (group / key).read_text().strip():
            (group / key).write_text((root / key).read_text())


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(os.fspath(path))
        except OSError:
            return False
    return True
