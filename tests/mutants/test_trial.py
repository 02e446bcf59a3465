"""The trial of a mutant: what counts as caught, and what does not."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.mutants.table import Mutant
from tests.mutants.trial import Bench, RedBaselineError, Verdict

PROGRAM = "import os\n\nANSWER = 42\nOTHER = 1\n"
NEAR = "from program import ANSWER\n\n\ndef test_answer():\n    assert ANSWER == 42\n"
FAR = "from program import OTHER\n\n\ndef test_other():\n    assert OTHER == 1\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout of one program and two tests."""
    top = tmp_path / "checkout"
    (top / "tests").mkdir(parents=True)
    (top / "program.py").write_text(PROGRAM)
    (top / "tests/test_near.py").write_text(NEAR)
    (top / "tests/test_far.py").write_text(FAR)
    (top / "pyproject.toml").write_text("[tool.pytest.ini_options]\nmarkers = ['live']\n")
    (top / ".gitignore").write_text("secret\n")
    (top / "secret").write_text("left out")
    subprocess.run(["git", "init", "-q", top], check=True)
    return top


@pytest.fixture
def bench(checkout: Path, tmp_path: Path) -> Bench:
    folder = tmp_path / "copies"
    folder.mkdir()
    return Bench(checkout, folder)


def mutant(old: str, new: str, **more: Any) -> Mutant:
    fields: dict[str, Any] = {"within": "program.py", "tests": ("tests/test_near.py",)}
    return Mutant(area="it", promise="It is so", old=old, new=new, **fields | more)


def test_a_promise_that_a_named_test_keeps_is_caught_by_it(bench: Bench) -> None:
    verdict = bench.judge(mutant("42", "43"))

    assert (verdict.caught, verdict.words) == (True, "tests/test_near.py::test_answer")


def test_a_promise_that_any_other_test_keeps_is_caught_too(bench: Bench) -> None:
    assert bench.judge(mutant("OTHER = 1", "OTHER = 2")).words == "tests/test_far.py::test_other"


def test_a_promise_that_no_test_keeps_is_not_caught(bench: Bench) -> None:
    verdict = bench.judge(mutant("import os", "import sys"))

    assert verdict == Verdict(verdict.mutant, caught=False, words="no test goes red")


def test_a_program_that_does_not_start_catches_nothing(bench: Bench) -> None:
    verdict = bench.judge(mutant("import os", "import nosuch"))

    assert not verdict.caught
    assert verdict.words.startswith("no test ran")


def test_a_text_that_is_no_more_there_catches_nothing(bench: Bench) -> None:
    verdict = bench.judge(mutant("FORTY", "43"))

    assert not verdict.caught
    assert "which is there no more" in verdict.words


def test_a_test_that_waits_for_ever_catches_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.mutants.trial.PATIENCE", 0.01)

    assert not bench.judge(mutant("42", "43")).caught


def test_tests_that_fail_with_nothing_broken_say_nothing(checkout: Path, tmp_path: Path) -> None:
    (checkout / "program.py").write_text(PROGRAM.replace("42", "41"))
    bench = Bench(checkout, tmp_path)

    with pytest.raises(RedBaselineError, match="test_near"):
        bench.require_green(["tests/test_near.py"])
    with pytest.raises(RedBaselineError, match="test_near"):
        bench.judge(mutant("import os", "import sys", tests=("tests/test_far.py",)))


def test_the_checkout_itself_is_left_alone(bench: Bench, checkout: Path, tmp_path: Path) -> None:
    bench.judge(mutant("42", "43"))

    assert (checkout / "program.py").read_text() == PROGRAM
    copies = [path.name for path in (tmp_path / "copies").iterdir()]
    assert copies == ["clean"]
    assert not (tmp_path / "copies/clean/secret").exists()
