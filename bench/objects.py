"""The objects of a deployed stack, as another program or kubectl may have them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from tests.live.platform import Platform
from tests.live.project import DEMO

# How the engine marks a secret in a state file.
SIGNATURE = "4dabf18193072939515e22adb298388d"

NAMESPACE = "kubernetes:core/v1:Namespace"


def kubernetes(platform: Platform, namespace: str) -> list[dict[str, Any]]:
    """Return ov-demo's objects as they stand in *namespace*, running nothing; that one first."""
    found = [
        {
            "type": each["type"],
            "name": _name(each),
            "inputs": _moved(each["inputs"], namespace),
        }
        for each in _resources(platform)
        if each["type"].startswith("kubernetes:")
    ]
    return sorted(found, key=lambda each: each["type"] != NAMESPACE)


def images(platform: Platform) -> list[dict[str, Any]]:
    """Return the images that ov-demo's program builds."""
    return [
        {"name": _name(each), "inputs": _plain(each["inputs"])}
        for each in _resources(platform)
        if each["type"].startswith("docker:index/image")
    ]


def _resources(platform: Platform) -> list[dict[str, Any]]:
    exported = platform.run("pulumi", "stack", "export", "-s", DEMO).stdout
    return cast("list[dict[str, Any]]", json.loads(exported)["deployment"]["resources"])


def _name(resource: Mapping[str, Any]) -> str:
    return str(resource["urn"]).rsplit("::", 1)[-1]


def _plain(value: Any) -> Any:
    """Return *value* with every secret replaced: the other program needs none."""
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        if SIGNATURE in entries:
            return "secret"
        return {key: _plain(each) for key, each in entries.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [_plain(each) for each in cast("list[Any]", value)]
    return value


def _moved(inputs: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    moved: dict[str, Any] = json.loads(json.dumps(_plain(inputs)))
    metadata = moved["metadata"]
    if moved["kind"] == "Namespace":
        metadata["name"] = namespace
    else:
        metadata["namespace"] = namespace
    # A suspended migration is never ready, and need not be.
    metadata["annotations"] = {"pulumi.com/skipAwait": "true"}
    if moved["kind"] == "Secret":
        moved.pop("data", None)
        moved["stringData"] = {"secret": "value"}
    if moved["kind"] in {"Deployment", "StatefulSet"}:
        moved["spec"]["replicas"] = 0
    if moved["kind"] == "Job":
        moved["spec"]["suspend"] = True
    return moved
