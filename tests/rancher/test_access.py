"""Who may do what, by token and by kubeconfig alike."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import httpx
import pytest

from sandbox import toolchain
from sandbox.instance import Instance
from sandbox.rancher import accounts
from tests.cluster.kubectl import Namespace, eventually
from tests.rancher.provider import Document, Provider

pytestmark = pytest.mark.live

SUBJECTS = {
    "user": {"userId": "u-curator"},
    "principal": {"userPrincipalId": "local://u-curator"},
    "group": {"groupPrincipalId": "openldap_group://cn=archivists"},
}


@pytest.fixture
def member(space: Namespace, project: Document) -> Namespace:
    """Return a namespace that kubectl put into the project."""
    space.kubectl("annotate", "namespace", space.name, f"field.cattle.io/projectId={project['id']}")
    return space


def bind(admin: Provider, project: Document, role: str, **subject: str) -> Document:
    return admin.made(
        "projectRoleTemplateBinding",
        name="team",
        projectId=project["id"],
        roleTemplateId=role,
        **subject,
    )


def may(instance: Instance, who: str, *words: str) -> bool:
    """Tell whether a user's own kubeconfig lets them do something."""
    tools = toolchain.locate(instance.cache)
    assert tools
    kubeconfig = f"--kubeconfig={accounts.kubeconfig(instance, who)}"
    argv = [tools.path("kubectl"), kubeconfig, *words]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert not done.returncode or "forbidden" in done.stderr.lower(), done.stderr
    return done.returncode == 0


def links(caller: Provider, project: Document) -> set[str]:
    """Return what Rancher says may be done to a project, by whoever asks."""
    return set(caller.by_id("project", project["id"]).json()["links"])


@pytest.mark.parametrize("token", ["none", "token-admin:wrong", "nobody:nothing", "expired"])
def test_a_token_that_does_not_hold_is_told_so(
    token: str, caller: Callable[[str], Provider]
) -> None:
    provider = caller("expired")
    if token != "expired":
        provider.token = token

    answer = provider.request("GET", f"{provider.url}/v3")

    assert answer.status_code == 401
    assert answer.json() == {
        "type": "error",
        "baseType": "error",
        "status": 401,
        "code": "Unauthorized",
        "message": "must authenticate",
        "fieldName": "",
    }


def test_a_token_works_until_it_ends(admin: Provider) -> None:
    made = admin.request("POST", f"{admin.url}/v3/tokens", {"ttl": 5000}).json()
    brief = Provider(admin.url, admin.authority, made["token"])

    assert brief.request("GET", f"{admin.url}/v3").status_code == 200
    eventually(lambda: brief.request("GET", f"{admin.url}/v3").status_code == 401, "it has ended")
    assert admin.request("GET", made["links"]["self"]).json()["expired"] is True
    assert "token" not in admin.request("GET", made["links"]["self"]).json()
    assert admin.request("DELETE", made["links"]["self"]).status_code == 200


def test_a_stranger_gets_in_and_may_do_nothing(
    caller: Callable[[str], Provider], admin: Provider, project: Document, name: str
) -> None:
    stranger = caller("stranger")
    stranger.configure()

    assert stranger.by_id("cluster", "local").status_code == 403
    assert stranger.by_id("project", project["id"]).status_code == 403
    assert stranger.create("project", clusterId="local", name=name).status_code == 403
    assert stranger.delete(project).status_code == 403
    assert stranger.request("GET", f"{stranger.url}/v3/projects").json()["data"] == []
    assert stranger.request("DELETE", f"{admin.url}/v3/tokens/token-admin").status_code == 403
    refused = stranger.create(
        "projectRoleTemplateBinding",
        name="me",
        projectId=project["id"],
        roleTemplateId="project-owner",
        userId="u-stranger",
    )
    assert refused.status_code == 403
    assert refused.json()["code"] == "PermissionDenied"


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS.keys())
def test_a_binding_lets_its_subject_read_the_namespaces_and_nobody_else(
    subject: dict[str, str],
    admin: Provider,
    project: Document,
    member: Namespace,
    instance: Instance,
) -> None:
    reads = ("get", "pods", "-n", member.name)
    assert not may(instance, "curator", *reads)

    binding = bind(admin, project, "read-only", **subject)

    eventually(lambda: may(instance, "curator", *reads), "the curator reads")
    assert may(instance, "curator", "get", "namespace", member.name)
    assert not may(instance, "curator", "create", "configmap", "note", "-n", member.name)
    assert not may(instance, "curator", "get", "secrets", "-n", member.name)
    assert not may(instance, "stranger", *reads)

    admin.delete(binding)
    eventually(lambda: not may(instance, "curator", *reads), "the curator reads no more")


def test_a_member_sees_the_project_and_an_owner_changes_it(
    caller: Callable[[str], Provider], admin: Provider, project: Document
) -> None:
    curator = caller("curator")
    curator.configure()
    binding = bind(admin, project, "project-member", userId="u-curator")
    eventually(lambda: curator.by_id("project", project["id"]).status_code == 200, "it is seen")
    assert curator.by_id("cluster", "local").status_code == 200
    assert not {"update", "remove"} & links(curator, project)
    rename = {"clusterId": "local", "name": project["name"], "description": "theirs"}

    assert curator.replace(project, **rename).status_code == 403
    admin.delete(binding)
    bind(admin, project, "project-owner", userId="u-curator")
    eventually(lambda: curator.replace(project, **rename).status_code == 200, "it is changed")
    assert {"update", "remove"} <= links(curator, project)


def test_a_user_whom_nobody_knew_is_known_once_bound(admin: Provider, project: Document) -> None:
    principal = "openldap_user://uid=ada"

    binding = bind(admin, project, "read-only", userPrincipalId=principal)

    assert binding["userPrincipalId"] == principal
    assert binding["userId"].startswith("u-")


def test_only_the_sandboxs_authority_vouches_for_it(instance: Instance) -> None:
    with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
        httpx.get(f"{instance.rancher}/ping", trust_env=False)


def test_secrets_of_accounts_are_roots_alone(instance: Instance) -> None:
    secret = [accounts.token_file(instance, token) for token in accounts.TOKENS]
    secret += [accounts.kubeconfig(instance, one.name) for one in accounts.ACCOUNTS]

    assert {path.stat().st_mode & 0o777 for path in secret} == {0o600}
    log = (instance.logs / "rancher.log").read_text()
    for token in accounts.TOKENS:
        assert accounts.token_file(instance, token).read_text().partition(":")[2] not in log
