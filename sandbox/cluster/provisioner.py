"""Volumes on the node's disk, made when a pod that wants one is scheduled.

They are `local` volumes and not `hostPath`: kubelet gives a local volume to the group of a pod's
`fsGroup`, so a process without root can write, as on a real cluster.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from lightkube.models.core_v1 import (
    LocalVolumeSource,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    ObjectReference,
    PersistentVolumeSpec,
    VolumeNodeAffinity,
)
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import PersistentVolume, PersistentVolumeClaim

from sandbox.cluster import network
from sandbox.cluster.api import Cluster, Mirror, Writer, reconcile, say
from sandbox.cluster.kinds import Claim, Volume
from sandbox.instance import Instance

PROVISIONER = "volume.kubernetes.io/storage-provisioner"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"


def waiting(claims: list[Claim], volumes: list[Volume]) -> list[Claim]:
    """Return the claims that wait for a volume of ours, and whose pod has a node by now."""
    there = {volume["metadata"].get("name") for volume in volumes}
    return [claim for claim in claims if _waits(claim) and name_of(claim) not in there]


def released(volumes: list[Volume]) -> list[Volume]:
    """Return our volumes whose claim is gone, and whose data goes with it."""
    return [
        volume
        for volume in volumes
        if volume["metadata"].get("annotations", {}).get(PROVISIONED_BY) == network.PROVISIONER
        and volume["status"].get("phase") == "Released"
        and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
    ]


def name_of(claim: Claim) -> str:
    """Return the name of the volume made for *claim*, the same at every attempt."""
    return f"pvc-{claim['metadata'].get('uid', '')}"


def volume_for(claim: Claim, path: Path) -> PersistentVolume:
    """Return the volume that satisfies *claim*, its data at *path* on the node."""
    meta, spec = claim["metadata"], claim["spec"]
    here = NodeSelectorRequirement(
        key="kubernetes.io/hostname", operator="In", values=[network.NODE]
    )
    terms = [NodeSelectorTerm(matchExpressions=[here])]
    return PersistentVolume(
        metadata=ObjectMeta(name=name_of(claim), annotations={PROVISIONED_BY: network.PROVISIONER}),
        spec=PersistentVolumeSpec(
            capacity=spec.get("resources", {}).get("requests"),
            accessModes=spec.get("accessModes"),
            persistentVolumeReclaimPolicy="Delete",
            storageClassName=spec.get("storageClassName"),
            claimRef=ObjectReference(
                apiVersion="v1",
                kind="PersistentVolumeClaim",
                name=meta.get("name"),
                namespace=meta.get("namespace"),
                uid=meta.get("uid"),
            ),
            local=LocalVolumeSource(path=str(path)),
            nodeAffinity=VolumeNodeAffinity(required=NodeSelector(nodeSelectorTerms=terms)),
        ),
    )


def _waits(claim: Claim) -> bool:
    notes = claim["metadata"].get("annotations", {})
    return (
        claim["status"].get("phase") == "Pending"
        and notes.get(PROVISIONER) == network.PROVISIONER
        and notes.get(SELECTED_NODE) == network.NODE
        and claim["spec"].get("volumeMode") != "Block"
    )


async def provision(cluster: Writer, claim: Claim, folder: Path) -> None:
    """Make the folder, then the volume: a volume is never without its folder."""
    path = folder / name_of(claim)
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o755)
    if await cluster.create(volume_for(claim, path)):
        say(f"{name_of(claim)}: made for {_title(claim)}")


async def reclaim(cluster: Writer, volume: Volume, folder: Path) -> None:
    """Delete the data, then the volume: data without a volume would be found by nobody."""
    name = volume["metadata"].get("name", "")
    if (folder / name).exists():
        await asyncio.to_thread(shutil.rmtree, folder / name)
    await cluster.delete(PersistentVolume, name)
    say(f"{name}: deleted with its claim")


def _title(claim: Claim) -> str:
    return f"{claim['metadata'].get('namespace')}/{claim['metadata'].get('name')}"


async def main(instance: Instance) -> None:
    """Provide and reclaim volumes until the process ends."""
    cluster, changed = Cluster(instance.pki / "provisioner.conf"), asyncio.Event()
    claims = Mirror(cluster.all(PersistentVolumeClaim), Claim, changed)
    volumes = Mirror(cluster.all(PersistentVolume), Volume, changed)

    folder = instance.state / "volumes"

    async def act() -> None:
        for claim in waiting(claims.all(), volumes.all()):
            await provision(cluster, claim, folder)
        for volume in released(volumes.all()):
            await reclaim(cluster, volume, folder)

    await reconcile([claims, volumes], changed, act)
