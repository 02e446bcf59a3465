"""The README names nothing that there is not, and forgets no folder."""

from __future__ import annotations

import re
from itertools import chain

from typer.core import TyperGroup
from typer.main import get_command

from declared.stacks import ROOT
from operations.cli import app

README = (ROOT / "README.md").read_text()
_LINK = re.compile(r"\]\((?P<markdown>[^)\s]+)\)|(?:src|href)=\"(?P<html>[^\"]+)\"")
_PICTURE = re.compile(r"!\[(?P<markdown>[^\]]*)\]|<img [^>]*?alt=\"(?P<html>[^\"]*)\"|<img ")
_MAKE = re.compile(r"(?:`|\$ |\()make (?:-s )?(?P<target>[a-z-]+)")
_OV = re.compile(r"\./ov (?P<verb>[a-z]+)(?: (?P<second>[a-z]+))?")
_TARGET = re.compile(r"^(?P<target>[a-z-]+):", re.MULTILINE)
_FOLDER = re.compile(r"^\| \[`(?P<folder>[\w.]+)/`\]", re.MULTILINE)


def test_every_link_to_a_file_leads_to_one() -> None:
    links = [each["markdown"] or each["html"] for each in _LINK.finditer(README)]
    local = [each.partition("#")[0] for each in links if "://" not in each]

    assert len(local) > 20
    assert [each for each in local if not (ROOT / each).exists()] == []


def test_every_picture_is_told_in_words() -> None:
    told = [each["markdown"] or each["html"] for each in _PICTURE.finditer(README)]

    assert told
    assert all(told)


def test_every_target_of_make_that_it_names_is_there() -> None:
    targets = set(_TARGET.findall((ROOT / "Makefile").read_text()))
    named = {each["target"] for each in _MAKE.finditer(README)}

    assert {"up", "test", "check"} <= named
    assert named <= targets


def test_every_verb_of_ov_that_it_names_is_there() -> None:
    verbs = get_command(app)
    named = [(each["verb"], each["second"]) for each in _OV.finditer(README)]

    assert named
    assert isinstance(verbs, TyperGroup)
    for verb, second in named:
        assert verb in verbs.commands
        group = verbs.commands[verb]
        if isinstance(group, TyperGroup) and second:
            assert second in group.commands


def test_its_map_has_every_folder() -> None:
    ignored = {line.strip("/ ") for line in (ROOT / ".gitignore").read_text().splitlines()}
    folders = {
        each.name
        for each in ROOT.iterdir()
        if each.is_dir() and any(chain(each.rglob("*.*"), each.glob("*")))
    }

    assert {*_FOLDER.findall(README)} == {
        name for name in folders - ignored if not name.startswith(".") or name == ".github"
    }
