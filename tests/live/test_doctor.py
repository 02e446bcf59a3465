"""`ov doctor` on the sandbox: Rancher, and an update that was killed, healed by what is said."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from operations.errors import Exit
from sandbox.instance import CHECKOUT
from sandbox.rancher import accounts
from tests.live.platform import Platform, eventually
from tests.live.project import DEMO, Project, chosen

pytestmark = pytest.mark.live

MOMENT = "apps/v1:Deployment ov-nginx updating"


@pytest.fixture
def changed(platform: Platform, tmp_path: Path) -> Generator[Project]:
    """Give ov-demo with another upload limit, and take that back afterwards."""
    project = Project(platform=platform, folder=tmp_path / "stacks", stack=DEMO)
    content = chosen(platform)
    content["config"]["openvault:uploadLimit"] = "31m"
    project.configure(content)
    yield project
    # A test that failed leaves the stack to those that come after it, and not its lock.
    platform.run("pulumi", "cancel", "--yes", "-s", DEMO, "--non-interactive", check=False)
    platform.run("pulumi", "up", "--yes", "--skip-preview", "-s", DEMO, "--non-interactive")


def doctor(project: Project) -> tuple[int, dict[str, Any]]:
    """Return the code and the findings by name."""
    said = project.platform.run(
        str(CHECKOUT / "ov"), "doctor", "--stack", DEMO, "--offline", "--json",
        env=project.environment, check=False,
    )  # fmt: skip
    return said.returncode, {each["name"]: each for each in json.loads(said.stdout)["findings"]}


def begun(platform: Platform) -> bool:
    """Return whether the state has an operation without an end."""
    states = platform.instance.backend.rglob(f"{DEMO}.json")
    return any(re.search(r'"type":\s*"updating"', each.read_text()) for each in states)


def kill_an_update(project: Project) -> None:
    """Kill the engine with all it started, in the middle of a roll-out."""
    with subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview", "-s", DEMO, "--non-interactive",
         "--color", "never"],
        env={**project.platform.environment, **project.environment},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as engine:  # fmt: skip
        said: list[str] = []
        for line in engine.stdout or ():
            said.append(line)
            if MOMENT in line:
                break
        # The words come a moment before the state knows of it.
        eventually("the state knows", lambda: begun(project.platform), seconds=20, every=0.05)
        os.killpg(engine.pid, signal.SIGKILL)
    assert MOMENT in said[-1], "".join(said)


def test_an_update_that_was_killed_is_found_and_healed_by_what_is_said(changed: Project) -> None:
    code, well = doctor(changed)
    assert code == 0, well
    # Rancher too, which is asked with the stack's own token.
    assert [name for name in well if name.startswith("rancher")] == [
        "rancher", "rancher token", "rancher cluster", "rancher project", "rancher rights",
    ]  # fmt: skip
    kill_an_update(changed)

    code, found = doctor(changed)

    assert code == Exit.SICK
    sick = [name for name in found if not found[name]["well"]]
    assert sick[:2] == ["lock", "pending operations"]
    assert "held by" in found["lock"]["said"]
    assert "updating ov-nginx" in found["pending operations"]["said"]
    for name in ("lock", "pending operations"):
        for line in found[name]["do"]:
            command = line.partition("    (")[0]
            if command.startswith("pulumi "):
                changed.platform.run(
                    *shlex.split(command), "--non-interactive", env=changed.environment
                )
    code, healed = doctor(changed)
    assert code == 0, healed
    changed.pulumi("preview", "--expect-no-changes")


# Another answer of Rancher's: what is chosen otherwise, whose token; the finding, and its words.
RANCHER: dict[str, tuple[dict[str, str], str, str, str]] = {
    "nobody trusts its certificate": (
        {"rancherCa": ""}, "admin", "rancher", "its certificate is not to be trusted",
    ),
    "a token that has ended": ({}, "expired", "rancher token", "does not accept the token"),
    "another cluster": (
        {"rancherCluster": "c-m-other"}, "admin", "rancher cluster", "shows no cluster c-m-other",
    ),
    "a member who may only look": ({}, "curator", "rancher rights", "not change it"),
}  # fmt: skip


@pytest.mark.parametrize("name", RANCHER)
def test_what_is_wrong_with_rancher_is_found(name: str, platform: Platform, tmp_path: Path) -> None:
    choices, token, finding, words = RANCHER[name]
    project = Project(platform=platform, folder=tmp_path / "stacks", stack=DEMO)
    content = chosen(platform)
    content["config"] |= {f"openvault:{key}": value for key, value in choices.items()}
    project.configure(content)
    project.seal("rancherToken", accounts.token_file(platform.instance, token).read_text())

    code, found = doctor(project)

    assert code == Exit.SICK
    assert [each for each in found if not found[each]["well"]] == [finding]
    assert words in found[finding]["said"]
