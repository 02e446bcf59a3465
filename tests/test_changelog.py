"""The changelog: what an operator looks for stands below a heading, once, as a whole sentence."""

from __future__ import annotations

import re

from declared.stacks import ROOT

TEXT = (ROOT / "CHANGELOG.md").read_text()
SECTIONS = re.split(r"^### ", TEXT, flags=re.MULTILINE)
KNOWN = ["Deploying", "Images", "Data", "Operating", "Rancher", "Sandbox", "Development"]


def entries(section: str) -> list[str]:
    """Return the entries of a section, each on one line."""
    return [" ".join(each.split()) for each in re.split(r"^- ", section, flags=re.MULTILINE)[1:]]


def test_every_line_stands_below_a_heading_that_people_look_for() -> None:
    head, *sections = SECTIONS
    titles = [section.splitlines()[0] for section in sections]

    assert entries(head) == [], "an entry goes to the end of its section"
    assert titles == [title for title in KNOWN if title in titles]
    assert all(entries(section) for section in sections)


def test_every_entry_is_a_whole_sentence() -> None:
    said = [entry for section in SECTIONS for entry in entries(section)]

    assert len(said) > 50
    assert [entry for entry in said if not entry.endswith(".")] == []


def test_nothing_is_told_twice() -> None:
    said = [entry for section in SECTIONS for entry in entries(section)]

    assert len(set(said)) == len(said)
