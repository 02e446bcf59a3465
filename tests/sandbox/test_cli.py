"""The command line: its settings survive a shell, its refusals are words."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sandbox import cli
from tests.sandbox.machine import sandbox


@pytest.mark.parametrize("value", ["plain", "two words", "it's", '"$(rm -rf ~)"', "a;b&c|d`e`"])
def test_a_shell_takes_exactly_the_value(value: str) -> None:
    shell = f'{cli.export("OV_VALUE", value)}\nprintf %s "$OV_VALUE"'

    said = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True)

    assert said.stdout == value


def test_a_path_goes_before_the_shells_own() -> None:
    shell = f'PATH=/mine\n{cli.export("PATH", "/it has/blanks")}\nprintf %s "$PATH"'

    said = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, text=True, check=True)

    assert said.stdout == "/it has/blanks:/mine"


@pytest.mark.parametrize("command", [["env"], ["status"], ["logs", "db"]])
def test_without_a_sandbox_the_way_to_one_is_named(command: list[str], tmp_path: Path) -> None:
    said = sandbox(*command, OV_STATE=str(tmp_path / "none"), OV_SANDBOX="main")

    assert said.returncode == 1
    assert said.stdout == "", "nothing that a shell could take for settings"
    assert "There is no sandbox main" in said.stderr
    assert "make up" in said.stderr
    assert "Traceback" not in said.stderr


def test_an_unknown_sandbox_is_refused() -> None:
    said = sandbox("env", OV_SANDBOX="mian")

    assert said.returncode == 1
    assert "OV_SANDBOX=mian names no sandbox" in said.stderr
    assert "main, test, and work2 to work7" in said.stderr


def test_a_port_that_is_none_is_refused() -> None:
    said = sandbox("env", OV_HTTPS_PORT="https")

    assert said.returncode == 1
    assert "OV_HTTPS_PORT=https is no port" in said.stderr
