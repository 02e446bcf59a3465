"""Rancher is asked before anything is planned, and says in a person's words what is in the way."""

from __future__ import annotations

import ssl
from typing import Any

import pulumi
import pytest

from components import require_rancher
from components.settings import Settings
from declared.engine import run
from tests.rancherapi import CHOICES, TOKEN, FakeRancher, project
from tests.stacks import SEALED, SECRETS, configured


def asked(patch: pytest.MonkeyPatch, there: FakeRancher, **changes: Any) -> Settings:
    """Return the settings after *there* was asked."""
    there.serve(patch)
    found: list[Settings] = []

    def program() -> None:
        keys = [f"openvault:{key}" for key in (*SECRETS, *SEALED)]
        pulumi.runtime.set_all_config(configured("ov-demo", **{**CHOICES, **changes}), keys)
        found.append(require_rancher(Settings.load("ov-demo")))

    run(program)
    return found[0]


def refusal(patch: pytest.MonkeyPatch, there: FakeRancher, **changes: Any) -> str:
    with pytest.raises(pulumi.RunError) as refused:
        asked(patch, there, **changes)
    said = str(refused.value)
    assert "Nothing was changed." in said
    assert "\n    Type: " in said
    assert TOKEN not in said
    return said


def warnings(patch: pytest.MonkeyPatch, there: FakeRancher, **changes: Any) -> list[str]:
    said: list[str] = []
    patch.setattr(pulumi.log, "warn", said.append)
    asked(patch, there, **changes)
    return said


def test_without_an_address_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    there = FakeRancher()

    assert asked(monkeypatch, there, rancherUrl="").rancher is None
    assert there.asked == []


def test_the_token_goes_to_the_address_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    there = FakeRancher(projects=[project()], place="local:p-ours1")
    asked(monkeypatch, there)

    assert [path for _, path, _ in there.asked] == [
        "/v3/clusters/local",
        "/v3/projects?clusterId=local",
        "/v3/cluster/local/namespaces/ov-demo",
        "/v3/projectroletemplatebindings?projectId=local%3Ap-ours1",
    ]
    for to, _, headers in there.asked:
        assert to == "rancher.example.org:443"
        assert headers == {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (FakeRancher(cluster=401), "does not accept the token (rancherToken): it has expired"),
        (FakeRancher(listing=401), "does not accept the token (rancherToken): it has expired"),
        (FakeRancher(cluster=403), "shows no cluster local (rancherCluster)"),
        (FakeRancher(cluster=404), "shows no cluster local (rancherCluster)"),
        (FakeRancher(cluster=302), "does not answer: it says 302"),
        (FakeRancher(cluster=503), "does not answer: it says 503"),
        (FakeRancher(cluster=TimeoutError()), "there was no answer in 10 seconds"),
        (FakeRancher(cluster=ConnectionRefusedError(111, "Connection refused")), "refused"),
        (FakeRancher(cluster=ssl.SSLCertVerificationError(1, "x")), "is not to be trusted"),
        (FakeRancher(updated="False"), "is not active in Rancher: agent is away"),
    ],
)
def test_a_rancher_that_cannot_do_its_part_is_refused(
    there: FakeRancher, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said in refusal(monkeypatch, there)


def test_a_project_is_found_by_its_mark_whatever_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [project(mark="", id="local:p-a"), project(mark="openvault", id="local:p-b")]
    there = FakeRancher(projects=[*others, project("renamed")], place="local:p-ours1")
    settings = asked(monkeypatch, there)

    assert settings.rancher
    assert settings.rancher.present == "local:p-ours1"


def test_a_project_of_the_same_name_is_not_taken_for_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = asked(monkeypatch, FakeRancher(projects=[project(mark="")]))

    assert settings.rancher
    assert settings.rancher.present == ""


def test_two_projects_of_one_stack_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    there = FakeRancher(projects=[project(), project(id="local:p-second")])

    assert "local:p-ours1 (ov-demo) and local:p-second" in refusal(monkeypatch, there)


def test_a_project_that_is_to_be_adopted_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refusal(monkeypatch, FakeRancher(), rancherProject="local:p-old")

    assert "Rancher shows no project local:p-old (rancherProject)" in said


def test_a_stack_with_a_project_adopts_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    there = FakeRancher(projects=[project(), project(mark="", id="local:p-old")])

    assert "it would be deleted for local:p-old" in refusal(
        monkeypatch, there, rancherProject="local:p-old"
    )


def test_what_is_as_it_should_be_is_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    there = FakeRancher(projects=[project()], place="local:p-ours1")

    assert warnings(monkeypatch, there) == []


@pytest.mark.parametrize(
    ("there", "said", "way"),
    [
        (FakeRancher(), "Rancher has no project of stack ov-demo", "up --refresh"),
        (
            FakeRancher(projects=[project("theirs")], place="local:p-ours1"),
            "is 'theirs' in Rancher, not 'ov-demo'",
            "up --refresh",
        ),
        (
            FakeRancher(projects=[project(state="removing")], place="local:p-ours1"),
            "is being deleted in Rancher",
            "up --refresh",
        ),
        (
            FakeRancher(projects=[project()], place="local:p-other"),
            "Namespace ov-demo is in local:p-other in Rancher",
            "up --refresh",
        ),
        (FakeRancher(projects=[project()], place=""), "is in no project in Rancher", "--refresh"),
        (
            FakeRancher(projects=[project(resourceQuota=None)], place="local:p-ours1"),
            "has no quota in Rancher any more",
            "config set rancherDescription",
        ),
        (
            FakeRancher(
                projects=[project(resourceQuota={"limit": {"requestsCpu": "9"}})],
                place="local:p-ours1",
            ),
            "has another quota in Rancher",
            "up --refresh",
        ),
    ],
)
def test_what_somebody_changed_in_rancher_is_told(
    there: FakeRancher, said: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (told,) = warnings(monkeypatch, there)

    assert said in told
    assert way in told


def test_less_than_was_given_away_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    quota = {"limit": {"requestsCpu": "8"}, "usedLimit": {"requestsCpu": "6", "pods": "9"}}
    there = FakeRancher(projects=[project(resourceQuota=quota)], place="local:p-ours1")

    assert "requestsCpu 6 of 4000m" in refusal(monkeypatch, there)
