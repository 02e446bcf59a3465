"""The official provider's requests, one after another, and what it needs of the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.rancher.provider import Document, Provider, active, gone

pytestmark = pytest.mark.live

LIMIT = {
    "limitsCpu": "500m",
    "limitsMemory": "512Mi",
    "requestsCpu": "50m",
    "requestsMemory": "64Mi",
}
QUOTA = {"limit": {"limitsCpu": "8000m", "requestsStorage": "200Gi"}}
DEFAULT = {"limit": {"limitsCpu": "2000m", "requestsStorage": "50Gi"}}
START = ["GET /ping", "GET /v3", "GET /v3/schemas", "GET /v3/settings/k8s-version"]


@pytest.fixture
def fresh(caller: Callable[[str], Provider]) -> Provider:
    return caller("admin")


def remove(provider: Provider, kind: str, thing: Document) -> None:
    """Delete as the provider does: look, delete, and look until it is gone."""
    present = provider.got(kind, thing["id"])
    assert provider.delete(present).status_code in {200, 204}
    provider.poll(kind, thing["id"], gone)


def test_a_project_and_a_binding_are_made_by_these_thirteen_requests(
    fresh: Provider, name: str
) -> None:
    fresh.configure()
    cluster = fresh.got("cluster", "local")
    assert {"type": "Updated", "status": "True"}.items() <= _condition(cluster, "Updated").items()
    project = fresh.made(
        "project",
        annotations={"note": "n"},
        clusterId="local",
        containerDefaultResourceLimit=LIMIT,
        description="of a test",
        labels={"team": "archive"},
        name=name,
        namespaceDefaultResourceQuota=DEFAULT,
        resourceQuota=QUOTA,
    )
    fresh.poll("project", project["id"], active)
    read = fresh.got("project", project["id"])
    fresh.got("project", project["id"])
    fresh.got("roleTemplate", "project-member")
    binding = fresh.made(
        "projectRoleTemplateBinding",
        groupPrincipalId="openldap_group://cn=archivists",
        name="team",
        projectId=project["id"],
        roleTemplateId="project-member",
    )
    fresh.poll("projectRoleTemplateBinding", binding["id"], active)
    bound = fresh.got("projectRoleTemplateBinding", binding["id"])

    one, other = f"/v3/projects/{project['id']}", f"/v3/projectroletemplatebindings/{binding['id']}"
    assert fresh.trace == [
        *START,
        "GET /v3/clusters/local",
        "POST /v3/projects",
        *[f"GET {one}"] * 3,
        "GET /v3/roletemplates/project-member",
        "POST /v3/projectroletemplatebindings",
        *[f"GET {other}"] * 2,
    ]
    assert read["id"].startswith("local:p-")
    assert read["name"] == name
    assert read["description"] == "of a test"
    assert read["containerDefaultResourceLimit"] == LIMIT
    assert read["resourceQuota"]["limit"] == QUOTA["limit"]
    assert read["namespaceDefaultResourceQuota"] == DEFAULT
    assert binding["id"] == f"{read['backingNamespace']}:team"
    assert bound["groupPrincipalId"] == "openldap_group://cn=archivists"
    assert (bound["userId"], bound["groupId"], bound["userPrincipalId"]) == ("", "", "")

    remove(fresh, "projectRoleTemplateBinding", binding)
    remove(fresh, "project", project)
    assert fresh.trace[13:] == [
        *(f"{method} {other}" for method in ("GET", "DELETE", "GET")),
        *(f"{method} {one}" for method in ("GET", "DELETE", "GET")),
    ]


def test_what_was_not_given_is_not_answered(project: Document) -> None:
    absent = {"resourceQuota", "namespaceDefaultResourceQuota", "containerDefaultResourceLimit"}

    assert absent.isdisjoint(project)


def test_a_server_marks_what_it_makes_and_so_every_label_of_a_program_differs_for_ever(
    admin: Provider, name: str
) -> None:
    given = {"labels": {"team": "archive"}, "annotations": {"note": "n"}}
    project = admin.made("project", clusterId="local", name=name, **given)

    assert project["labels"] == {"team": "archive", "cattle.io/creator": "norman"}
    assert project["annotations"].keys() > {"note"}

    # The provider answers a difference of numbers of keys by sending back all that it read.
    sent = {"labels": project["labels"], "annotations": project["annotations"]}
    answer = admin.replace(project, clusterId="local", name=name, **sent)

    assert answer.json()["labels"] == project["labels"]
    assert answer.json()["annotations"] == project["annotations"]
    remove(admin, "project", project)


def test_a_project_is_replaced_where_it_is(admin: Provider, name: str) -> None:
    project = admin.made(
        "project",
        clusterId="local",
        name=name,
        description="before",
        resourceQuota=QUOTA,
        namespaceDefaultResourceQuota=DEFAULT,
        containerDefaultResourceLimit=LIMIT,
    )

    answer = admin.replace(admin.got("project", project["id"]), clusterId="local", name=f"{name}-b")

    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == project["id"], "the provider takes the id from this answer"
    read = admin.poll("project", project["id"], active).json()
    assert read["name"] == f"{name}-b"
    assert read["description"] == ""
    assert "resourceQuota" not in read
    assert "containerDefaultResourceLimit" not in read
    assert read["creatorId"] == project["creatorId"]
    assert read["created"] == project["created"]
    remove(admin, "project", project)


def test_an_update_without_replace_leaves_what_it_does_not_name(
    admin: Provider, project: Document
) -> None:
    given = {"resourceQuota": QUOTA, "namespaceDefaultResourceQuota": DEFAULT}

    answer = admin.update(project, **given)

    assert answer.json()["name"] == project["name"]
    assert answer.json()["resourceQuota"]["limit"] == QUOTA["limit"]


def test_a_binding_is_updated_by_a_plain_map(admin: Provider, project: Document) -> None:
    binding = _bind(admin, project, userPrincipalId="local://u-curator")
    subject = {"groupId": "", "groupPrincipalId": "", "userId": "", "userPrincipalId": ""}

    answer = admin.update(
        binding,
        annotations={},
        labels={"team": "archive"},
        roleTemplateId="read-only",
        **subject,
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == binding["id"]
    assert answer.json()["labels"] == {"team": "archive", "cattle.io/creator": "norman"}
    assert answer.json()["userId"] == "u-curator"


def test_a_namespace_is_made_read_changed_moved_and_deleted(
    fresh: Provider, admin: Provider, project: Document, name: str
) -> None:
    fresh.configure()
    fresh.got("cluster", "local")
    fresh.cluster_client("local")
    space = fresh.made(
        "namespace", containerDefaultResourceLimit={}, name=name, projectId=project["id"]
    )
    assert space["id"] == name
    fresh.poll("namespace", name, active)
    read = fresh.got("namespace", name)
    assert read["projectId"] == project["id"]
    assert read["containerDefaultResourceLimit"] is None
    assert read["labels"]["field.cattle.io/projectId"] == project["id"].partition(":")[2]
    assert read["labels"]["kubernetes.io/metadata.name"] == name, "hiding it would hide a trap"

    other = admin.made("project", clusterId="local", name=f"{name}-other")
    moved = fresh.act(fresh.got("namespace", name), "move", projectId=other["id"])
    assert moved.status_code == 204
    # In the same second, with the labels and annotations from before the move.
    changed = fresh.update(
        read,
        annotations=read["annotations"],
        containerDefaultResourceLimit={},
        description="moved",
        labels=read["labels"],
        resourceQuota={},
    )
    assert changed.status_code == 200, changed.text
    read = fresh.poll("namespace", name, active).json()
    assert read["projectId"] == other["id"]
    assert read["description"] == "moved"
    assert read["labels"]["field.cattle.io/projectId"] == other["id"].partition(":")[2]

    remove(fresh, "namespace", read)
    remove(admin, "project", other)
    start = [*START[1:], "GET /v3/clusters/local", "GET /v3/clusters/local"]
    assert fresh.trace[1:7] == [*start, "GET /v3/cluster/local/schemas"]
    assert fresh.trace[7] == "POST /v3/cluster/local/namespaces"


def test_a_namespace_of_kubectl_is_adopted_by_one_look(
    admin: Provider, project: Document, space: Any
) -> None:
    space.kubectl("annotate", "namespace", space.name, f"field.cattle.io/projectId={project['id']}")

    assert admin.got("namespace", space.name)["projectId"] == project["id"]


def test_the_answers_have_the_headers_and_links_that_a_client_follows(
    admin: Provider, project: Document
) -> None:
    base = admin.url
    places = {
        "/v3": "/v3/schemas",
        "/v3/clusters/local": "/v3/cluster/local/schemas",
        f"/v3/projects/{project['id']}": f"/v3/project/{project['id']}/schemas",
        "/v3/nothing": "/v3/schemas",
    }

    for place, schemas in places.items():
        assert admin.request("GET", base + place).headers["X-Api-Schemas"] == base + schemas
    assert project["links"]["self"] == f"{base}/v3/projects/{project['id']}"
    assert admin.request("GET", f"{base}/v3/clusters/local/namespaces").status_code == 200


def test_links_follow_the_name_by_which_a_proxy_was_asked(admin: Provider) -> None:
    proxied = httpx.get(
        f"{admin.url}/v3",
        verify=False,  # noqa: S501, the names are what is tried
        headers={
            "Authorization": f"Bearer {admin.token}",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "rancher.example.org",
        },
    )

    assert proxied.headers["X-Api-Schemas"] == "https://rancher.example.org/v3/schemas"


def test_lists_are_filtered_and_whole(admin: Provider, project: Document) -> None:
    listed = admin.request("GET", f"{admin.url}/v3/projects?name={project['name']}").json()
    unknown = admin.request("GET", f"{admin.url}/v3/projects?cluster_id=none").json()

    assert [one["id"] for one in listed["data"]] == [project["id"]]
    assert listed["pagination"] == {"limit": 1000, "total": 1, "partial": False}
    assert len(unknown["data"]) >= 3, "a filter that the server does not know does nothing"


def _bind(admin: Provider, project: Document, **subject: str) -> Document:
    return admin.made(
        "projectRoleTemplateBinding",
        name="team",
        projectId=project["id"],
        roleTemplateId="read-only",
        **subject,
    )


def _condition(cluster: Document, kind: str) -> dict[str, str]:
    return next(one for one in cluster["conditions"] if one["type"] == kind)
