"""A runner of workflows: it types what each step runs, with what the step is given and no more."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sandbox.instance import CHECKOUT

FOLDER = CHECKOUT / ".github" / "workflows"

# Nothing that a step types takes longer; what hangs is ended.
PATIENCE = 300

_EXPRESSION = re.compile(r"\$\{\{\s*(\S+?)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Done:
    """One step that was typed: its command, its code, and all it said."""

    command: str
    code: int
    said: str


# Under which condition a step is typed: what came before it → whether. No other is understood.
CONDITIONS: Mapping[str, Callable[[Mapping[str, Done]], bool]] = {
    "": lambda before: all(each.code == 0 for each in before.values()),
    "${{ !cancelled() }}": lambda _: True,
    "${{ failure() && steps.look.outcome == 'failure' }}": lambda before: (
        "look" in before and before["look"].code != 0
    ),
}


def steps(workflow: str) -> Sequence[dict[str, Any]]:
    """Return the steps of a workflow's only job that run something."""
    (job,) = yaml.safe_load((FOLDER / f"{workflow}.yml").read_text())["jobs"].values()
    return [{**each, "env": {**job.get("env", {}), **each.get("env", {})}} for each in job["steps"]
            if "run" in each]  # fmt: skip


def filled(text: str, known: Mapping[str, str]) -> str:
    """Return *text* with the value of each expression; raise KeyError for an unknown one."""
    return _EXPRESSION.sub(lambda found: known[found[1]], text)


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A machine of its own for each run of a workflow."""

    folder: Path
    # What the machine has before the first step.
    machine: Mapping[str, str]
    # Expression → its value: secrets.OV_PASSPHRASE, vars.PULUMI_BACKEND_URL, github.token …
    known: Mapping[str, str] = field(default_factory=dict[str, str])

    def run(self, workflow: str) -> list[Done]:
        """Type the steps of *workflow*, as far as their conditions let it come."""
        self.folder.mkdir(parents=True, exist_ok=True)
        exported = self.folder / "exported"
        exported.write_text("")
        machine = {
            **self.machine,
            "CI": "true",
            "RUNNER_TEMP": str(self.folder),
            "GITHUB_ENV": str(exported),
        }
        before: dict[str, Done] = {}
        for number, step in enumerate(steps(workflow)):
            if not CONDITIONS[step.get("if", "")](before):
                continue
            given = {key: filled(value, self.known) for key, value in step["env"].items()}
            machine |= dict(line.split("=", 1) for line in exported.read_text().splitlines())
            before[step.get("id", str(number))] = self._typed(step["run"], {**machine, **given})
        return list(before.values())

    def _typed(self, command: str, environment: Mapping[str, str]) -> Done:
        done = subprocess.run(
            ["bash", "-e", "-c", command],
            env=dict(environment),
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        return Done(command, done.returncode, done.stdout)


def without(folder: Path, path: str, *programs: str) -> str:
    """Return a PATH with all that *path* has but *programs*: *folder*, which has links to it."""
    folder.mkdir()
    for place in map(Path, path.split(":")):
        for each in place.iterdir() if place.is_dir() else ():
            link = folder / each.name
            if each.name not in programs and not link.is_symlink():
                link.symlink_to(each)
    return str(folder)
