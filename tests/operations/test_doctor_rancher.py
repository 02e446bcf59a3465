"""`ov doctor` on the Rancher of a stack: each fault by its name, with what to type."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from operations.doctor import rancher
from operations.doctor.finding import Finding, Patient
from operations.errors import Exit
from operations.project import Project, full
from tests.operations.conftest import Ov
from tests.operations.shell import Programs
from tests.rancherapi import CHOICES, TOKEN, FakeRancher, project

TOKEN_KEY = f"config get {full('rancherToken')}"

Findings = dict[str, Finding]
Examined = Callable[[FakeRancher], Findings]


@pytest.fixture
def choices(settings: Path) -> Callable[..., None]:
    """Return a way to choose about Rancher in ov-demo's settings."""

    def choose(**changes: object) -> None:
        path = settings / "Pulumi.ov-demo.yaml"
        content = yaml.safe_load(path.read_text())
        chosen = {**CHOICES, "rancherToken": {"secure": "v1:abc"}, **changes}
        content["config"] |= {full(key): value for key, value in chosen.items()}
        path.write_text(yaml.safe_dump(content))

    choose()
    return choose


@pytest.fixture
def examined(
    programs: Programs,
    settings: Path,
    choices: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> Examined:
    """Return a way to examine ov-demo under a Rancher; no answer has the token in it."""
    programs.say("pulumi", TOKEN_KEY, TOKEN)

    def examine(there: FakeRancher) -> Findings:
        there.serve(monkeypatch)
        chosen = Project(settings).choices("ov-demo")
        patient = Patient(stack="ov-demo", folder=settings, settings=chosen)
        found = {each.name: each for each in rancher.examine(patient)}
        assert TOKEN not in str(found)
        return found

    return examine


def ours(**more: Any) -> FakeRancher:
    """Return a Rancher with the stack's project, and its namespace in it."""
    given: dict[str, Any] = {"projects": [project()], "place": "local:p-ours1", **more}
    return FakeRancher(**given)


def test_without_rancher_nobody_is_asked(examined: Examined, choices: Callable[..., None]) -> None:
    choices(rancherUrl="")
    there = ours()

    found = examined(there)

    assert list(found) == ["rancher"]
    assert "rancherUrl" in found["rancher"].said
    assert there.asked == []


def test_where_all_is_well_each_thing_is_told(examined: Examined) -> None:
    found = examined(ours())

    assert {name: each.said for name, each in found.items()} == {
        "rancher": "https://rancher.example.org answers, with a certificate that is trusted",
        "rancher token": "it holds, without an end",
        "rancher cluster": "local is active",
        "rancher project": "local:p-ours1 (ov-demo)",
        "rancher rights": "the token may change project local:p-ours1",
    }


def test_the_command_examines_it_where_the_secrets_can_be_opened(
    examined: Examined, programs: Programs, typed: Ov, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours(ping=503).serve(monkeypatch)

    said = typed("doctor", "--offline")

    assert said.code == Exit.SICK
    assert "https://rancher.example.org (rancherUrl) does not answer: it says 503" in said.out
    programs.say("pulumi", "config get", "error: incorrect passphrase", code=255)
    assert "rancher" not in typed("doctor", "--offline").out


def test_nobody_is_told_the_token_before_they_are_trusted(examined: Examined) -> None:
    there = ours()

    examined(there)

    assert there.asked[0][1:] == ("/ping", {})


def test_before_the_first_update_there_is_no_project_to_miss(examined: Examined) -> None:
    found = examined(FakeRancher())

    assert found["rancher project"].well


def end(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


@pytest.mark.parametrize(
    ("said", "well"),
    [(end(days=13), False), (end(days=16), True), ("", True), (None, True)],
    ids=["soon", "later", "never", "not said"],
)
def test_a_token_that_ends_within_two_weeks_is_found(
    said: str | None, examined: Examined, *, well: bool
) -> None:
    found = examined(ours(ends=said))["rancher token"]

    assert found.well is well
    assert any("config set --secret rancherToken" in line for line in found.do) is not well
    assert ("days from now" in found.said) is bool(said)


UNTRUSTED = ssl.SSLCertVerificationError(1, "self-signed certificate")

# What is wrong; the name of the finding; words of what is said; words of what to type.
FAULTS: dict[str, tuple[FakeRancher, str, str, str]] = {
    "nobody is there": (
        ours(ping=ConnectionRefusedError(111, "Connection refused")),
        "rancher",
        "does not answer: connection refused",
        "curl https://rancher.example.org/ping",
    ),
    "it is ill": (ours(ping=503), "rancher", "it says 503", "curl"),
    "a certificate of somebody else's": (
        ours(ping=UNTRUSTED),
        "rancher",
        "its certificate is not to be trusted",
        "pulumi config set rancherCa -s ov-demo < ca.pem",
    ),
    "a token that has ended": (
        ours(cluster=401),
        "rancher token",
        "does not accept the token",
        "config set --secret rancherToken -s ov-demo",
    ),
    "another cluster": (
        ours(cluster=404),
        "rancher cluster",
        "shows no cluster local",
        "config set rancherCluster",
    ),
    "a cluster whose agent is away": (
        ours(updated="False"),
        "rancher cluster",
        "agent is away",
        "cattle-system",
    ),
    "projects that nobody lists": (
        ours(listing=500),
        "rancher project",
        "it says 500",
        "curl",
    ),
    "a project that somebody deleted": (
        FakeRancher(place=""),
        "rancher project",
        "has no project of stack ov-demo",
        "pulumi up --refresh -s ov-demo",
    ),
    "a project that somebody renamed": (
        ours(projects=[project("theirs")]),
        "rancher project",
        "is 'theirs' in Rancher",
        "pulumi up --refresh -s ov-demo",
    ),
    "another quota": (
        ours(projects=[project(resourceQuota={"limit": {"requestsCpu": "9"}})]),
        "rancher project",
        "has another quota",
        "pulumi up --refresh -s ov-demo",
    ),
    "two projects": (
        ours(projects=[project(), project(id="local:p-second")]),
        "rancher project",
        "Several projects",
        "get namespaces -L field.cattle.io/projectId",
    ),
    "a token that may only look": (
        ours(projects=[project(links={"self": "…"})]),
        "rancher rights",
        "may look at project local:p-ours1, and not change it",
        "project-owner",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_by_its_name(name: str, examined: Examined) -> None:
    there, finding, words, advice = FAULTS[name]

    found = examined(there)

    # What depends on it is not looked at.
    assert [each for each in found if not found[each].well] == [finding]
    assert list(found)[-1] == finding or finding == "rancher project"
    assert words in found[finding].said
    assert any(advice in line for line in found[finding].do)


def test_a_project_to_adopt_that_is_not_there_is_found(
    examined: Examined, choices: Callable[..., None]
) -> None:
    choices(rancherProject="local:p-old")

    found = examined(ours())

    assert "shows no project local:p-old" in found["rancher project"].said


@pytest.mark.parametrize("url", ["https://", "https://host:port", "https://[::1", "nonsense"])
def test_an_address_that_is_none_is_no_traceback(
    url: str, examined: Examined, choices: Callable[..., None]
) -> None:
    choices(rancherUrl=url, rancherCa="no certificate")

    found = examined(ours(ping=OSError(8, "Name or service not known")))

    assert not found["rancher"].well


def test_a_token_that_is_not_set_is_found(examined: Examined, programs: Programs) -> None:
    programs.say("pulumi", TOKEN_KEY, "error: key not found", code=255)

    found = examined(ours())

    assert "not found" in found["rancher token"].said
    assert "rancher cluster" not in found


def test_a_token_with_a_line_break_in_it_is_not_shown(
    examined: Examined, programs: Programs
) -> None:
    programs.say("pulumi", TOKEN_KEY, "sentinel:one\nsentinel-two")

    found = examined(ours())

    assert "does not accept the token" in found["rancher token"].said
    assert "sentinel" not in str(found)
