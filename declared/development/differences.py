"""Where a machine is otherwise than a cluster, and why. Nothing else may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from declared.development.facts import Facts


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Facts of some services that differ for one reason."""

    services: tuple[str, ...]
    facts: tuple[str, ...]
    reason: str


_WAGTAIL = ("migrate", "static", "ov-wag")

DIFFERENCES = (
    Difference(
        services=_WAGTAIL,
        facts=(
            "environment OV_ADMIN_BASE_URL",
            "environment OV_ALLOWED_HOSTS",
            "environment OV_BASE_URL",
            "environment OV_TRUSTED_ORIGINS",
        ),
        reason="The site is on this machine: under names below localhost, at a port of its own.",
    ),
    Difference(
        services=("ov-nginx",),
        facts=("environment ADMIN_HOST", "environment SITE_HOST"),
        reason="The site is on this machine, under names below localhost.",
    ),
    Difference(
        services=("ov-nginx",),
        facts=("entrance", "environment ADMIN_SCHEME"),
        reason=(
            "No edge ends TLS in front of the proxy: its port is published, for this machine only, "
            "and it takes the mark from the CMS's cookies that keeps them from plain HTTP."
        ),
    ),
    Difference(
        services=(*_WAGTAIL, "ov-frontend"),
        facts=("environment OV_API_URL",),
        reason="No Service hands port 80 on: a container is asked at the port it listens at.",
    ),
    Difference(
        services=("ov-nginx",),
        facts=("environment BACKEND", "environment BACKEND_URL", "environment FRONTEND"),
        reason="No Service hands port 80 on: a container is asked at the port it listens at.",
    ),
    Difference(
        services=("ov-nginx", "jumpbox"),
        facts=("build",),
        reason="OV_NGINX_BASE and OV_JUMPBOX_BASE choose a base image; a stack has its settings.",
    ),
    Difference(
        services=("volumes",),
        facts=("service",),
        reason="Kubernetes gives a volume to its pod's group by itself; Docker leaves it to root.",
    ),
)


def between(cluster: Facts, machine: Facts) -> set[tuple[str, str]]:
    """Return every fact that differs; a service that only one of them has is one fact."""
    services = [{service for service, _ in facts} for facts in (cluster, machine)]
    alone = services[0] ^ services[1]
    differ = {
        (service, fact)
        for service, fact in {*cluster, *machine}
        if service not in alone and cluster.get((service, fact)) != machine.get((service, fact))
    }
    return differ | {(service, "service") for service in alone}


def declared() -> Mapping[tuple[str, str], str]:
    """Return the reason of each fact that may differ."""
    return dict(_each())


def _each() -> Iterator[tuple[tuple[str, str], str]]:
    for each in DIFFERENCES:
        for service in each.services:
            for fact in each.facts:
                yield (service, fact), each.reason
