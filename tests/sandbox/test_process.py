"""Programs that end are told by their last words; daemons are found whatever becomes of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.errors import Refusal
from sandbox.instance import Instance
from sandbox.process import Processes, attempt, hierarchies, run

SLEEP = ["/bin/sleep", "600"]


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """Return the processes of a sandbox that is nothing but its control groups."""
    instance = Instance(
        name=f"probe-{os.getpid()}", index=9, state=tmp_path, cache=tmp_path, https_port=1
    )
    daemons = Processes(instance)
    daemons.make_cgroups()
    yield daemons
    daemons.end_all()
    deadline = time.monotonic() + 10
    while any((root / instance.cgroup).exists() for root in hierarchies()):
        try:
            daemons.remove_cgroups()
        except OSError:
            assert time.monotonic() < deadline, "the control groups did not go away"
            time.sleep(0.05)


def test_a_failure_is_told_with_the_programs_last_words() -> None:
    script = "echo fine; echo first >&2; echo 'no space left' >&2; exit 3"

    with pytest.raises(Refusal) as refused:
        run(["sh", "-c", script], what="The archive could not be made", do="Free some space")

    assert refused.value.what == "The archive could not be made"
    assert "sh ended with code 3" in refused.value.why
    assert refused.value.why.splitlines()[-1].strip() == "no space left"
    assert refused.value.do == "Free some space"


def test_a_program_that_is_missing_is_named() -> None:
    with pytest.raises(Refusal, match="no-such-program is missing"):
        attempt(["/nowhere/no-such-program"])


def test_what_is_told_to_a_program_is_not_in_its_arguments() -> None:
    assert attempt(["cat"], stdin="a secret").stdout == "a secret"


def test_no_program_waits_for_a_person() -> None:
    assert attempt(["cat"]).stdout == ""


@pytest.mark.live
def test_a_daemon_is_started_once(processes: Processes) -> None:
    assert processes.start("sleeper", SLEEP, inside=False)
    first = processes.pids("sleeper")

    assert not processes.start("sleeper", SLEEP, inside=False)
    assert processes.pids("sleeper") == first
    assert processes.names() == ["sleeper"]


@pytest.mark.live
@pytest.mark.parametrize("change", ["argument", "environment", "configuration"])
def test_a_daemon_that_is_to_be_another_is_started_anew(
    change: str, processes: Processes, tmp_path: Path
) -> None:
    settings = tmp_path / "settings"
    settings.write_text("one")
    processes.start("sleeper", SLEEP, env={}, configuration=[settings], inside=False)
    first = processes.pids("sleeper")

    argv = ["/bin/sleep", "601"] if change == "argument" else SLEEP
    env = {"NEW": "1"} if change == "environment" else {}
    if change == "configuration":
        settings.write_text("two")

    assert processes.start("sleeper", argv, env=env, configuration=[settings], inside=False)
    assert not set(processes.pids("sleeper")) & set(first)


@pytest.mark.live
def test_children_in_a_session_of_their_own_end_with_their_daemon(processes: Processes) -> None:
    script = "setsid sleep 600 & setsid sleep 600 & wait"
    processes.start("parent", ["/bin/sh", "-c", script], inside=False)
    deadline = time.monotonic() + 5
    while len(processes.pids("parent")) < 3:
        assert time.monotonic() < deadline, "the children did not appear in the daemon's group"
        time.sleep(0.02)

    processes.stop("parent")

    assert processes.pids("parent") == []


@pytest.mark.live
def test_a_daemon_that_ended_by_itself_is_told_with_its_last_words(processes: Processes) -> None:
    processes.start("brief", ["/bin/sh", "-c", "echo I cannot go on; exit 1"], inside=False)
    processes.start("sleeper", SLEEP, inside=False)
    deadline = time.monotonic() + 5
    while processes.ended() != ["brief"]:
        assert time.monotonic() < deadline, f"ended: {processes.ended()}"
        time.sleep(0.02)

    with pytest.raises(Refusal, match="I cannot go on"):
        processes.demand_alive()


@pytest.mark.live
def test_what_a_killed_way_up_left_running_is_ended_by_the_next(processes: Processes) -> None:
    script = (
        "import subprocess, sys, time; from pathlib import Path;"
        " from sandbox.instance import Instance; from sandbox.process import Processes;"
        " state = Path(sys.argv[2]);"
        " Processes(Instance(name=sys.argv[1], index=9, state=state, cache=state, https_port=1))"
        ".adopt(); subprocess.Popen(['sleep', '600']); print('up', flush=True); time.sleep(600)"
    )
    _killed_after_it_adopted(processes, script)
    left = processes.all_pids("work")
    assert left, "the orphan is still in the sandbox's group"

    _killed_after_it_adopted(processes, script)

    assert not set(left) & set(processes.all_pids("work"))


def _killed_after_it_adopted(processes: Processes, script: str) -> None:
    instance = processes.instance
    argv = [sys.executable, "-c", script, instance.name, str(instance.state)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as up:
        assert up.stdout
        assert up.stdout.readline() == "up\n"
        os.kill(up.pid, signal.SIGKILL)
        up.stdout.close()
