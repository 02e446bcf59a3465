"""How many pods each service has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from components.contract import Generation
from components.reader import Reader
from components.scale import Scale

# Nobody has meant more.
_MANY = 16

# There is one database: two on one volume would destroy it. Nobody needs a second jumpbox.
_REPLICATED = ("ov-frontend", "ov-nginx", "ov-wag")

_SCALE = {"min", "max", "cpu"}


def pods(read: Reader, generation: Generation) -> Mapping[str, int | Scale]:
    """Return how many pods a service has, where it is not one."""
    fixed = _replicas(read, generation)
    scaled = _autoscaling(read, generation)
    for service in sorted(fixed.keys() & scaled.keys()):
        read.entry("replicas", service, "autoscaling decides how many pods it has")
    return {**fixed, **scaled}


def _replicated(generation: Generation) -> tuple[str, ...]:
    return (*_REPLICATED, *generation.companions)


def _replicas(read: Reader, generation: Generation) -> Mapping[str, int]:
    key = "replicas"
    found: dict[str, int] = {}
    replicated = _replicated(generation)
    for service, count in read.table(key).items():
        if service not in replicated:
            only = ", ".join(replicated)
            read.entry(key, service, f"only {only} can have more than one pod")
        elif not _is_number(count, _MANY):
            read.entry(key, service, f"{count!r} is not a number from 1 to {_MANY}", "2")
        else:
            found[service] = count
    return found


def _autoscaling(read: Reader, generation: Generation) -> Mapping[str, Scale]:
    key = "autoscaling"
    found: dict[str, Scale] = {}
    replicated = _replicated(generation)
    for service, given in read.table(key).items():
        if service not in replicated:
            read.entry(key, service, f"only {', '.join(replicated)} can have more than one pod")
        elif generation.contract(service).volumes:
            problem = "its pods are all on the one node that holds its volumes, where more of them "
            read.entry(key, service, f"{problem}have no more processors: replicas says how many")
        elif (scale := _scale(given)) is None:
            read.entry(
                key,
                f"{service}.max",
                f"{given!r}, but wanted are min, max (1 to {_MANY}, the first the smaller) and cpu "
                "(percent, 10 to 90)",
                "4",
            )
        else:
            found[service] = scale
    return found


def _scale(given: object) -> Scale | None:
    if not isinstance(given, dict):
        return None
    fields = {"min": 1, "cpu": 70} | cast("dict[str, Any]", given)
    if fields.keys() != _SCALE or not all(_is_number(at, 90) for at in fields.values()):
        return None
    scale = Scale(least=fields["min"], most=fields["max"], cpu=fields["cpu"])
    return scale if scale.least < scale.most <= _MANY and scale.cpu >= 10 else None


def _is_number(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most
