"""The rancher2 provider with a real engine and the sandbox's Rancher: the official one or ours."""

from __future__ import annotations

import re
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from sandbox.instance import Instance
from sandbox.rancher import accounts
from tests.plugins.rancher import BINDING, NAMESPACE, PROJECT
from tests.plugins.rancher_project import Rancher, RancherProject

pytestmark = pytest.mark.live

QUOTA = {
    "project_limit": {"limits_cpu": "4000m", "pods": "20"},
    "namespace_default_limit": {"limits_cpu": "2000m", "pods": "5"},
}
CURATOR = {"name": "curators", "role_template_id": "project-member", "user_id": "u-curator"}
SPACES = "/v3/cluster/local/namespaces"


@pytest.fixture
def rancher(instance: Instance) -> Rancher:
    return Rancher.of(instance)


@pytest.fixture
def project(tmp_path: Path, instance: Instance) -> Generator[RancherProject]:
    made = RancherProject.make(tmp_path, instance)
    yield made
    made.more.clear()
    made.pulumi("destroy", "--yes", "--skip-preview", "--stack", "test")


@pytest.fixture
def name() -> str:
    return f"plugins-{time.time_ns():x}"


def shown(text: str, kind: str) -> list[str]:
    """Return the operations and properties that a plan shows for the resource of a type."""
    lines = re.findall(rf"^ *(\S+) +rancher2:index:{kind} \S+ ?(.*?)\s*$", text, re.MULTILINE)
    return [f"{operation} {rest}".strip() for operation, rest in lines]


def test_what_was_made_is_in_rancher_and_in_the_state_and_nothing_is_left_to_do(
    project: RancherProject, rancher: Rancher, name: str
) -> None:
    limit = {"limits_cpu": "500m", "requests_memory": "64Mi"}
    args = {"name": name, "description": "a test", "container_resource_limit": limit}
    project.wants({**args, "resource_quota": QUOTA}, {**CURATOR})

    project.up()

    identity = project.id()
    there = rancher.get(f"/v3/projects/{identity}")
    assert (there["name"], there["description"], there["state"]) == (name, "a test", "active")
    assert there["resourceQuota"]["limit"] == {"limitsCpu": "4000m", "pods": "20"}
    state = project.resource(PROJECT)["outputs"]
    assert state["containerResourceLimit"] == {
        "limitsCpu": "500m",
        "limitsMemory": "",
        "requestsCpu": "",
        "requestsMemory": "64Mi",
    }
    assert state["labels"]["cattle.io/creator"] == "norman"
    assert state["waitForCluster"] is False
    assert {key for key, value in state["resourceQuota"]["projectLimit"].items() if value} == {
        "limitsCpu",
        "pods",
    }
    bound = project.resource(BINDING)
    assert bound["id"] == f"{identity.replace(':', '-')}:curators"
    assert bound["outputs"]["userPrincipalId"] == "local://u-curator"
    project.preview("--expect-no-changes")
    project.pulumi("refresh", "--yes", "--expect-no-changes", "--stack", "test")


def test_a_name_and_a_quota_are_changed_in_place_and_a_person_is_replaced(
    project: RancherProject, rancher: Rancher, name: str
) -> None:
    project.wants({"name": name, "resource_quota": QUOTA}, {**CURATOR})
    project.up()
    identity = project.id()
    more = {**QUOTA, "project_limit": {"limits_cpu": "6000m", "pods": "20"}}
    project.wants(
        {"name": f"{name}-b", "resource_quota": more}, {**CURATOR, "user_id": "u-stranger"}
    )

    plan = project.preview()
    project.up()

    assert shown(plan, "Project") == ["~ update [diff: ~name,resourceQuota]"]
    assert "+- replace [diff: ~userId]" in shown(plan, "ProjectRoleTemplateBinding")
    there = rancher.get(f"/v3/projects/{identity}")
    assert (project.id(), there["name"]) == (identity, f"{name}-b")
    assert there["resourceQuota"]["limit"]["limitsCpu"] == "6000m"
    bound = rancher.get(f"/v3/projectroletemplatebindings/{identity.replace(':', '-')}:curators")
    assert bound["userId"] == "u-stranger"
    project.preview("--expect-no-changes")


def test_a_quota_taken_out_of_the_program_is_taken_from_the_project(
    project: RancherProject, rancher: Rancher, name: str
) -> None:
    project.wants({"name": name, "description": "x", "resource_quota": QUOTA})
    project.up()
    project.wants({"name": name})

    plan = project.preview()
    project.up()

    assert shown(plan, "Project") == ["~ update [diff: -description,resourceQuota]"]
    there = rancher.get(f"/v3/projects/{project.id()}")
    assert not there.get("resourceQuota")
    assert not there.get("namespaceDefaultResourceQuota")
    assert not there.get("description")
    project.preview("--expect-no-changes")


def test_labels_are_a_change_that_no_update_ends_unless_they_are_ignored(
    project: RancherProject, rancher: Rancher, name: str
) -> None:
    labels = {"labels": {"team": "archive"}}
    project.wants({"name": name, **labels})
    project.up()
    project.up()

    endless = project.preview()
    project.wants({"name": name, **labels, "ignore_changes": ["labels"]})

    assert shown(endless, "Project") == ["~ update [diff: ~labels]"]
    assert rancher.get(f"/v3/projects/{project.id()}")["labels"]["team"] == "archive"
    project.preview("--expect-no-changes")


def test_a_namespace_moves_between_projects_and_keeps_what_is_in_it(
    project: RancherProject, rancher: Rancher, name: str
) -> None:
    other = rancher.post("/v3/projects", name=f"{name}-b", clusterId="local")
    project.wants({"name": name}, None, {"name": name})
    project.up()
    before = rancher.get(f"{SPACES}/{name}")["uuid"]
    state = project.resource(NAMESPACE)
    project.preview("--expect-no-changes")
    project.wants({"name": name}, None, {"name": name, "project_id": other["id"]})

    plan = project.preview()
    project.up()

    there = rancher.get(f"{SPACES}/{name}")
    rancher.delete(f"/v3/projects/{other['id']}")
    assert (state["id"], state["outputs"]["containerResourceLimit"]) == (name, None)
    assert shown(plan, "Namespace") == ["~ update [diff: ~projectId]"]
    assert (there["projectId"], there["uuid"]) == (other["id"], before)


def test_what_was_made_by_hand_is_adopted_and_then_changed_in_place(
    project: RancherProject, rancher: Rancher, name: str
) -> None:
    found = rancher.post("/v3/projects", name=name, clusterId="local", description="by hand")
    rancher.post(SPACES, name=name, projectId=found["id"])
    same = {"name": name, "description": "by hand", "import_": found["id"]}
    project.wants(same, None, {"name": name, "import_": f"{found['id']}.{name}"})

    plan = project.preview()
    project.up()
    project.wants({"name": name, "description": "adopted"}, None, {"name": name})
    project.up()

    assert shown(plan, "Project")[0].startswith("= import")
    assert project.id() == found["id"]
    assert rancher.get(f"/v3/projects/{found['id']}")["description"] == "adopted"
    assert [one["id"] for one in rancher.named(name)] == [found["id"]]
    project.preview("--expect-no-changes")


def test_what_somebody_else_changed_is_seen_by_a_refresh_and_taken_back(
    project: RancherProject, rancher: Rancher, name: str
) -> None:
    project.wants({"name": name})
    project.up()
    path = f"/v3/projects/{project.id()}"
    rancher.put(path, name=f"{name}-renamed")

    unseen = project.preview("--expect-no-changes")
    project.refresh()
    plan = project.preview()
    project.up()

    assert shown(unseen, "Project") == []
    assert shown(plan, "Project") == ["~ update [diff: ~name]"]
    assert rancher.get(path)["name"] == name


def test_a_project_that_somebody_deleted_is_made_again_after_a_refresh(
    project: RancherProject, rancher: Rancher, name: str
) -> None:
    project.wants({"name": name}, {**CURATOR})
    project.up()
    before = project.id()
    rancher.delete(f"/v3/projects/{before}")
    gone = time.monotonic() + 30
    while rancher.is_there(f"/v3/projects/{before}"):
        assert time.monotonic() < gone, "the project is not removed"
        time.sleep(0.5)

    project.refresh()
    project.up()

    assert project.id() != before
    assert [one["id"] for one in rancher.named(name)] == [project.id()]
    assert project.resource(BINDING)["outputs"]["projectId"] == project.id()


def test_a_destroy_leaves_nothing_in_rancher(
    project: RancherProject, rancher: Rancher, name: str
) -> None:
    project.wants({"name": name}, {**CURATOR}, {"name": name})
    project.up()
    identity = project.id()

    project.pulumi("destroy", "--yes", "--skip-preview", "--stack", "test")

    assert not rancher.is_there(f"/v3/projects/{identity}")
    assert not rancher.is_there(f"{SPACES}/{name}")
    assert rancher.named(name) == []


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("expired", "Bad response statusCode [401]. Status [401 Unauthorized]."),
        ("stranger", "Cluster ID local not found or is forbidden"),
    ],
)
def test_a_token_that_is_not_enough_makes_nothing_and_is_not_shown(
    project: RancherProject, rancher: Rancher, name: str, token: str, words: str
) -> None:
    path = accounts.token_file(project.instance, token)
    project.wants({"name": name})
    project.more["OV_RANCHER_TOKEN_FILE"] = str(path)

    said = project.failing_up()

    secret = path.read_text().partition(":")[2].strip()
    assert words in said
    assert secret not in said
    assert project.traces(secret) == []
    assert rancher.named(name) == []


def test_a_quota_that_rancher_does_not_take_makes_no_project(
    project: RancherProject, rancher: Rancher, name: str
) -> None:
    unequal = {**QUOTA, "namespace_default_limit": {"pods": "5"}}
    project.wants({"name": name, "resource_quota": unequal})

    said = project.failing_up()

    assert "Bad response statusCode [422]" in said
    assert rancher.named(name) == []
