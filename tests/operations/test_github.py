"""`ov github`: one comment, one issue, and credentials that nobody else can read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from operations import github
from operations.errors import Exit
from operations.page import MARK
from tests.operations.conftest import Ov, Said
from tests.operations.hub import REPOSITORY, TOKEN, FakeGitHub


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGitHub:
    """Return GitHub as a workflow on a pull request meets it."""
    fake = FakeGitHub()
    real = httpx.Client

    def client(**options: Any) -> httpx.Client:
        return real(transport=httpx.MockTransport(fake.answer), **options)

    monkeypatch.setattr(github.httpx, "Client", client)
    event(tmp_path, monkeypatch, {"pull_request": {"number": 7, "body": "More room."}})
    for name, value in {
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_SHA": "abc",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_ENV": str(tmp_path / "env"),
    }.items():
        monkeypatch.setenv(name, value)
    return fake


def event(folder: Path, monkeypatch: pytest.MonkeyPatch, content: object) -> None:
    (folder / "event.json").write_text(json.dumps(content))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(folder / "event.json"))


@pytest.fixture
def ov(typed: Ov) -> Ov:
    """Return a way to type `ov github …`, which never says the token."""

    def github_(*words: str) -> Said:
        said = typed("github", *words)
        assert TOKEN not in said.out + said.err
        return said

    return github_


def text(folder: Path, words: str) -> str:
    (folder / "comment.md").write_text(f"{MARK}\n{words}")
    return str(folder / "comment.md")


def test_a_comment_is_updated_and_not_repeated(hub: FakeGitHub, ov: Ov, tmp_path: Path) -> None:
    hub.comments = [{"id": number, "body": "of a person"} for number in range(3)]

    assert ov("comment", text(tmp_path, "first")).code == 0
    assert ov("comment", text(tmp_path, "second")).code == 0

    assert [each["body"] for each in hub.comments[3:]] == [f"{MARK}\nsecond"]
    assert all(each["body"] == "of a person" for each in hub.comments[:3])


def test_an_issue_is_updated_and_not_repeated(hub: FakeGitHub, ov: Ov, tmp_path: Path) -> None:
    hub.issues = [{"number": 0, "title": "Drift in ov-demo", "body": "", "pull_request": {}}]

    assert ov("issue", "Drift in ov-demo", text(tmp_path, "first")).code == 0
    assert ov("issue", "Drift in ov-demo", text(tmp_path, "second")).code == 0

    assert [each["body"] for each in hub.issues] == ["", f"{MARK}\nsecond"]


def test_the_description_is_that_of_the_pull_request(
    hub: FakeGitHub, ov: Ov, tmp_path: Path
) -> None:
    assert ov("description", "--to", str(tmp_path / "a" / "text")).code == 0

    assert (tmp_path / "a" / "text").read_text() == "More room."


def test_after_a_merge_it_is_that_of_what_was_merged(
    hub: FakeGitHub, ov: Ov, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event(tmp_path, monkeypatch, {"ref": "refs/heads/main"})
    hub.merged = [{"body": "Acknowledged: ov-demo PersistentVolumeClaim ov-media"}]

    assert ov("description", "--to", str(tmp_path / "text")).code == 0

    assert "ov-media" in (tmp_path / "text").read_text()


def test_what_came_without_a_pull_request_has_no_description(
    hub: FakeGitHub, ov: Ov, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event(tmp_path, monkeypatch, {"ref": "refs/heads/main"})

    assert ov("description", "--to", str(tmp_path / "text")).code == 0

    assert (tmp_path / "text").read_text() == ""


def test_credentials_are_in_files_of_one_owner(
    hub: FakeGitHub, ov: Ov, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OV_KUBECONFIG", "sentinel: kubeconfig\n")
    monkeypatch.setenv("OV_PASSPHRASE", "sentinel-of-the-stack")

    said = ov("credentials")

    assert said == Said(0, "", "")
    exported = dict(line.split("=") for line in (tmp_path / "env").read_text().splitlines())
    assert Path(exported["KUBECONFIG"]).read_text() == "sentinel: kubeconfig\n"
    phrase = Path(exported["PULUMI_CONFIG_PASSPHRASE_FILE"])
    assert phrase.read_text() == "sentinel-of-the-stack"
    assert {Path(at).stat().st_mode & 0o777 for at in exported.values()} == {0o600}
    assert "sentinel" not in (tmp_path / "env").read_text()


def test_a_step_without_credentials_says_so(hub: FakeGitHub, ov: Ov) -> None:
    said = ov("credentials")

    assert said.code == Exit.SETTINGS
    assert "OV_KUBECONFIG" in said.err


@pytest.mark.parametrize(("status", "code"), [(403, Exit.UNAUTHORIZED), (502, Exit.UNREACHABLE)])
def test_what_github_refuses_is_told(
    status: int, code: int, hub: FakeGitHub, ov: Ov, tmp_path: Path
) -> None:
    hub.broken = status

    said = ov("comment", text(tmp_path, "first"))

    assert said.code == code
    assert "permissions:" in said.err
    assert "Resource not accessible" in said.err


@pytest.mark.parametrize("content", [None, "no mark\n"])
def test_what_would_not_be_found_again_is_not_written(
    content: str | None, hub: FakeGitHub, ov: Ov, tmp_path: Path
) -> None:
    if content:
        (tmp_path / "text").write_text(content)

    assert ov("comment", str(tmp_path / "text")).code == Exit.USAGE
    assert hub.comments == []


def test_outside_a_workflow_it_is_said_what_is_missing(
    ov: Ov, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_EVENT_PATH", raising=False)

    said = ov("comment", "a")

    assert said.code == Exit.USAGE
    assert "GITHUB_EVENT_PATH is not set" in said.err
