"""The cluster a stack is deployed to, looked at before anything is sent to it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import pulumi
import yaml

# Seconds until a cluster that is there has answered, from the other end of the world too.
PATIENCE = 5


def require_cluster(context: str, stack: str) -> None:
    """Refuse to go on unless *context* leads to a cluster that answers.

    The provider itself only warns when it cannot reach a cluster, and then plans nothing or
    everything anew. Raises `pulumi.RunError` with what to type.
    """
    paths = _paths()
    config = _merged(paths)
    entry = config["contexts"].get(context)
    if entry is None:
        _refuse(
            f"Context {context!r} (kubeContext) is in no kubeconfig",
            f"looked at {', '.join(map(str, paths))}; {_known(config['contexts'])}",
            f"pulumi config set kubeContext CONTEXT -s {stack}",
        )
    user, cluster = str(entry.get("user")), str(entry.get("cluster"))
    if not config["users"].get(user):
        # The client would ask for a name and a password at a prompt that nobody sees.
        _refuse(
            f"Context {context!r} (kubeContext) cannot log in",
            f"its kubeconfig has no credentials of user {user!r}",
            f"kubectl --context {context} auth whoami",
        )
    server = str(config["clusters"].get(cluster, {}).get("server", ""))
    problem = _problem(server, proxied="proxy-url" in config["clusters"].get(cluster, {}))
    if problem:
        _refuse(
            f"The cluster of context {context!r} does not answer",
            f"{server or 'its kubeconfig names no server'}: {problem}",
            f"kubectl --context {context} get --raw /readyz",
        )


def _refuse(what: str, why: str, command: str) -> NoReturn:
    raise pulumi.RunError(f"{what}: {why}. Nothing was changed.\n    Type: {command}")


def _paths() -> list[Path]:
    """Return where kubectl looks."""
    named = [Path(path) for path in os.environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    return named or [Path.home() / ".kube" / "config"]


def _merged(paths: list[Path]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return contexts, clusters and users by name; the first file that has a name wins."""
    merged: dict[str, dict[str, dict[str, Any]]] = {"contexts": {}, "clusters": {}, "users": {}}
    for path in paths:
        content = _content(path)
        for kind, found in merged.items():
            for entry in cast("list[dict[str, Any]]", content.get(kind) or []):
                found.setdefault(str(entry["name"]), entry.get(kind.removesuffix("s")) or {})
    return merged


def _content(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        content: object = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        _refuse(f"{path} is no kubeconfig", str(error), f"kubectl --kubeconfig {path} config view")
    return cast("Mapping[str, Any]", content) if isinstance(content, dict) else {}


def _known(contexts: Mapping[str, object]) -> str:
    return f"they have {', '.join(sorted(contexts))}" if contexts else "they have no context"


def _problem(server: str, *, proxied: bool) -> str:
    """Return why nothing listens at *server*, or nothing."""
    parts = urlsplit(server)
    if not parts.hostname:
        return "an address with scheme and host is needed"
    if proxied or (parts.scheme in getproxies() and not proxy_bypass(parts.hostname)):
        return ""
    port = parts.port or (80 if parts.scheme == "http" else 443)
    try:
        socket.create_connection((parts.hostname, port), timeout=PATIENCE).close()
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""
