"""What Rancher keeps true in the cluster, whoever made or changed things."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import rancher, toolchain
from sandbox.instance import Instance
from sandbox.process import Processes
from tests.cluster.kubectl import Manifest, Namespace, eventually
from tests.rancher.provider import Document, Provider, gone

pytestmark = pytest.mark.live

QUOTA = {"limit": {"limitsCpu": "3000m", "pods": "20"}}
DEFAULT = {"limit": {"limitsCpu": "2000m", "pods": "10"}}
LIMIT = {"limitsCpu": "500m", "requestsCpu": "50m"}
OURS = "resourcequota.management.cattle.io/default-resource-quota=true"


@pytest.fixture
def limited(admin: Provider, name: str) -> Iterator[Document]:
    """Return a project with quotas and limits."""
    made = admin.made(
        "project",
        clusterId="local",
        name=name,
        resourceQuota=QUOTA,
        namespaceDefaultResourceQuota=DEFAULT,
        containerDefaultResourceLimit=LIMIT,
    )
    yield made
    admin.delete(made)


@pytest.fixture
def second(instance: Instance, name: str) -> Iterator[Namespace]:
    """Return another namespace of no project."""
    made = Namespace(instance, f"{name}-second")
    made.kubectl("create", "namespace", made.name)
    yield made
    made.kubectl("delete", "namespace", made.name, "--wait=false")


def join(space: Namespace, project: Document) -> None:
    """Put a namespace into a project, as a program does that is no client of Rancher's."""
    space.kubectl(
        "annotate",
        "namespace",
        space.name,
        "--overwrite",
        f"field.cattle.io/projectId={project['id']}",
    )


def hard(space: Namespace) -> dict[str, str] | None:
    """Return the namespace's quota, or None without one."""
    found = space.get("resourcequota", "-l", OURS)["items"]
    return found[0]["spec"]["hard"] if found else None


def meta(space: Namespace) -> dict[str, Any]:
    return space.get("namespace", space.name)["metadata"]


def conditions(space: Namespace) -> dict[str, str]:
    said = json.loads(meta(space)["annotations"].get("cattle.io/status", "{}"))
    return {one["Type"]: one["Status"] for one in said.get("Conditions", [])}


def test_a_namespace_joins_by_its_annotation_alone(limited: Document, space: Namespace) -> None:
    join(space, limited)

    eventually(lambda: conditions(space).get("InitialRolesPopulated") == "True", "it is ready")
    found = meta(space)
    assert found["labels"]["field.cattle.io/projectId"] == limited["id"].partition(":")[2]
    assert hard(space) == {"limits.cpu": "2", "pods": "10"}
    limits = space.get("limitrange", "-l", OURS)["items"][0]["spec"]["limits"]
    assert limits == [
        {"type": "Container", "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "50m"}}
    ]
    notes = found["annotations"]
    assert notes["field.cattle.io/resourceQuota"] == '{"limit":{"pods":"10","limitsCpu":"2000m"}}'
    assert (
        notes["field.cattle.io/containerDefaultResourceLimit"]
        == '{"requestsCpu":"50m","limitsCpu":"500m"}'
    )


def test_quota_and_limits_hold_for_pods(limited: Document, space: Namespace) -> None:
    join(space, limited)
    eventually(lambda: conditions(space).get("InitialRolesPopulated") == "True", "it is ready")

    def refused(cpu: str) -> str:
        pod: Manifest = space.pod(f"cpu-{cpu}")
        pod["spec"]["containers"][0]["resources"] = {"limits": {"cpu": cpu}}
        return space.kubectl("apply", "-f", "-", stdin=json.dumps(pod), check=False).stderr

    assert "exceeded quota: default-" in refused("3")
    assert refused("1") == ""
    space.apply(space.pod("modest"))
    given = space.get("pod", "modest")["spec"]["containers"][0]["resources"]
    assert given == {"limits": {"cpu": "500m"}, "requests": {"cpu": "50m"}}


def test_the_label_alone_does_nothing(limited: Document, space: Namespace, admin: Provider) -> None:
    short = limited["id"].partition(":")[2]
    space.kubectl("label", "namespace", space.name, f"field.cattle.io/projectId={short}")

    # Something else that happens later, and is seen.
    other = admin.made("project", clusterId="local", name=space.name)
    admin.delete(other)
    admin.poll("project", other["id"], gone)

    assert hard(space) is None
    assert admin.got("namespace", space.name)["projectId"] is None


def test_what_the_project_has_no_more_room_for_is_allowed_to_nobody(
    limited: Document, space: Namespace, second: Namespace, admin: Provider
) -> None:
    join(space, limited)
    eventually(lambda: hard(space) is not None, "the first has its quota")
    join(second, limited)

    eventually(lambda: hard(second) == {"limits.cpu": "0", "pods": "10"}, "no processor is left")
    assert conditions(second)["ResourceQuotaValidated"] == "False"
    used = admin.got("project", limited["id"])["resourceQuota"]["usedLimit"]
    assert used == {"limitsCpu": "2000m", "pods": "10"}


def test_of_two_that_come_at_once_one_gets_the_room(
    limited: Document, space: Namespace, second: Namespace, admin: Provider
) -> None:
    projects = f"field.cattle.io/projectId={limited['id']}"
    space.kubectl("annotate", "namespace", space.name, second.name, projects)

    eventually(lambda: None not in (hard(space), hard(second)), "both have a quota")
    assert sorted((hard(one) or {})["limits.cpu"] for one in (space, second)) == ["0", "2"]
    used = admin.got("project", limited["id"])["resourceQuota"]["usedLimit"]
    assert used == {"limitsCpu": "2000m", "pods": "10"}


def test_a_quota_that_is_removed_or_changed_by_hand_comes_back(
    limited: Document, space: Namespace
) -> None:
    join(space, limited)
    eventually(lambda: hard(space) is not None, "it is there")

    space.kubectl("delete", "resourcequota", "-l", OURS)
    eventually(lambda: hard(space) == {"limits.cpu": "2", "pods": "10"}, "it is there again")
    name = space.get("resourcequota", "-l", OURS)["items"][0]["metadata"]["name"]
    patch = '{"spec":{"hard":{"limits.cpu":"9"}}}'
    space.kubectl("patch", "resourcequota", name, "-p", patch)
    eventually(lambda: hard(space) == {"limits.cpu": "2", "pods": "10"}, "it is as it was")


def test_without_the_projects_quota_a_namespace_has_none(
    limited: Document, space: Namespace, admin: Provider
) -> None:
    join(space, limited)
    eventually(lambda: hard(space) is not None, "it is there")

    answer = admin.replace(limited, clusterId="local", name=limited["name"])

    assert answer.status_code == 200
    eventually(lambda: hard(space) is None, "it is gone")
    eventually(
        lambda: "field.cattle.io/resourceQuota" not in meta(space)["annotations"],
        "nothing is said of it",
    )


def test_a_project_takes_along_what_was_made_in_it_and_leaves_what_was_put_there(
    limited: Document, space: Namespace, admin: Provider
) -> None:
    join(space, limited)
    own = admin.made("namespace", name=f"{space.name}-own", resourceQuota=None)
    admin.act(own, "move", projectId=limited["id"])
    eventually(lambda: hard(space) is not None, "one is a member")

    inside = admin.replace(limited, clusterId="local", name=limited["name"])
    assert inside.status_code == 200
    moved = admin.act(admin.got("namespace", own["id"]), "move", projectId=limited["id"])
    assert moved.status_code == 204
    space.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "data"}})
    admin.delete(limited)
    admin.poll("project", limited["id"], gone)

    assert space.get("configmap", "data")
    eventually(
        lambda: "field.cattle.io/projectId" not in meta(space).get("labels", {}), "it is nobody's"
    )
    assert "field.cattle.io/projectId" not in meta(space).get("annotations", {})
    eventually(
        lambda: (
            admin.by_id("namespace", own["id"]).status_code == 404
            or admin.got("namespace", own["id"])["state"] == "removing"
        ),
        "the other goes with its project",
    )
    backing = limited["backingNamespace"]
    left = space.kubectl("get", "namespace", backing, "-o", "jsonpath={.status.phase}", check=False)
    assert left.stdout in {"", "Terminating"}


def test_what_was_begun_is_done_after_the_daemon_was_killed(
    project: Document, space: Namespace, instance: Instance, admin: Provider
) -> None:
    processes = Processes(instance)
    tools = toolchain.locate(instance.cache)
    assert tools
    processes.stop("rancher", patience=0)

    join(space, project)
    what = "projects.management.cattle.io"
    space.kubectl(
        "delete", what, project["id"].partition(":")[2], "--namespace=local", "--wait=false"
    )
    rancher.start(instance, processes, tools)

    admin.poll("project", project["id"], gone)
    assert "field.cattle.io/projectId" not in meta(space).get("annotations", {})
