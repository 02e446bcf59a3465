"""`ov doctor`: what is wrong is found by its name, with what to type."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from operations.doctor import cluster
from operations.errors import Exit
from operations.registry import Access
from tests.operations.conftest import Ov
from tests.operations.fake import FakeRegistry
from tests.operations.shell import Programs, saying


@pytest.fixture
def ov(typed: Ov) -> Ov:
    """Return a way to type `ov doctor …`."""
    return partial(typed, "doctor")


def test_where_all_is_well_nothing_is_found(programs: Programs, ov: Ov) -> None:
    said = ov("--offline")

    assert said.code == 0, said.out + said.err
    assert "FOUND" not in said.out


def test_no_secret_is_printed(programs: Programs, ov: Ov) -> None:
    said = ov("--offline", "--json")

    assert "sentinel" not in said.out + said.err
    assert "key:secret" not in said.out + said.err
    assert "s3://bucket/state" in said.out


PENDING = {
    "deployment": {
        "pending_operations": [
            {"type": "creating", "resource": {"urn": "urn:pulumi:a::b::c::ov-nginx"}}
        ]
    }
}
SICK_POD = {
    "items": [
        {
            "metadata": {"name": "ov-wag-1"},
            "status": {
                "phase": "Pending",
                "conditions": [{"type": "Ready", "status": "False"}],
                "containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}],
            },
        }
    ]
}

# What is wrong; the name of the finding; words of what is said; words of what to type.
FAULTS: dict[str, tuple[Callable[[Programs], None], str, str, str]] = {
    "no kubectl": (
        lambda its: its.without("kubectl"),
        "kubectl",
        "not on this shell's PATH",
        "install kubectl",
    ),
    "an old engine": (
        lambda its: its.say("pulumi", "version", "v3.100.1"),
        "pulumi",
        "3.100.1 is older than 3.252",
        "install pulumi 3.252",
    ),
    "no Docker daemon, where images are built": (
        lambda its: its.say("docker", "version", "Cannot connect to the daemon", code=1),
        "docker",
        "Cannot connect",
        "--published",
    ),
    "no login": (
        lambda its: its.say("pulumi", "whoami", "error: PULUMI_ACCESS_TOKEN must be set", code=255),
        "state",
        "PULUMI_ACCESS_TOKEN",
        "pulumi login",
    ),
    "another state": (
        lambda its: its.say("pulumi", "stack ls", "[]"),
        "stack",
        "not in this state",
        "pulumi stack init ov-demo",
    ),
    "a wrong passphrase": (
        lambda its: its.say("pulumi", "config get", "error: incorrect passphrase", code=255),
        "secrets",
        "incorrect passphrase",
        "PULUMI_CONFIG_PASSPHRASE_FILE",
    ),
    "a secret that is not set": (
        lambda its: its.say("pulumi", "config get", "error: key not found", code=255),
        "secrets",
        "is not set",
        "pulumi config set --secret openvault:secretKey",
    ),
    "an update that was killed": (
        lambda its: its.say("pulumi", "stack export", json.dumps(PENDING)),
        "pending operations",
        "creating ov-nginx",
        "--clear-pending-creates",
    ),
    "a wrong context": (
        lambda its: its.say("kubectl", "config get-contexts", "minikube"),
        "context",
        "none of minikube",
        "kubeContext",
    ),
    "a cluster that does not answer": (
        lambda its: its.say("kubectl", "version -o json", "connection refused", code=1),
        "cluster",
        "connection refused",
        "/readyz",
    ),
    "a token that has ended": (
        lambda its: its.say("kubectl", "version -o json", "error: Unauthorized", code=1),
        "login",
        "Unauthorized",
        "kubeconfig from Rancher",
    ),
    "a person who may not": (
        lambda its: its.say("kubectl", "auth can-i delete secrets", "no", code=1),
        "permissions",
        "delete secrets",
        "project-member",
    ),
    "a pod that does not start": (
        lambda its: its.say("kubectl", "get pods", json.dumps(SICK_POD)),
        "pods",
        "ov-wag-1: ImagePullBackOff",
        "describe pod ov-wag-1",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_by_its_name(name: str, programs: Programs, ov: Ov) -> None:
    breaks, finding, words, advice = FAULTS[name]
    breaks(programs)

    said = ov("--offline", "--json")

    assert said.code == Exit.SICK
    found = {each["name"]: each for each in json.loads(said.out)["findings"]}
    assert not found[finding]["well"]
    assert words in found[finding]["said"]
    assert any(advice in line for line in found[finding]["do"])
    assert "Traceback" not in said.err


def test_a_lock_is_told_with_its_holder(programs: Programs, ov: Ov, tmp_path: Path) -> None:
    locks = tmp_path / "state/.pulumi/locks/organization/openvault/ov-demo"
    locks.mkdir(parents=True)
    held = {"pid": 7, "username": "ann", "hostname": "desk", "timestamp": "2026-01-02T03:04:05Z"}
    (locks / "a.json").write_text(json.dumps(held))

    said = ov("--offline")

    assert said.code == Exit.SICK
    assert "held by ann@desk, process 7 since 2026-01-02 03:04 UTC" in said.out
    assert "pulumi cancel --yes ov-demo" in said.out


def test_a_clock_that_is_wrong_is_found(
    programs: Programs, ov: Ov, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "client", saying(timedelta(minutes=5)))

    said = ov("--offline")

    assert said.code == Exit.SICK
    assert "seconds apart from demo.ov.wgbh-mla.org" in said.out
    assert "set-ntp" in said.out


def test_settings_that_make_no_sense_are_found(
    programs: Programs, ov: Ov, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs.say("pulumi", "preview", "error: siteUrl has no scheme", code=255)

    found = examined(ov, monkeypatch)

    assert "siteUrl has no scheme" in found["settings"]["said"]
    assert found["settings"]["do"] == ["pulumi preview -s ov-demo"]


def test_a_registry_that_lost_an_image_is_found(
    programs: Programs, ov: Ov, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = examined(ov, monkeypatch)

    assert not found["image of ov-wag"]["well"]
    assert found["settings"]["well"]


def examined(ov: Ov, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return all findings where the only registry has no image at all."""
    empty = partial(Access, transport=FakeRegistry().transport)
    monkeypatch.setattr("operations.doctor.command.Access", empty)
    said = ov("--json")
    assert said.code == Exit.SICK
    return {each["name"]: each for each in json.loads(said.out)["findings"]}


def test_what_depends_on_something_broken_is_not_looked_at(programs: Programs, ov: Ov) -> None:
    programs.say("kubectl", "config get-contexts", "minikube")

    names = [each["name"] for each in json.loads(ov("--offline", "--json").out)["findings"]]

    assert "permissions" not in names
    assert "pods" not in names
