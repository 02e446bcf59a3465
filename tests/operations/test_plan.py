"""What the engine plans, read."""

import json
from pathlib import Path

import pytest

from operations import plan
from operations.errors import Exit, Refused
from tests.operations.plans import PARENTS, digest, step
from tests.programs import program


def planned(*steps: dict[str, object]) -> list[tuple[str, str]]:
    return [(each.operation, each.title) for each in plan.read("ov-demo", digest(*steps)).changes]


def test_what_stays_is_no_change() -> None:
    assert planned(step("same", "Service db"), step("read", "Secret a")) == []


def test_a_component_and_the_stack_are_no_changes() -> None:
    group = {"op": "create", "urn": f"urn:pulumi:ov-demo::openvault::{PARENTS}::ov-wag"}

    assert planned({**group, "newState": {"custom": False}}) == []


def test_the_three_steps_of_a_replacement_are_one_change() -> None:
    title = "Job ov-wag-migrate"
    steps = [
        step("delete-replaced", title, old={"a": 1}),
        step("replace", title, "spec"),
        step("create-replacement", title, new={"a": 2}),
    ]

    assert planned(*steps) == [("replace", title)]


def test_a_provider_is_told_from_what_it_makes() -> None:
    (change,) = plan.read("ov-demo", digest(step("update", "Provider ov-demo"))).changes

    assert (change.kind, change.type) == ("Provider", "pulumi:providers:kubernetes")


def test_a_difference_counts_for_all_that_is_around_it() -> None:
    update = step("update", "Deployment a", "spec.template.spec.containers[0].image")
    (change,) = plan.read("ov-demo", digest(update)).changes

    assert change.touches("spec.template")
    assert change.touches("spec")
    assert not change.touches("spec.templates", "spec.replicas", "metadata")


def pulumi(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a `pulumi` of our own before all others."""
    program(folder / "pulumi", script)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_words_before_the_plan_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "said").write_text(json.dumps(digest(step("create", "Service db"))))
    pulumi(tmp_path, f"echo warning: a newer version; cat {tmp_path}/said", monkeypatch)

    assert [each.title for each in plan.preview("ov-demo").changes] == ["Service db"]


def test_a_plan_that_fails_is_refused_with_the_words_of_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = digest() | {"diagnostics": [{"severity": "error", "message": "siteUrl is missing\n"}]}
    (tmp_path / "said").write_text(json.dumps(failed))
    pulumi(tmp_path, f"cat {tmp_path}/said; exit 255", monkeypatch)

    with pytest.raises(Refused) as refusal:
        plan.preview("ov-demo")

    assert refusal.value.code is Exit.PLAN
    assert "siteUrl is missing" in refusal.value.why


def test_a_plan_that_fails_without_a_document_is_refused_with_what_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi(tmp_path, "echo error: no stack named that way >&2; exit 255", monkeypatch)

    with pytest.raises(Refused, match="cannot plan an update of ov-demo") as refusal:
        plan.preview("ov-demo")

    assert "no stack named that way" in refusal.value.why


def test_without_the_engine_it_is_said_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Refused, match="pulumi is missing") as refusal:
        plan.preview("ov-demo")

    assert refusal.value.code is Exit.TOOLS
    assert "make up" in refusal.value.do
