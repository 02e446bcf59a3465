"""What is refused, with the status, the code and the field that a client sees."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.instance import Instance
from sandbox.rancher import faults
from tests.cluster.kubectl import Namespace, eventually
from tests.rancher.provider import Document, Provider

pytestmark = pytest.mark.live

QUOTA = {"limit": {"limitsCpu": "4000m"}}
DEFAULT = {"limit": {"limitsCpu": "1000m"}}

PROJECTS: dict[str, tuple[Document, int, str, str]] = {
    "no name": ({"clusterId": "local"}, 422, "MissingRequired", "name"),
    "no cluster": ({"name": "x"}, 422, "MissingRequired", "clusterId"),
    "another cluster": ({"name": "x", "clusterId": "c-1"}, 404, "NotFound", ""),
    "one quota of two": (
        {"name": "x", "clusterId": "local", "resourceQuota": QUOTA},
        422, "MissingRequired", "namespaceDefaultResourceQuota",
    ),
    "quotas of different things": (
        {
            "name": "x",
            "clusterId": "local",
            "resourceQuota": QUOTA,
            "namespaceDefaultResourceQuota": {"limit": {"pods": "1"}},
        },
        422, "MissingRequired", "namespaceDefaultResourceQuota",
    ),
    "more for one than for all": (
        {
            "name": "x",
            "clusterId": "local",
            "resourceQuota": DEFAULT,
            "namespaceDefaultResourceQuota": QUOTA,
        },
        422, "MaxLimitExceeded", "namespaceDefaultResourceQuota",
    ),
    "a number": (
        {
            "name": "x",
            "clusterId": "local",
            "resourceQuota": {"limit": {"pods": 3}},
            "namespaceDefaultResourceQuota": {"limit": {"pods": 3}},
        },
        422, "InvalidFormat", "resourceQuota",
    ),
    "a label that Kubernetes refuses": (
        {"name": "x", "clusterId": "local", "labels": {"team": "two words"}},
        422, "InvalidBodyContent", "",
    ),
    "no amount": (
        {"name": "x", "clusterId": "local", "containerDefaultResourceLimit": {"limitsCpu": "lots"}},
        422, "InvalidFormat", "containerDefaultResourceLimit",
    ),
}  # fmt: skip

BINDINGS: dict[str, tuple[Document, int, str, str]] = {
    "nobody": ({"roleTemplateId": "read-only"}, 422, "InvalidBodyContent", "userId"),
    "two": (
        {"roleTemplateId": "read-only", "userId": "u-curator", "groupPrincipalId": "g"},
        422, "InvalidBodyContent", "userId",
    ),
    "a user who is not": (
        {"roleTemplateId": "read-only", "userId": "u-no"}, 422, "InvalidReference", "userId",
    ),
    "a role that is not": ({"roleTemplateId": "king", "userId": "u-curator"}, 404, "NotFound", ""),
    "a name that is none": (
        {"name": "The Team", "roleTemplateId": "read-only", "userId": "u-curator"},
        422, "InvalidCharacters", "name",
    ),
}  # fmt: skip


def told(answer: Any) -> tuple[int, str, str]:
    said = answer.json()
    assert said["type"] == "error"
    assert said["status"] == answer.status_code
    return answer.status_code, said["code"], said["fieldName"]


@pytest.mark.parametrize("case", PROJECTS.values(), ids=PROJECTS.keys())
def test_a_project_is_refused_with(case: tuple[Document, int, str, str], admin: Provider) -> None:
    fields, *refusal = case

    assert told(admin.create("project", **fields)) == tuple(refusal)


@pytest.mark.parametrize("case", BINDINGS.values(), ids=BINDINGS.keys())
def test_a_binding_is_refused_with(
    case: tuple[Document, int, str, str], admin: Provider, project: Document
) -> None:
    fields, *refusal = case

    answer = admin.create(
        "projectRoleTemplateBinding", **{"name": "team", "projectId": project["id"], **fields}
    )

    assert told(answer) == tuple(refusal)


def test_a_binding_of_the_same_name_is_a_conflict(admin: Provider, project: Document) -> None:
    fields = {
        "name": "team",
        "projectId": project["id"],
        "roleTemplateId": "read-only",
        "userId": "u-curator",
    }
    admin.made("projectRoleTemplateBinding", **fields)

    answer = admin.create("projectRoleTemplateBinding", **fields)

    assert told(answer) == (409, "AlreadyExists", "")


def test_a_second_project_of_the_same_name_is_none(admin: Provider, project: Document) -> None:
    twin = admin.made("project", clusterId="local", name=project["name"])

    assert twin["id"] != project["id"]
    admin.delete(twin)


@pytest.mark.parametrize(
    "place",
    [
        "/v3/projects/local:p-none0",
        "/v3/projects/p-none0",
        "/v3/projectroletemplatebindings/local-p-none0:team",
        "/v3/clusters/c-1",
        "/v3/cluster/c-1/schemas",
        "/v3/cluster/local/namespaces/none",
        "/v3/cluster/local/namespaces/local",
        "/v3/roletemplates/king",
        "/v3/settings/none",
        "/v3/subscribe",
    ],
)
def test_what_is_not_there_is_not_found(place: str, admin: Provider) -> None:
    assert told(admin.request("GET", admin.url + place)) == (404, "NotFound", "")


def test_what_is_no_document_is_refused(admin: Provider, project: Document) -> None:
    answer = admin.request("PUT", project["links"]["self"])

    assert told(answer) == (422, "InvalidBodyContent", "")


def test_the_system_project_stays(admin: Provider) -> None:
    system = admin.got("project", "local:p-systp")

    assert told(admin.delete(system)) == (405, "MethodNotAllowed", "")


def test_no_namespace_is_moved_into_a_project_with_a_quota(
    admin: Provider, space: Namespace, name: str
) -> None:
    project = admin.made(
        "project",
        clusterId="local",
        name=name,
        resourceQuota=QUOTA,
        namespaceDefaultResourceQuota=DEFAULT,
    )

    answer = admin.act(admin.got("namespace", space.name), "move", projectId=project["id"])

    assert answer.status_code == 422
    assert "has resource quota set" in answer.json()["message"]
    assert admin.got("namespace", space.name)["projectId"] is None
    admin.delete(project)


def test_a_namespaces_quota_must_fit_the_projects(admin: Provider, name: str) -> None:
    project = admin.made(
        "project",
        clusterId="local",
        name=name,
        resourceQuota=QUOTA,
        namespaceDefaultResourceQuota=DEFAULT,
    )
    fields = {"name": name, "projectId": project["id"]}
    large = {"limit": {"limitsCpu": "5000m"}}

    too_large = admin.create("namespace", resourceQuota=large, **fields)
    of_other_things = admin.create("namespace", resourceQuota={"limit": {"pods": "1"}}, **fields)

    assert told(too_large) == (422, "MaxLimitExceeded", "resourceQuota")
    assert told(of_other_things) == (422, "MissingRequired", "resourceQuota")
    admin.delete(project)


def test_a_namespace_that_is_there_is_a_conflict(admin: Provider, space: Namespace) -> None:
    answer = admin.create("namespace", name=space.name)

    assert told(answer) == (409, "AlreadyExists", "")


def test_less_quota_than_is_in_use_is_refused(
    admin: Provider, project: Document, space: Namespace
) -> None:
    space.kubectl("annotate", "namespace", space.name, f"field.cattle.io/projectId={project['id']}")
    fields = {"clusterId": "local", "name": project["name"]}
    admin.replace(project, **fields, resourceQuota=QUOTA, namespaceDefaultResourceQuota=DEFAULT)
    eventually(
        lambda: (
            admin.got("project", project["id"])["resourceQuota"].get("usedLimit")
            == {"limitsCpu": "1000m"}
        ),
        "the quota of the namespace counts",
    )

    little = {"limit": {"limitsCpu": "500m"}}
    answer = admin.replace(
        project, **fields, resourceQuota=little, namespaceDefaultResourceQuota=little
    )

    assert told(answer) == (422, "MaxLimitExceeded", "resourceQuota")


def test_a_cluster_that_is_not_up_to_date_says_why(admin: Provider, instance: Instance) -> None:
    with faults.inactive_cluster(instance, "the agent is away"):
        cluster = admin.got("cluster", "local")

    updated = next(one for one in cluster["conditions"] if one["type"] == "Updated")
    assert (updated["status"], updated["message"]) == ("False", "the agent is away")
    assert cluster["state"] == "unavailable"
    assert admin.got("cluster", "local")["state"] == "active"


def test_without_the_version_of_kubernetes_a_provider_does_not_start(
    admin: Provider, space: Namespace
) -> None:
    present = space.get("settings.management.cattle.io", "k8s-version")
    fresh = Provider(admin.url, admin.authority, admin.token)
    try:
        space.kubectl("delete", "settings.management.cattle.io", "k8s-version")
        with pytest.raises(AssertionError, match="k8s-version not found"):
            fresh.configure()
    finally:
        del present["metadata"]["resourceVersion"], present["metadata"]["uid"]
        space.apply(present)
    fresh.configure()
