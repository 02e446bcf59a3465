"""Containers of the sandbox's own Docker, as restricted as a pod of the demo is."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
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
