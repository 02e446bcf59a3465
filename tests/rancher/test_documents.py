"""Schemas, and objects as the API shows them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.rancher import names, schemas, views
from tests.rancher import objects

BASE = "https://rancher"


def test_ids_of_schemas_are_in_camel_case_and_their_addresses_are_not() -> None:
    found = {one["id"]: one for one in schemas.management(BASE)["data"]}

    binding = found["projectRoleTemplateBinding"]
    assert binding["links"]["collection"] == f"{BASE}/v3/projectroletemplatebindings"
    assert found["project"]["collectionMethods"] == ["GET", "POST"]
    assert found["project"]["resourceMethods"] == ["GET", "PUT", "DELETE"]
    assert found["setting"]["resourceMethods"] == ["GET"]
    assert {"cluster", "roleTemplate", "token"} < found.keys()


def test_a_cluster_has_namespaces_that_can_be_moved() -> None:
    (namespace,) = schemas.cluster(BASE, "local")["data"]

    assert namespace["links"]["collection"] == f"{BASE}/v3/cluster/local/namespaces"
    assert "move" in namespace["resourceActions"]


def test_a_namespace_shows_fields_where_kubernetes_has_annotations() -> None:
    space = objects.space(limitsCpu="1")
    space["metadata"]["annotations"] |= {names.DESCRIPTION: "d", names.CREATOR: "u", "note": "n"}

    shown = views.namespace(space, BASE)

    assert shown["projectId"] == "local:p-a"
    assert shown["description"] == "d"
    assert shown["creatorId"] == "u"
    assert shown["resourceQuota"] == {"limit": {"limitsCpu": "1"}}
    assert shown["annotations"].keys() == {"note", "cattle.io/status"}


@pytest.mark.parametrize(
    ("status", "deleted", "state"),
    [
        (None, False, "active"),
        ("True", False, "active"),
        ("False", False, "active"),
        ("Unknown", False, "activating"),
        ("Unknown", True, "removing"),
    ],
)
@pytest.mark.parametrize("condition", ["InitialRolesPopulated", "ResourceQuotaValidated"])
def test_a_namespace_is_ready_unless_it_says_that_it_does_not_know(
    condition: str, status: str | None, *, deleted: bool, state: str
) -> None:
    space = objects.space()
    if status:
        said = {"Conditions": [{"Type": condition, "Status": status}]}
        space["metadata"]["annotations"][names.STATUS] = json.dumps(said)
    if deleted:
        space["metadata"]["deletionTimestamp"] = "now"

    assert views.namespace_state(space) == state


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "initializing"),
        ({"BackingNamespaceCreated": "True"}, "initializing"),
        ({"BackingNamespaceCreated": "True", "InitialRolesPopulated": "True"}, "active"),
        ({"BackingNamespaceCreated": "True", "InitialRolesPopulated": "False"}, "initializing"),
    ],
)
def test_a_project_is_active_once_all_is_made(changes: dict[str, str], state: str) -> None:
    project: dict[str, Any] = objects.project()
    conditions = [{"type": kind, "status": status} for kind, status in changes.items()]
    project["status"] = {"conditions": conditions}

    assert views.project(project, BASE)["state"] == state


def test_no_answer_tells_a_secret() -> None:
    token = {"metadata": {"name": "token-a"}, "userId": "u", "hash": "h", "token": "t"}

    shown = views.token(token, BASE, expired=False)

    assert {"hash", "token"}.isdisjoint(shown)
