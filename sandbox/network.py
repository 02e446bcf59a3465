"""The sandbox's network namespace, and the one cable between it and the machine.

Inside there is no route to anywhere else: no packet of the cluster can reach the machine's own
network, and no rule of the cluster's firewall touches the machine's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sandbox.instance import Instance
from sandbox.process import attempt, run

# Cluster addresses of services; the node's own processes reach them by this route.
SERVICES = "10.96.0.0/16"

# Pods and builds are routed; kube-proxy serves node ports on loopback too.
KERNEL = ("net/ipv4/ip_forward", "net/ipv4/conf/all/route_localnet")


def up(instance: Instance) -> bool:
    """Make what is missing of the namespace and its cable; return whether anything was."""
    changed = False
    if not is_namespace(instance.netns):
        _remove_link(instance)
        instance.netns.touch()
        run(["unshare", f"--net={instance.netns}", "true"])
        changed = True
    if not _addresses(instance.link):
        _remove_link(instance)
        _connect(instance)
        changed = True
    return changed


def down(instance: Instance) -> None:
    """Remove the cable and the namespace."""
    _remove_link(instance)
    if is_namespace(instance.netns):
        run(["umount", "--lazy", instance.netns])
    instance.netns.unlink(missing_ok=True)


def is_namespace(path: Path) -> bool:
    """Say whether a network namespace is mounted at *path*."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return any(line.split()[4] == str(path) for line in mounts)


def inside(instance: Instance, *argv: str | Path) -> str:
    """Run a program in the sandbox's network namespace and return what it wrote."""
    return run(["nsenter", f"--net={instance.netns}", *argv])


def _connect(instance: Instance) -> None:
    link, netns = instance.link, str(instance.netns)
    run(["ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", netns])
    inside(instance, "ip", "link", "set", "lo", "up")
    inside(instance, "ip", "address", "replace", f"{instance.node_ip}/30", "dev", "eth0")
    inside(instance, "ip", "link", "set", "eth0", "up")
    route = ["ip", "route", "replace", SERVICES, "dev", "lo", "src", instance.node_ip]
    inside(instance, *route)
    for key in KERNEL:
        inside(instance, "sh", "-c", f"echo 1 > /proc/sys/{key}")
    # The address comes last: a cable that has it is complete.
    run(["ip", "link", "set", link, "up"])
    run(["ip", "address", "replace", f"{instance.host_ip}/30", "dev", link])


def _addresses(link: str) -> list[dict[str, Any]]:
    found = attempt(["ip", "-json", "-4", "address", "show", "dev", link, "up"])
    if found.returncode:
        return []
    return [address for entry in json.loads(found.stdout) for address in entry.get("addr_info", [])]


def _remove_link(instance: Instance) -> None:
    if Path(f"/sys/class/net/{instance.link}").exists():
        run(["ip", "link", "delete", instance.link])
