"""The workflows: few rights, pinned actions, one update at a time, and no logic of their own."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.naming import NAMESPACES
from sandbox.instance import CHECKOUT, Instance
from sandbox.toolchain.golang import ACTIONLINT

FOLDER = CHECKOUT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))

# What steps may type; each is tried by tests of its own, on the sandbox where it needs one.
VERBS = {
    "make check",
    "make packages",
    "./ov github credentials",
    "./ov github description",
    "./ov github comment",
    "./ov github issue",
    "./ov preview",
    "./ov smoke",
    "pulumi up",
}
SECRET = re.compile(r"\$\{\{\s*secrets\.")


def workflow(path: Path) -> dict[Any, Any]:
    return yaml.safe_load(path.read_text())


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in FILES:
        for name, job in workflow(path)["jobs"].items():
            yield f"{path.stem}/{name}", job


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job in jobs():
        for step in job["steps"]:
            yield name, step


def test_actionlint_finds_nothing() -> None:
    cache = Instance.from_environment().cache
    ACTIONLINT.provide(cache, print)
    linter = ACTIONLINT.folder(cache) / "actionlint"

    done = subprocess.run(
        [linter, "-shellcheck=", "-pyflakes=", *FILES], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing() -> None:
    linter = Path(sys.executable).parent / "zizmor"

    done = subprocess.run(
        [linter, "--offline", "--quiet", "--persona=regular", FOLDER],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_a_workflow_for_each_purpose() -> None:
    names = {path.stem for path in FILES}

    assert names == {"check", "preview", "deploy-demo", "deploy-production", "drift"}


def test_no_workflow_runs_what_a_stranger_wrote_with_rights_of_ours() -> None:
    for path in FILES:
        triggers = set(workflow(path)[True])  # `on` is a truth value in YAML 1.1

        assert not triggers & {"pull_request_target", "workflow_run", "issue_comment"}, path.name


def test_nobody_has_rights_unless_a_job_says_so() -> None:
    for path in FILES:
        assert workflow(path)["permissions"] == {}, path.name
    for name, job in jobs():
        assert job["permissions"].get("contents") == "read", name
        assert set(job["permissions"].values()) <= {"read", "write"}, name


def test_a_strangers_check_has_no_secret_and_no_right_to_write() -> None:
    text = (FOLDER / "check.yml").read_text()

    assert not SECRET.search(text)
    assert "write" not in text
    assert "pull_request" in workflow(FOLDER / "check.yml")[True]


def test_a_preview_is_only_of_the_repository_itself() -> None:
    job = workflow(FOLDER / "preview.yml")["jobs"]["preview"]

    assert job["if"] == "github.event.pull_request.head.repo.full_name == github.repository"


@pytest.mark.parametrize(
    ("name", "group"),
    [("deploy-demo", "stack-ov-demo"), ("deploy-production", "stack-openvault")],
)
def test_an_update_is_alone_and_never_cancelled(name: str, group: str) -> None:
    concurrency = workflow(FOLDER / f"{name}.yml")["concurrency"]

    assert concurrency == {"group": group, "cancel-in-progress": False}


def test_nobody_looks_for_drift_while_an_update_runs() -> None:
    job = workflow(FOLDER / "drift.yml")["jobs"]["drift"]

    assert job["concurrency"] == {
        "group": "stack-${{ matrix.stack }}",
        "cancel-in-progress": False,
    }
    assert set(job["strategy"]["matrix"]["stack"]) == set(NAMESPACES)


def test_production_waits_for_a_person() -> None:
    found = workflow(FOLDER / "deploy-production.yml")

    assert set(found[True]) == {"workflow_dispatch"}
    assert found["jobs"]["deploy"]["environment"] == "openvault"


def test_a_deployment_is_looked_at_before_and_after() -> None:
    for stack, name in (("ov-demo", "deploy-demo"), ("openvault", "deploy-production")):
        commands = [
            step["run"]
            for step in workflow(FOLDER / f"{name}.yml")["jobs"]["deploy"]["steps"]
            if f"--stack {stack}" in step.get("run", "")
        ]

        assert [" ".join(shlex.split(each)[:2]) for each in commands] == [
            "./ov preview",
            "pulumi up",
            "./ov smoke",
        ]


def test_actions_are_pinned_by_commit() -> None:
    for name, step in steps():
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]), name


def test_a_step_types_one_command_that_is_tried_elsewhere() -> None:
    for name, step in steps():
        if "run" not in step:
            continue
        assert "\n" not in step["run"].strip(), name
        assert any(step["run"].startswith(verb) for verb in VERBS), f"{name}: {step['run']}"
        assert "${{" not in step["run"], f"{name}: an expression is no part of a command"


def test_secrets_are_only_in_the_steps_that_need_them() -> None:
    for path in FILES:
        found = workflow(path)
        for job in found["jobs"].values():
            outside = {key: value for key, value in job.items() if key != "steps"}
            assert not SECRET.search(str(outside)), path.name
        assert not SECRET.search(str({**found, "jobs": {}})), path.name
    for name, step in steps():
        if "uses" in step or step["run"].startswith(("make", "./ov github")):
            given = {
                key: value for key, value in step.get("env", {}).items() if "secrets." in value
            }
            reads = "credentials" in str(step)
            assert given.keys() <= ({"OV_KUBECONFIG", "OV_PASSPHRASE"} if reads else {""}), name
