"""Commands that pages tell people to type, and what the pages say that they answer.

A console block below `<!-- run -->` is typed by a test; `<!-- run: exit 4 -->` says how its last
command ends. In an answer … is anything, and a digest is any digest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_MARK = r"<!-- run(?:: exit (?P<code>\d+))? -->\n"
_FENCED = r"```console\n(?P<text>.*?)```"
_BLOCK = re.compile(_FENCED, re.DOTALL)
_MARKED = re.compile(_MARK + _FENCED, re.DOTALL)
_WILD = re.compile(r"…|\b[0-9a-f]{12,64}\b")


@dataclass(frozen=True, slots=True)
class Typed:
    """A command of a page, the answer that it shows, and the exit code."""

    command: str
    answer: str
    code: int


@dataclass(frozen=True, slots=True)
class Block:
    """The commands of one marked block, and the line of its page where it begins."""

    line: int
    commands: tuple[Typed, ...]


def marked(page: Path) -> list[Block]:
    """Return the marked blocks of *page*, in its order."""
    text = page.read_text()
    return [
        Block(text.count("\n", 0, found.start()) + 1, _commands(found["text"], found["code"]))
        for found in _MARKED.finditer(text)
    ]


def unmarked(page: Path) -> int:
    """Return how many console blocks of *page* nobody types."""
    text = page.read_text()
    return len(_BLOCK.findall(text)) - len(_MARKED.findall(text))


def marks(page: Path) -> int:
    """Return how often *page* says that something is run, whether a block follows or not."""
    return len(re.findall(r"^[ >]*<!-- run", page.read_text(), re.MULTILINE))


def _commands(text: str, code: str | None) -> tuple[Typed, ...]:
    before, *parts = re.split(r"^\$ ", text, flags=re.MULTILINE)
    if before or not parts:
        raise ValueError(f"a console block begins with '$ ' and a command, not with: {text[:40]}")
    ends = [0] * (len(parts) - 1) + [int(code or 0)]
    split = (part.partition("\n") for part in parts)
    return tuple(
        Typed(command, answer, end) for (command, _, answer), end in zip(split, ends, strict=True)
    )


def matches(said: str, shown: str) -> bool:
    """Tell whether a command said what the page shows, word by word."""
    words = r"\s+".join(_word(word) for word in shown.split())
    return re.fullmatch(rf"\s*{words}\s*", said, re.DOTALL) is not None


def _word(word: str) -> str:
    # Within a word it stays there: tables of words that may be anything would take for ever.
    anything = ".*" if word.strip("….") == "" else r"\S*"
    pattern, at = "", 0
    for wild in _WILD.finditer(word):
        pattern += re.escape(word[at : wild.start()])
        pattern += anything if wild[0] == "…" else f"[0-9a-f]{{{len(wild[0])}}}"
        at = wild.end()
    return pattern + re.escape(word[at:])
