"""Where pods go in a cluster of two nodes, of which the second is only a name."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.live.platform import Platform, eventually

pytestmark = pytest.mark.live

SERVICES = ("ov-wag", "ov-nginx", "ov-frontend")
ROOM = {"cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "100Gi"}


@pytest.fixture
def second_node(platform: Platform) -> Iterator[str]:
    """Add a node with more room than the first, which takes pods and never starts one."""
    name, now = "second", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
    made = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
    ready |= {"lastHeartbeatTime": now, "lastTransitionTime": now}
    status = {"status": {"capacity": ROOM, "allocatable": ROOM, "conditions": [ready]}}
    create(platform, made)
    try:
        patch = ("patch", "node", name, "--subresource=status", "--type=merge", "-p")
        platform.run("kubectl", *patch, json.dumps(status))
        yield name
    finally:
        platform.run("kubectl", "delete", "node", name)


def create(platform: Platform, content: dict[str, Any]) -> None:
    """Create an object."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(content, file)
        file.flush()
        platform.kubectl("create", "-f", file.name)


@pytest.fixture
def another(platform: Platform, second_node: str) -> Iterator[dict[str, str]]:
    """Give the node of one more pod of each service, which nobody sends anything to."""
    try:
        for service in SERVICES:
            copy(platform, service)
        yield nodes(platform)
    finally:
        others = ("-l", "app.kubernetes.io/name=another")
        platform.kubectl("delete", "pods", *others, "--force", "--grace-period=0")


def copy(platform: Platform, service: str) -> None:
    """Make one more pod of a service, under another name."""
    (found,) = platform.objects("deployments", f"--field-selector=metadata.name={service}")
    template = found["spec"]["template"]
    labels = template["metadata"]["labels"] | {"app.kubernetes.io/name": "another"}
    meta = {"name": f"another-{service}", "labels": labels}
    create(
        platform, {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]}
    )


def nodes(platform: Platform) -> dict[str, str]:
    """Wait until each of those pods has a node, and return it."""
    placed: dict[str, str] = {}

    def all_placed() -> bool:
        pods = platform.objects("pods", "-l", "app.kubernetes.io/name=another")
        names = {each["metadata"]["name"]: each["spec"].get("nodeName") for each in pods}
        placed.update({name.removeprefix("another-"): at for name, at in names.items() if at})
        return placed.keys() == set(SERVICES)

    eventually("every pod has a node", all_placed, seconds=30)
    return placed


def test_pods_go_where_their_volumes_are_and_the_others_where_there_is_room(
    another: dict[str, str],
) -> None:
    assert another == {"ov-wag": "node", "ov-nginx": "node", "ov-frontend": "second"}
