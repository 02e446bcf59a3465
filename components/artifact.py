"""What a service is given of an image, and what opens the registry that holds it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi

from components.contract import Promise

# Docker Hub has a name of its own in the files that hold credentials.
_HUB = "docker.io"
_HUB_CREDENTIALS = "https://index.docker.io/v1/"


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """Who asks a registry."""

    server: str
    username: str
    password: pulumi.Output[str] = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """One image: what a node pulls, the Secret it pulls it with, and what it says of itself."""

    reference: pulumi.Input[str]
    pull_secret: pulumi.Input[str] | None = None
    promise: Promise | None = None


def docker_config(known: Sequence[Credentials]) -> pulumi.Output[str]:
    """Return what Docker and Kubernetes keep credentials in, as a secret."""
    passwords = pulumi.Output.all(*(each.password for each in known))
    return pulumi.Output.secret(passwords.apply(lambda given: _auths(known, given)))


def _auths(known: Sequence[Credentials], passwords: Sequence[str]) -> str:
    auths: dict[str, dict[str, str]] = {}
    for each, password in zip(known, passwords, strict=True):
        both = base64.b64encode(f"{each.username}:{password}".encode()).decode()
        server = _HUB_CREDENTIALS if each.server == _HUB else each.server
        auths[server] = {"username": each.username, "password": password, "auth": both}
    return json.dumps({"auths": auths}, sort_keys=True)
