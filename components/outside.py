"""Services outside the cluster: what a service is told of them, and the way to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """Networks outside the cluster, and the ports of them that may be asked."""

    networks: Sequence[str]
    ports: Sequence[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outside:
    """What one service is told of what is outside, and where that is, by what it is for."""

    env: Mapping[str, str] = field(default_factory=dict[str, str])
    secrets: Mapping[str, pulumi.Output[str]] = field(
        default_factory=dict[str, "pulumi.Output[str]"], repr=False
    )
    networks: Sequence[str] = ()
    ports: Mapping[str, int] = field(default_factory=dict[str, int])

    def reach(self, purposes: Collection[str]) -> Reach | None:
        """Return the way to what serves these *purposes*, None where the stack has none."""
        ports = sorted({port for purpose, port in self.ports.items() if purpose in purposes})
        return Reach(networks=self.networks, ports=ports) if ports else None
