"""A volume that outlives mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

from components.naming import FACT, labels
from components.options import AT_ONCE, kept


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumeArgs:
    """What a stack chooses about a volume."""

    size: str
    storage_class: str
    protect: bool
    # What is true of the data, for those who come after it and must know before they touch it.
    facts: Mapping[str, str] = field(default_factory=dict[str, str])


class Volume(pulumi.ComponentResource):
    """Claim a volume whose data stays when this program forgets about it."""

    claim: pulumi.Output[str]

    def __init__(
        self, name: str, args: VolumeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("openvault:components:Volume", name, None, opts)
        claim = k8s.core.v1.PersistentVolumeClaim(
            name,
            metadata={
                "name": name,
                "labels": labels(name),
                # Most classes bind a claim when its first pod is scheduled: nothing to wait for.
                "annotations": AT_ONCE | _notes(args),
            },
            spec=_claim(args),
            opts=kept(self, opts, protect=args.protect),
        )

        self.claim = claim.metadata.name
        self.register_outputs({"claim": self.claim})


def _notes(args: VolumeArgs) -> dict[str, str]:
    """Return what is noted: what the data are, and the class that was asked for."""
    facts = {**args.facts, "storage-class": args.storage_class}
    return {f"{FACT}{fact}": value for fact, value in facts.items()}


def _claim(args: VolumeArgs) -> k8s.core.v1.PersistentVolumeClaimSpecArgsDict:
    spec: k8s.core.v1.PersistentVolumeClaimSpecArgsDict = {
        "access_modes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": args.size}},
    }
    if args.storage_class:
        spec["storage_class_name"] = args.storage_class
    return spec
