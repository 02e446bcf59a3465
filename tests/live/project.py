"""A stack with settings and a state of its own, on a sandbox that others use too."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox import settings
from sandbox.instance import CHECKOUT
from tests.live.platform import Platform

DEMO = "ov-demo"

# What differs between a checkout and a clone of it.
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "build", "__pycache__", "node_modules", ".*cache"
)


@dataclass(frozen=True, kw_only=True)
class Project:
    """A program and the folder with its settings; its state is the sandbox's unless it has one."""

    platform: Platform
    folder: Path
    stack: str
    program: Path = CHECKOUT
    state: Path | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir()
        described = yaml.safe_load((self.platform.instance.stacks / "Pulumi.yaml").read_text())
        (self.folder / "Pulumi.yaml").write_text(
            yaml.safe_dump(described | {"main": str(self.program)})
        )
        if self.state:
            self.state.mkdir()

    def configure(self, content: Mapping[str, Any]) -> None:
        """Write the stack's file."""
        (self.folder / f"Pulumi.{self.stack}.yaml").write_text(yaml.safe_dump(dict(content)))

    @property
    def environment(self) -> dict[str, str]:
        """What tells pulumi where settings and state are."""
        own = {"PULUMI_BACKEND_URL": f"file://{self.state}?metadata=skip"} if self.state else {}
        return {"PULUMI_OPTION_CWD": str(self.folder), **own}

    def pulumi(
        self,
        *words: str,
        at: str = "/",
        check: bool = True,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run pulumi on this stack, from the folder *at*."""
        go = ["bash", "-c", 'cd "$1" && shift && exec pulumi "$@"', "bash", at]
        quiet = ("-s", self.stack, "--non-interactive", "--color", "never")
        return self.platform.run(
            *go, *words, *quiet, check=check, env=self.environment | dict(env or {})
        )

    def seal(self, path: str, value: str) -> None:
        """Choose a secret value, which no command line shows."""
        subprocess.run(
            ["pulumi", "config", "set", "--secret", "--path", path, "-s", self.stack],
            env={**self.platform.environment, **self.environment},
            input=value, text=True, check=True, capture_output=True,
        )  # fmt: skip

    def take_away(self) -> None:
        """Remove the namespace: the state goes with its folder, and knows of nothing else."""
        gone = ("delete", "namespace", self.stack, "--ignore-not-found")
        self.platform.run("kubectl", *gone, "--wait=false")
        at_once = ("--all", "--grace-period=0", "--force", "--wait=false")
        self.platform.run("kubectl", "-n", self.stack, "delete", "pods", *at_once, check=False)
        self.platform.run("kubectl", *gone, "--wait=true")


def clone_into(folder: Path) -> None:
    """Copy the program as another person has it: the same files, made at another moment."""
    shutil.copytree(CHECKOUT, folder, ignore=LEFT_OUT, copy_function=shutil.copyfile)
    for script in CHECKOUT.glob("images/*/*.sh"):
        (folder / script.relative_to(CHECKOUT)).chmod(0o755)


def chosen(platform: Platform) -> dict[str, Any]:
    """Return what the sandbox's ov-demo chooses."""
    return yaml.safe_load((platform.instance.stacks / f"Pulumi.{DEMO}.yaml").read_text())


def plain(platform: Platform) -> dict[str, Any]:
    """Return what the demo chooses, but secrets and Rancher: the settings of a plain cluster."""
    config: dict[str, Any] = chosen(platform)["config"]
    return {
        key: at
        for key, at in config.items()
        if key.removeprefix("openvault:") not in settings.SECRETS and ":rancher" not in key
    }


def forms(value: str) -> Iterator[bytes]:
    """Yield how *value* looks, in clear and inside anything that Base64 has written."""
    yield value.encode()
    for before in range(3):
        yield base64.b64encode(bytes(before) + value.encode())[4:-4]


def files_in(root: Path) -> list[Path]:
    """Return every file below *root*."""
    return [each for each in root.rglob("*") if each.is_file()] if root.exists() else []
