"""How much of the cluster a stack may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.contract import Need
from components.naming import PROJECT
from components.options import children

# Room for each pod, for one more that still is on its way out, and for one that is twice or half as
# large, so that no change stands in the way of itself.
SPARE = 3

# What a container gets that says nothing: a tool that somebody starts by hand.
_USUAL = Need(cpu=10, memory=64, memory_limit=256)


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomArgs:
    """What every pod needs that can be there at one time, those of a rolling update included."""

    needs: Sequence[Need]


class Room(pulumi.ComponentResource):
    """Give a stack what it asks for with some to spare, and nobody a share of the others'."""

    def __init__(
        self, name: str, args: RoomArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("openvault:components:Room", name, None, opts)
        child = children(self, opts)
        meta: k8s.meta.v1.ObjectMetaArgsDict = {
            "name": PROJECT,
            "labels": {"app.kubernetes.io/part-of": PROJECT},
        }

        k8s.core.v1.ResourceQuota(name, metadata=meta, spec={"hard": _quota(args)}, opts=child)
        k8s.core.v1.LimitRange(name, metadata=meta, spec={"limits": [_limits(args)]}, opts=child)

        self.register_outputs({})


def _quota(args: RoomArgs) -> dict[str, str]:
    return {
        "pods": str(SPARE * len(args.needs)),
        "requests.cpu": f"{SPARE * sum(need.cpu for need in args.needs)}m",
        "requests.memory": f"{SPARE * sum(need.memory for need in args.needs)}Mi",
        "limits.memory": f"{SPARE * sum(need.memory_limit for need in args.needs)}Mi",
        # The public comes in by the proxy and nowhere else.
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }


def _limits(args: RoomArgs) -> k8s.core.v1.LimitRangeItemArgsDict:
    return {
        "type": "Container",
        "default_request": {"cpu": f"{_USUAL.cpu}m", "memory": f"{_USUAL.memory}Mi"},
        "default": {"memory": f"{_USUAL.memory_limit}Mi"},
        "max": {"memory": f"{max(need.memory_limit for need in args.needs)}Mi"},
    }
