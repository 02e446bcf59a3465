"""The handbook: every page has its place, and none of them asks another host for anything."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from declared.stacks import ROOT
from tests.typed import Block, marked, marks

DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
_LISTED = re.compile(r"^\d+\. \[[^]]+\]\((\d{4}-[^)]+\.md)\)$", re.MULTILINE)


def _places(nav: Any) -> Iterator[str]:
    """Yield the pages of a navigation, in its order."""
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, dict):
        for each in nav.values():  # pyright: ignore[reportUnknownVariableType]
            yield from _places(each)
    else:
        for each in nav:
            yield from _places(each)


@pytest.fixture(scope="module")
def places() -> list[str]:
    """Return the pages that mkdocs.yml has a place for, in its order."""
    return list(_places(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))


def test_every_page_has_one_place_in_the_navigation(places: list[str]) -> None:
    assert sorted(places) == PAGES, "each page of docs/ is listed once under nav in mkdocs.yml"


def test_the_decisions_are_listed_alike_on_their_page_and_in_the_navigation(
    places: list[str],
) -> None:
    listed = _LISTED.findall((DOCS / "decisions" / "README.md").read_text())

    assert listed == [Path(place).name for place in places if place.startswith("decisions/0")]
    assert listed == sorted(listed)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_pictures_of_its_own_and_no_language_that_a_script_would_draw(
    page: str,
) -> None:
    text = (DOCS / page).read_text()

    assert "```mermaid" not in text, "a picture of docs/pictures/ is read without a script"
    assert not re.search(r"!\[[^]]*\]\(https?:|<img[^>]+src=.https?:|<(script|iframe)", text)
    assert not re.search(r"!\[\s*\]\(", text), "a picture says in words what it shows"


def _commands() -> Iterator[tuple[str, Block]]:
    # The page of images is typed elsewhere, with registries of its own.
    for page in [ROOT / "README.md", *(DOCS / each for each in PAGES if each != "images.md")]:
        for block in marked(page):
            yield f"{page.relative_to(ROOT)}:{block.line}", block


# What tests/live/test_commands.py types, by where it stands.
COMMANDS = dict(_commands())


def test_these_pages_have_commands_that_are_typed() -> None:
    assert Counter(where.split(":")[0] for where in COMMANDS) == {
        "README.md": 1,
        "docs/about.md": 1,
        "docs/architecture.md": 1,
        "docs/data.md": 2,
        "docs/deploy.md": 1,
        "docs/getting-started.md": 2,
        "docs/preview.md": 1,
        "docs/runbooks.md": 2,
        "docs/state.md": 1,
    }


@pytest.mark.parametrize("page", ["../README.md", *PAGES])
def test_every_mark_is_in_front_of_a_block_that_can_be_typed(page: str) -> None:
    path = DOCS / page

    assert marks(path) == len(marked(path)), "<!-- run --> stands before a fenced console block"
    for block in marked(path):
        script = "\n".join(typed.command for typed in block.commands)
        parsed = subprocess.run(
            ["bash", "-n"], input=script, capture_output=True, text=True, check=False
        )
        assert parsed.returncode == 0, f"line {block.line}: {parsed.stderr}"
