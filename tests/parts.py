"""What components are given in tests: small values with telling names."""

from __future__ import annotations

from typing import Any

import pulumi

from components.artifact import Artifact
from components.endpoint import (
    Address,
    DatabaseEndpoint,
    Door,
    Edge,
    Endpoint,
    Pods,
    SecretValue,
    SiteEndpoint,
)
from components.generations import GENERATIONS
from components.reference import Build, Reference, Source
from components.volume import VolumeArgs

GENERATION = GENERATIONS["0.x"]

SITE = Address(scheme="https", host="site.example.org", port=None)
ADMIN = Address(scheme="https", host="admin.example.org", port=8443)

BACKEND = Endpoint(host="ov-wag", port=80, pods=Pods(service="ov-wag", port=8000))
FRONTEND = Endpoint(host="ov-frontend", port=80, pods=Pods(service="ov-frontend", port=3000))

DOOR = Door(
    edge=Edge(namespace="ingress-nginx"),
    ingress_class="",
    tls_secret="",
    tls_issuer="",
    upload_limit=25,
)

VOLUME = VolumeArgs(size="5Gi", storage_class="", protect=False)


def database() -> DatabaseEndpoint:
    """Return a database; to be called inside a run."""
    return DatabaseEndpoint(
        host=pulumi.Output.from_input("db"),
        port=5432,
        name="site",
        user="owner",
        password=SecretValue(secret="db-credentials", key="POSTGRES_PASSWORD", revision="r1"),
        pods=Pods(service="db", port=5432),
    )


def backend() -> SiteEndpoint:
    """Return a back end that shares files; to be called inside a run."""
    return SiteEndpoint(
        host="ov-wag",
        port=80,
        pods=BACKEND.pods,
        claims={
            "static": pulumi.Output.from_input("ov-static"),
            "media": pulumi.Output.from_input("ov-media"),
        },
    )


def artifact(reference: str, **more: Any) -> Artifact:
    """Return an image as a service is given it."""
    return Artifact(reference=reference, **more)


def source(text: str, build: Build | None = None) -> Source:
    """Return an image by its reference."""
    reference = Reference.parse(text)
    assert reference
    return Source(reference=reference, build=build)
