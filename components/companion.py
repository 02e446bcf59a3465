"""A service beside the site's own: what it says of itself, and what it is given."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import pulumi

from components import roster
from components.artifact import Artifact
from components.contract import Contract
from components.endpoint import DatabaseEndpoint, Endpoint, Pods
from components.scale import Scale

# What a Service is called; long enough for a word, short enough for the names made of it.
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PATH = re.compile(r"/[a-z0-9-]+/")

# What the proxy answers itself.
_TAKEN = {"/media/", "/static/"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbours:
    """The site's own services, whom a companion may ask."""

    database: DatabaseEndpoint
    backend: Endpoint
    frontend: Endpoint


@dataclass(frozen=True, kw_only=True, slots=True)
class CompanionArgs:
    """What every companion is given; it takes of it what it needs."""

    image: Artifact
    contract: Contract
    site: Neighbours
    replicas: int | Scale = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Companion:
    """A service that a stack runs where its image is set, and does without elsewhere.

    Its settings follow from its name: a service called old-links has oldLinksImage, oldLinksBuild
    and oldLinksContract. With a path, the proxy hands on to it what visitors ask below that.
    """

    name: str
    contract: Contract
    # The class of its component: called with a name, CompanionArgs and options.
    service: Callable[[str, CompanionArgs, pulumi.ResourceOptions], pulumi.ComponentResource]
    path: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name {self.name!r}: small letters, digits and - are allowed")
        if self.path and (not _PATH.fullmatch(self.path) or self.path in _TAKEN):
            raise ValueError(
                f"path {self.path!r} of {self.name}: one word between slashes is allowed, /feed/, "
                f"and none of {', '.join(sorted(_TAKEN))}, which the proxy answers itself"
            )
        if self.path and not self.contract.port:
            raise ValueError(f"{self.name} has a path, and its contract no port to ask")

    @property
    def endpoint(self) -> Endpoint:
        """Where it answers, as a Workload of its name does."""
        pods = Pods(service=self.name, port=self.contract.port or 80)
        return Endpoint(host=self.name, port=80, pods=pods)


def companions() -> list[Companion]:
    """Return what each of COMPANIONS declares of itself, whether a stack runs it or not.

    Where there is none, no SDK of the cluster's is loaded for that.
    """
    return [declared(name) for name in roster.companions()]


def declared(name: str) -> Companion:
    """Return what the module of *name* declares of itself."""
    module = f"components.{name.replace('-', '_')}"
    found = getattr(import_module(module), "COMPANION", None)
    if not isinstance(found, Companion) or found.name != name:
        raise TypeError(f"{module} declares no COMPANION called {name}: see docs/contributing")
    return found
