"""Who may ask whom, as NetworkPolicies say it to the cluster's network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]

# Somebody who is in no pod of this namespace.
STRANGER = ""

# What a rule means that does not say whom, where to, or which port.
_EVERYBODY: Object = {}
_ANYWHERE: Object = {"ipBlock": {}}
_ANY_PORT: Object = {"port": 0}

_DNS = 53
_NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pods:
    """Pods that are all alike: their labels, and the ports they listen on, by number and name."""

    name: str
    labels: Mapping[str, str]
    ports: Mapping[int, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """Who may ask whom at which port; 0 is any port, STRANGER anybody outside the namespace."""

    source: str
    target: str
    port: int


def ways(policies: Sequence[Object], everybody: Sequence[Pods], namespace: str) -> list[Way]:
    """Return every way that the network leaves open to where somebody listens.

    A policy's block of addresses is taken for addresses outside the cluster, and questions to
    the name server, which everybody asks, are left out.
    """
    specs = [each["spec"] for each in policies]
    return [
        *_inside(specs, everybody, namespace),
        *_entrances(specs, everybody, namespace),
        *_exits(specs, everybody, namespace),
    ]


def guarded(policies: Sequence[Object], pods: Pods) -> bool:
    """Return whether any policy says who may ask *pods*: if none does, everybody may."""
    return _rules([each["spec"] for each in policies], pods, "Ingress") is not None


def matches(selector: Object, labels: Mapping[str, str]) -> bool:
    """Return whether a label selector, as the Kubernetes API has them, selects *labels*."""
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    return wanted.items() <= labels.items() and all(
        _expression(each, labels) for each in _many(selector, "matchExpressions")
    )


def _expression(wanted: Object, labels: Mapping[str, str]) -> bool:
    key, values = wanted["key"], _many(wanted, "values")
    held = {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }
    return held[wanted["operator"]]


def _inside(specs: Sequence[Object], everybody: Sequence[Pods], namespace: str) -> Iterator[Way]:
    for source in everybody:
        for target in everybody:
            for port, name in target.ports.items():
                if (
                    source is not target
                    and _open(_rules(specs, target, "Ingress"), source, port, name, namespace)
                    and _open(_rules(specs, source, "Egress"), target, port, name, namespace)
                ):
                    yield Way(source=source.name, target=target.name, port=port)


def _entrances(specs: Sequence[Object], everybody: Sequence[Pods], namespace: str) -> Iterator[Way]:
    for target in everybody:
        rules = _rules(specs, target, "Ingress")
        for port, name in target.ports.items():
            if _open(rules, None, port, name, namespace):
                yield Way(source=STRANGER, target=target.name, port=port)


def _exits(specs: Sequence[Object], everybody: Sequence[Pods], namespace: str) -> Iterator[Way]:
    for source in everybody:
        rules = _rules(specs, source, "Egress")
        if rules is None:
            yield Way(source=source.name, target=STRANGER, port=0)
            continue
        found = {
            int(each["port"])
            for rule in rules
            if any(_strange(peer, namespace) for peer in _many(rule, "to") or [_ANYWHERE])
            for each in _many(rule, "ports") or [_ANY_PORT]
        }
        for port in sorted(found - {_DNS}):
            yield Way(source=source.name, target=STRANGER, port=port)


def _rules(specs: Sequence[Object], pods: Pods, direction: str) -> list[Object] | None:
    """Return the rules for *pods* in one direction; None if no policy is about them."""
    about = [
        spec
        for spec in specs
        if matches(spec["podSelector"], pods.labels) and direction in _directions(spec)
    ]
    if not about:
        return None
    return [rule for spec in about for rule in _many(spec, direction.lower())]


def _directions(spec: Object) -> Sequence[str]:
    unsaid = ["Ingress", "Egress"] if "egress" in spec else ["Ingress"]
    return spec.get("policyTypes") or unsaid


def _open(
    rules: Sequence[Object] | None, peer: Pods | None, port: int, name: str, namespace: str
) -> bool:
    """Return whether any of *rules* lets *peer*, or a stranger, pass at a port."""
    if rules is None:
        return True
    return any(
        _is(each, peer, namespace) and _port(rule, port, name)
        for rule in rules
        for each in _many(rule, "from") or _many(rule, "to") or [_EVERYBODY]
    )


def _is(said: Object, peer: Pods | None, namespace: str) -> bool:
    """Return whether a rule's peer, of which {} is everybody, is *peer* or a stranger."""
    if peer is None:
        return not said or _strange(said, namespace)
    if "ipBlock" in said:
        return False
    here = "namespaceSelector" not in said or matches(said["namespaceSelector"], {_NAME: namespace})
    return here and matches(said.get("podSelector") or {}, peer.labels)


def _strange(said: Object, namespace: str) -> bool:
    """Return whether a rule's peer is outside the namespace."""
    if "ipBlock" in said:
        return True
    selector = said.get("namespaceSelector")
    if selector is None:
        return False
    return not selector or not matches(selector, {_NAME: namespace})


def _many(said: Object, key: str) -> Sequence[Any]:
    """Return a list that may be absent."""
    return said.get(key) or ()


def _port(rule: Object, port: int, name: str) -> bool:
    ports = _many(rule, "ports")
    return not ports or any(_covers(each, port, name) for each in ports)


def _covers(said: Object, port: int, name: str) -> bool:
    first = said.get("port")
    if first is None or first == name:
        return True
    return not isinstance(first, str) and first <= port <= said.get("endPort", first)
