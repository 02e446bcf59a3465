"""The language host on a real engine: what a program's author sees of it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plugins.project import ImageProject

pytestmark = pytest.mark.live

# The official host does not notice for minutes that its engine was killed.
ENDINGS = [signal.SIGINT] if os.environ.get("OV_PULUMI_BIN") else [signal.SIGINT, signal.SIGKILL]


def test_what_a_program_prints_is_shown_in_its_order(project: ImageProject) -> None:
    project.program("for number in range(5):\n    print(f'line {number}')\n")

    shown = project.preview()

    after = shown.partition("Diagnostics:")[2]
    found = [line.strip() for line in after.splitlines() if line.strip().startswith("line ")]
    assert found == [f"line {number}" for number in range(5)]


def test_a_program_that_dies_is_told_once_with_its_own_place(project: ImageProject) -> None:
    project.program("raise ValueError('wrong on purpose')\n")

    done = project.pulumi("preview", "--stack", "test", check=False)

    told = done.stdout.partition("Diagnostics:")[2]
    assert done.returncode != 0
    assert told.count("ValueError: wrong on purpose") == 1
    assert '__main__.py", line 1, in <module>' in told


def test_a_program_that_gives_up_fails_the_run(project: ImageProject) -> None:
    project.program("import sys\nsys.exit(7)\n")

    done = project.pulumi("preview", "--stack", "test", check=False)

    assert done.returncode != 0
    assert "exited with non-zero exit code: 7" in done.stdout


def test_settings_and_secrets_reach_the_program(project: ImageProject) -> None:
    project.pulumi("config", "set", "word", "hello", "--stack", "test")
    project.pulumi("config", "set", "--secret", "hidden", "sentinel-word", "--stack", "test")
    project.program(
        "import pulumi\n"
        "config = pulumi.Config()\n"
        "pulumi.export('word', config.require('word') + '!')\n"
        "pulumi.export('hidden', config.require_secret('hidden'))\n"
    )

    said = project.pulumi("up", "--yes", "--skip-preview", "--stack", "test").stdout

    assert '"hello!"' in said
    assert "[secret]" in said
    assert "sentinel-word" not in said


def test_the_program_runs_in_its_folder_without_the_plugins_own_paths(
    project: ImageProject,
) -> None:
    project.program(
        "import os, sys\nprint('in', os.getcwd(), os.environ.get('PYTHONPATH'), sys.prefix)\n"
    )

    shown = project.preview()

    assert f"in {project.folder} None {sys.prefix}" in shown


def test_a_relative_virtual_environment_is_found_beside_the_project(project: ImageProject) -> None:
    relative = os.path.relpath(sys.prefix, project.folder)
    project.runtime(virtualenv=relative)
    project.program("print('it ran')\n")

    assert "it ran" in project.preview()


def test_a_missing_virtual_environment_is_told_with_its_cure(project: ImageProject) -> None:
    project.runtime(virtualenv="nosuch")

    done = project.pulumi("preview", "--stack", "test", check=False)

    assert done.returncode != 0
    assert "nosuch" in done.stdout
    assert "python" in done.stdout


def test_about_names_the_programs_python(project: ImageProject) -> None:
    about = project.pulumi("about", "--stack", "test").stdout

    assert "This project is written in python" in about
    assert f"{sys.prefix}/bin/python" in about


def test_a_settled_preview_ends_without_waiting_for_a_plugin(project: ImageProject) -> None:
    project.program("print('nothing')\n")
    project.preview()
    began = time.monotonic()

    project.preview()

    # The engine gives a plugin that lingers five seconds.
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("number", ENDINGS)
def test_no_plugin_outlives_its_engine(project: ImageProject, number: signal.Signals) -> None:
    project.wants("127.0.0.1:1/nosuch:1")
    waiting = project.folder / "waiting"
    project.program(
        f"import pathlib, time\npathlib.Path({str(waiting)!r}).touch()\ntime.sleep(600)\n"
    )
    with subprocess.Popen(
        ["pulumi", "preview", "--stack", "test", "--non-interactive"],
        env=project.env,
        cwd=project.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as engine:
        eventually(waiting.exists)
        engine.send_signal(number)
        if number is signal.SIGINT:
            time.sleep(1)
            engine.send_signal(number)

    eventually(lambda: not left_behind(project))


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.2)


def left_behind(project: ImageProject) -> list[str]:
    """Return the processes that work in the project's folder."""
    found: list[str] = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                if (process / "cwd").readlink() == project.folder:
                    found.append(process.name)
            except OSError:
                continue
    return found
