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
from tests.live import runner, test_generation_1, test_workflows

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
# What the sandbox's shell would have.
FAKE = {
    "PULUMI_BACKEND_URL": "file:///state",
    "KUBECONFIG": "/dev/null",
    "PULUMI_CONFIG_PASSPHRASE_FILE": "/dev/null",
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


# Which test types the steps of a job on the sandbox, each in order.
TRIED = {
    "check/check": test_workflows.test_a_forks_check_needs_no_secret_no_docker_and_no_network,
    "preview/preview": test_workflows.test_a_pull_request_that_changes_nothing_is_told_so,
    "deploy-demo/deploy": test_workflows.test_a_merge_reaches_the_demo,
    "deploy-production/deploy": test_generation_1.test_a_person_deploys_it_by_the_workflow,
    "drift/drift": test_workflows.test_a_night_without_drift_is_quiet,
}


def test_every_job_is_typed_on_the_sandbox() -> None:
    assert {name for name, _ in jobs()} == set(TRIED)


@pytest.mark.parametrize("name", [path.stem for path in FILES])
def test_the_sandboxs_runner_understands_every_step(name: str) -> None:
    """What it does not know it would leave out, and nobody would try it."""
    found = runner.steps(name)
    typed = [step for step in steps() if step[0].startswith(f"{name}/") and "run" in step[1]]

    assert [step["run"] for step in found] == [step["run"] for _, step in typed]
    for step in found:
        assert step.keys() <= {"run", "env", "if", "id"}, step
        assert step.get("if", "") in runner.CONDITIONS
        for value in step["env"].values():
            runner.filled(value, test_workflows.known(FAKE))
    _, job = next(each for each in jobs() if each[0].startswith(f"{name}/"))
    assert not {"defaults", "container", "services"} & job.keys()


@pytest.mark.parametrize(
    ("condition", "before", "typed"),
    [
        ("", {}, True),
        ("", {"1": 0, "2": 9}, False),
        ("${{ !cancelled() }}", {"1": 9}, True),
        ("${{ failure() && steps.look.outcome == 'failure' }}", {"1": 0, "look": 12}, True),
        ("${{ failure() && steps.look.outcome == 'failure' }}", {"1": 0, "look": 0}, False),
        ("${{ failure() && steps.look.outcome == 'failure' }}", {"1": 3}, False),
    ],
)
def test_the_sandboxs_runner_types_a_step_when_github_would(
    condition: str, before: dict[str, int], *, typed: bool
) -> None:
    known = {name: runner.Done(name, code, "") for name, code in before.items()}

    assert runner.CONDITIONS[condition](known) is typed


def test_the_sandboxs_runner_knows_no_other_expression() -> None:
    with pytest.raises(KeyError, match=r"secrets\.OTHER"):
        runner.filled("${{ secrets.OTHER }}", {})


def test_what_a_step_exports_reaches_the_next_ones_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed: list[dict[str, Any]] = [
        {"run": 'echo "one=$given"; echo "NEXT=a" >> "$GITHUB_ENV"', "env": {"given": "${{ x }}"}},
        {"run": 'echo "two=$NEXT$given"; exit 9', "env": {}},
        {"run": "echo three", "env": {}},
    ]

    def steps_of(_: str) -> list[dict[str, Any]]:
        return typed

    monkeypatch.setattr(runner, "steps", steps_of)
    machine = runner.Runner(
        folder=tmp_path / "a", machine={"PATH": "/usr/bin:/bin"}, known={"x": "b"}
    )

    done = machine.run("any")

    assert [(each.code, each.said) for each in done] == [(0, "one=b\n"), (9, "two=a\n")]
