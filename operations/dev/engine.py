"""Docker and its compose, as this machine has them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operations.errors import Exit, Refused
from operations.programs import last_words, said_by

STACK = "compose.yaml"
# Which file a checkout adds, and the variable that says where the checkout is.
OVERRIDES: Mapping[str, tuple[str, str]] = {
    "wag": ("compose.wag.yaml", "OV_WAG_CHECKOUT"),
    "frontend": ("compose.frontend.yaml", "OV_FRONTEND_CHECKOUT"),
}

_INSTALL = "Install Docker Engine or Docker Desktop, then again: ./ov dev up"


@dataclass(frozen=True, slots=True)
class Compose:
    """Compose, and the files it is to read."""

    folder: Path
    program: tuple[str, ...]
    files: tuple[str, ...]

    @classmethod
    def find(cls, folder: Path, files: Sequence[str] = (STACK,)) -> Compose:
        """Return this machine's compose, or refuse with what is missing of it."""
        _require_docker()
        for program in (("docker", "compose"), ("docker-compose",)):
            said = said_by(*program, "version", "--short")
            if said is None or said.returncode:
                continue
            if (major := re.match(r"v?(\d+)\.", said.stdout)) and int(major[1]) >= 2:
                return cls(folder, program, tuple(files))
            raise Refused(
                Exit.TOOLS,
                f"This compose is too old: {said.stdout.strip()}",
                "it cannot wait until a service is well, which is known from version 2 on",
                "Install the plugin docker-compose-plugin, then again: ./ov dev up",
            )
        raise Refused(
            Exit.TOOLS,
            "Docker has no compose here",
            "neither `docker compose` nor `docker-compose` answers",
            "Install the plugin docker-compose-plugin, then again: ./ov dev up",
        )

    def _argv(self, words: Sequence[str]) -> list[str]:
        files = [word for name in self.files for word in ("--file", name)]
        return [*self.program, "--project-directory", str(self.folder), *files, *words]

    def shown(self, *words: str, env: Mapping[str, str] | None = None) -> int:
        """Run a command before a person's eyes; return its code."""
        at = {**os.environ, **(env or {})}
        return subprocess.run(self._argv(words), cwd=self.folder, env=at, check=False).returncode

    def said(
        self, *words: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Return what a command says."""
        return subprocess.run(
            self._argv(words),
            cwd=self.folder,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def services(self) -> Iterator[dict[str, Any]]:
        """Yield what is known of each container, one that has ended too."""
        text = self.said("ps", "--all", "--format", "json").stdout.strip()
        # One list in some versions, one line per container in others.
        lines = json.loads(text) if text.startswith("[") else map(json.loads, text.splitlines())
        yield from lines

    def running(self, service: str) -> bool:
        """Return whether a service has a container that runs."""
        return bool(self.said("ps", "--status", "running", "--quiet", service).stdout.strip())

    @staticmethod
    def chosen(name: str, known: Mapping[str, str], usual: str) -> str:
        """Return a variable as compose takes it: from the shell, from `.env`, or as usual."""
        return os.environ.get(name) or known.get(name) or usual

    def environment(self, service: str) -> Mapping[str, str]:
        """Return the environment that a service gets; a ValueError says why it is not known."""
        done = self.said("config", "--format", "json")
        if done.returncode:
            raise ValueError(last_words(done))
        return json.loads(done.stdout)["services"][service]["environment"]


def _require_docker() -> None:
    said = said_by("docker", "version", "--format", "{{.Server.Version}}")
    if said is None:
        raise Refused(
            Exit.TOOLS, "There is no Docker here", "no program is called docker", _INSTALL
        )
    if said.returncode:
        raise Refused(
            Exit.UNREACHABLE,
            "Docker does not answer",
            last_words(said),
            "Start it, for example: systemctl start docker    (or open Docker Desktop)",
        )
