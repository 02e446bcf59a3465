"""`ov graph`: what is deployed is drawn as it is, and what is not well is said."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from declared.pictures.graph import State
from declared.pictures.objects import Maker
from operations.errors import Exit
from operations.graph.health import claim_health, health
from tests.operations.conftest import Ov
from tests.operations.shell import Programs
from tests.stacks import settled

SVG = "{http://www.w3.org/2000/svg}"
OLD, NEW = (f"sha256:{digit * 64}" for digit in "12")
ASKED = "--context ov-demo --namespace ov-demo get deployments"
SERVICES = {"ov-nginx", "ov-frontend", "ov-wag", "db", "jumpbox", "migrate"}


@pytest.fixture
def ov(typed: Ov) -> Ov:
    """Return a way to type `ov graph …`."""
    return partial(typed, "graph")


def pod(name: str, image: str, **status: Any) -> dict[str, Any]:
    return {
        "kind": "Pod",
        "metadata": {
            "name": f"{name}-1",
            "labels": {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "openvault"},
        },
        "spec": {"containers": [{"name": name, "image": image}]},
        "status": {"phase": "Running", **status},
    }


def container(name: str = "ov-wag", image_id: str = "", **state: Any) -> dict[str, Any]:
    return {"name": name, "imageID": image_id, "ready": False, "restartCount": 0, "state": state}


def cluster() -> list[dict[str, Any]]:
    """Return what the program declares, as a cluster has it where all is well."""
    found = [copy.deepcopy(dict(each)) for each in settled("ov-demo").manifests]
    for each in found:
        if each["kind"] in {"Deployment", "StatefulSet"}:
            each["status"] = {"readyReplicas": 1, "updatedReplicas": 1}
        if each["kind"] == "Job":
            each["status"] = {"conditions": [{"type": "Complete", "status": "True"}]}
        if each["kind"] == "PersistentVolumeClaim":
            each["status"] = {"phase": "Bound", "capacity": {"storage": "20Gi"}}
    return found


def one(found: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    (each,) = [at for at in found if at["kind"] == kind and at["metadata"]["name"] == name]
    return each


def drawn(ov: Ov, programs: Programs, found: list[dict[str, Any]], path: Path) -> ET.Element:
    programs.say("kubectl", ASKED, json.dumps({"items": found}))
    said = ov("ov-demo", "-o", str(path))
    assert said.code == 0, said.err
    return ET.fromstring(path.read_text())


def boxes(root: ET.Element) -> Mapping[str, ET.Element]:
    return {
        each.attrib["data-box"]: each for each in root.iter(f"{SVG}g") if "data-box" in each.attrib
    }


def arrows(root: ET.Element) -> set[tuple[str, str]]:
    groups = [each.attrib for each in root.iter(f"{SVG}g")]
    return {(at["data-source"], at["data-target"]) for at in groups if "data-source" in at}


def texts(box: ET.Element) -> list[str]:
    return [each.text or "" for each in box.iter(f"{SVG}text")]


def test_every_service_volume_and_host_of_a_healthy_stack_is_there(
    ov: Ov, programs: Programs, tmp_path: Path
) -> None:
    found = boxes(drawn(ov, programs, cluster(), tmp_path / "site.svg"))

    assert found.keys() >= SERVICES | {"ov-db", "ov-media", "ov-static", "edge"}
    assert "demo.ov.wgbh-mla.org" in texts(found["edge"])
    assert {found[name].attrib["data-state"] for name in SERVICES} == {"ready"}
    assert "1 of 1 ready" in texts(found["ov-wag"])
    assert "bound" in texts(found["ov-media"])


def test_the_image_is_the_one_that_the_node_runs(
    ov: Ov, programs: Programs, tmp_path: Path
) -> None:
    image = f"docker.io/wgbhmla/ov-wag:v0.2.1@{OLD}"
    running = container(image_id=f"docker.io/wgbhmla/ov-wag@{NEW}", running={})
    there = [*cluster(), pod("ov-wag", image, containerStatuses=[running])]

    found = boxes(drawn(ov, programs, there, tmp_path / "site.svg"))

    assert "v0.2.1 · 222222222222" in texts(found["ov-wag"])
    assert NEW in (found["ov-wag"].findtext(f"{SVG}title") or "")


def test_the_version_of_an_image_that_is_built_here_comes_from_the_settings(
    ov: Ov, programs: Programs, tmp_path: Path
) -> None:
    found = boxes(drawn(ov, programs, cluster(), tmp_path / "site.svg"))

    assert any(each.startswith("v0.1.0, built here · ") for each in texts(found["ov-nginx"]))


def test_arrows_are_those_of_the_cluster_and_not_of_the_program(
    ov: Ov, programs: Programs, tmp_path: Path
) -> None:
    closed = [each for each in cluster() if each["metadata"]["name"] != "jumpbox-to-db"]

    found = arrows(drawn(ov, programs, closed, tmp_path / "site.svg"))

    assert ("ov-wag", "db") in found
    assert ("jumpbox", "db") not in found
    assert ("ov-frontend", "db") not in found


def test_a_service_that_no_policy_guards_is_marked(
    ov: Ov, programs: Programs, tmp_path: Path
) -> None:
    naked = [each for each in cluster() if each["kind"] != "NetworkPolicy"]

    found = boxes(drawn(ov, programs, naked, tmp_path / "site.svg"))

    assert "open: no policy guards it" in texts(found["db"])


def test_the_terminal_says_what_the_picture_shows(
    ov: Ov, programs: Programs, tmp_path: Path
) -> None:
    there = cluster()
    one(there, "Deployment", "jumpbox")["spec"]["replicas"] = 0
    programs.say("kubectl", ASKED, json.dumps({"items": there}))

    said = ov("ov-demo", "-o", str(tmp_path / "site.svg"))

    assert "stopped: 0 wanted" in said.out
    assert f"written: {tmp_path / 'site.svg'}" in said.out


def test_without_a_name_the_file_is_called_as_the_stack(
    ov: Ov, programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    programs.say("kubectl", ASKED, json.dumps({"items": cluster()}))

    assert ov("ov-demo").code == 0
    assert (tmp_path / "ov-demo.svg").is_file()


@pytest.mark.parametrize(
    ("state", "said", "change"),
    [
        (State.READY, "1 of 1 ready", {}),
        (State.STOPPED, "stopped: 0 wanted", {"replicas": 0}),
        (State.STARTING, "0 of 1 ready: starting", {"ready": 0}),
        (State.STARTING, "1 of 1 ready: being replaced", {"updated": 0}),
        (State.STARTING, "0 of 1 ready: starting", {
            "ready": 0, "pod": [container(waiting={"reason": "ContainerCreating"})],
        }),
        (State.FAILING, "0 of 1 ready: CrashLoopBackOff", {
            "ready": 0, "pod": [container(waiting={"reason": "CrashLoopBackOff"})],
        }),
        (State.FAILING, "1 of 1 ready: ImagePullBackOff", {
            "pod": [container(waiting={"reason": "ImagePullBackOff"})],
        }),
        (State.FAILING, "0 of 1 ready: ended with code 3", {
            "ready": 0, "pod": [container(terminated={"exitCode": 3})],
        }),
        (State.FAILING, "0 of 1 ready: started 3 times, and not ready", {
            "ready": 0, "pod": [{**container(running={}), "restartCount": 2}],
        }),
    ],
)  # fmt: skip
def test_how_a_service_is(state: State, said: str, change: Mapping[str, Any]) -> None:
    deployment = one(cluster(), "Deployment", "ov-wag")
    deployment["spec"]["replicas"] = change.get("replicas", 1)
    deployment["status"] = {
        "readyReplicas": change.get("ready", 1), "updatedReplicas": change.get("updated", 1),
    }  # fmt: skip
    pods = [pod("ov-wag", "image", containerStatuses=change.get("pod", []))]

    assert health(Maker(name="ov-wag", object=deployment), pods) == (state, said)


def test_a_pod_that_no_node_takes_is_told() -> None:
    deployment: dict[str, Any] = {**one(cluster(), "Deployment", "ov-wag"), "status": {}}
    waiting = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}

    state, said = health(
        Maker(name="ov-wag", object=deployment), [pod("ov-wag", "image", conditions=[waiting])]
    )

    assert (state, said) == (State.FAILING, "0 of 1 ready: no node has room")


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ({"conditions": [{"type": "Complete", "status": "True"}]}, (State.READY, "done")),
        ({"conditions": [{"type": "Failed", "status": "True"}]}, (State.FAILING, "failed")),
        ({}, (State.STARTING, "running")),
    ],
)
def test_how_a_job_is(status: Mapping[str, Any], found: tuple[State, str]) -> None:
    job: dict[str, Any] = {"kind": "Job", "spec": {}, "status": status}

    assert health(Maker(name="migrate", object=job), []) == found


@pytest.mark.parametrize(
    ("job", "found"),
    [
        ({"spec": {}}, (State.READY, "not due yet")),
        ({"spec": {"suspend": True}}, (State.STOPPED, "suspended")),
        (
            {"spec": {}, "status": {"lastSuccessfulTime": "2026-03-01T04:05:06Z"}},
            (State.READY, "last done 2026-03-01 04:05 UTC"),
        ),
    ],
)
def test_how_work_that_comes_round_is(job: Mapping[str, Any], found: tuple[State, str]) -> None:
    assert health(Maker(name="reindex", object={"kind": "CronJob", **job}), []) == found


@pytest.mark.parametrize(
    ("phase", "state"),
    [("Bound", State.READY), ("Pending", State.STARTING), ("Lost", State.FAILING)],
)
def test_how_a_volume_is(phase: str, state: State) -> None:
    assert claim_health({"status": {"phase": phase}})[0] is state


def test_of_several_jobs_for_one_purpose_the_last_counts(
    ov: Ov, programs: Programs, tmp_path: Path
) -> None:
    there = cluster()
    (job,) = [each for each in there if each["kind"] == "Job"]
    job["metadata"]["creationTimestamp"] = "2026-03-01T00:00:00Z"
    failed = copy.deepcopy(job)
    failed["metadata"] |= {"name": "migrate-0", "creationTimestamp": "2026-03-02T00:00:00Z"}
    failed["status"] = {"conditions": [{"type": "Failed", "status": "True"}]}

    found = boxes(drawn(ov, programs, [failed, *there], tmp_path / "site.svg"))

    assert found["migrate"].attrib["data-state"] == "failing"


def test_the_stack_is_said_as_to_other_verbs_too(
    ov: Ov, programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    programs.say("kubectl", ASKED, json.dumps({"items": cluster()}))

    assert ov("--stack", "ov-demo").code == 0
    assert "No stack is called 'nope'" in ov("--stack", "nope").err


def test_a_stack_that_is_none_is_refused(ov: Ov, programs: Programs) -> None:
    said = ov("nope")

    assert said.code == Exit.USAGE
    assert "No stack is called 'nope'" in said.err


def test_nothing_deployed_is_told(ov: Ov, programs: Programs) -> None:
    programs.say("kubectl", ASKED, json.dumps({"items": []}))

    said = ov("ov-demo")

    assert said.code == Exit.MISSING
    assert "pulumi up -s ov-demo" in said.err


def test_a_cluster_that_does_not_answer_is_told(ov: Ov, programs: Programs) -> None:
    programs.say("kubectl", ASKED, "error: context was not found", code=1)

    said = ov("ov-demo")

    assert said.code == Exit.UNREACHABLE
    assert "context was not found" in said.err
    assert "./ov doctor --stack ov-demo" in said.err


def test_without_kubectl_it_is_told(ov: Ov, programs: Programs) -> None:
    programs.without("kubectl")

    said = ov("ov-demo")

    assert said.code == Exit.TOOLS
    assert "kubectl is missing" in said.err


def test_a_file_that_cannot_be_written_is_told(ov: Ov, programs: Programs, tmp_path: Path) -> None:
    programs.say("kubectl", ASKED, json.dumps({"items": cluster()}))

    said = ov("ov-demo", "-o", str(tmp_path / "nowhere" / "site.svg"))

    assert said.code == Exit.USAGE
    assert "cannot be written" in said.err
