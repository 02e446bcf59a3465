"""NetworkPolicy, enforced by the kernel's firewall in the sandbox's network namespace.

A packet from a pod passes the egress rules of its sender and the ingress rules of its receiver; a
pod that no policy selects is not asked. The node itself always reaches its pods, as Kubernetes
demands for kubelet's probes. A pod is isolated as soon as its address is known, which is a moment
after its sandbox exists. Addresses of version 4 and one node: what this cluster has.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, ip_network
from typing import Literal

from lightkube.resources.core_v1 import Namespace as NamespaceResource
from lightkube.resources.core_v1 import Pod as PodResource
from lightkube.resources.networking_v1 import NetworkPolicy

from sandbox.cluster.api import Cluster, Mirror, reconcile, say
from sandbox.cluster.kinds import (
    Expression,
    IPBlock,
    Labels,
    Namespace,
    Peer,
    Pod,
    Policy,
    PolicyPort,
    Rule,
    Selector,
)
from sandbox.instance import Instance

TABLE = "sandbox_policies"

Direction = Literal["ingress", "egress"]
DIRECTIONS: tuple[Direction, ...] = ("egress", "ingress")

# Which end of a packet is the isolated pod, and which is its peer.
OWN = {"ingress": "daddr", "egress": "saddr"}
FAR = {"ingress": "saddr", "egress": "daddr"}


def ruleset(
    policies: Iterable[Policy], pods: Iterable[Pod], namespaces: Iterable[Namespace]
) -> str:
    """Return the whole firewall table, as `nft -f -` reads it, for these objects."""
    world = World([pod for pod in pods if _has_address(pod)], list(namespaces))
    isolated: dict[Direction, set[str]] = {"ingress": set(), "egress": set()}
    rules: dict[Direction, list[str]] = {"ingress": [], "egress": []}
    for policy in policies:
        selected = world.selected_by(policy)
        if not selected:
            continue
        for direction in DIRECTIONS:
            if _applies(policy, direction):
                isolated[direction] |= {address(pod) for pod in selected}
                for rule in policy["spec"].get(direction, []):
                    rules[direction] += world.allowed(policy, selected, rule, direction)
    return _table(isolated, rules, [address(pod) for pod in world.pods])


def matches(selector: Selector, labels: Labels) -> bool:
    """Tell whether *labels* have what *selector* asks for; an empty selector asks for nothing."""
    wanted = selector.get("matchLabels", {})
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(expression, labels) for expression in selector.get("matchExpressions", [])
    )


def address(pod: Pod) -> str:
    """Return the pod's address."""
    return pod["status"].get("podIP", "")


@dataclass(frozen=True, slots=True)
class End:
    """One possible other end of a connection: an nft expression, and the pods it stands for."""

    expression: str
    pods: Sequence[Pod] = field(default_factory=tuple[Pod, ...])


@dataclass(frozen=True, slots=True)
class World:
    """The pods that have an address, and all namespaces."""

    pods: list[Pod]
    namespaces: list[Namespace]

    def selected_by(self, policy: Policy) -> list[Pod]:
        """Return the pods that *policy* is about."""
        namespace = policy["metadata"].get("namespace", "")
        return self._matching(policy["spec"].get("podSelector", Selector()), {namespace})

    def allowed(
        self, policy: Policy, selected: Sequence[Pod], rule: Rule, direction: Direction
    ) -> list[str]:
        """Return the nft rules that let through what *rule* allows."""
        own = f"ip {OWN[direction]} {_set(address(pod) for pod in selected)}"
        peers = rule.get("from" if direction == "ingress" else "to", [])
        found: list[str] = []
        for end in self._ends(policy, peers, direction):
            receivers = selected if direction == "ingress" else end.pods
            found += [
                " ".join(part for part in (own, end.expression, port) if part)
                for port in _ports(rule.get("ports", []), receivers)
            ]
        return found

    def _ends(self, policy: Policy, peers: Sequence[Peer], direction: Direction) -> Iterable[End]:
        if not peers:
            yield End("", self.pods)
        for peer in peers:
            if "ipBlock" in peer:
                yield from _block(peer["ipBlock"], FAR[direction])
                continue
            pods = self._peers(policy, peer)
            if pods:
                yield End(f"ip {FAR[direction]} {_set(address(pod) for pod in pods)}", pods)

    def _peers(self, policy: Policy, peer: Peer) -> list[Pod]:
        if "namespaceSelector" in peer:
            names = {
                namespace["metadata"].get("name", "")
                for namespace in self.namespaces
                if matches(peer["namespaceSelector"], namespace["metadata"].get("labels", {}))
            }
        else:
            names = {policy["metadata"].get("namespace", "")}
        return self._matching(peer.get("podSelector", Selector()), names)

    def _matching(self, selector: Selector, namespaces: set[str]) -> list[Pod]:
        return [
            pod
            for pod in self.pods
            if pod["metadata"].get("namespace") in namespaces
            and matches(selector, pod["metadata"].get("labels", {}))
        ]


def _has_address(pod: Pod) -> bool:
    return (
        bool(address(pod))
        and not pod["spec"].get("hostNetwork")
        and pod["status"].get("phase") not in {"Succeeded", "Failed"}
    )


def _applies(policy: Policy, direction: Direction) -> bool:
    spec = policy["spec"]
    types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    return direction.capitalize() in types


def _holds(expression: Expression, labels: Labels) -> bool:
    key, values = expression.get("key", ""), expression.get("values", [])
    match expression.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False


def _block(block: IPBlock, side: str) -> Iterable[End]:
    """Yield the range of addresses; one of version 6 is nobody here."""
    if not isinstance(ip_network(block.get("cidr", ""), strict=False), IPv4Network):
        return
    left_out = [
        cidr
        for cidr in block.get("except", [])
        if isinstance(ip_network(cidr, strict=False), IPv4Network)
    ]
    without = f" ip {side} != {_set(left_out)}" if left_out else ""
    # 0.0.0.0/0 is no prefix for nft, but everybody.
    within = "" if block.get("cidr") == "0.0.0.0/0" else f"ip {side} {block.get('cidr')}"
    yield End((within + without).strip())


def _ports(ports: Sequence[PolicyPort], receivers: Sequence[Pod]) -> Iterable[str]:
    if not ports:
        yield ""
    for port in ports:
        protocol = port.get("protocol", "TCP").lower()
        number = port.get("port")
        if number is None:
            yield f"meta l4proto {protocol}"
        elif isinstance(number, int):
            last = port.get("endPort")
            yield f"{protocol} dport {number}" + (f"-{last}" if last else "")
        else:
            for pod in receivers:
                for declared in _declared(pod, number, protocol):
                    yield f"ip daddr {address(pod)} {protocol} dport {declared}"


def _declared(pod: Pod, name: str, protocol: str) -> Iterable[int]:
    spec = pod["spec"]
    for container in [*spec.get("containers", []), *spec.get("initContainers", [])]:
        for port in container.get("ports", []):
            same = port.get("name") == name and port.get("protocol", "TCP").lower() == protocol
            if same and "containerPort" in port:
                yield port["containerPort"]


def _set(members: Iterable[str]) -> str:
    return "{ " + ", ".join(sorted(set(members))) + " }"


def _table(
    isolated: dict[Direction, set[str]], rules: dict[Direction, list[str]], pods: Sequence[str]
) -> str:
    # The whole table is replaced in one transaction: there is no moment without rules.
    lines = [f"add table inet {TABLE}", f"delete table inet {TABLE}", f"table inet {TABLE} {{"]
    for direction in DIRECTIONS:
        allowed = [f"    {rule} return" for rule in dict.fromkeys(rules[direction])]
        lines += [f"  chain {direction} {{", *allowed, "    drop", "  }"]
    jumps = {
        direction: [f"    ip {OWN[direction]} {_set(isolated[direction])} jump {direction}"]
        if isolated[direction]
        else []
        for direction in DIRECTIONS
    }
    known = ["    ct state established,related accept"]
    # Nobody can keep a pod from reaching itself through its own Service.
    itself = (
        [f"    ip saddr . ip daddr {_set(f'{ip} . {ip}' for ip in pods)} accept"] if pods else []
    )
    lines += [
        "  chain forward {",
        "    type filter hook forward priority 0; policy accept;",
        *known,
        *itself,
        *jumps["egress"],
        *jumps["ingress"],
        "  }",
        # What a pod sends to the node (the API, the registry) is not forwarded.
        "  chain input {",
        "    type filter hook input priority 0; policy accept;",
        *known,
        *jumps["egress"],
        "  }",
        "}",
    ]
    return "\n".join(lines) + "\n"


async def main(instance: Instance) -> None:
    """Keep the firewall as the policies want it until the process ends."""
    cluster, changed = Cluster(instance.pki / "netpol.conf"), asyncio.Event()
    policies = Mirror(cluster.all(NetworkPolicy), Policy, changed)
    pods = Mirror(cluster.all(PodResource), Pod, changed)
    namespaces = Mirror(cluster.all(NamespaceResource), Namespace, changed)
    applied = ""

    async def act() -> None:
        nonlocal applied
        wanted = ruleset(policies.all(), pods.all(), namespaces.all())
        if wanted == applied:
            return
        done = await asyncio.to_thread(
            subprocess.run,
            ["nft", "-f", "-"],
            input=wanted,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            say(f"the rules are refused, the earlier ones stay: {done.stderr.strip()}")
            return
        applied = wanted
        say(f"applied {len(policies.all())} policies for {len(pods.all())} pods")

    await reconcile([policies, pods, namespaces], changed, act)
