"""The pages for contributors, done as they say: files written and edits made on a copy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from declared.stacks import ROOT

PAGES = ROOT / "docs" / "contributing"

# A block, with the line above it that says which file it is, or is an edit of.
_BLOCK = re.compile(
    r"^<!-- (?P<what>file|edit): (?P<path>\S+) -->\n```\w+\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_MARK = re.compile(r"^<!-- (?:file|edit)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Step:
    """One file that is written whole, or one place of a file that is changed."""

    path: str
    text: str
    whole: bool

    def do(self, copy: Path) -> Path:
        """Do it in *copy*; return the file."""
        file = copy / self.path
        if self.whole:
            assert not file.exists(), f"{self.path} is there already"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(self.text)
            return file
        before, after = _side(self.text, "-"), _side(self.text, "+")
        content = file.read_text()
        assert content.count(before) == 1, f"not once in {self.path}:\n{before}"
        file.write_text(content.replace(before, after))
        return file


def steps(page: Path) -> Sequence[Step]:
    """Return what *page* has its reader do, in its order."""
    text = page.read_text()
    found = [
        Step(match["path"], match["text"], match["what"] == "file")
        for match in _BLOCK.finditer(text)
    ]
    assert len(found) == len(_MARK.findall(text)), f"{page.name}: a mark stands above no block"
    return found


def do(page: Path, copy: Path) -> list[Path]:
    """Do what *page* says in *copy*, and return the files that it touches."""
    return [step.do(copy) for step in steps(page)]


def pages() -> Sequence[Path]:
    """Return the pages that have their reader do something."""
    return sorted(PAGES.glob("add-*.md"))


def _side(diff: str, sign: str) -> str:
    """Return the lines of a diff as they are before (-) or after (+) it."""
    return "".join(f"{line[1:]}\n" for line in diff.splitlines() if line[:1] in {" ", "", sign})
