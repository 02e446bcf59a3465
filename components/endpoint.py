"""The small values by which services find one another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import pulumi


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """A Service that answers HTTP inside the namespace."""

    host: str
    port: int

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


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteEndpoint(Endpoint):
    """An Endpoint, and the claims of the volumes by which it shares files with the proxy."""

    claims: Mapping[str, pulumi.Output[str]]


def fingerprint(value: pulumi.Input[str]) -> pulumi.Output[str]:
    """Return what tells two values of a secret apart and does not need to be one itself."""
    return pulumi.Output.unsecret(pulumi.Output.from_input(value).apply(digest))


def digest(text: str) -> str:
    """Return ten hexadecimal digits that change with *text*."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]
