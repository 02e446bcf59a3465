"""Which user and password a registry is given: the program's own, or the person's."""

import base64
import binascii
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.plugins import reference
from sandbox.plugins.daemon import Credentials


class LoginError(Exception):
    """A Docker configuration that cannot be read."""


def of_person() -> dict[str, Credentials]:
    """Return the logins that the person's Docker configuration holds, by registry."""
    folder = os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker"
    path = Path(folder) / "config.json"
    if not path.exists():
        return {}
    try:
        auths: dict[str, dict[str, str]] = json.loads(path.read_text()).get("auths") or {}
        return {_host(server): _login(server, entry) for server, entry in auths.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise LoginError(f"parsing config file ({path}): {error}") from error


def for_image(
    name: str,
    registry: Mapping[str, Any],
    known: Mapping[str, Credentials],
    warn: Callable[[str], None],
) -> Credentials | None:
    """Return the login for pushing image *name*: *registry*'s, else the one in *known*."""
    username, password = registry.get("username"), registry.get("password")
    server = registry.get("server") or ""
    if username and password:
        return Credentials(username=username, password=password, server=server)
    if username:
        warn("password was not set, although username was; using host credentials file")
    elif password:
        warn("username was not set, although password was; using host credentials file")
    return known.get(_host(server) if server else reference.registry(name))


def _login(server: str, entry: Mapping[str, str]) -> Credentials:
    username, password = entry.get("username", ""), entry.get("password", "")
    if entry.get("auth"):
        try:
            pair = base64.b64decode(entry["auth"], validate=True).decode()
        except binascii.Error as error:
            raise ValueError(f"the login for {server} is not base64") from error
        username, _, password = pair.partition(":")
    return Credentials(username=username, password=password, server=server)


def _host(server: str) -> str:
    host = urlsplit(server).netloc if "://" in server else server.partition("/")[0]
    return reference.HUB if host == "index.docker.io" else host
