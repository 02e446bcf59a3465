"""What a person types for an image, as the full name that every tool understands alike."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

from components.reference import Reference
from operations.errors import Exit, Refused

HUB = "docker.io"
# Docker Hub has a name that people write and a name that answers.
_HOSTS = {HUB: "registry-1.docker.io"}
_OTHER_HUBS = {"index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"}

# RFC 2544 reserves this network for test beds; the sandbox is one.
_PLAIN = (ip_network("127.0.0.0/8"), ip_network("198.18.0.0/15"))

# A digest makes every name one that will not move, so what is left to judge is the spelling.
_ANY = "@sha256:" + 64 * "0"


def read(text: str) -> Reference:
    """Return the full name of the image that *text* names, as Docker would understand it."""
    pinned = "@" in text
    spelled = Reference.parse(text if pinned else text + _ANY)
    full = spelled and replace(spelled, repository=_full(spelled))
    # What looked like a registry, capitals and all, may have been part of a name at Docker Hub.
    if full is None or Reference.parse(str(full)) is None:
        raise Refused(
            Exit.USAGE,
            f"{text!r} is no reference to an image",
            "it is spelled registry/repository:tag, in small letters, or with @sha256: and 64 "
            "hexadecimal digits",
            "Type for example: docker.io/wgbhmla/ov-wag:v0.2.1",
        )
    reference = full if pinned else replace(full, digest=None)
    if reference.tag or reference.digest:
        return reference
    return replace(reference, tag="latest")


def registry(reference: Reference) -> str:
    """Return the registry that holds the image, by the name people write."""
    return reference.repository.partition("/")[0]


def path(reference: Reference) -> str:
    """Return the repository's name within its registry."""
    return reference.repository.partition("/")[2]


def familiar(host: str) -> str:
    """Return the name people write for a registry: Docker Hub has many."""
    return HUB if host in _OTHER_HUBS else host


def host(name: str) -> str:
    """Return where the registry called *name* answers."""
    return _HOSTS.get(name, name)


def speaks_plainly(name: str) -> bool:
    """Whether a registry is this machine's or its sandbox's, and so is spoken to without TLS."""
    address = name.rpartition(":")[0] or name
    if address == "localhost":
        return True
    try:
        return any(ip_address(address) in network for network in _PLAIN)
    except ValueError:
        return False


def _full(reference: Reference) -> str:
    first, _, rest = reference.repository.partition("/")
    if not reference.names_registry:
        first, rest = HUB, reference.repository
    first = familiar(first)
    if first == HUB and "/" not in rest:
        rest = f"library/{rest}"
    return f"{first}/{rest}"
