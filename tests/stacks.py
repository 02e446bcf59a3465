"""The committed stacks, run by the real program on the recording engine."""

from __future__ import annotations

import json
import os
import runpy
import shlex
import socketserver
import tempfile
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from tests.engine import Engine, run

ROOT = Path(__file__).parent.parent
STACKS = sorted(path.stem.removeprefix("Pulumi.") for path in ROOT.glob("Pulumi.*.yaml"))
SCHEMA: Mapping[str, Any] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]

# The contexts of the kubeconfig under which the program runs here: a stack's may be renamed.
CONTEXTS = [*STACKS, "renamed"]

DIGEST = f"sha256:{'5' * 64}"

SECRETS: Mapping[str, str] = {
    "adminPassword": "sentinel-of-the-administrator",
    "databasePassword": "sentinel-of-the-database",
    "secretKey": "sentinel-of-the-sessions-which-has-to-be-fifty-characters-long",
}

# What a stack of generation 1.x chooses besides, and what it seals.
OUTSIDE: Mapping[str, Any] = {
    "generation": "1.x",
    "backendImage": f"docker.io/wgbhmla/ov-wag:v1.0.0@{DIGEST}",
    "frontendImage": f"docker.io/wgbhmla/ov-frontend:v1.0.0@{DIGEST}",
    "bucket": "media.example.org",
    "searchUrl": "https://search.example.org:9200",
    "searchIndex": "site",
    "signOnUrl": "https://example.us.auth0.com",
    "signOnClient": "client-of-the-cms",
    "archiveUrl": "https://americanarchive.org",
}
OUTSIDE_SECRETS: Mapping[str, str] = {
    "bucketAccessKey": "sentinel-of-the-access",
    "bucketSecretKey": "sentinel-of-the-bucket-which-is-long",
    "searchPassword": "sentinel-of-the-search",
    "searchBrowserKey": "sentinel-of-the-browsers",
    "signOnSecret": "sentinel-of-the-sign-on",
}
ONE: Mapping[str, Any] = {**OUTSIDE, **OUTSIDE_SECRETS}

# What may have a secret in it, beside what is one.
SEALED = ("registries", "rancherToken")


def written(stack: str) -> dict[str, Any]:
    """Return the configuration in *stack*'s committed file."""
    return yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]


def chosen(stack: str) -> dict[str, Any]:
    """Return what *stack*'s committed file chooses, by the key's own name."""
    own = "openvault:"
    config = written(stack)
    return {key.removeprefix(own): at for key, at in config.items() if key.startswith(own)}


def pinned(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return *values* after `ov images pin` of every published image that has a tag alone.

    The committed files name tags: what digests they had, only their registries know.
    """
    return {key: f"{at}@{DIGEST}" if _floats(key, at, values) else at for key, at in values.items()}


def _floats(key: str, value: Any, values: Mapping[str, Any]) -> bool:
    built = values.get(f"{key.removesuffix('Image')}Build")
    return key.endswith("Image") and bool(value) and "@" not in value and not built


def configured(stack: str, **changes: Any) -> dict[str, str]:
    """Return *stack*'s configuration as the engine would hand it over; None leaves a key out."""
    defaults = {key: of["default"] for key, of in SCHEMA.items()}
    values = defaults | chosen(stack) | dict(SECRETS) | changes
    values = pinned(values) | changes
    return {f"openvault:{key}": _text(at) for key, at in values.items() if at is not None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def up(
    stack: str,
    *,
    preview: bool = False,
    sealed: bool = True,
    held: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Engine:
    """Run the real program against *stack*'s committed configuration, with *changes*.

    *held* is what the cluster has of each kind, in the words of kubectl: nothing, unless said.
    """
    config = configured(stack, **changes)
    secret = [f"openvault:{key}" for key in (*SECRETS, *OUTSIDE_SECRETS, *SEALED)] if sealed else []

    def program() -> None:
        pulumi.runtime.set_all_config(config, secret)
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(kubeconfig()))
        patch.setenv("PATH", f"{kubectl(json.dumps(held or {}))}:{os.environ['PATH']}")
        return run(program, stack=stack, preview=preview)


@cache
def kubectl(held: str) -> Path:
    """Return a folder with a kubectl that knows of nothing in the cluster but what is *held*."""
    folder = Path(tempfile.mkdtemp())
    program = folder / "kubectl"
    lists = [
        f"*' get {kind} '*) echo {shlex.quote(json.dumps({'items': items}))};;"
        for kind, items in json.loads(held).items()
    ]
    nothing = """*) echo '{"items": []}';;"""
    program.write_text("\n".join(['#!/bin/sh\ncase "$*" in', *lists, nothing, "esac\n"]))
    program.chmod(0o755)
    return folder


@cache
def kubeconfig() -> Path:
    """Return a kubeconfig whose contexts, named as the stacks, lead to a server that listens."""
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path = Path(tempfile.mkdtemp()) / "kubeconfig"
    path.write_text(json.dumps(kubeconfig_of(f"https://127.0.0.1:{server.server_address[1]}")))
    return path


def kubeconfig_of(server: str) -> dict[str, Any]:
    """Return a kubeconfig of several contexts, all of one cluster and one user."""
    return {
        "contexts": [
            {"name": name, "context": {"cluster": "there", "user": "somebody"}} for name in CONTEXTS
        ],
        "clusters": [{"name": "there", "cluster": {"server": server}}],
        "users": [{"name": "somebody", "user": {"token": "nothing"}}],
    }


@cache
def settled(stack: str) -> Engine:
    """Return one run of *stack* as committed, made once: for tests that only look."""
    return up(stack)


@cache
def settled_of_one(stack: str) -> Engine:
    """Return one run of *stack* as it would be in generation 1.x, made once."""
    return up(stack, **ONE)
