"""Which requests the rancher2 plugin sends, in which order, and after which waits."""

from typing import Any

import httpx
import pytest
from google.protobuf.json_format import MessageToDict

from tests.plugins.provider import error_of
from tests.plugins.rancher import (
    BASE,
    BINDING,
    NAMESPACE,
    PROJECT,
    START,
    START_CLUSTER,
    TOKEN,
    Plugin,
    half_done,
    urn,
)

LIMIT = {"limitsCpu": "500m", "limitsMemory": "512Mi", "requestsCpu": "", "requestsMemory": ""}
QUOTA = {"projectLimit": {"pods": 20}, "namespaceDefaultLimit": {"pods": "5"}}
WHO: dict[str, Any] = {
    "projectId": "local:p-1",
    "roleTemplateId": "project-member",
    "userId": "u-1",
}
CREATED = [
    "GET /v3/clusters/local",
    "POST /v3/projects",
    "GET /v3/projects/local:p-1",
    "GET /v3/projects/local:p-1",
]
BOUND = "GET /v3/projectroletemplatebindings/local-p-1:media"
SPACE = "/v3/cluster/local/namespaces/media"


def created(rancher2: Plugin, kind: str, **inputs: Any) -> dict[str, Any]:
    """Create a resource, forget the requests and the waits, and return its state."""
    state = MessageToDict(rancher2.create(kind, **inputs).properties)
    rancher2.asked()
    rancher2.time.sleeps.clear()
    rancher2.rancher.requests.clear()
    return state


def prepare(rancher2: Plugin) -> None:
    """Let Rancher have a project."""
    rancher2.rancher.put("project", "local:p-1", name="media", clusterId="local")


def test_configuring_and_previewing_ask_nobody(rancher2: Plugin) -> None:
    shown = rancher2.create(PROJECT, preview=True, clusterId="local")

    assert shown.id == ""
    assert MessageToDict(shown.properties) == {
        "name": "media",
        "clusterId": "local",
        "waitForCluster": False,
    }
    assert rancher2.asked() == []


def test_a_project_and_a_binding_are_thirteen_requests_and_two_seconds(rancher2: Plugin) -> None:
    rancher2.create(PROJECT, clusterId="local")
    rancher2.create(BINDING, **WHO)

    assert rancher2.asked() == [
        *START,
        *CREATED,
        "GET /v3/projects/local:p-1",
        "GET /v3/roletemplates/project-member",
        "POST /v3/projectroletemplatebindings",
        BOUND,
        BOUND,
    ]
    assert rancher2.time.sleeps == [1, 1]


def test_a_project_is_sent_with_what_is_given_and_nothing_else(rancher2: Plugin) -> None:
    rancher2.create(PROJECT, clusterId="local")
    rancher2.create(
        PROJECT,
        clusterId="local",
        description="of the archive",
        labels={"team": "media"},
        containerResourceLimit={"limitsCpu": "500m", "limitsMemory": "512Mi"},
        resourceQuota=QUOTA,
    )

    bare, full = rancher2.rancher.bodies("POST")
    assert bare == {"links": None, "actions": None, "clusterId": "local", "name": "media"}
    assert full == {
        **bare,
        "description": "of the archive",
        "labels": {"team": "media"},
        "containerDefaultResourceLimit": {"limitsCpu": "500m", "limitsMemory": "512Mi"},
        "resourceQuota": {"limit": {"pods": "20"}},
        "namespaceDefaultResourceQuota": {"limit": {"pods": "5"}},
    }


def test_only_the_ping_goes_without_the_token(rancher2: Plugin) -> None:
    rancher2.create(PROJECT, clusterId="local")

    sent = [one.headers.get("Authorization") for one in rancher2.rancher.requests]
    assert sent == [None] + [f"Bearer {TOKEN}"] * 7
    post = next(one for one in rancher2.rancher.requests if one.method == "POST")
    assert post.headers["Content-Type"] == "application/json"
    assert "Accept" not in post.headers


def test_a_created_project_is_known_with_all_that_rancher_says(rancher2: Plugin) -> None:
    state = created(
        rancher2,
        PROJECT,
        clusterId="local",
        containerResourceLimit={"limitsCpu": "500m", "limitsMemory": "512Mi"},
        resourceQuota=QUOTA,
    )

    assert '"create":600000000000' in state.pop("__meta")
    quota = state.pop("resourceQuota")
    assert state == {
        "id": "local:p-1",
        "name": "media",
        "clusterId": "local",
        "description": "",
        "annotations": {},
        "labels": {"cattle.io/creator": "norman"},
        "waitForCluster": False,
        "containerResourceLimit": LIMIT,
    }
    assert quota["projectLimit"]["pods"] == "20"
    assert quota["namespaceDefaultLimit"]["pods"] == "5"
    assert quota["projectLimit"]["secrets"] == ""
    assert quota["projectLimit"]["extended"] == {}
    assert len(quota["projectLimit"]) == 14


def test_what_was_never_set_is_no_part_of_a_new_project(rancher2: Plugin) -> None:
    state = created(rancher2, PROJECT, clusterId="local")

    assert {"containerResourceLimit", "resourceQuota"}.isdisjoint(state)


def test_what_was_never_set_is_empty_in_a_new_namespace(rancher2: Plugin) -> None:
    state = created(rancher2, NAMESPACE, projectId="local:p-1")

    assert (state["containerResourceLimit"], state["resourceQuota"]) == (None, None)


def test_an_update_replaces_the_whole_project(rancher2: Plugin) -> None:
    state = created(rancher2, PROJECT, clusterId="local", description="old", resourceQuota=QUOTA)

    new = rancher2.update(PROJECT, "local:p-1", state, clusterId="local", name="archive")

    path = "/v3/projects/local:p-1"
    assert rancher2.asked() == [
        f"GET {path}",
        f"PUT {path}?_replace=true",
        f"GET {path}",
        f"GET {path}",
    ]
    assert rancher2.rancher.bodies("PUT") == [
        {
            "id": "local:p-1",
            "links": {"self": BASE + path},
            "actions": None,
            "clusterId": "local",
            "name": "archive",
            "labels": {"cattle.io/creator": "norman"},
        }
    ]
    assert (new["name"], new["description"]) == ("archive", "")
    assert new["resourceQuota"] is None


def test_a_binding_is_sent_whole_with_each_change_of_its_labels(rancher2: Plugin) -> None:
    prepare(rancher2)
    state = created(rancher2, BINDING, **WHO)

    rancher2.update(BINDING, "local-p-1:media", state, **WHO, labels={"a": "b"})

    path = "/v3/projectroletemplatebindings/local-p-1:media"
    assert rancher2.asked() == [BOUND, f"PUT {path}", BOUND, BOUND]
    assert rancher2.rancher.bodies("PUT") == [
        {
            "annotations": {},
            "labels": {"cattle.io/creator": "norman", "a": "b"},
            "roleTemplateId": "project-member",
            "groupId": "",
            "groupPrincipalId": "",
            "userId": "u-1",
            "userPrincipalId": "",
        }
    ]


def test_a_binding_of_a_role_that_does_not_exist_is_not_made(rancher2: Plugin) -> None:
    prepare(rancher2)

    who: dict[str, Any] = {**WHO, "roleTemplateId": "emperor"}

    said = error_of(lambda: rancher2.create(BINDING, **who))

    assert said == (
        "Bad response statusCode [404]. Status [404 Not Found]. Body: [baseType=error, "
        f"code=NotFound, message=no] from [{BASE}/v3/roletemplates/emperor]"
    )
    assert rancher2.rancher.bodies("POST") == []


def test_a_namespace_asks_the_cluster_and_then_its_own_part_of_the_api(rancher2: Plugin) -> None:
    rancher2.create(NAMESPACE, projectId="local:p-1")

    assert rancher2.asked() == [
        *START,
        "GET /v3/clusters/local",
        *START_CLUSTER,
        "POST /v3/cluster/local/namespaces",
        f"GET {SPACE}",
        "GET /v3/clusters/local",
        f"GET {SPACE}",
    ]
    assert rancher2.rancher.bodies("POST") == [
        {
            "links": None,
            "actions": None,
            "containerDefaultResourceLimit": {},
            "name": "media",
            "projectId": "local:p-1",
        }
    ]


def test_a_namespace_moves_to_another_project_and_is_then_changed(rancher2: Plugin) -> None:
    state = created(rancher2, NAMESPACE, projectId="local:p-1")

    rancher2.update(NAMESPACE, "media", state, projectId="local:p-2")

    assert rancher2.asked()[:3] == [f"GET {SPACE}", f"POST {SPACE}?action=move", f"PUT {SPACE}"]
    assert rancher2.rancher.bodies("POST") == [{"projectId": "local:p-2"}]
    assert rancher2.rancher.bodies("PUT") == [
        {
            "description": "",
            "containerDefaultResourceLimit": {},
            "resourceQuota": {},
            "annotations": {},
            "labels": {"cattle.io/creator": "norman"},
        }
    ]


def test_a_namespace_is_deleted_without_the_management(rancher2: Plugin) -> None:
    rancher2.rancher.put("namespace", "media", name="media", projectId="local:p-1")

    rancher2.delete(NAMESPACE, "media", {"projectId": "local:p-1"})

    assert rancher2.asked() == [*START_CLUSTER, f"GET {SPACE}", f"DELETE {SPACE}", f"GET {SPACE}"]


@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_namespace_that_cannot_be_seen_counts_as_deleted(rancher2: Plugin, status: int) -> None:
    rancher2.rancher.put("namespace", "media")
    rancher2.rancher.instead[f"GET {SPACE}"] = [status]

    rancher2.delete(NAMESPACE, "media", {"projectId": "local:p-1"})

    assert f"DELETE {SPACE}" not in rancher2.asked()


def test_a_namespace_that_is_still_hidden_from_its_maker_is_awaited(rancher2: Plugin) -> None:
    rancher2.rancher.instead[f"GET {SPACE}"] = [403, 403]

    made = rancher2.create(NAMESPACE, projectId="local:p-1")

    assert made.id == "media"
    assert rancher2.time.sleeps == [1, 3, 6]


@pytest.mark.parametrize(
    ("states", "sleeps"),
    [
        (["active"], [1]),
        (["initializing", "active"], [1, 3]),
        (["initializing", "configuring", "active"], [1, 3, 6]),
        (["initializing"] * 5 + ["active"], [1, 3, 6, 10, 10, 10]),
    ],
)
def test_a_new_project_is_awaited_in_growing_steps(
    rancher2: Plugin, states: list[str], sleeps: list[float]
) -> None:
    rancher2.rancher.states = states

    rancher2.create(PROJECT, clusterId="local")

    assert rancher2.time.sleeps == sleeps


def test_a_deletion_ends_when_the_project_is_gone(rancher2: Plugin) -> None:
    created(rancher2, PROJECT, clusterId="local")
    path = "/v3/projects/local:p-1"
    removing = httpx.Response(200, json={"state": "removing"})
    rancher2.rancher.instead[f"GET {path}"] = [None, removing]

    rancher2.delete(PROJECT, "local:p-1", {})

    assert rancher2.asked() == [f"GET {path}", f"DELETE {path}", f"GET {path}", f"GET {path}"]
    assert rancher2.time.sleeps == [1, 3]


def test_a_project_that_is_not_deleted_is_an_error(rancher2: Plugin) -> None:
    created(rancher2, PROJECT, clusterId="local")
    active = httpx.Response(200, json={"state": "active"})
    rancher2.rancher.instead["GET /v3/projects/local:p-1"] = [None, active]

    said = error_of(lambda: rancher2.delete(PROJECT, "local:p-1", {}))

    assert said == (
        f"deleting {urn(PROJECT)}: [ERROR] waiting for project (local:p-1) to be removed: "
        "unexpected state 'active', wanted target 'removed'. last error: %!s(<nil>)"
    )


def test_a_binding_that_is_still_there_is_awaited(rancher2: Plugin) -> None:
    prepare(rancher2)
    created(rancher2, BINDING, **WHO)
    still = httpx.Response(200, json={})
    rancher2.rancher.instead[BOUND] = [None, still, still]

    rancher2.delete(BINDING, "local-p-1:media", {})

    assert rancher2.time.sleeps == [1, 3, 6]


@pytest.mark.parametrize("status", [403, 404])
def test_what_is_gone_or_forbidden_is_deleted_already(rancher2: Plugin, status: int) -> None:
    rancher2.rancher.instead["GET /v3/projects/local:p-1"] = [status]

    rancher2.delete(PROJECT, "local:p-1", {})

    assert rancher2.asked() == [*START, "GET /v3/projects/local:p-1"]


def test_a_refused_deletion_names_what_was_to_be_deleted(rancher2: Plugin) -> None:
    prepare(rancher2)
    created(rancher2, BINDING, **WHO)
    path = "/v3/projectroletemplatebindings/local-p-1:media"
    rancher2.rancher.instead[f"DELETE {path}"] = [403]

    said = error_of(lambda: rancher2.delete(BINDING, "local-p-1:media", {}))

    assert said.startswith(
        f"deleting {urn(BINDING)}: Error removing Project Role Template Binding: Bad response"
    )


def test_a_project_in_a_wrong_state_is_kept_with_its_id(rancher2: Plugin) -> None:
    rancher2.rancher.states = ["removing"]

    kept = half_done(lambda: rancher2.create(PROJECT, clusterId="local"))

    assert kept.id == "local:p-1"
    assert MessageToDict(kept.properties) == {
        "id": "local:p-1",
        "name": "media",
        "clusterId": "local",
    }
    assert kept.reasons[0] == (
        f"creating {urn(PROJECT)}: [ERROR] waiting for project (local:p-1) to be created: "
        "unexpected state 'removing', wanted target 'active'. last error: %!s(<nil>)"
    )


def test_a_project_that_never_gets_ready_is_given_up_after_ten_minutes(rancher2: Plugin) -> None:
    rancher2.rancher.states = ["initializing"] * 100

    kept = half_done(lambda: rancher2.create(PROJECT, clusterId="local"))

    assert "(last state: 'initializing', timeout: 10m0s)" in kept.reasons[0]
    assert 590 < rancher2.time.now <= 600


def test_the_program_chooses_how_long_to_wait(rancher2: Plugin) -> None:
    rancher2.rancher.states = ["initializing"] * 100

    kept = half_done(lambda: rancher2.create(PROJECT, timeout=30, clusterId="local"))

    assert "timeout: 30s)" in kept.reasons[0]
    assert 20 <= rancher2.time.now <= 30


def test_a_failed_update_keeps_the_new_values_to_try_again(rancher2: Plugin) -> None:
    state = created(rancher2, PROJECT, clusterId="local")
    rancher2.rancher.instead["GET /v3/projects/local:p-1"] = [404]

    kept = half_done(
        lambda: rancher2.update(PROJECT, "local:p-1", state, clusterId="local", name="archive")
    )

    assert kept.id == "local:p-1"
    assert MessageToDict(kept.properties)["name"] == "archive"
    assert kept.reasons[0].startswith(f"updating {urn(PROJECT)}: Bad response statusCode [404]")


def test_an_update_that_is_answered_with_nothing_fails(rancher2: Plugin) -> None:
    state = created(rancher2, PROJECT, clusterId="local")
    rancher2.rancher.instead["PUT /v3/projects/local:p-1?_replace=true"] = [httpx.Response(204)]

    kept = half_done(
        lambda: rancher2.update(PROJECT, "local:p-1", state, clusterId="local", name="archive")
    )

    assert "unexpected state 'removed'" in kept.reasons[0]


@pytest.mark.parametrize(("asked", "is_known"), [("GET /v3", True), ("POST /v3/projects", False)])
def test_only_what_changes_nothing_is_asked_again_on_a_connection_that_was_closed(
    rancher2: Plugin, asked: str, *, is_known: bool
) -> None:
    closed = httpx.RemoteProtocolError("Server disconnected without sending a response.")
    rancher2.rancher.instead[asked] = [closed]

    if is_known:
        assert rancher2.create(PROJECT, clusterId="local").id == "local:p-1"
    else:
        assert "disconnected" in error_of(lambda: rancher2.create(PROJECT, clusterId="local"))
    assert rancher2.asked().count(asked) == (2 if is_known else 1)


def test_a_slow_answer_to_a_creation_leaves_nothing_known(rancher2: Plugin) -> None:
    rancher2.rancher.instead["POST /v3/projects"] = [httpx.ReadTimeout("")]

    said = error_of(lambda: rancher2.create(PROJECT, clusterId="local"))

    assert said.startswith(f'Post "{BASE}/v3/projects": context deadline exceeded')


@pytest.mark.parametrize("status", [403, 404])
def test_what_is_gone_or_forbidden_is_dropped_at_a_refresh(rancher2: Plugin, status: int) -> None:
    state = created(rancher2, PROJECT, clusterId="local")
    rancher2.rancher.instead["GET /v3/projects/local:p-1"] = [status]

    assert rancher2.read(PROJECT, "local:p-1", state, name="media") == ("", {}, {})


def test_a_refresh_that_fails_keeps_the_project(rancher2: Plugin) -> None:
    state = created(rancher2, PROJECT, clusterId="local")
    rancher2.rancher.instead["GET /v3/projects/local:p-1"] = [500]

    said = error_of(lambda: rancher2.read(PROJECT, "local:p-1", state, name="media"))

    assert said.startswith(f"refreshing {urn(PROJECT)}: Bad response statusCode [500]")


def test_a_refresh_knows_what_was_changed_of_what_was_given(rancher2: Plugin) -> None:
    state = created(rancher2, PROJECT, clusterId="local", resourceQuota=QUOTA)
    there = rancher2.rancher.objects["/v3/projects/local:p-1"]
    there["name"] = "renamed"
    there["resourceQuota"] = {"limit": {"pods": "30"}}

    _, new, inputs = rancher2.read(
        PROJECT, "local:p-1", state, name="media", clusterId="local", resourceQuota=QUOTA
    )

    assert inputs == {
        "name": "renamed",
        "clusterId": "local",
        "resourceQuota": {
            "projectLimit": {"pods": "30"},
            "namespaceDefaultLimit": {"pods": "5"},
        },
    }
    assert new["resourceQuota"]["projectLimit"]["pods"] == "30"


def test_a_quota_that_was_taken_away_is_not_noticed(rancher2: Plugin) -> None:
    state = created(rancher2, PROJECT, clusterId="local", resourceQuota=QUOTA)
    del rancher2.rancher.objects["/v3/projects/local:p-1"]["resourceQuota"]

    _, new, _ = rancher2.read(PROJECT, "local:p-1", state, name="media", clusterId="local")

    assert new == state


def test_a_namespace_is_dropped_at_a_refresh_when_its_cluster_is_forbidden(
    rancher2: Plugin,
) -> None:
    state = created(rancher2, NAMESPACE, projectId="local:p-1")
    rancher2.rancher.instead["GET /v3/clusters/local"] = [403]

    assert rancher2.read(NAMESPACE, "media", state, name="media") == ("", {}, {})


def test_an_imported_project_has_the_inputs_that_describe_it(rancher2: Plugin) -> None:
    rancher2.rancher.put(
        "project",
        "local:p-1",
        name="media",
        clusterId="local",
        labels={"cattle.io/creator": "norman"},
        containerDefaultResourceLimit={"limitsCpu": "1"},
    )

    identity, state, inputs = rancher2.read(PROJECT, "local:p-1", {})

    assert rancher2.asked() == [*START, *["GET /v3/projects/local:p-1"] * 2]
    assert identity == "local:p-1"
    assert "waitForCluster" not in state
    assert inputs == {
        "__defaults": [],
        "name": "media",
        "clusterId": "local",
        "labels": {"cattle.io/creator": "norman"},
        "containerResourceLimit": {"__defaults": [], "limitsCpu": "1"},
    }


def test_an_imported_binding_has_the_inputs_that_describe_it(rancher2: Plugin) -> None:
    rancher2.rancher.put("projectRoleTemplateBinding", "local-p-1:media", name="media", **WHO)

    _, _, inputs = rancher2.read(BINDING, "local-p-1:media", {})

    assert inputs == {"__defaults": [], "name": "media", **WHO}


def test_an_imported_namespace_is_named_with_its_project(rancher2: Plugin) -> None:
    rancher2.rancher.put("namespace", "media", name="media", projectId="local:p-1")

    identity, _, inputs = rancher2.read(NAMESPACE, "local:p-1.media", {})
    said = error_of(lambda: rancher2.read(NAMESPACE, "local:p-2.media", {}))

    assert identity == "media"
    assert inputs == {"__defaults": [], "name": "media", "projectId": "local:p-1"}
    assert "is in project 'local:p-1', not in 'local:p-2'" in said


def test_a_namespace_of_no_project_cannot_be_imported(rancher2: Plugin) -> None:
    rancher2.rancher.put("namespace", "media", name="media")

    said = error_of(lambda: rancher2.read(NAMESPACE, "local.media", {}))

    assert "Cluster id is nil" in said


def test_what_does_not_exist_cannot_be_imported(rancher2: Plugin) -> None:
    said = error_of(lambda: rancher2.read(PROJECT, "local:p-9", {}))

    assert said.startswith(
        "importing local:p-9: importer for local:p-9 returned a empty resource state"
    )
