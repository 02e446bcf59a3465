"""Two commands never change one sandbox at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox import occupancy
from sandbox.errors import Refusal
from sandbox.instance import Instance


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(name="main", index=0, state=tmp_path / "s", cache=tmp_path, https_port=443)


def test_the_second_command_is_refused_with_the_first_ones_number(instance: Instance) -> None:
    with (
        occupancy.occupied(instance),
        pytest.raises(Refusal, match=r"busy: process \d+") as refused,
        occupancy.occupied(instance),
    ):
        pass

    assert "kill" in refused.value.do


def test_the_lock_ends_with_the_command(instance: Instance) -> None:
    for _ in range(2):
        with occupancy.occupied(instance):
            pass


def test_a_lock_file_that_was_removed_meanwhile_is_made_anew(instance: Instance) -> None:
    with occupancy.occupied(instance):
        (instance.state / "lock").unlink()
        with occupancy.occupied(instance):
            assert (instance.state / "lock").exists()


def test_a_reboot_is_noticed_once(instance: Instance) -> None:
    instance.state.mkdir()
    assert not occupancy.forget_the_last_boot(instance), "there was nothing to forget"
    (instance.run / "docker.pid").touch()
    assert not occupancy.forget_the_last_boot(instance)
    assert (instance.run / "docker.pid").exists()

    (instance.state / "boot").write_text("an earlier one\n")

    assert occupancy.forget_the_last_boot(instance)
    assert not (instance.run / "docker.pid").exists()
    assert not occupancy.forget_the_last_boot(instance)
