"""The SDKs that many a stack needs nothing of, loaded by the first who asks for one.

Together they are half a second of a processor at every preview.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pulumi_docker as docker
    import pulumi_rancher2 as rancher2

__all__ = ["docker", "rancher2"]

_HOMES = {"docker": "pulumi_docker", "rancher2": "pulumi_rancher2"}


def __getattr__(name: str) -> ModuleType:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(_HOMES[name])
