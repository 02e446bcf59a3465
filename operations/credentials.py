"""Who asks a registry: what `docker login` has stored, or what a person types."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from operations import names
from operations.errors import Exit, Refused

# The key under which `docker login` has always stored Docker Hub.
_HUB_KEY = "https://index.docker.io/v1/"
_HELPER = re.compile(r"[\w.-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """A name with its password, or with the token that a registry gave in exchange for one."""

    username: str
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The header of HTTP's basic authentication."""
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"


def place() -> Path:
    """Return the file in which Docker keeps credentials, or the names of who keeps them."""
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"


def stored(registry: str) -> Credentials | None:
    """Return what `docker login` has stored for *registry*, if anything."""
    config = _config()
    key = _HUB_KEY if registry == names.HUB else registry
    helpers = {_registry_of(name): it for name, it in _section(config, "credHelpers").items()}
    helper = helpers.get(registry) or config.get("credsStore")
    if isinstance(helper, str) and helper:
        return _from_helper(helper, key)
    for name, entry in _section(config, "auths").items():
        if _registry_of(name) == registry and isinstance(entry, dict):
            found = _from_entry(name, cast("dict[str, Any]", entry))
            if found:
                return found
    return None


def _config() -> dict[str, Any]:
    try:
        content: object = json.loads(place().read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise _unreadable(str(error)) from error
    if not isinstance(content, dict):
        raise _unreadable("it holds no JSON object")
    return cast("dict[str, Any]", content)


def _section(config: dict[str, Any], name: str) -> dict[str, Any]:
    section = config.get(name)
    return cast("dict[str, Any]", section) if isinstance(section, dict) else {}


def _registry_of(key: str) -> str:
    """Return the registry that a key of `auths` means: it may have a scheme and a path."""
    host = key.partition("://")[2] or key
    return names.familiar(host.partition("/")[0])


def _from_entry(name: str, entry: dict[str, Any]) -> Credentials | None:
    username, password = entry.get("username", ""), entry.get("password", "")
    if entry.get("auth"):
        try:
            pair = base64.b64decode(entry["auth"], validate=True).decode()
        except ValueError as error:
            raise _unreadable(f"auth of {name} is not base64") from error
        username, _, password = pair.partition(":")
    token = entry.get("identitytoken", "")
    if not username and not token:
        return None
    return Credentials(username=username, password=password.rstrip("\0"), identity_token=token)


def _from_helper(helper: str, key: str) -> Credentials | None:
    program = f"docker-credential-{helper}"
    if not _HELPER.fullmatch(helper):
        raise _unreadable(f"{helper!r} names no credential helper")
    try:
        said = subprocess.run(
            [program, "get"], input=key, capture_output=True, text=True, check=False, timeout=30
        )
        # That it knows nobody is an answer; the registry may ask for nobody.
        if said.returncode != 0:
            return None
        answer = json.loads(said.stdout)
        username, secret = str(answer["Username"]), str(answer["Secret"])
    except (OSError, ValueError, LookupError, TypeError, subprocess.TimeoutExpired) as error:
        raise Refused(
            Exit.UNAUTHORIZED,
            f"The credential helper {program} does not work",
            f"{place()} leaves the passwords to it: {type(error).__name__} on asking it",
            f"Install {program}, or name the user: type the same with --username NAME",
        ) from None
    if username == "<token>":
        return Credentials(username=username, identity_token=secret)
    return Credentials(username=username, password=secret)


def _unreadable(why: str) -> Refused:
    return Refused(
        Exit.UNAUTHORIZED,
        f"The credentials in {place()} cannot be read",
        why,
        "Repair the file, or move it away and type: docker login",
    )
