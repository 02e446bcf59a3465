"""The workflows on the sandbox: each step is typed as a runner of GitHub's would type it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from operations.errors import Exit
from operations.page import MARK
from sandbox.instance import CHECKOUT
from tests.live.platform import Platform
from tests.live.project import DEMO, Project, chosen
from tests.live.runner import PATIENCE, Done, Runner, steps, without
from tests.live.test_preview import another_image, setting
from tests.operations.hub import REPOSITORY, TOKEN, FakeGitHub, served

pytestmark = pytest.mark.live

# What the sandbox's shell has and a runner has not: the steps have to bring it.
BROUGHT = {"KUBECONFIG", "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE"}

STATE = {"PULUMI_ACCESS_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def known(shell: Mapping[str, str]) -> dict[str, str]:
    """Return what expressions mean in a repository that has the secrets of this *shell*."""
    return {
        "github.token": TOKEN,
        "matrix.stack": DEMO,
        "vars.PULUMI_BACKEND_URL": shell["PULUMI_BACKEND_URL"],
        "secrets.OV_KUBECONFIG": Path(shell["KUBECONFIG"]).read_text(),
        "secrets.OV_PASSPHRASE": Path(shell["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text().strip(),
        # The sandbox's state is in files: it is reached without any of these.
        **{f"secrets.{name}": "" for name in STATE},
    }


@contextmanager
def runner(
    platform: Platform, folder: Path, hub: FakeGitHub, event: object, stacks: Path | None = None
) -> Generator[Runner]:
    """Give a runner whose repository has the sandbox's secrets, and *stacks* as its settings."""
    folder.mkdir(exist_ok=True)
    (folder / "event.json").write_text(json.dumps(event))
    shell = platform.environment
    machine = {key: value for key, value in shell.items() if key not in BROUGHT}
    with served(hub) as address:
        machine |= {
            "GITHUB_API_URL": address,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_SHA": "abc",
            "PULUMI_OPTION_CWD": str(stacks or shell["PULUMI_OPTION_CWD"]),
        }
        yield Runner(folder=folder / "runner", machine=machine, known=known(shell))
    for path in (folder / "runner").iterdir():
        assert path.name == "exported" or path.stat().st_mode & 0o777 == 0o600, path


def codes(done: list[Done]) -> dict[str, int]:
    """Return how each step ended, by its first words; what went wrong is shown by pytest."""
    return {" ".join(each.command.split()[:3]): each.code for each in done}


def said(done: list[Done]) -> str:
    """Return all that was said; no secret is in it."""
    words = "\n".join(f"$ {each.command}\n{each.said}" for each in done)
    assert TOKEN not in words
    return words


# A stranger's check


def test_a_forks_check_needs_no_secret_no_docker_and_no_network(
    platform: Platform, tmp_path: Path
) -> None:
    """`make test` begins with the step itself: here it is whether its tests need anything."""
    assert [step["run"] for step in steps("check")] == ["make check"]
    path = without(tmp_path / "bin", platform.environment["PATH"], "docker", "kubectl", "pulumi")
    settings = "tests/test_stacks.py::test_the_public_sites_data_is_protected"
    alone = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
    tests = (
        ".venv/bin/pytest",
        "-q",
        "-m",
        "not live",
        settings,
        "tests/operations/test_preview.py",
    )

    done = subprocess.run(
        [*alone, *tests],
        env={"PATH": path, "HOME": str(tmp_path)},
        cwd=CHECKOUT, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


# A pull request


class PullRequest:
    """A pull request that changes the demo's settings, and its runs."""

    def __init__(self, platform: Platform, folder: Path) -> None:
        self.platform = platform
        self.folder = folder
        self.hub = FakeGitHub()
        self.hub.comments = [{"id": 0, "body": "Looks good to me."}]
        self.project = Project(platform=platform, folder=folder / "stacks", stack=DEMO)

    def change(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the settings."""
        content = chosen(self.platform)
        change(content["config"])
        self.project.configure(content)

    def run(self, body: str = "") -> tuple[dict[str, int], str]:
        """Return how the steps ended, and the comment: there is one, besides a person's."""
        event = {"pull_request": {"number": 7, "body": body}}
        with runner(self.platform, self.folder, self.hub, event, self.project.folder) as machine:
            done = machine.run("preview")
        assert self.hub.comments[0]["body"] == "Looks good to me."
        (comment,) = [each["body"] for each in self.hub.comments[1:]] or [said(done)]
        assert comment.startswith(MARK), said(done)
        return codes(done), comment


@pytest.fixture
def pull_request(platform: Platform, tmp_path: Path) -> PullRequest:
    return PullRequest(platform, tmp_path)


ALL_WELL = {
    "make packages": 0,
    "./ov github credentials": 0,
    "./ov github description": 0,
    "./ov preview --acknowledged-in": 0,
    "./ov github comment": 0,
}


def test_a_pull_request_that_changes_nothing_is_told_so(pull_request: PullRequest) -> None:
    pull_request.change(lambda _: None)

    ended, comment = pull_request.run()

    assert ended == ALL_WELL, comment
    assert "- **ov-demo**: ⚪ nothing would change" in comment


@pytest.mark.parametrize(
    ("change", "cells"),
    [
        (another_image("frontendImage"), "update `Deployment ov-frontend` | restarts ov-frontend"),
        (
            setting("replicas", {"ov-frontend": 2}),
            "update `Deployment ov-frontend` | restarts ov-frontend",
        ),
    ],
    ids=["an image", "a replica count"],
)
def test_a_pull_request_is_told_what_it_restarts_and_why(
    change: Callable[[dict[str, Any]], object], cells: str, pull_request: PullRequest
) -> None:
    pull_request.change(change)

    ended, comment = pull_request.run()

    assert ended == ALL_WELL, comment
    assert f"| 🔵 | {cells} |" in comment
    assert " Why: " in comment
    assert "The engine's whole diff" in comment


def test_a_secret_is_told_by_its_name_and_nowhere_by_its_value(pull_request: PullRequest) -> None:
    pull_request.change(lambda _: None)
    pull_request.project.seal("openvault:secretKey", "a-sentinel-of-a-secret-key-" * 3)

    ended, comment = pull_request.run()

    assert ended == ALL_WELL, comment
    assert "Why: secretKey has another value" in comment
    assert "sentinel" not in comment


def test_storage_that_cannot_grow_fails_the_check_with_the_programs_words(
    pull_request: PullRequest,
) -> None:
    pull_request.change(setting("mediaStorage", "6Gi"))

    ended, comment = pull_request.run()

    assert ended == {**ALL_WELL, "./ov preview --acknowledged-in": Exit.PLAN}
    assert "- **ov-demo**: 🔴 it cannot be planned" in comment
    assert "storage class standard lets no volume grow to 6Gi" in comment
    assert "pulumi config set mediaStorage" in comment


# Deployments and nights


def deployed(platform: Platform, folder: Path, stack: str) -> tuple[dict[str, int], str]:
    """Run the workflow that deploys *stack*, after a merge of a pull request."""
    hub = FakeGitHub()
    hub.merged = [{"body": "Nothing that has to be acknowledged."}]
    workflow = {DEMO: "deploy-demo"}.get(stack, "deploy-production")
    with runner(platform, folder, hub, {"ref": "refs/heads/main"}) as machine:
        done = machine.run(workflow)
    assert "Nothing that" in (CHECKOUT / "build" / "description").read_text()
    return codes(done), said(done)


DEPLOYED = {
    "make packages": 0,
    "./ov github credentials": 0,
    "./ov github description": 0,
    "./ov preview --stack": 0,
    "pulumi up --yes": 0,
    "./ov smoke --stack": 0,
}


def test_a_merge_reaches_the_demo(platform: Platform, tmp_path: Path) -> None:
    ended, words = deployed(platform, tmp_path, DEMO)

    assert ended == DEPLOYED, words


def test_drift_opens_one_issue_that_says_what_somebody_changed(
    platform: Platform, tmp_path: Path
) -> None:
    hub = FakeGitHub()
    platform.kubectl("scale", "deployment/jumpbox", "--replicas=0")
    try:
        with runner(platform, tmp_path, hub, {}) as machine:
            done = machine.run("drift")
        assert codes(done)["./ov github issue"] == 0, said(done)
    finally:
        platform.kubectl("scale", "deployment/jumpbox", "--replicas=1")

    (issue,) = hub.issues
    assert issue["title"] == f"Drift in {DEMO}"
    assert "by hand" in issue["body"]
    assert "jumpbox" in issue["body"]


def test_a_night_without_drift_is_quiet(platform: Platform, tmp_path: Path) -> None:
    hub = FakeGitHub()
    with runner(platform, tmp_path, hub, {}) as machine:
        done = machine.run("drift")

    assert codes(done) == {
        "make packages": 0,
        "./ov github credentials": 0,
        "./ov preview --stack": 0,
    }, said(done)
    assert hub.issues == []
