"""A Project object, given what a client says of it."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.rancher import projectspec
from sandbox.rancher.failures import RequestError

QUOTA = {"limit": {"pods": "10"}}
DEFAULT = {"limit": {"pods": "5"}}
GIVEN: dict[str, Any] = {
    "name": "media",
    "clusterId": "local",
    "description": "d",
    "labels": {"team": "a"},
    "resourceQuota": QUOTA,
    "namespaceDefaultResourceQuota": DEFAULT,
    "containerDefaultResourceLimit": {"limitsCpu": "1"},
    "links": None,
    "actions": None,
}


def test_a_new_project_is_the_creators_and_is_not_gone_before_its_time() -> None:
    made = projectspec.new("p-a", GIVEN, "user-a")

    assert made["metadata"]["annotations"]["field.cattle.io/creatorId"] == "user-a"
    assert made["metadata"]["finalizers"] == ["controller.cattle.io/mgmt-project-rbac-remove"]
    assert made["spec"] == {
        "displayName": "media",
        "description": "d",
        "clusterName": "local",
        "resourceQuota": QUOTA,
        "namespaceDefaultResourceQuota": DEFAULT,
        "containerDefaultResourceLimit": {"limitsCpu": "1"},
    }


def test_replacing_takes_away_what_is_not_named_but_what_is_in_use() -> None:
    made = projectspec.new("p-a", GIVEN, "user-a")
    made["spec"]["resourceQuota"] = {**QUOTA, "usedLimit": {"pods": "5"}}

    quotas = {"resourceQuota": QUOTA, "namespaceDefaultResourceQuota": DEFAULT}
    projectspec.update(made, {"name": "press", **quotas}, replace=True)

    assert made["spec"] == {
        "displayName": "press",
        "description": "",
        "clusterName": "local",
        "resourceQuota": {**QUOTA, "usedLimit": {"pods": "5"}},
        "namespaceDefaultResourceQuota": DEFAULT,
    }


def test_an_update_that_does_not_replace_changes_what_it_names() -> None:
    made = projectspec.new("p-a", GIVEN, "user-a")
    before = {**made["spec"]}

    projectspec.update(made, {"description": "other"}, replace=False)

    assert made["spec"] == {**before, "description": "other"}


@pytest.mark.parametrize("kept", ["id", "clusterId", "state", "creatorId", "created", "type"])
def test_what_is_the_servers_is_no_client_s_to_change(kept: str) -> None:
    made = projectspec.new("p-a", GIVEN, "user-a")
    before = {**made["spec"]}, {**made["metadata"]}

    projectspec.update(made, {**GIVEN, kept: "mine"}, replace=True)

    assert (made["spec"], made["metadata"]) == before


def test_empty_quotas_are_quotas_of_nothing() -> None:
    empty: dict[str, Any] = {"limit": {}}
    made = projectspec.new(
        "p-a",
        {"name": "m", "resourceQuota": empty, "namespaceDefaultResourceQuota": empty},
        "user-a",
    )

    assert made["spec"]["resourceQuota"] == {"limit": {}}


def test_an_empty_container_limit_is_none() -> None:
    made = projectspec.new("p-a", {"name": "m", "containerDefaultResourceLimit": {}}, "user-a")

    assert "containerDefaultResourceLimit" not in made["spec"]


def test_less_than_is_given_away_is_refused_with_what_it_is_less_than() -> None:
    made = projectspec.new("p-a", GIVEN, "user-a")
    made["spec"]["resourceQuota"] = {**QUOTA, "usedLimit": {"pods": "8"}}
    less = {"limit": {"pods": "7"}}

    with pytest.raises(RequestError) as refused:
        projectspec.update(made, {"resourceQuota": less}, replace=False)

    assert refused.value.body == {
        "type": "error",
        "baseType": "error",
        "status": 422,
        "code": "MaxLimitExceeded",
        "message": "is below the used limit on fields: pods=8",
        "fieldName": "resourceQuota",
    }
