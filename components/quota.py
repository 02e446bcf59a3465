"""Quotas as Rancher spells them, and whether a stack fits into one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from components.contract import Need

# Each field and the units of its amounts. Their order is the one in which Rancher itself writes
# them into a namespace.
_COUNT = {"": 1}
_CPU = {"m": 1, "": 1000}
_MEMORY = {"Mi": 1, "Gi": 1024, "Ti": 1024 * 1024}
FIELDS: Mapping[str, Mapping[str, int]] = {
    "pods": _COUNT,
    "services": _COUNT,
    "replicationControllers": _COUNT,
    "secrets": _COUNT,
    "configMaps": _COUNT,
    "persistentVolumeClaims": _COUNT,
    "servicesNodePorts": _COUNT,
    "servicesLoadBalancers": _COUNT,
    "requestsCpu": _CPU,
    "requestsMemory": _MEMORY,
    "requestsStorage": _MEMORY,
    "limitsCpu": _CPU,
    "limitsMemory": _MEMORY,
}
CONTAINER: Sequence[str] = ("requestsCpu", "requestsMemory", "limitsCpu", "limitsMemory")

Amounts = Mapping[str, str]

_AMOUNT = re.compile(r"(\d+)(\D*)")


def amount(field: str, text: str) -> int | None:
    """Return thousandths of a core, MiB or a number; None when *text* is no amount of *field*."""
    match, units = _AMOUNT.fullmatch(text), FIELDS.get(field, {})
    return int(match[1]) * units[match[2]] if match and match[2] in units else None


def spelled(field: str, value: int) -> str:
    """Return an amount as it is written in a setting."""
    return f"{value}{next(iter(FIELDS[field]))}"


def asked(needs: Sequence[Need], volumes: Sequence[int], limits: Amounts) -> Mapping[str, int]:
    """Return what a stack takes at one time, a roll-out included, of what can be added up.

    *volumes* are sizes in MiB, *limits* what a container gets that does not say it itself.
    """
    found = {
        "pods": len(needs),
        "persistentVolumeClaims": len(volumes),
        "servicesNodePorts": 0,
        "servicesLoadBalancers": 0,
        "requestsCpu": sum(need.cpu for need in needs),
        "requestsMemory": sum(need.memory for need in needs),
        "requestsStorage": sum(volumes),
        "limitsMemory": sum(need.memory_limit for need in needs),
    }
    # No container of ours limits its processor time; under a quota of it, each gets the usual one.
    usual = amount("limitsCpu", limits.get("limitsCpu", ""))
    return found | ({"limitsCpu": len(needs) * usual} if usual is not None else {})


def short(quota: Amounts, taken: Mapping[str, int]) -> list[str]:
    """Return each field of *quota* of which more is *taken*, with the sum."""
    return [
        f"{field} {spelled(field, taken[field])} of {given}"
        for field, given in quota.items()
        if taken.get(field, 0) > (amount(field, given) or 0)
    ]


def over(quota: Amounts, other: Amounts) -> list[str]:
    """Return each field of which *other* has more than *quota*."""
    return [
        f"{field} {given} of {quota.get(field, '0')}"
        for field, given in other.items()
        if (amount(field, given) or 0) > (amount(field, quota.get(field, "0")) or 0)
    ]


def same(one: Amounts, other: Amounts) -> bool:
    """Return whether amounts are the same, however they are spelled."""
    return one.keys() == other.keys() and all(
        amount(field, given) == amount(field, other[field]) for field, given in one.items()
    )


def ordered(amounts: Amounts, fields: Sequence[str] = tuple(FIELDS)) -> Amounts:
    """Return *amounts* in Rancher's order."""
    return {field: amounts[field] for field in fields if field in amounts}


def notes(quota: Amounts, limits: Amounts) -> Mapping[str, str]:
    """Return what a namespace says of its quota and limits, to the byte as Rancher writes it.

    Rancher completes and writes back both; in other bytes, two would for ever correct each other.
    """
    found: dict[str, str] = {}
    if quota:
        found["field.cattle.io/resourceQuota"] = _json({"limit": ordered(quota)})
    if limits:
        found["field.cattle.io/containerDefaultResourceLimit"] = _json(ordered(limits, CONTAINER))
    return found


def _json(content: Mapping[str, object]) -> str:
    return json.dumps(content, separators=(",", ":"))
