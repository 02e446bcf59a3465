"""Whatever ends `up`, and wherever, the next `up` heals it. These tests come first of the live."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from sandbox import occupancy
from sandbox.instance import Instance
from sandbox.process import Processes
from tests.sandbox.machine import Snapshot, alive, kill_up_at, orphans_of_a_build, sandbox

pytestmark = pytest.mark.live

# In the order in which `up` says them: each kill leaves the next one something to do.
MOMENTS = (
    "prerequisites ...",
    "toolchain ...",
    "base images ...",
    "registry: network",
    "registry: starting the registry",
    "registry: bringing",
    "cluster: certificates",
    "cluster: control plane",
    "cluster: node",
    "cluster: standard objects",
    "cluster: waiting for DNS",
    "rancher ...",
    "rancher: users",
    "rancher: starting",
    "applications ...",
    "stack: writing the settings",
    "stack: asking the engine",
)


@pytest.fixture(scope="module", autouse=True)
def _machine_without_the_sandbox(before: Snapshot) -> None:
    """Begin with nothing, so that each phase has work to be killed at."""


@pytest.mark.parametrize("moment", MOMENTS)
def test_up_can_be_killed_in_each_phase(moment: str) -> None:
    kill_up_at(moment)


# What is compiled, and when `up` says so.
BUILDS = {"etcd": "toolchain: building etcd", "pause": "base images: making the base image"}


@pytest.mark.parametrize("program", BUILDS)
def test_a_compiler_that_outlives_its_up_is_ended_by_the_next(program: str, tmp_path: Path) -> None:
    left = orphans_of_a_build(tmp_path, program, BUILDS[program])
    assert alive(left), "it outlived its parent"

    kill_up_at("toolchain ...")

    assert not alive(left)


def test_an_update_can_be_killed_while_it_makes_things() -> None:
    kill_up_at("stack: + kubernetes:")


def test_an_engine_that_outlives_its_up_is_ended_by_the_next() -> None:
    kill_up_at("stack: + kubernetes:", group=False)


def test_a_migration_can_be_killed() -> None:
    kill_up_at("stack: + kubernetes:batch/v1:Job")


def test_after_all_these_kills_up_succeeds() -> None:
    up = sandbox("up")

    assert up.returncode == 0, up.stdout + up.stderr


def test_up_twice_changes_nothing() -> None:
    processes = Processes(Instance.from_environment())
    before = {name: processes.pids(name) for name in processes.names()}

    up = sandbox("up")

    assert up.returncode == 0, up.stdout + up.stderr
    assert "Nothing had to be changed." in up.stdout
    after = {name: processes.pids(name) for name in processes.names()}
    assert after.keys() == before.keys()
    for name, pids in before.items():
        assert set(pids) & set(after[name]), f"{name} was started anew"


def test_up_in_another_shell_changes_nothing_either() -> None:
    up = sandbox("up", PATH=f"/usr/local/games:{os.environ['PATH']}", EDITOR="ed")

    assert "Nothing had to be changed." in up.stdout, up.stdout + up.stderr


@pytest.mark.parametrize("daemon", ["registry", "rancher"])
def test_a_daemon_that_was_killed_is_started_again(daemon: str) -> None:
    processes = Processes(Instance.from_environment())
    # By the kernel, say: nobody notes that it was meant.
    for pid in processes.pids(daemon):
        os.kill(pid, signal.SIGKILL)

    up = sandbox("up")

    assert up.returncode == 0, up.stdout + up.stderr
    assert f"{daemon} done" in up.stdout
    assert processes.pids(daemon)


def test_a_second_command_at_the_same_time_is_refused() -> None:
    with occupancy.occupied(Instance.from_environment()):
        up = sandbox("up")
        down = sandbox("down", "--yes")

    for refused in (up, down):
        assert refused.returncode == 1
        assert f"process {os.getpid()} brings it up or takes it down" in refused.stderr
