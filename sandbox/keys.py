"""Secrets of one installation: made once, each in a file that only root can read."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from sandbox import files
from sandbox.instance import Instance


def make(instance: Instance, sizes: Mapping[str, int]) -> None:
    """Make each secret that is not there yet, from so many bytes of chance; others stay."""
    instance.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, size in sizes.items():
        path = instance.secrets / name
        if not path.exists():
            files.write(path, secrets.token_urlsafe(size), files.PRIVATE)


def value(instance: Instance, name: str) -> str:
    """Return a secret that was made."""
    return (instance.secrets / name).read_text()
