"""A throw-away Pulumi project, run by the real engine."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from typing_extensions import override

from sandbox import plugins
from sandbox.instance import Instance
from sandbox.toolchain import locate

PROGRAM = """\
import json
import os
from pathlib import Path

import pulumi
import pulumi_docker as docker

wanted = json.loads(Path("image.json").read_text())
registry = wanted.get("registry")
if registry and "password" in registry:
    registry["password"] = pulumi.Output.secret(registry["password"])
provider = docker.Provider("docker", host=os.environ["DOCKER_HOST"])
image = docker.Image(
    "image",
    image_name=wanted["name"],
    build=docker.DockerBuildArgs(**wanted["build"]),
    registry=docker.RegistryArgs(**registry) if registry else None,
    opts=pulumi.ResourceOptions(provider=provider),
)
pulumi.export("digest", image.repo_digest)
"""

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@dataclass(frozen=True)
class Project:
    """A project folder, and the engine's environment."""

    folder: Path
    instance: Instance
    bin: Path
    more: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def make(cls, folder: Path, instance: Instance) -> Self:
        """Lay the project into *folder*, for the engine of *instance*."""
        toolchain = locate(instance.cache)
        assert toolchain is not None, "the toolchain is not built; type: make up"
        made = cls(folder / "project", instance, plugins.install(instance, toolchain))
        made.folder.mkdir()
        (folder / "backend").mkdir()
        made.runtime(virtualenv=sys.prefix)
        made.lay()
        made.pulumi("stack", "init", "test")
        return made

    def lay(self) -> None:
        """Write what the project begins with."""

    @property
    def env(self) -> dict[str, str]:
        """The environment of each command."""
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PULUMI_", "DOCKER_", "RANCHER_"))
        }
        return {
            **kept,
            **plugins.environment(self.instance),
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{self.folder.parent / 'backend'}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            **self.more,
        }

    def pulumi(
        self, *words: str, check: bool = True, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one command without a terminal; what it wrote is all in `stdout`."""
        done = subprocess.run(
            ["pulumi", *words, "--non-interactive", "--color", "never"],
            env=self.env,
            cwd=cwd or self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        if check:
            assert done.returncode == 0, done.stdout
        return done

    def up(self) -> str:
        """Update without a preview and return what was written."""
        return self.pulumi("up", "--yes", "--skip-preview", "--stack", "test").stdout

    def failing_up(self) -> str:
        """Update, which must fail, and return what was written."""
        done = self.pulumi("up", "--yes", "--skip-preview", "--stack", "test", check=False)
        assert done.returncode not in {0, -9}, done.stdout
        return done.stdout

    def preview(self, *words: str) -> str:
        """Return what a preview shows."""
        return self.pulumi("preview", "--stack", "test", *words).stdout

    def resource(self, kind: str) -> dict[str, Any]:
        """Return the one resource of type *kind* as the state has it."""
        state = json.loads(self.pulumi("stack", "export", "--stack", "test").stdout)
        found = [one for one in state["deployment"]["resources"] if one["type"] == kind]
        assert len(found) == 1, f"{len(found)} of type {kind}"
        return found[0]

    def traces(self, word: str) -> list[Path]:
        """Return the state's files in which *word* can be read."""
        files = (self.folder.parent / "backend").rglob("*")
        return [path for path in files if path.is_file() and word.encode() in path.read_bytes()]

    def program(self, text: str) -> None:
        """Write the program."""
        (self.folder / "__main__.py").write_text(text)

    def runtime(self, **options: str) -> None:
        """Write Pulumi.yaml."""
        project = {"name": "throwaway", "runtime": {"name": "python", "options": options}}
        # YAML reads JSON.
        (self.folder / "Pulumi.yaml").write_text(json.dumps(project))


class ImageProject(Project):
    """A project with one docker image."""

    @override
    def lay(self) -> None:
        (self.folder / "c").mkdir()
        (self.folder.parent / "docker").mkdir()
        self.program(PROGRAM)
        self.dockerfile("FROM scratch\nCOPY a /a\n")
        self.file("a", "one")

    @property
    @override
    def env(self) -> dict[str, str]:
        return {
            **super().env,
            "DOCKER_HOST": f"unix://{self.instance.docker_socket}",
            "DOCKER_CONFIG": str(self.folder.parent / "docker"),
            **self.more,
        }

    def digest(self) -> str:
        """Update and return the digest that the program exports."""
        self.up()
        said = self.pulumi("stack", "output", "--json", "--stack", "test").stdout
        return json.loads(said)["digest"]

    def image(self) -> dict[str, Any]:
        """Return the image as the state has it."""
        return self.resource("docker:index/image:Image")

    def wants(self, name: str, registry: Mapping[str, str] | None = None, **build: Any) -> None:
        """Choose the image that the program describes."""
        wanted = {
            "name": name,
            "build": {"context": "c", "platform": "linux/amd64", **build},
            "registry": registry,
        }
        (self.folder / "image.json").write_text(json.dumps(wanted))

    def dockerfile(self, text: str) -> None:
        """Write the Dockerfile."""
        self.file("Dockerfile", text)

    def file(self, name: str, text: str) -> None:
        """Write a file of the context."""
        (self.folder / "c" / name).write_text(text)


def manifest_digest(registry: str, repository: str, tag: str) -> str | None:
    """Return the digest that *registry* itself has for a tag; None if it has no such tag."""
    connection = http.client.HTTPConnection(registry, timeout=20)
    path = f"/v2/{repository}/manifests/{tag}"
    connection.request("HEAD", path, headers={"Accept": MANIFEST})
    answer = connection.getresponse()
    connection.close()
    return answer.headers["Docker-Content-Digest"] if answer.status == 200 else None
