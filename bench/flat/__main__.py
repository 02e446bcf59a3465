"""Register the resources that a file lists, each by itself: the program without components."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pulumi
import pulumi_docker as docker
import pulumi_kubernetes as k8s


def constructor(kind: str) -> Any:
    """Return the SDK's class for a token such as `kubernetes:apps/v1:Deployment`."""
    _, module, name = kind.split(":")
    group, version = module.split("/")
    return getattr(getattr(getattr(k8s, group.split(".")[0]), version), name)


def argument(key: str) -> str:
    """Return the Python name of an input such as `stringData`."""
    return re.sub(r"(?<=[a-z])[A-Z]", lambda found: f"_{found[0].lower()}", key)


listed: dict[str, Any] = json.loads(Path(os.environ["OV_FLAT"]).read_text())
for namespace, objects in listed["copies"].items():
    cluster = pulumi.ResourceOptions(
        provider=k8s.Provider(namespace, context=listed["context"], namespace=namespace)
    )
    for each in objects:
        inputs = {argument(key): value for key, value in each["inputs"].items()}
        constructor(each["type"])(f"{namespace}-{each['name']}", **inputs, opts=cluster)
if listed["images"]:
    daemon = pulumi.ResourceOptions(
        provider=docker.Provider("docker", host=os.environ["DOCKER_HOST"])
    )
    for each in listed["images"]:
        inputs = {argument(key): value for key, value in each["inputs"].items()}
        docker.Image(each["name"], **inputs, opts=daemon)
