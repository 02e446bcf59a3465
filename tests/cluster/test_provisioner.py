"""Volumes: for whom they are made, and when they go."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from lightkube.core import resource
from lightkube.resources.core_v1 import PersistentVolume

from sandbox.cluster.provisioner import (
    name_of,
    provision,
    reclaim,
    released,
    volume_for,
    waiting,
)
from tests.cluster.objects import claim, volume


@dataclass
class Recorder:
    """An API that notes what it was asked for, and what was on the disk then."""

    folder: Path
    there: bool = False
    seen: list[tuple[str, str, bool]] = field(default_factory=list[tuple[str, str, bool]])

    async def create(self, body: resource.Resource) -> bool:
        assert isinstance(body, PersistentVolume)
        assert body.metadata
        name = body.metadata.name or ""
        self.seen.append(("create", name, (self.folder / name).is_dir()))
        return not self.there

    async def delete(self, kind: type[resource.Resource], name: str) -> None:
        assert kind is PersistentVolume
        self.seen.append(("delete", name, (self.folder / name).is_dir()))


def test_a_claim_gets_a_volume_once_its_pod_has_a_node() -> None:
    unscheduled = claim("2")
    del unscheduled["metadata"].get("annotations", {})["volume.kubernetes.io/selected-node"]

    assert waiting([claim("1"), unscheduled], []) == [claim("1")]


def test_a_claim_of_another_class_is_not_ours() -> None:
    other = claim()
    key = "volume.kubernetes.io/storage-provisioner"
    other["metadata"].get("annotations", {})[key] = "someone.else/disk"

    assert waiting([other], []) == []


def test_a_claim_that_is_bound_or_has_its_volume_waits_no_more() -> None:
    assert waiting([claim(phase="Bound")], []) == []
    assert waiting([claim("1")], [volume("pvc-1", "Available")]) == []


def test_a_claim_for_a_raw_device_is_left_waiting() -> None:
    raw = claim()
    raw["spec"]["volumeMode"] = "Block"

    assert waiting([raw], []) == []


def test_a_volume_is_what_the_claim_asked_for_on_this_node(tmp_path: Path) -> None:
    spec = cast("Any", volume_for(claim("7"), tmp_path)).to_dict()["spec"]

    assert spec["capacity"] == {"storage": "1Gi"}
    assert spec["accessModes"] == ["ReadWriteOnce"]
    assert spec["storageClassName"] == "standard"
    assert spec["claimRef"]["uid"] == "7"
    assert spec["local"] == {"path": str(tmp_path)}, "a hostPath would ignore fsGroup"


@pytest.mark.parametrize("there", [False, True])
def test_the_folder_comes_before_the_volume(tmp_path: Path, there: bool) -> None:  # noqa: FBT001
    api = Recorder(tmp_path, there=there)

    asyncio.run(provision(api, claim("1"), tmp_path))

    assert api.seen == [("create", "pvc-1", True)]
    assert (tmp_path / name_of(claim("1"))).stat().st_mode & 0o777 == 0o755


def test_the_data_goes_before_the_volume(tmp_path: Path) -> None:
    (tmp_path / "pvc-1").mkdir()
    (tmp_path / "pvc-1" / "file").write_text("kept until now")
    api = Recorder(tmp_path)

    asyncio.run(reclaim(api, volume("pvc-1", "Released"), tmp_path))

    assert api.seen == [("delete", "pvc-1", False)]


def test_data_that_is_gone_already_does_not_keep_the_volume(tmp_path: Path) -> None:
    api = Recorder(tmp_path)

    asyncio.run(reclaim(api, volume("pvc-1", "Released"), tmp_path))

    assert api.seen == [("delete", "pvc-1", False)]


def test_only_released_volumes_of_ours_go() -> None:
    kept = volume("retained", "Released")
    kept["spec"]["persistentVolumeReclaimPolicy"] = "Retain"
    volumes = [
        volume("pvc-1", "Bound"),
        volume("pvc-2", "Released"),
        volume("pvc-3", "Released", by="someone.else/disk"),
        kept,
    ]

    assert released(volumes) == [volumes[1]]
