"""A person sees what happens, on a terminal and in a log."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from rich.console import Console

from sandbox import progress
from sandbox.instance import CHECKOUT
from sandbox.progress import LiveScreen, Phase, PlainScreen, Report, go_through


def working(report: Report) -> str:
    report("first half")
    report("second half")
    return "built"


def failing(report: Report) -> str:
    report("trying")
    raise LookupError("nothing there")


def test_plain_lines_name_the_phase_its_steps_and_its_time() -> None:
    lines: list[str] = []

    go_through([Phase("cluster", working)], PlainScreen(lines.append))

    assert lines[:3] == ["cluster ...", "cluster: first half", "cluster: second half"]
    assert lines[3].startswith("cluster done in 0.")
    assert lines[3].endswith(" s: built")


def test_the_phase_that_fails_is_the_last() -> None:
    lines: list[str] = []

    with pytest.raises(LookupError):
        go_through([Phase("one", failing), Phase("two", working)], PlainScreen(lines.append))

    assert lines[-1].startswith("one failed in ")
    assert not any(line.startswith("two") for line in lines)


def test_a_terminal_keeps_one_line_per_phase() -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100)

    go_through([Phase("cluster", working)], LiveScreen(console))

    assert "✔" in written.getvalue()
    assert "built" in written.getvalue()


@pytest.mark.parametrize("variable", ["NO_COLOR", "CI"])
def test_no_color_and_ci_get_plain_lines(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("CI", raising=False)
    assert isinstance(progress.screen(terminal), LiveScreen)

    monkeypatch.setenv(variable, "1")

    assert isinstance(progress.screen(terminal), PlainScreen)


def test_a_pipe_gets_plain_lines() -> None:
    assert isinstance(progress.screen(Console(file=io.StringIO())), PlainScreen)


# Three phases that each leave a file; the second kills the process the first time.
CLIMB = """
    import os, signal, sys
    from pathlib import Path
    from sandbox.instance import Instance
    from sandbox.occupancy import occupied
    from sandbox.progress import Phase, PlainScreen, go_through

    state = Path(sys.argv[1])
    instance = Instance(name="main", index=0, state=state, cache=state, https_port=443)

    def leaves(name, kills=False):
        def work(report):
            mark = state / name
            if mark.exists():
                return "unchanged"
            half = state / f"{name}.half"
            half.touch()
            if kills and not (state / "killed").exists():
                (state / "killed").touch()
                os.kill(os.getpid(), signal.SIGKILL)
            half.rename(mark)
            return "made"
        return Phase(name, work)

    with occupied(instance):
        go_through([leaves("a"), leaves("b", kills=True), leaves("c")], PlainScreen(print))
"""


def test_a_killed_way_up_goes_on_where_it_was(tmp_path: Path) -> None:
    argv = [sys.executable, "-u", "-c", textwrap.dedent(CLIMB), str(tmp_path)]
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT)}

    first = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    second = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)

    assert first.returncode == -signal.SIGKILL
    assert first.stdout.splitlines()[-1] == "b ..."
    notes = [line.rpartition(": ")[2] for line in second.stdout.splitlines() if "done" in line]
    assert notes == ["unchanged", "made", "made"]
