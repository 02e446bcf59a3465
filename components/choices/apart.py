"""That a stack has nothing of the other one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from components.naming import NAMESPACES
from components.reader import Reader

_CHECKOUT = Path(__file__).resolve().parent.parent.parent
_OWN = "openvault:"

# Public names of a stack, and what may name one.
_HOSTS = ("siteUrl", "adminUrl")
_POINTERS = (*_HOSTS, "previewUrl", "searchUrl", "bucketEndpoint", "organUrl", "archiveUrl")

# What holds one stack's content, each with where it is.
_HOLDERS = (("bucket", "bucketEndpoint"), ("searchIndex", "searchUrl"))


def apart(read: Reader) -> None:
    """Refuse hosts, a bucket or an index that the other stack's committed file has for itself.

    What is sealed there cannot be compared: a password of the other stack is not noticed.
    """
    for other in NAMESPACES:
        if other != read.stack:
            _compare(read, other, _committed(other))


def _committed(stack: str) -> Mapping[str, str]:
    """Return the plain values that *stack*'s file chooses."""
    file = _CHECKOUT / f"Pulumi.{stack}.yaml"
    if not file.is_file():
        return {}
    config: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8")).get("config") or {}
    return {
        key.removeprefix(_OWN): value
        for key, value in config.items()
        if key.startswith(_OWN) and isinstance(value, str)
    }


def _compare(read: Reader, other: str, theirs: Mapping[str, str]) -> None:
    hosts = {_host(theirs.get(key, "")): key for key in _HOSTS} | {"": ""}
    for key in _POINTERS:
        if taken := hosts.get(_host(read.text(key))):
            _refuse(read, key, f"{other} has that host as its {taken}")
    for key, place in _HOLDERS:
        mine = (read.text(key), read.text(place))
        if mine[0] and mine == (theirs.get(key), theirs.get(place, "")):
            _refuse(read, key, f"{other} has the same, and one would write over the other")


def _refuse(read: Reader, key: str, why: str) -> None:
    read.say(
        f"{read.full(key)} is {read.text(key)!r}: {why}",
        f"Type: pulumi config set {key} VALUE -s {read.stack}    with one of this stack's own",
    )


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
