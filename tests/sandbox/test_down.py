"""`down` removes all that `up` made, and nothing else. These tests come last of the live."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox import network, teardown
from sandbox.instance import Instance
from sandbox.process import Processes, run
from tests.live.platform import Platform
from tests.sandbox.machine import Snapshot, alive, kill_up_at, orphans_of_a_build, sandbox

pytestmark = pytest.mark.live


@pytest.fixture
def instance() -> Instance:
    return Instance.from_environment()


def reboot(instance: Instance) -> None:
    """Do to a sandbox what a reboot does: no process, mount, interface or group survives it."""
    processes = Processes(instance)
    processes.end_all()
    for point in teardown.mounts(instance.state):
        run(["umount", "--lazy", point])
    network.down(instance)
    teardown.remove_cgroups(processes)
    (instance.state / "boot").write_text("an earlier boot\n")
    # Process numbers begin anew: these belong to others now.
    (instance.run / "docker.pid").write_text("1")


def test_up_heals_what_a_reboot_left(before: Snapshot, instance: Instance) -> None:
    up = sandbox("up")
    assert up.returncode == 0, up.stdout + up.stderr
    reboot(instance)

    up = sandbox("up")

    assert up.returncode == 0, up.stdout + up.stderr
    site = Platform.of_this_run()
    assert site.curl(site.site)[0] == 200


def test_down_leaves_nothing_and_takes_nothing_else(before: Snapshot, instance: Instance) -> None:
    down = sandbox("down", "--yes")

    assert down.returncode == 0, down.stdout + down.stderr
    after = Snapshot.taken()
    assert after.left_since(before) == {}
    assert after.lost_since(before) == {}
    assert not instance.state.exists()


def test_down_twice_says_that_nothing_is_there(before: Snapshot) -> None:
    down = sandbox("down", "--yes")

    assert down.returncode == 0
    assert "There is no sandbox" in down.stdout


@pytest.mark.parametrize("moment", ["registry: starting", "cluster: waiting for the node"])
def test_down_after_a_kill_leaves_nothing(moment: str, before: Snapshot) -> None:
    kill_up_at(moment)

    down = sandbox("down", "--yes")

    assert down.returncode == 0, down.stdout + down.stderr
    assert Snapshot.taken().left_since(before) == {}


def test_down_ends_a_compiler_that_outlived_its_up(before: Snapshot, tmp_path: Path) -> None:
    left = orphans_of_a_build(tmp_path, "etcd", "toolchain: building etcd")
    assert alive(left), "it outlived its parent"

    down = sandbox("down", "--yes")

    assert down.returncode == 0, down.stdout + down.stderr
    assert not alive(left)
    assert Snapshot.taken().left_since(before) == {}


def test_down_after_a_reboot_leaves_nothing(before: Snapshot, instance: Instance) -> None:
    kill_up_at("cluster: waiting for DNS")
    reboot(instance)

    down = sandbox("down", "--yes")

    assert down.returncode == 0, down.stdout + down.stderr
    assert Snapshot.taken().left_since(before) == {}
