"""Registries that are Debian's own program, each in a folder and on a port of its own."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from sandbox.cluster.pki import Authority, Leaf
from sandbox.toolchain import Toolchain
from tests.operations.fake import PASSWORD, USER
from tests.operations.parts import Content, config, image

# The password is that of tests.operations.fake; bcrypt is the only hash the registry takes.
_HTPASSWD = f"{USER}:$2b$04$UJgegX6n00naHwVYQkLXL.pR/bEL1uv6M7ekW33D2FSjA9lz0ICaa\n"


@dataclass(frozen=True, slots=True)
class RealRegistry:
    """A registry that runs, and accepts what is pushed."""

    address: str
    authority: Path | None = None
    _client: httpx.Client = field(default_factory=httpx.Client, repr=False)

    def release(self, repository: str, *tags: str, created: str = "2026-11-20T10:00:00Z") -> None:
        """Push one image per tag, each with a content of its own."""
        for tag in tags:
            own = config(f"{repository}:{tag}", created=created)
            self.push(repository, tag, own, image(own))

    def push(self, repository: str, tag: str, *parts: Content) -> str:
        """Push an image with its parts, the manifest last; return its digest."""
        for part in parts:
            if b'"schemaVersion"' in part.data:
                name = tag if part is parts[-1] else part.digest
                self._put(f"{repository}/manifests/{name}", part)
            else:
                started = self._client.post(f"{repository}/blobs/uploads/")
                started.raise_for_status()
                place = httpx.URL(started.headers["Location"])
                self._put(str(place.copy_merge_params({"digest": part.digest})), part)
        return parts[-1].digest

    def _put(self, place: str, part: Content) -> None:
        answer = self._client.put(place, content=part.data, headers={"Content-Type": part.kind})
        answer.raise_for_status()


@contextmanager
def running(
    toolchain: Toolchain, folder: Path, *, users: bool = False, encrypted: bool = False
) -> Generator[RealRegistry]:
    """Run a registry on a free port of this machine until the caller is done with it."""
    folder.mkdir(parents=True)
    address = f"127.0.0.1:{free_port()}"
    http: dict[str, Any] = {"addr": address}
    settings: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "images")}},
        "http": http,
    }
    if users:
        (folder / "htpasswd").write_text(_HTPASSWD)
        settings["auth"] = {"htpasswd": {"realm": "here", "path": str(folder / "htpasswd")}}
    if encrypted:
        leaf = Leaf(name="registry", hosts=("127.0.0.1",), server=True)
        Authority.ensure(folder, "Tests").ensure_files(folder, "registry", leaf)
        http["tls"] = {
            "certificate": str(folder / "registry.crt"),
            "key": str(folder / "registry.key"),
        }
    # YAML reads JSON.
    (folder / "config.json").write_text(json.dumps(settings))
    client = httpx.Client(
        base_url=f"{'https' if encrypted else 'http'}://{address}/v2/",
        auth=(USER, PASSWORD) if users else None,
        verify=httpx.create_ssl_context() if not encrypted else _trusting(folder / "ca.crt"),
        trust_env=False,
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [toolchain.path("docker-registry"), "serve", folder / "config.json"],
            env={**os.environ, **toolchain.env()},
            stdout=log,
            stderr=log,
        )
    try:
        _wait(client, process, folder / "log")
        yield RealRegistry(address, folder / "ca.crt" if encrypted else None, client)
    finally:
        client.close()
        process.terminate()
        process.wait(10)


def free_port() -> int:
    """Return a port of this machine where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    last = time.monotonic() + 20
    while time.monotonic() < last and process.poll() is None:
        try:
            client.get("").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the registry did not start:\n{log.read_text()}")


def _trusting(authority: Path) -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    context.load_verify_locations(authority)
    return context
