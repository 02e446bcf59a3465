"""The committed stacks, run by the real program on the recording engine."""

from __future__ import annotations

import gc
import json
import os
import runpy
import shlex
import socketserver
import tempfile
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import yaml

from declared.engine import Engine, run

ROOT = Path(__file__).parent.parent
STACKS = sorted(path.stem.removeprefix("Pulumi.") for path in ROOT.glob("Pulumi.*.yaml"))
SCHEMA: Mapping[str, Any] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]

# The contexts of the kubeconfig under which the program runs here: a stack's may be renamed.
CONTEXTS = [*STACKS, "renamed"]

# What stands for a digest that only a registry knows.
DIGEST = f"sha256:{'5' * 64}"

# What every stack seals, and what one of generation 1.x does besides.
SECRETS = ("adminPassword", "databasePassword", "secretKey")
OUTSIDE_SECRETS = (
    "bucketAccessKey",
    "bucketSecretKey",
    "searchPassword",
    "searchBrowserKey",
    "signOnSecret",
)

# What a stack of generation 1.x chooses besides.
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


def configured(stack: str, secrets: Mapping[str, str], **changes: Any) -> dict[str, str]:
    """Return *stack*'s configuration as the engine would hand it over; None leaves a key out."""
    defaults = {key: of["default"] for key, of in SCHEMA.items()}
    values = defaults | chosen(stack) | dict(secrets) | changes
    values = pinned(values) | changes
    return {f"openvault:{key}": _text(at) for key, at in values.items() if at is not None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def declare(
    stack: str,
    config: Mapping[str, str],
    secret: list[str],
    *,
    preview: bool = False,
    held: Mapping[str, Any] | None = None,
) -> Engine:
    """Run the real program under *config*, and return everything it registered.

    *config* is as `configured` makes it, and the keys in *secret* are sealed. *held* is what the
    cluster has of each kind, in the words of kubectl: nothing, unless said.
    """

    def program() -> None:
        pulumi.runtime.set_all_config(dict(config), secret)
        try:
            runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
        finally:
            # Which the program does without, that ends soon; this process goes on.
            gc.enable()

    folder = kubectl(json.dumps(held or {}))
    with _environment(
        KUBECONFIG=str(kubeconfig()), PATH=f"{folder}{os.pathsep}{os.environ['PATH']}"
    ):
        return run(program, stack=stack, preview=preview)


@contextmanager
def _environment(**variables: str) -> Generator[None]:
    """Set *variables* of this process, and put back what they were."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


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
