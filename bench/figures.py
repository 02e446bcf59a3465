"""What was measured, what it is held against, and how both are shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from sandbox.instance import CHECKOUT

RESULTS = CHECKOUT / "build" / "bench.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """How large a figure, or its ratio to the other value, may be; or must be."""

    bound: float
    at_least: bool = False

    def met(self, value: float) -> bool:
        """Whether *value* is good enough."""
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'at least' if self.at_least else 'at most'} {self.bound:g}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One measured value: the median of several runs where it is a time."""

    name: str
    value: float
    unit: str
    compared_with: str = ""
    other: float | None = None
    # Of the ratio where there is another value, else of the value.
    goal: Goal | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the other value this one is; None without another that is not 0."""
        return self.value / self.other if self.other else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached, if there is one. What cannot be compared reaches none."""
        if self.goal is None:
            return None
        compared = self.value if self.other is None else self.ratio
        return compared is not None and self.goal.met(compared)

    def described(self) -> dict[str, Any]:
        """Return the figure for programs."""
        return {
            "name": self.name,
            "value": round(self.value, 3),
            "unit": self.unit,
            "compared_with": self.compared_with,
            "other": None if self.other is None else round(self.other, 3),
            "ratio": None if self.ratio is None else round(self.ratio, 3),
            "goal": str(self.goal) if self.goal else None,
            "met": self.met,
        }


def report(figures: Sequence[Figure]) -> None:
    """Print the table and write the file."""
    table = Table("figure", "value", "compared with", "its value", "ratio", "goal")
    for each in figures:
        other = "" if each.other is None else f"{each.other:.2f} {each.unit}"
        ratio = "" if each.ratio is None else f"{each.ratio:.2f}"
        goal = f"{each.goal}: {'met' if each.met else 'missed'}" if each.goal else ""
        table.add_row(
            each.name, f"{each.value:.2f} {each.unit}", each.compared_with, other, ratio, goal
        )
    Console(width=None if Console().is_terminal else 160).print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([each.described() for each in figures], indent=2) + "\n")
    print(f"written to {RESULTS.relative_to(CHECKOUT)}")
