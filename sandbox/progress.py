"""What a person sees while the sandbox comes up: each phase, its current step, its time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Phase:
    """One part of the way up; it returns the words that say what it found or did."""

    name: str
    work: Callable[[Report], str]


class Screen(Protocol):
    """Where phases are shown."""

    def begin(self, phase: str) -> None:
        """Say that a phase begins."""
        ...

    def step(self, text: str) -> None:
        """Say what the phase does at the moment."""
        ...

    def end(self, note: str, seconds: float, *, well: bool) -> None:
        """Say how the phase ended."""
        ...


class PlainScreen:
    """Lines, for logs, pipes and eyes that want no colours."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._phase = ""

    def begin(self, phase: str) -> None:
        self._phase = phase
        self._write(f"{phase} ...")

    def step(self, text: str) -> None:
        self._write(f"{self._phase}: {text}")

    def end(self, note: str, seconds: float, *, well: bool) -> None:
        outcome = "done" if well else "failed"
        self._write(f"{self._phase} {outcome} in {seconds:.1f} s: {note}")


class LiveScreen:
    """One line per finished phase, and below them a line that moves and counts the seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._phase = ""
        self._bar: Progress | None = None
        self._line = TaskID(0)

    def begin(self, phase: str) -> None:
        self._phase = phase
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._bar = Progress(*columns, console=self._console, transient=True)
        self._line = self._bar.add_task(f"{phase:<14}", total=None)
        self._bar.start()

    def step(self, text: str) -> None:
        if self._bar:
            words = f"{self._phase:<14} [dim]{escape(text)}[/]"
            self._bar.update(self._line, description=words)

    def end(self, note: str, seconds: float, *, well: bool) -> None:
        if self._bar:
            self._bar.stop()
        mark = "[green]✔[/]" if well else "[red]✘[/]"
        line = f"{mark} {self._phase:<14} {seconds:>6.1f} s  [dim]{escape(note)}[/]"
        self._console.print(line, highlight=False)


def screen(console: Console) -> Screen:
    """Return the screen that suits *console*: moving on a terminal, plain anywhere else."""
    if console.is_terminal and not os.environ.get("NO_COLOR") and not os.environ.get("CI"):
        return LiveScreen(console)
    return PlainScreen(lambda line: print(line, flush=True))


def go_through(phases: Sequence[Phase], shown: Screen) -> None:
    """Do one phase after another; the first that fails is the last."""
    for phase in phases:
        began = time.monotonic()
        shown.begin(phase.name)
        note, well = "did not succeed", False
        try:
            note = phase.work(shown.step)
            well = True
        finally:
            shown.end(note, time.monotonic() - began, well=well)
