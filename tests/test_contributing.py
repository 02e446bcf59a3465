"""The pages for contributors: each step they show fits this repository as it is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import recipes
from tests.live.project import clone_into

SERVICE = recipes.PAGES / "add-a-service.md"
_UNMARKED = re.compile(r"(?<! -->\n)^```(?:python|diff|nginx)$", re.MULTILINE)


def test_every_step_of_every_page_fits_and_leaves_clean_sources(tmp_path: Path) -> None:
    copy = tmp_path / "program"
    clone_into(copy)
    touched = {file for page in recipes.pages() for file in recipes.do(page, copy)}
    sources = sorted(file for file in touched if file.suffix == ".py")
    ruff = Path(sys.executable).with_name("ruff")

    assert len(sources) > 12
    for words in (("format", "--check"), ("check",)):
        done = subprocess.run(
            [ruff, *words, "--quiet", "--no-cache", *sources],
            cwd=copy, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", recipes.pages(), ids=lambda page: page.stem)
def test_a_page_shows_no_code_that_nobody_tries(page: Path) -> None:
    assert not _UNMARKED.search(page.read_text())
    assert [step.path for step in recipes.steps(page) if step.path.startswith("tests/test_")]


def test_a_service_is_one_file_one_line_and_one_test() -> None:
    steps = recipes.steps(SERVICE)
    wholes = [step.path for step in steps if step.whole and not step.path.startswith("images/")]
    (edit,) = (step for step in steps if not step.whole)

    assert wholes == ["components/feed.py", "tests/test_feed.py"]
    assert edit.path == "components/openvault.py"
    assert [line[0] for line in edit.text.splitlines()] == ["-", "+"]


def test_a_step_that_does_not_fit_any_more_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("one\ntwo\n")

    with pytest.raises(AssertionError, match="not once in there"):
        recipes.Step("there", " one\n-three\n+four\n", whole=False).do(tmp_path)
    with pytest.raises(AssertionError, match="is there already"):
        recipes.Step("there", "five\n", whole=True).do(tmp_path)
    recipes.Step("there", " one\n-two\n+three\n", whole=False).do(tmp_path)
    assert (tmp_path / "there").read_text() == "one\nthree\n"
