"""Quotas and limits: Rancher's fields, Kubernetes' resources, and the sums between them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import cast

from lightkube.utils.quantity import parse_quantity

# Amounts under Rancher's names of fields, or under Kubernetes' names of resources.
Amounts = dict[str, str]

EXTENDED = "extended"

# Field → resource. Their order is that in which Rancher writes them into an annotation.
RESOURCES = {
    "pods": "pods",
    "services": "services",
    "replicationControllers": "replicationcontrollers",
    "secrets": "secrets",
    "configMaps": "configmaps",
    "persistentVolumeClaims": "persistentvolumeclaims",
    "servicesNodePorts": "services.nodeports",
    "servicesLoadBalancers": "services.loadbalancers",
    "requestsCpu": "requests.cpu",
    "requestsMemory": "requests.memory",
    "requestsStorage": "requests.storage",
    "limitsCpu": "limits.cpu",
    "limitsMemory": "limits.memory",
}
CONTAINER = ("requestsCpu", "requestsMemory", "limitsCpu", "limitsMemory")
_UNITS = (("Ti", 2**40), ("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10))

Limit = Mapping[str, str | Mapping[str, str]]


def resources(limit: Limit) -> Amounts:
    """Return a quota's amounts under Kubernetes' names."""
    extended = limit.get(EXTENDED)
    found = dict(extended) if isinstance(extended, Mapping) else {}
    for field, amount in limit.items():
        if isinstance(amount, str):
            found[RESOURCES.get(field, field)] = amount
    return found


def limit_of(amounts: Mapping[str, str]) -> dict[str, str | dict[str, str]]:
    """Return a quota's amounts under Rancher's names."""
    fields = {resource: field for field, resource in RESOURCES.items()}
    found: dict[str, str | dict[str, str]] = {
        fields[name]: amount for name, amount in amounts.items() if name in fields
    }
    extended = {name: amount for name, amount in amounts.items() if name not in fields}
    return found | ({EXTENDED: extended} if extended else {})


def total(limits: Iterable[Mapping[str, str]]) -> dict[str, Decimal]:
    """Add up amounts resource by resource."""
    sums: dict[str, Decimal] = {}
    for limit in limits:
        for resource, amount in limit.items():
            sums[resource] = sums.get(resource, Decimal(0)) + quantity(amount)
    return sums


def excess(asked: Iterable[Mapping[str, str]], allowed: Mapping[str, str]) -> Amounts:
    """Return the resources of which more is asked than allowed, with the sum; or a negative one."""
    everything = list(asked)
    sums = total(everything)
    negative = {
        resource for one in everything for resource, amount in one.items() if quantity(amount) < 0
    }
    over = {
        resource for resource, amount in allowed.items() if sums.get(resource, 0) > quantity(amount)
    }
    return {
        resource: written(resource, sums[resource])
        for resource in sums
        if resource in over | negative
    }


def complete(given: Limit | None, default: Limit) -> dict[str, str | Mapping[str, str]]:
    """Return a namespace's quota with exactly the fields that the project's default has."""
    return {field: (given or {}).get(field, amount) for field, amount in default.items()}


def same(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Tell whether amounts are equal, however they are written."""
    return one.keys() == other.keys() and all(
        quantity(amount) == quantity(other[resource]) for resource, amount in one.items()
    )


def annotation(limit: Limit) -> str:
    """Return a quota as Rancher writes it into a namespace, to the byte."""
    ordered = {field: limit[field] for field in (*RESOURCES, EXTENDED) if field in limit}
    return json.dumps({"limit": ordered}, separators=(",", ":"))


def container_annotation(limit: Mapping[str, str]) -> str:
    """Return a container's default limits as Rancher writes them into a namespace."""
    ordered = {field: limit[field] for field in CONTAINER if limit.get(field)}
    return json.dumps(ordered, separators=(",", ":"))


def limit_range(limit: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return what a LimitRange says for containers: `default` and `defaultRequest`."""
    found: dict[str, dict[str, str]] = {}
    for kind, key in (("limits", "default"), ("requests", "defaultRequest")):
        amounts = {
            resource.lower(): limit[f"{kind}{resource}"]
            for resource in ("Cpu", "Memory")
            if limit.get(f"{kind}{resource}")
        }
        if amounts:
            found[key] = amounts
    return found


def are_amounts(limit: object) -> bool:
    """Tell whether something that anybody may have written is a map of amounts."""
    if not isinstance(limit, dict):
        return False
    for field, amount in cast("dict[str, object]", limit).items():
        if field == EXTENDED and are_amounts(amount):
            continue
        if not isinstance(amount, str) or not is_amount(amount):
            return False
    return True


def is_amount(text: str) -> bool:
    """Tell whether a text is an amount."""
    try:
        quantity(text)
    except ValueError:
        return False
    return True


def quantity(amount: str) -> Decimal:
    """Return an amount as a number; raise ValueError if it is none."""
    return parse_quantity(str(amount)) or Decimal(0)


def written(resource: str, amount: Decimal) -> str:
    """Return a sum as a person would write it."""
    if resource.endswith("cpu"):
        return f"{int(amount * 1000)}m"
    if resource.endswith(("memory", "storage")):
        for unit, size in _UNITS:
            if amount and amount % size == 0:
                return f"{int(amount / size)}{unit}"
    return str(int(amount))
