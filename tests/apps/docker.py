"""Containers of the sandbox's own Docker, as restricted as a pod of the demo is."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from subprocess import CompletedProcess

from sandbox import images
from sandbox.instance import Instance
from sandbox.process import attempt
from sandbox.toolchain import Toolchain

# What Pod Security's `restricted` asks for, and a root file system nobody can write to.
RESTRICTED = (
    *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    "--tmpfs=/tmp",
)
NOWHERE = ("--network", "none")


@dataclass(slots=True)
class Docker:
    """What the tests start, so that all of it can be removed."""

    instance: Instance
    toolchain: Toolchain
    started: list[str] = field(default_factory=list[str])

    def __call__(self, *words: str) -> CompletedProcess[str]:
        """Run one command."""
        env = {"DOCKER_HOST": f"unix://{self.instance.docker_socket}"}
        return attempt([self.toolchain.path("docker"), *words], env=env)

    def run(
        self,
        image: str,
        *command: str,
        options: tuple[str, ...] = (),
        env: Mapping[str, str] | None = None,
    ) -> CompletedProcess[str]:
        """Run a container to its end."""
        return self("run", "--rm", *self._words(image, options, env or {}), *command)

    def start(
        self,
        image: str,
        *command: str,
        options: tuple[str, ...] = (),
        env: Mapping[str, str] | None = None,
    ) -> str:
        """Start a container and return its name."""
        name = f"test-{uuid.uuid4().hex[:8]}"
        self.started.append(name)
        words = self._words(image, options, env or {})
        begun = self("run", "--detach", "--name", name, *words, *command)
        assert begun.returncode == 0, begun.stderr
        return name

    def _words(
        self, image: str, options: tuple[str, ...], env: Mapping[str, str]
    ) -> tuple[str, ...]:
        known = images.references(self.instance)
        assert image in known, f"sandbox {self.instance.name} is not up: type make up"
        variables = [word for key, value in env.items() for word in ("--env", f"{key}={value}")]
        return (*options, *variables, known[image])


ASK = """\
import sys, urllib.error, urllib.request
port, path, host = sys.argv[1:]
request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host})
try:
    answer = urllib.request.urlopen(request, timeout=20)
except urllib.error.HTTPError as refused:
    answer = refused
print(answer.status, answer.read().decode())
"""


def soon(holds: Callable[[], bool], seconds: float = 40) -> bool:
    """Wait until *holds*; return whether it ever did."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.3)
    return True


def ask(
    docker: Docker, name: str, path: str, host: str = "ov-wag", port: int = 8000
) -> tuple[int, str]:
    """Return what ov-wag in container *name* answers."""
    said = docker("exec", name, "python3", "-c", ASK, str(port), path, host).stdout
    status, _, body = said.partition(" ")
    return int(status or 0), body


def page(docker: Docker, name: str, path: str) -> tuple[int, str]:
    """Return what ov-frontend in container *name* answers."""
    script = (
        f"fetch('http://127.0.0.1:3000{path}')"
        ".then(async a => console.log(JSON.stringify([a.status, await a.text()])))"
    )
    said = docker("exec", name, "node", "-e", script).stdout
    status, body = json.loads(said or '[0, ""]')
    return status, body
