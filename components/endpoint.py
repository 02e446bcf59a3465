"""The small values by which services find one another."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from urllib.parse import urlsplit

import pulumi

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where the public finds something: scheme, host, and a port if it is an unusual one."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Address | None:
        """Return the address *text* spells, or None when it is more, or less, than that."""
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            return None
        address = cls(scheme=parts.scheme, host=parts.hostname or "", port=port)
        complete = parts.scheme in ("http", "https") and address.host
        return address if complete and text in (address.url, f"{address.url}/") else None

    @property
    def url(self) -> str:
        """The address as a browser sends it in an Origin header."""
        return f"{self.scheme}://{self.host}" + (f":{self.port}" if self.port else "")

    @property
    def listens(self) -> int:
        """The port that somebody listens on there."""
        return self.port or {"http": 80, "https": 443}[self.scheme]

    @property
    def local(self) -> bool:
        """Whether it is on the machine of whoever asks."""
        return self.host == "localhost" or self.host.endswith(".localhost")


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """Where requests come from that somebody outside made: a namespace's pods, or a network."""

    namespace: str = ""
    network: str = ""

    @classmethod
    def parse(cls, text: str) -> Edge | None:
        """Return the edge that *text* names, or None when it is neither of the two."""
        if _NAMESPACE.fullmatch(text):
            return cls(namespace=text)
        try:
            return cls(network=str(ip_network(text))) if "/" in text else None
        except ValueError:
            return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """How the public is let in."""

    edge: Edge
    ingress_class: str
    tls_secret: str
    # Who makes that certificate: ClusterIssuer/… or Issuer/… of cert-manager, or nobody here.
    tls_issuer: str
    # The largest upload, in MB.
    upload_limit: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Pods:
    """Who answers behind an endpoint: the pods of one service, and the port they listen on."""

    service: str
    port: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """A Service that answers HTTP inside the namespace."""

    host: str
    port: int
    pods: Pods

    @property
    def url(self) -> str:
        """The address another pod asks; its host is what arrives as Host header."""
        return f"http://{self.host}" + ("" if self.port == 80 else f":{self.port}")


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretValue:
    """One value in a Kubernetes Secret: where it is, and a fingerprint that changes with it."""

    secret: pulumi.Input[str]
    key: str
    revision: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseEndpoint:
    """A PostgreSQL; its host is known once it accepts queries."""

    host: pulumi.Output[str]
    port: int
    name: str
    user: str
    password: SecretValue
    pods: Pods


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteEndpoint(Endpoint):
    """An Endpoint, and the claims of the volumes by which it shares files with the proxy."""

    claims: Mapping[str, pulumi.Output[str]]


def sealed(
    secret: pulumi.Input[str], values: Mapping[str, pulumi.Input[str]]
) -> dict[str, SecretValue]:
    """Return each of the *values* that the Secret called *secret* holds, as a pod is given it."""
    return {
        key: SecretValue(secret=secret, key=key, revision=fingerprint(value))
        for key, value in values.items()
    }


def fingerprint(value: pulumi.Input[str]) -> pulumi.Output[str]:
    """Return what tells two values of a secret apart and does not need to be one itself."""
    return pulumi.Output.unsecret(pulumi.Output.from_input(value).apply(digest))


def digest(text: str) -> str:
    """Return ten hexadecimal digits that change with *text*."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]
