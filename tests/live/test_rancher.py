"""The demo in its project, and a second place whose Rancher fails in every way there is."""

from __future__ import annotations

import json
import secrets
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox import rancher, settings, toolchain
from sandbox.instance import CHECKOUT
from sandbox.process import Processes
from sandbox.rancher import accounts, faults
from tests.live.platform import Platform, eventually
from tests.live.project import Project, chosen, plain

pytestmark = pytest.mark.live

STACK = "openvault"
PROJECTS = "projects.management.cattle.io"
KEY = "field.cattle.io/projectId"
UNASKED = ("--skip-preview", "--yes")


def projects(platform: Platform, name: str) -> list[dict[str, Any]]:
    """Return Rancher's projects of one name."""
    found = platform.objects(PROJECTS, stack="local")
    return [each for each in found if each["spec"]["displayName"] == name]


# The demo


def test_the_demo_is_in_a_project(platform: Platform) -> None:
    (project,) = projects(platform, "ov-demo")
    (space,) = platform.objects("namespaces", "--field-selector=metadata.name=ov-demo")
    name = project["metadata"]["name"]

    assert space["metadata"]["annotations"][KEY] == f"local:{name}"
    assert space["metadata"]["labels"][KEY] == name


def test_a_pod_over_ranchers_limit_is_refused(platform: Platform, tmp_path: Path) -> None:
    (quota,) = platform.objects(
        "resourcequotas", "-l", "resourcequota.management.cattle.io/default-resource-quota=true"
    )
    (box,) = platform.objects("pods", "-l", "app.kubernetes.io/name=jumpbox")
    container = box["spec"]["containers"][0]
    container["resources"] = {"requests": {"cpu": "5"}, "limits": {"memory": "64Mi"}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "greedy"},
        "spec": {"containers": [container], "securityContext": box["spec"]["securityContext"]},
    }
    container.pop("volumeMounts", None)
    file = tmp_path / "pod.json"
    file.write_text(json.dumps(pod))
    words = ("-n", "ov-demo", "create", "-f", str(file), "--dry-run=server")
    said = platform.run("kubectl", *words, check=False).stderr

    assert quota["spec"]["hard"]["requests.cpu"] == "4"
    assert "exceeded quota" in said


@pytest.mark.parametrize(("who", "reads"), [("curator", True), ("stranger", False)])
def test_a_member_reads_and_a_stranger_does_not(
    platform: Platform, who: str, *, reads: bool
) -> None:
    own = str(accounts.kubeconfig(platform.instance, who))
    words = ("kubectl", f"--kubeconfig={own}", "-n", "ov-demo", "get", "deployments")
    done = platform.run(*words, check=False)

    assert (done.returncode == 0) is reads, done.stderr


def test_a_settled_demo_has_no_changes(platform: Platform) -> None:
    platform.run("pulumi", "preview", "-s", "ov-demo", "--expect-no-changes")
    platform.run("pulumi", "refresh", "-s", "ov-demo", "--yes", "--expect-no-changes")


# A place of its own


@dataclass(frozen=True)
class Place:
    """A stack that is a project and a namespace, and no more."""

    platform: Platform
    project: Project

    def pulumi(self, *words: str, check: bool = True) -> str:
        """Return what pulumi says."""
        done = self.project.pulumi(*words, check=check, env={"PYTHONPATH": str(CHECKOUT)})
        assert check or done.returncode, "it should have been refused"
        return done.stdout + done.stderr

    def set(self, key: str, value: str) -> None:
        """Choose another value."""
        self.project.pulumi("config", "set", *(["--path"] if "." in key else []), key, value)

    def token(self, name: str) -> None:
        """Be somebody else to Rancher."""
        path = accounts.token_file(self.platform.instance, name)
        self.project.seal("rancherToken", path.read_text())

    def there(self, name: str = STACK) -> list[str]:
        """Return the ids of Rancher's projects of one name."""
        found = projects(self.platform, name)
        return [f"local:{each['metadata']['name']}" for each in found]

    def space(self) -> dict[str, Any]:
        """Return the marks of the namespace."""
        named = f"--field-selector=metadata.name={STACK}"
        (found,) = self.platform.objects("namespaces", named)
        return found["metadata"]

    def ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Ask Rancher, as its pages do."""
        instance = self.platform.instance
        answer = httpx.request(
            method,
            f"{instance.rancher}{path}",
            json=body,
            headers={"Authorization": f"Bearer {accounts.token_file(instance).read_text()}"},
            verify=ssl.create_default_context(cafile=str(instance.ca)),
            trust_env=False,
        )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    def change(self, change: dict[str, Any]) -> None:
        """Change the project as somebody does in Rancher's pages."""
        (found,) = self.there()
        name = found.partition(":")[2]
        words = ("patch", PROJECTS, name, "--type=merge", "-p", json.dumps({"spec": change}))
        self.platform.kubectl(*words, stack="local")


@pytest.fixture(scope="module")
def place(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Deploy the place, and take it away again."""
    root, instance = tmp_path_factory.mktemp("place"), platform.instance
    program = Path(__file__).parent / "place"
    project = Project(
        platform=platform,
        folder=root / "stacks",
        stack=STACK,
        state=root / "state",
        program=program,
    )
    demo: dict[str, Any] = chosen(platform)["config"]
    config = plain(platform)
    for key in ("rancherUrl", "rancherCluster", "rancherCa", "rancherQuota"):
        config[f"openvault:{key}"] = demo[f"openvault:{key}"]
    config |= {
        "openvault:siteUrl": settings.site_url(instance, STACK),
        "openvault:adminUrl": settings.admin_url(instance, STACK),
    }
    project.configure({"config": config})
    project.pulumi("stack", "init")
    made = Place(platform, project)
    for key in settings.SECRETS:
        project.seal(key, secrets.token_urlsafe(48))
    made.token("admin")
    yield made
    project.pulumi("destroy", *UNASKED, "--refresh", check=False)
    project.take_away()


@pytest.mark.parametrize(
    "fault",
    [
        faults.Fault(method="POST", path="/v3/projects", drop=True),
        faults.Fault(method="POST", path="/v3/projects", delay=63),
    ],
    ids=["lost", "slow"],
)
def test_an_answer_that_never_came_makes_no_second_project(
    place: Place, fault: faults.Fault
) -> None:
    with faults.inject(place.platform.instance, fault):
        place.pulumi("up", *UNASKED, check=False)
    (orphan,) = place.there()
    place.pulumi("up", *UNASKED)

    assert place.there() == [orphan]
    assert place.space()["annotations"][KEY] == orphan
    place.pulumi("preview", "--expect-no-changes")
    # Destroyed, the namespace stays and is in no project.
    place.pulumi("destroy", *UNASKED)
    assert place.there() == []
    eventually("no project", lambda: KEY not in place.space().get("annotations", {}), seconds=15)


def test_it_goes_up_and_is_settled(place: Place) -> None:
    place.pulumi("up", *UNASKED)

    place.pulumi("preview", "--expect-no-changes")
    place.pulumi("refresh", "--yes", "--expect-no-changes")
    (project,) = place.there()
    assert place.space()["annotations"][KEY] == project


def test_name_quota_and_role_change_in_place(place: Place) -> None:
    (project,) = place.there()
    place.set("rancherName", "Open Vault")
    place.set("rancherQuota.pods", "61")
    place.project.pulumi(
        "config", "set", "--path", 'rancherRoles["local://u-curator"]', "read-only"
    )
    planned = place.pulumi("preview", "--diff")
    place.pulumi("up", *UNASKED)

    assert "rancher2:index/project:Project: (update)" in planned
    assert "replace" not in planned
    assert place.there("Open Vault") == [project]
    (quota,) = place.platform.objects("resourcequotas", stack=STACK)
    assert quota["spec"]["hard"]["pods"] == "61"
    place.project.pulumi("config", "rm", "rancherName")
    place.pulumi("up", *UNASKED)
    assert place.there() == [project]


def test_what_was_changed_in_rancher_is_told_and_taken_back(place: Place) -> None:
    (project,) = place.there()
    place.change({"displayName": "theirs"})
    moved = ("annotate", "namespace", STACK, f"{KEY}=local:p-dfltp", "--overwrite")
    place.platform.kubectl(*moved)
    told = place.pulumi("preview", "--expect-no-changes")
    place.pulumi("up", *UNASKED, "--refresh")

    assert "is 'theirs' in Rancher" in told
    assert "is in local:p-dfltp in Rancher" in told
    assert place.there() == [project]
    assert place.space()["annotations"][KEY] == project


def test_a_quota_that_was_removed_comes_back_with_the_next_change(place: Place) -> None:
    place.change({"resourceQuota": None, "namespaceDefaultResourceQuota": None})
    told = place.pulumi("preview")
    place.set("rancherDescription", "the public site")
    place.pulumi("up", *UNASKED)

    assert "has no quota in Rancher any more" in told
    (found,) = projects(place.platform, STACK)
    assert found["spec"]["resourceQuota"]["limit"]["pods"] == "61"


def test_a_project_that_was_deleted_is_made_anew_around_the_same_namespace(place: Place) -> None:
    (old,) = place.there()
    uid = place.space()["uid"]
    place.ask("DELETE", f"/v3/projects/{old}")
    eventually("it is gone", lambda: place.there() == [], seconds=15)
    told = place.pulumi("preview", "--expect-no-changes")
    place.pulumi("up", *UNASKED, "--refresh")

    assert f"Rancher has no project of stack {STACK}" in told
    (new,) = place.there()
    assert new != old
    assert place.space()["uid"] == uid
    assert place.space()["annotations"][KEY] == new


@pytest.mark.parametrize(
    ("who", "said"),
    [("expired", "does not accept the token"), ("stranger", "Rancher shows no cluster local")],
)
def test_a_token_that_will_not_do_is_refused_at_preview(place: Place, who: str, said: str) -> None:
    place.token(who)
    try:
        assert said in place.pulumi("preview", check=False)
    finally:
        place.token("admin")


def test_a_token_that_may_only_look_changes_nothing(place: Place) -> None:
    (project,) = place.there()
    place.token("curator")
    place.set("rancherDescription", "something else")
    try:
        assert "403" in place.pulumi("up", *UNASKED, check=False)
    finally:
        place.token("admin")
    place.pulumi("up", *UNASKED)

    assert place.there() == [project]
    (found,) = projects(place.platform, STACK)
    assert found["spec"]["description"] == "something else"


def test_an_inactive_cluster_is_refused(place: Place) -> None:
    with faults.inactive_cluster(place.platform.instance, "agent is away"):
        assert "not active in Rancher: agent is away" in place.pulumi("preview", check=False)


def test_a_quota_too_small_is_refused_with_the_sum(place: Place) -> None:
    place.set("rancherQuota.pods", "3")
    try:
        said = place.pulumi("preview", check=False)
    finally:
        place.set("rancherQuota.pods", "61")

    assert "together ask for pods" in said
    assert "the quota of their namespace is 3" in said


def test_rancher_that_goes_away_in_an_update_is_gone_on_from(place: Place) -> None:
    (project,) = place.there()
    place.set("rancherDescription", "after the failure")
    broken = faults.Fault(method="PUT", path="/v3/projects/.*", status=503)
    with faults.inject(place.platform.instance, broken):
        assert "503" in place.pulumi("up", *UNASKED, check=False)
    place.pulumi("up", *UNASKED)

    assert place.there() == [project]
    (found,) = projects(place.platform, STACK)
    assert found["spec"]["description"] == "after the failure"


def test_a_rancher_that_is_down_is_refused_at_preview(place: Place) -> None:
    instance = place.platform.instance
    processes = Processes(instance)
    processes.stop(rancher.DAEMON)
    try:
        said = place.pulumi("preview", check=False)
    finally:
        tools = toolchain.locate(instance.cache)
        assert tools
        rancher.start(instance, processes, tools)

    assert "does not answer: connection refused. Nothing was changed." in said


def test_a_project_and_a_namespace_that_are_there_are_adopted_and_left(place: Place) -> None:
    place.pulumi("destroy", *UNASKED)
    made = place.ask("POST", "/v3/projects", {"name": "archive", "clusterId": "local"})["id"]
    uid = place.space()["uid"]
    place.set("rancherProject", made)
    place.set("rancherName", "archive")
    place.pulumi("up", *UNASKED)

    assert place.there("archive") == [made]
    assert place.space()["annotations"][KEY] == made
    assert place.space()["uid"] == uid
    place.pulumi("preview", "--expect-no-changes")
    place.pulumi("destroy", *UNASKED)
    assert place.there("archive") == [made]
    place.platform.kubectl("delete", PROJECTS, made.partition(":")[2], stack="local")
