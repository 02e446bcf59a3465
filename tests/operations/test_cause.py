"""Why a change is planned."""

import json
import subprocess
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from declared.stacks import SCHEMA
from operations import cause, plan
from operations.cause import REACHES, Causes
from operations.plan import Change
from tests.operations.plans import digest, step, urn
from tests.test_openvault import CHANGES, CHANGES_OF_ONE, UNCHANGEABLE

ALL = CHANGES | CHANGES_OF_ONE


def change(title: str) -> Change:
    return Change(urn=urn(title), operation="update")


def test_every_setting_is_known_to_change_something() -> None:
    assert set(REACHES) == set(SCHEMA) - UNCHANGEABLE


@pytest.mark.parametrize("key", ALL)
def test_a_setting_is_named_for_all_that_it_really_changes(key: str) -> None:
    _, changed = ALL[key]
    providers = {each for each in changed if each[0].islower()}

    missed = [
        each
        for each in changed - providers
        if not any(fnmatchcase(each, pattern) for pattern in REACHES[key])
    ]

    assert missed == []
    assert not providers or any("Provider" in pattern for pattern in REACHES[key])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("5Gi", "8Gi"), "mediaStorage changed from 5Gi to 8Gi"),
        (("", "8Gi"), "mediaStorage is now 8Gi"),
        (("5Gi", ""), "mediaStorage is no longer set (it was 5Gi)"),
    ],
)
def test_a_setting_is_told_with_its_values(values: tuple[str, str], said: str) -> None:
    causes = Causes(settings={"mediaStorage": values})

    assert causes.of(change("PersistentVolumeClaim ov-media")) == said
    assert not causes.of(change("PersistentVolumeClaim ov-db"))


def test_a_file_is_told_where_no_setting_differs() -> None:
    causes = Causes(files=("images/ov-nginx/away.html",))

    assert causes.of(change("Image ov-nginx")) == "images/ov-nginx/away.html changed"
    assert not causes.of(change("Deployment ov-wag"))


def test_many_files_are_not_all_told() -> None:
    causes = Causes(files=tuple(f"components/{name}.py" for name in "abcde"))

    assert causes.of(change("Service db")).endswith("components/c.py and 2 more changed")


UPDATE = {
    "kind": "update",
    "result": "succeeded",
    "config": {
        "openvault:mediaStorage": {"value": "5Gi", "secret": False},
        "openvault:secretKey": {"secret": True},
        "other:key": {"value": "1", "secret": False},
    },
}


def compared(
    monkeypatch: pytest.MonkeyPatch, history: Sequence[object], found: plan.Plan
) -> Causes:
    def answer(_stack: str, *words: str) -> subprocess.CompletedProcess[str]:
        assert words[:2] == ("stack", "history")
        assert "--show-secrets" not in words
        return subprocess.CompletedProcess(words, 0, json.dumps(history), "")

    monkeypatch.setattr(cause, "pulumi", answer)
    return cause.causes(found, Path("/"))


def test_the_last_update_that_succeeded_is_what_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = {**UPDATE, "result": "failed", "config": {}}
    found = plan.read("ov-demo", digest(mediaStorage="8Gi", secretKey="[secret]"))

    causes = compared(monkeypatch, [failed, UPDATE], found)

    assert causes.settings == {"mediaStorage": ("5Gi", "8Gi")}


def test_a_stack_that_was_never_deployed_has_no_causes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert compared(monkeypatch, [], plan.read("ov-demo", digest(a="1"))) == Causes()


def test_a_secret_that_differs_is_told_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = (
        step("update", "Secret ov-wag-credentials", "stringData"),
        step("update", "Deployment ov-wag", "spec.template.metadata.annotations"),
    )
    now = {"mediaStorage": "5Gi", "secretKey": "[secret]"}
    found = plan.read("ov-demo", digest(*steps, **now))

    causes = compared(monkeypatch, [UPDATE], found)

    assert causes.of(change("Deployment ov-wag")) == "secretKey has another value"


def test_of_several_secrets_in_one_place_none_is_blamed_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = (step("update", "Secret ov-wag-credentials", "stringData"),)
    now = {"mediaStorage": "5Gi", "secretKey": "[secret]", "signOnSecret": "[secret]"}

    causes = compared(monkeypatch, [UPDATE], plan.read("ov-demo", digest(*steps, **now)))

    said = causes.of(change("Secret ov-wag-credentials"))
    assert "one of secretKey, signOnSecret has another value" in said
