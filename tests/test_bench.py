"""What a measured value is held to, and how it is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import figures, timing
from bench.figures import Figure, Goal, report

AT_MOST = Goal(bound=1.1)
AT_LEAST = Goal(bound=0.9, at_least=True)
NONE_LOST = Goal(bound=0)


def figure(value: float, *, other: float | None = None, goal: Goal | None = None) -> Figure:
    return Figure(name="what was measured", value=value, unit="s", other=other, goal=goal)


@pytest.mark.parametrize(
    ("value", "other", "goal", "met"),
    [
        (2.2, 2.0, AT_MOST, True),
        (2.3, 2.0, AT_MOST, False),
        (1.1, None, AT_MOST, True),
        (1.2, None, AT_MOST, False),
        (90, 100, AT_LEAST, True),
        (89, 100, AT_LEAST, False),
        # Nothing at all is a value like any other.
        (0, 10_000, NONE_LOST, True),
        (1, 10_000, NONE_LOST, False),
        (0, 100, AT_LEAST, False),
        (0, None, AT_LEAST, False),
        (0, None, NONE_LOST, True),
        # What there is nothing to compare with.
        (0, 0, AT_MOST, False),
        (0.5, 0, AT_MOST, False),
        (1, 1, None, None),
    ],
)
def test_a_goal_is_for_the_ratio_where_there_is_another_value(
    value: float, other: float | None, goal: Goal | None, *, met: bool | None
) -> None:
    assert figure(value, other=other, goal=goal).met is met


def test_no_loss_is_shown_as_zero_of_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(figures, "RESULTS", tmp_path / "build" / "bench.json")
    monkeypatch.setattr(figures, "CHECKOUT", tmp_path)

    report([figure(0, other=10_000, goal=NONE_LOST), figure(3.2)])

    lost, alone = json.loads((tmp_path / "build" / "bench.json").read_text())
    assert (lost["value"], lost["ratio"], lost["met"]) == (0, 0, True)
    assert (alone["other"], alone["ratio"], alone["goal"], alone["met"]) == (None,) * 4
    shown = " ".join(capsys.readouterr().out.split())
    assert "0.00 s" in shown
    assert "10000.00 s │ 0.00 │ at most 0: met" in shown


def test_commands_are_timed_in_turn_and_the_median_counts() -> None:
    said = list[str]()
    taken = {"ours": iter([99.0, 3.0, 1.0, 2.0]), "theirs": iter([99.0, 6.0, 5.0, 9.0])}

    def measure(name: str) -> float:
        said.append(name)
        return next(taken[name])

    medians = timing.in_turn(lambda: measure("ours"), lambda: measure("theirs"), rounds=3)

    assert medians == [2.0, 6.0]
    assert said == ["ours", "theirs"] * 4
