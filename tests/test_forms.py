"""What GitHub and pre-commit read: forms, templates and hooks that lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from declared.stacks import ROOT
from operations.review import acknowledgements

GITHUB = ROOT / ".github"
FORMS = sorted(
    set((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")) - {GITHUB / "ISSUE_TEMPLATE/config.yml"}
)
WORDS = [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", GITHUB / "pull_request_template.md"]

# What GitHub's forms are made of.
KINDS = {"checkboxes", "dropdown", "input", "markdown", "textarea"}
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_a_form_is_one_that_github_shows(form: Path) -> None:
    said = read(form)
    fields = [each for each in said["body"] if each["type"] != "markdown"]

    assert said.keys() >= {"name", "description", "body"}
    assert {each["type"] for each in said["body"]} <= KINDS
    assert len({each["id"] for each in fields}) == len(fields)
    assert all(each["attributes"]["label"] for each in fields)
    assert any(each.get("validations", {}).get("required") for each in fields)


def test_somebody_in_trouble_finds_a_form_and_no_empty_page() -> None:
    assert {form.stem for form in FORMS} == {"bug", "idea"}
    assert read(GITHUB / "ISSUE_TEMPLATE/config.yml") == {"blank_issues_enabled": False}


def test_a_template_that_nobody_filled_in_acknowledges_nothing() -> None:
    assert acknowledgements((GITHUB / "pull_request_template.md").read_text()) == []


@pytest.mark.parametrize("page", WORDS, ids=lambda path: path.stem)
def test_a_page_of_the_front_leads_to_files_that_are_there(page: Path) -> None:
    for link in _LINK.findall(page.read_text()):
        assert (page.parent / link).exists(), link


def hooks() -> list[dict[str, Any]]:
    (repository,) = read(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local", "a hook that is fetched is a dependency nobody pins"
    return repository["hooks"]


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: hook["id"])
def test_a_hook_runs_what_this_checkout_has(hook: dict[str, Any]) -> None:
    program, first, *_ = shlex.split(hook["entry"])

    assert hook["language"] == "system"
    if program == "make":
        assert f"\n{first}: " in (ROOT / "Makefile").read_text()
        assert hook["pass_filenames"] is False
    else:
        assert (ROOT / program).exists()
        assert f"$(BIN)/{Path(program).name} {first}" in (ROOT / "Makefile").read_text()


def test_the_whole_check_waits_for_the_push() -> None:
    before = {hook["id"]: hook.get("stages", ["pre-commit"]) for hook in hooks()}

    assert before.pop("check") == ["pre-push"]
    assert all(stages == ["pre-commit"] for stages in before.values())
