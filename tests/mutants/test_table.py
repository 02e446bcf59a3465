"""The table of mutants says what is true of the checkout, and leaves no promise out."""

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutants.table import CHECKOUT, Mutant, StaleError, chosen, mutants

KNOWN = mutants()
AREAS = sorted({each.area for each in KNOWN})
COMPONENTS = sorted(
    str(path.relative_to(CHECKOUT))
    for path in (CHECKOUT / "components").rglob("*.py")
    if path.name != "__init__.py"
)


@pytest.fixture(scope="module")
def broken() -> set[str]:
    """Return the files in which a promise is broken."""
    found = set[str]()
    for each in KNOWN:
        with contextlib.suppress(StaleError):
            found.add(str(each.place(CHECKOUT).relative_to(CHECKOUT)))
    return found


@pytest.mark.parametrize("area", AREAS)
def test_what_keeps_a_promise_is_where_the_table_says(area: str) -> None:
    found = [words for each in KNOWN if each.area == area for words in faults(each)]

    assert not found, "\n".join(found)


def faults(mutant: Mutant) -> Iterator[str]:
    """Yield what is wrong with a row of the table."""
    try:
        mutant.place(CHECKOUT)
    except StaleError as error:
        yield str(error)
        return
    if mutant.old == mutant.new:
        yield f"{mutant.promise}: nothing is broken"
    if not mutant.tests:
        yield f"{mutant.promise}: nobody is to notice"
    for test in mutant.tests:
        file, _, name = test.partition("::")
        path = CHECKOUT / file
        if not path.is_file() or (name and f"def {name}(" not in path.read_text()):
            yield f"{mutant.promise}: there is no {test}"


def test_what_breaks_a_promise_is_a_program_all_the_same(tmp_path: Path) -> None:
    """A program that does not start, or misses a name, says nothing about its promises."""
    for number, each in enumerate(KNOWN):
        with contextlib.suppress(StaleError):
            place = each.place(CHECKOUT)
            if place.suffix == ".py":
                text = place.read_text().replace(each.old, each.new)
                (tmp_path / f"{each.area}-{number}.py").write_text(text)
    linter = [Path(sys.executable).parent / "ruff", "check", "--isolated", "--select=E9,F821"]

    done = subprocess.run([*linter, tmp_path], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_every_promise_is_made_once() -> None:
    promises = [each.promise for each in KNOWN]

    assert len(promises) == len(set(promises))


def test_every_invariant_is_broken_by_somebody() -> None:
    rows = re.findall(r"^\| (\d+) \|", (CHECKOUT / "docs/invariants.md").read_text(), re.MULTILINE)

    assert {each.invariant for each in KNOWN} - {0} == {int(row) for row in rows}


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_component_has_a_promise_to_break(component: str, broken: set[str]) -> None:
    assert component in broken


def test_a_word_finds_the_mutants_of_an_area_and_of_a_promise() -> None:
    one = next(each for each in KNOWN if each.area == "database")

    assert one in chosen(KNOWN, "Database")
    assert chosen(KNOWN, one.promise.upper()) == [one]
    assert not chosen(KNOWN, "no such word")


def test_a_text_that_is_gone_or_is_there_twice_is_told_by_the_promise() -> None:
    gone = Mutant(area="a", promise="All is well", old="nowhere at all", new="", tests=())
    twice = Mutant(area="a", promise="All is well", old="import pulumi\n", new="", tests=())

    with pytest.raises(StaleError, match=r"a\.toml breaks 'All is well'.*is there no more"):
        gone.place(CHECKOUT)
    with pytest.raises(StaleError, match=r"is there \d+ times"):
        twice.place(CHECKOUT)
