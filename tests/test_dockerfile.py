"""Dockerfiles: the labels in them, and those of the images this repository owns."""

import subprocess
import sys
from pathlib import Path

import pytest

from components.companion import companions
from components.contract import Promise
from components.dockerfile import labels
from components.generations import GENERATIONS
from declared.stacks import ROOT

OWN = sorted((ROOT / "images").glob("*/Dockerfile"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\nLABEL k=v", {"k": "v"}),
        ("FROM a\nlabel k=v l=w", {"k": "v", "l": "w"}),
        ('FROM a\nLABEL k="v w"', {"k": "v w"}),
        ("FROM a\nLABEL k=v \\\n  l=w", {"k": "v", "l": "w"}),
        ("FROM a\nLABEL k=v \\\n# a word between\n  l=w", {"k": "v", "l": "w"}),
        ("FROM a\n# LABEL k=v", {}),
        ("FROM a\nLABEL k=v\nLABEL k=w", {"k": "w"}),
        ("FROM a AS b\nLABEL k=v\nFROM c\nLABEL l=w", {"l": "w"}),
        ("FROM a AS b\nLABEL k=v\nFROM b\nLABEL l=w", {"k": "v", "l": "w"}),
        ("ARG BASE=a\nFROM --platform=linux/amd64 ${BASE} AS B\nLABEL k=v\nFROM b", {"k": "v"}),
        ("RUN true", {}),
        ("", {}),
    ],
)
def test_labels_are_those_of_the_stage_that_is_built(text: str, expected: dict[str, str]) -> None:
    assert labels(text) == expected


def test_another_stage_may_be_what_is_built() -> None:
    text = "FROM a AS production\nLABEL k=v\nFROM production AS test\nLABEL k=w"

    assert labels(text, "production") == {"k": "v"}
    assert labels(text, "test") == {"k": "w"}
    assert labels(text, "nosuch") == {}


@pytest.mark.parametrize("file", OWN, ids=lambda path: path.parent.name)
def test_an_image_of_ours_says_what_the_program_knows_of_it(file: Path) -> None:
    name = file.parent.name
    promise = Promise.parse(labels(file.read_text()))
    assert promise
    assert (promise.generation or "").split() == [*GENERATIONS]
    for generation in GENERATIONS.values():
        own = {"ov-nginx": generation.proxy, "jumpbox": generation.jumpbox}
        contract = (own | {each.name: each.contract for each in companions()})[name]

        assert contract.disagreements(contract.required, promise) == []
        assert promise.port == contract.port
        assert (promise.required, promise.optional) == (contract.required, contract.optional)
        for said, check in ((promise.ready, contract.ready), (promise.alive, contract.alive)):
            assert said == (check.path if check else None)


@pytest.mark.parametrize("file", OWN, ids=lambda path: path.parent.name)
def test_an_image_of_ours_is_what_the_linter_recommends(file: Path) -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, "--no-color", file], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("file", OWN, ids=lambda path: path.parent.name)
def test_an_image_of_ours_runs_as_nobody_special_on_a_base_that_is_given(file: Path) -> None:
    text = file.read_text()

    assert "\nARG BASE=" in text
    assert "\nFROM ${BASE}\n" in text
    assert "\nUSER 10001:10001\n" in text or "\nUSER 101:101\n" in text
    assert "\nHEALTHCHECK " in text


@pytest.mark.parametrize("file", OWN, ids=lambda path: path.parent.name)
def test_a_context_of_ours_sends_only_what_it_names(file: Path) -> None:
    lines = file.with_name(".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if not line.startswith("#")]

    assert patterns[0] == "*"
    assert all(pattern.startswith("!") for pattern in patterns[1:])
