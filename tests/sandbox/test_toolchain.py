"""What is in the cache was made of what its name says, and is whole."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from sandbox import toolchain
from sandbox.toolchain import Toolchain, golang
from sandbox.toolchain.recipe import Recipe, alone


def recipe(*parts: str, compiler: str | None = None, fails: bool = False) -> Recipe:
    def build(into: Path) -> None:
        (into / "program").write_text("".join(parts))
        if fails:
            raise RuntimeError("the compiler gave up")

    return Recipe(
        name="thing",
        about="making a thing",
        parts=lambda: parts,
        build=build,
        compiler=None if compiler is None else lambda: compiler,
    )


def test_the_name_changes_with_every_part(tmp_path: Path) -> None:
    recipes = [recipe("a", "b"), recipe("ab"), recipe("a", "c"), recipe("a", "b", "")]

    for one, other in itertools.combinations(recipes, 2):
        assert one.folder(tmp_path) != other.folder(tmp_path)


def test_the_same_parts_give_the_same_name(tmp_path: Path) -> None:
    assert recipe("a", "b").folder(tmp_path) == recipe("a", "b").folder(tmp_path)


def test_another_compiler_makes_another_program(tmp_path: Path) -> None:
    old, new = recipe("a", compiler="go1.26.1"), recipe("a", compiler="go1.26.8")
    old.make(tmp_path)

    assert not new.made(tmp_path)


def test_a_cached_program_needs_no_compiler(tmp_path: Path) -> None:
    recipe("a", compiler="go1.26.8").make(tmp_path)

    assert recipe("a", compiler="").made(tmp_path)
    assert not recipe("b", compiler="").made(tmp_path)


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    failing = recipe("a", fails=True)

    with pytest.raises(RuntimeError):
        failing.make(tmp_path)

    assert not failing.made(tmp_path)
    assert list((tmp_path / "bin").iterdir()) == []


def test_what_a_killed_build_left_is_not_taken_for_the_program(tmp_path: Path) -> None:
    thing = recipe("a")
    folder = thing.folder(tmp_path)
    half = folder.with_name(f".{folder.name}")
    half.mkdir(parents=True)
    (half / "debris").touch()

    assert not thing.made(tmp_path)
    thing.make(tmp_path)
    assert [path.name for path in folder.iterdir()] == ["program"]


def test_the_next_to_fill_the_cache_removes_what_killed_builds_left(tmp_path: Path) -> None:
    thing = recipe("a", compiler="go1.26.8")
    thing.make(tmp_path)
    (tmp_path / "bin" / ".old-0123456789abcdef").mkdir()
    (tmp_path / "bin" / ".old-0123456789abcdef-go1.26.1").mkdir()

    with alone(tmp_path, print):
        assert [path.name for path in (tmp_path / "bin").iterdir()] == [thing.folder(tmp_path).name]


def test_every_go_program_is_built_from_committed_sums() -> None:
    for module in golang.SOURCES.iterdir():
        assert (module / "go.sum").stat().st_size > 0, f"{module.name} has no go.sum"


def test_go_programs_differ_in_their_names_and_recipes() -> None:
    assert len({r.name for r in golang.RECIPES}) == len(golang.RECIPES)
    assert len({r.digest() for r in golang.RECIPES}) == len(golang.RECIPES)


def test_a_shells_path_does_not_reach_the_daemons(monkeypatch: pytest.MonkeyPatch) -> None:
    tools = Toolchain(programs=(Path("/cache/bin/etcd"),), debs=Path("/cache/debs/one"))
    before = tools.env()

    monkeypatch.setenv("PATH", f"/home/someone/bin:{os.environ['PATH']}")

    assert tools.env() == before, "a daemon whose environment changes is restarted"


def test_our_own_programs_come_before_the_machines(tmp_path: Path) -> None:
    ours = tmp_path / "bin" / "sh"
    ours.parent.mkdir()
    ours.touch()
    tools = Toolchain(programs=(ours.parent,), debs=tmp_path / "debs")

    assert tools.path("sh") == ours
    assert tools.path("ls").name == "ls"
    with pytest.raises(LookupError, match="no-such-program"):
        tools.path("no-such-program")


def test_an_empty_cache_lacks_everything(tmp_path: Path) -> None:
    assert toolchain.missing(tmp_path) == list(toolchain.RECIPES)
    assert toolchain.locate(tmp_path) is None
