"""`ov preview`: what a reviewer, a script and a pull request are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from operations.errors import Exit
from operations.page import MARK
from operations.review import Acknowledgement, acknowledgements
from tests.operations.conftest import Ov
from tests.operations.plans import digest, step
from tests.programs import program

IMAGE = "spec.template.spec.containers[0].image"
SIZE = "spec.resources.requests.storage"

ROLL = step("update", "Deployment ov-wag", IMAGE)
GROW = step("update", "PersistentVolumeClaim ov-media", SIZE)

Answers = Callable[..., None]


@pytest.fixture
def ov(typed: Ov) -> Ov:
    """Return a way to type `ov preview …`."""
    return partial(typed, "preview")


@pytest.fixture
def engine(settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Return a way to say what the engine plans for a stack; the others stay as they are."""
    folder = tmp_path / "bin"
    script = f"""
echo "$*" >> {folder}/asked
echo "$* ${{PULUMI_K8S_ENABLE_PATCH_FORCE:-no}}" >> {folder}/forced
case "$*" in
  *"stack history"*) echo '[]' ;;
  *"stack export"*) cat {folder}/exported ;;
  *--diff*) echo 'a whole ```diff``` of it' ;;
  *--stack\\ openvault*) cat {folder}/openvault ;;
  *) cat {folder}/ov-demo; exit $(cat {folder}/code) ;;
esac
"""
    program(folder / "pulumi", script)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def answers(
        *steps: dict[str, Any], code: int = 0, error: str = "", deployed: str = "{}"
    ) -> None:
        said: dict[str, Any] = digest(*steps)
        if error:
            said["diagnostics"] = [{"severity": "error", "message": error}]
        (folder / "ov-demo").write_text(json.dumps(said))
        (folder / "openvault").write_text(json.dumps(digest()))
        (folder / "code").write_text(str(code))
        (folder / "exported").write_text(deployed)

    answers()
    return answers


def test_nothing_to_do_is_said_of_each_stack(ov: Ov, engine: Answers) -> None:
    said = ov()

    assert said.code == 0
    assert said.out.splitlines() == [
        "openvault: nothing would change",
        "ov-demo: nothing would change",
    ]


def test_a_restart_is_told_and_let_through(ov: Ov, engine: Answers) -> None:
    engine(ROLL)

    said = ov("--stack", "ov-demo")

    assert said.code == 0
    assert "ov-demo: 1 change: restarts ov-wag" in said.out
    assert "the old one serves until the next is ready" in said.out


def test_what_touches_data_is_refused_by_its_name(ov: Ov, engine: Answers) -> None:
    engine(ROLL, GROW)

    said = ov("--stack", "ov-demo")

    assert said.code == Exit.UNACKNOWLEDGED
    assert "--acknowledge 'PersistentVolumeClaim ov-media'" in said.err
    assert "ov-wag" not in said.err


@pytest.mark.parametrize("way", ["option", "file"])
def test_what_is_acknowledged_is_let_through(
    way: str, ov: Ov, engine: Answers, tmp_path: Path
) -> None:
    engine(GROW)
    text = tmp_path / "description"
    text.write_text("More room.\n\n* Acknowledged: ov-demo PersistentVolumeClaim ov-media.\r\n")
    meant = {
        "option": ["--acknowledge", "PersistentVolumeClaim ov-media"],
        "file": ["--acknowledged-in", str(text)],
    }

    assert ov("--stack", "ov-demo", *meant[way]).code == 0


def test_what_is_acknowledged_for_one_stack_is_not_for_another(
    ov: Ov, engine: Answers, tmp_path: Path
) -> None:
    engine(GROW)
    (tmp_path / "text").write_text("Acknowledged: openvault PersistentVolumeClaim ov-media")

    said = ov("--stack", "ov-demo", "--acknowledged-in", str(tmp_path / "text"))

    assert said.code == Exit.UNACKNOWLEDGED


def test_an_acknowledgement_that_cannot_be_read_is_refused(
    ov: Ov, engine: Answers, tmp_path: Path
) -> None:
    said = ov("--acknowledged-in", str(tmp_path / "none"))

    assert said.code == Exit.USAGE
    assert "cannot be read" in said.err


def test_a_plan_that_fails_hides_no_other(ov: Ov, engine: Answers) -> None:
    engine(code=255, error="siteUrl has no scheme")

    said = ov()

    assert said.code == Exit.PLAN
    assert "openvault: nothing would change" in said.out
    assert "siteUrl has no scheme" in said.err
    assert "Traceback" not in said.err


def test_drift_is_any_change_where_none_is_expected(
    ov: Ov, engine: Answers, tmp_path: Path
) -> None:
    engine(ROLL)

    said = ov("--expect-no-changes", "--refresh")

    assert said.code == Exit.CHANGES
    assert "ov-demo: 1 change: restarts ov-wag" in said.err
    asked = (tmp_path / "bin" / "asked").read_text().splitlines()
    planned = [each for each in asked if each.startswith("preview ")]
    assert planned
    assert all("--refresh" in each for each in planned)


def test_an_unknown_stack_is_refused(ov: Ov, engine: Answers) -> None:
    said = ov("--stack", "ov-dmeo")

    assert said.code == Exit.USAGE
    assert "No stack is called 'ov-dmeo'" in said.err


def test_programs_get_every_change(ov: Ov, engine: Answers) -> None:
    engine(ROLL, GROW)

    said = ov("--json", "--stack", "ov-demo")

    (stack,) = json.loads(said.out)["stacks"]
    assert stack["class"] == "data"
    assert [each["class"] for each in stack["changes"]] == ["data", "restarts"]
    assert stack["refused"] == ["PersistentVolumeClaim ov-media"]


def comment(ov: Ov, tmp_path: Path) -> str:
    ov("--markdown", str(tmp_path / "comment.md"))
    return (tmp_path / "comment.md").read_text()


def test_a_comment_begins_with_the_summary_of_each_stack(
    ov: Ov, engine: Answers, tmp_path: Path
) -> None:
    engine(ROLL, GROW)

    lines = comment(ov, tmp_path).splitlines()

    assert lines[0] == MARK
    assert lines[3] == (
        "- **ov-demo**: 🟠 2 changes: touches data, restarts ov-wag; **1 to be acknowledged**"
    )
    assert lines[4] == "- **openvault**: ⚪ nothing would change"


def test_a_comment_says_the_lines_that_acknowledge_it(
    ov: Ov, engine: Answers, tmp_path: Path
) -> None:
    engine(GROW)

    assert acknowledgements(comment(ov, tmp_path)) == [
        Acknowledgement(stack="ov-demo", title="PersistentVolumeClaim ov-media")
    ]


def test_nothing_in_a_diff_closes_its_fence(ov: Ov, engine: Answers, tmp_path: Path) -> None:
    engine(ROLL)

    text = comment(ov, tmp_path)

    assert "<details>" in text
    assert "````\na whole ```diff``` of it\n````" in text


def test_a_comment_says_why_there_is_no_plan(ov: Ov, engine: Answers, tmp_path: Path) -> None:
    engine(code=255, error="siteUrl has no scheme")

    text = comment(ov, tmp_path)

    assert "- **ov-demo**: 🔴 it cannot be planned" in text
    assert "siteUrl has no scheme" in text


def exported(*titles: str, **inputs: Any) -> str:
    """Return what `pulumi stack export` says of what was deployed last."""
    resources = [{"urn": step("update", title)["urn"], "inputs": inputs} for title in titles]
    return json.dumps({"deployment": {"resources": resources}})


@pytest.mark.parametrize(
    ("change", "deployed", "why"),
    [
        (
            step("update", "Deployment ov-wag", "spec.replicas", old={"spec": {"replicas": 0}}),
            exported("Deployment ov-wag", spec={"replicas": 2}),
            "somebody changed spec.replicas from 2 to 0 by hand.",
        ),
        (
            step("update", "Service ov-wag", "spec.ports[0]", old={"spec": {"ports": [{"a": 1}]}}),
            exported("Service ov-wag", spec={"ports": [{"a": 2}]}),
            "somebody changed spec.ports[0] by hand.",
        ),
        (
            step("create", "Ingress ov-nginx"),
            exported("Ingress ov-nginx"),
            "somebody deleted it by hand.",
        ),
    ],
)
def test_what_somebody_changed_by_hand_is_told(
    change: dict[str, Any], deployed: str, why: str, ov: Ov, engine: Answers
) -> None:
    engine(change, deployed=deployed)

    assert f"Why: {why}" in ov("--stack", "ov-demo", "--refresh").out
    assert "by hand" not in ov("--stack", "ov-demo").out


def test_what_a_secret_was_changed_to_by_hand_is_not_told(ov: Ov, engine: Answers) -> None:
    engine(
        step("update", "Secret ov-wag", "data.key", old={"data": {"key": "sentinel"}}),
        deployed=exported("Secret ov-wag", data={"key": "sealed"}),
    )

    said = ov("--stack", "ov-demo", "--refresh")

    assert said.code == 0
    assert "sentinel" not in said.out


def test_a_plan_that_refreshes_takes_fields_from_whoever_holds_them(
    ov: Ov, engine: Answers, tmp_path: Path
) -> None:
    assert ov("--refresh").code == 0
    assert ov().code == 0

    asked = (tmp_path / "bin" / "forced").read_text().splitlines()
    assert [each.split()[-1] for each in asked if each.startswith("preview ")] == [
        "true", "true", "no", "no",
    ]  # fmt: skip
