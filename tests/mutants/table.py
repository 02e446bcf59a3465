"""The promises, and how each of them is broken: the TOML files beside this one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent.parent
TABLES = Path(__file__).parent / "promises"


class StaleError(Exception):
    """A mutant whose text is not, or not once, where it is looked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutant:
    """A promise, the text that keeps it, what that is replaced by, and who is to notice."""

    area: str
    promise: str
    old: str
    new: str
    tests: tuple[str, ...]
    # The file, or a folder in one of whose files the text is: what moves between two files of a
    # folder is found all the same.
    within: str = "components"
    # The row of docs/invariants.md that the promise stands for.
    invariant: int = 0
    # Whether its tests need programs of the sandbox, which are no part of a checkout.
    tools: bool = False

    def place(self, checkout: Path) -> Path:
        """Return the one file that has the text; a StaleError says that there is none such."""
        texts = _texts(checkout / self.within)
        found = [path for path, text in texts.items() for _ in range(text.count(self.old))]
        if len(found) == 1:
            return found[0]
        held = f"is there {len(found)} times" if found else "is there no more"
        raise StaleError(
            f"tests/mutants/promises/{self.area}.toml breaks {self.promise!r} by replacing "
            f"{self.old!r} within {self.within}, which {held}: give it the text that keeps this "
            "promise now"
        )


def mutants(tables: Path = TABLES) -> list[Mutant]:
    """Return all mutants, area by area; what a table says of a mutant, Mutant must know."""
    return [mutant for path in sorted(tables.glob("*.toml")) for mutant in _area(path)]


def chosen(known: Iterable[Mutant], word: str) -> list[Mutant]:
    """Return the mutants that have *word* in area, promise, place or tests."""
    return [
        each
        for each in known
        if word.casefold()
        in " ".join((each.area, each.promise, each.within, *each.tests)).casefold()
    ]


def _area(path: Path) -> list[Mutant]:
    rows: list[dict[str, Any]] = tomllib.loads(path.read_text())["mutant"]
    for row in rows:
        row["tests"] = tuple(row["tests"])
    return [Mutant(area=path.stem, **row) for row in rows]


@lru_cache(maxsize=16)
def _texts(top: Path) -> dict[Path, str]:
    """Return the text of a file, or of all those in a folder: read once, for many mutants."""
    paths = [top] if top.is_file() else sorted(top.rglob("*"))
    return {path: path.read_text() for path in paths if path.is_file() and path.suffix != ".pyc"}
