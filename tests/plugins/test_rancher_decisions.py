"""What the rancher2 plugin makes of inputs: checked, changed in place, or replaced."""

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import provider_pb2

from tests.plugins.provider import UNKNOWN, struct
from tests.plugins.rancher import BINDING, NAMESPACE, PROJECT, PROVIDER_URN, Plugin, urn

HERE = {"clusterId": "local"}
WHO = {"projectId": "local:p-1", "roleTemplateId": "project-member"}
CREATOR = {"cattle.io/creator": "norman"}


def state_of(kind: str, **more: Any) -> dict[str, Any]:
    """Return a state as Rancher answers, with labels of its own."""
    own = HERE if kind == PROJECT else WHO
    return {"name": "media", "annotations": {}, "labels": CREATOR, **own, **more}


# Check


def test_numbers_become_texts_and_each_group_says_which_defaults_it_has(rancher2: Plugin) -> None:
    half = {"pods": 20}
    quota = {"projectLimit": half, "namespaceDefaultLimit": half}

    assert rancher2.inputs(PROJECT, **HERE, resourceQuota=quota) == {
        "__defaults": [],
        "name": "media",
        "clusterId": "local",
        "resourceQuota": {
            "__defaults": [],
            "projectLimit": {"__defaults": [], "pods": "20"},
            "namespaceDefaultLimit": {"__defaults": [], "pods": "20"},
        },
    }


@pytest.mark.parametrize(("given", "checked"), [("true", True), ("false", False), (True, True)])
def test_a_flag_may_be_a_word(rancher2: Plugin, given: Any, checked: bool) -> None:  # noqa: FBT001
    assert rancher2.inputs(PROJECT, **HERE, waitForCluster=given)["waitForCluster"] is checked


@pytest.mark.parametrize(
    ("kind", "inputs", "fault"),
    [
        (PROJECT, {}, "Missing required property 'clusterId'"),
        (BINDING, {"projectId": "x"}, "Missing required property 'roleTemplateId'"),
        (BINDING, {"roleTemplateId": "x"}, "Missing required property 'projectId'"),
        (NAMESPACE, {}, "Missing required property 'projectId'"),
        (PROJECT, {**HERE, "colour": "red"}, ": invalid or unknown key: colour"),
        (
            PROJECT,
            {**HERE, "resourceQuota": {"projectLimit": {}}},
            "Missing required property 'resourceQuota.0.namespaceDefaultLimit'",
        ),
    ],
)
def test_wrong_inputs_are_named(
    rancher2: Plugin, kind: str, inputs: dict[str, Any], fault: str
) -> None:
    failures = rancher2.check(kind, **inputs).failures

    assert [one.reason for one in failures] == [fault]


def test_subjects_are_left_to_rancher_to_judge(rancher2: Plugin) -> None:
    assert not rancher2.check(BINDING, **WHO, userId="a", groupId="b").failures
    assert not rancher2.check(BINDING, **WHO, userId="").failures


def test_a_name_is_chosen_once_and_then_kept(rancher2: Plugin) -> None:
    first = MessageToDict(rancher2.check(PROJECT, **HERE).inputs)
    again = rancher2.stub.Check(
        provider_pb2.CheckRequest(urn=urn(PROJECT), olds=struct(first), news=struct(HERE))
    )

    assert first["__defaults"] == ["name"]
    stem, _, digits = first["name"].rpartition("-")
    assert stem == "media"
    assert len(digits) == 7
    assert int(digits, 16) >= 0
    assert MessageToDict(again.inputs)["name"] == first["name"]


def test_a_preview_and_its_update_choose_the_same_name(rancher2: Plugin) -> None:
    request = provider_pb2.CheckRequest(urn=urn(PROJECT), news=struct(HERE), randomSeed=b"x" * 32)

    names = [
        MessageToDict(rancher2.stub.Check(request).inputs)["name"] for _ in ("preview", "update")
    ]

    assert names[0] == names[1]


# Diff


@pytest.mark.parametrize(
    ("kind", "old", "new", "changed"),
    [
        (PROJECT, {}, {}, {}),
        (PROJECT, {}, {"name": "archive"}, {"name": "UPDATE"}),
        (PROJECT, {}, {"description": "x"}, {"description": "ADD"}),
        (PROJECT, {"description": "x"}, {}, {"description": "DELETE"}),
        (PROJECT, {"description": "x"}, {"description": ""}, {"description": "DELETE"}),
        (PROJECT, {}, {"waitForCluster": True}, {"waitForCluster": "ADD"}),
        (PROJECT, {}, {"clusterId": "c-2"}, {"clusterId": "UPDATE_REPLACE"}),
        (PROJECT, {}, {"clusterId": UNKNOWN}, {"clusterId": "UPDATE_REPLACE"}),
        (BINDING, {}, {"name": "other"}, {"name": "UPDATE_REPLACE"}),
        (BINDING, {}, {"projectId": "local:p-2"}, {"projectId": "UPDATE_REPLACE"}),
        (BINDING, {}, {"projectId": UNKNOWN}, {"projectId": "UPDATE_REPLACE"}),
        (BINDING, {}, {"roleTemplateId": "owner"}, {"roleTemplateId": "UPDATE_REPLACE"}),
        (BINDING, {"userId": "a"}, {"userId": "b"}, {"userId": "UPDATE_REPLACE"}),
        (BINDING, {}, {"groupPrincipalId": "b"}, {"groupPrincipalId": "ADD_REPLACE"}),
        (BINDING, {"userId": "a"}, {}, {}),
        (BINDING, {"userId": "a"}, {"userId": ""}, {}),
        (BINDING, {"userPrincipalId": "filled in", "userId": "a"}, {"userId": "a"}, {}),
        (NAMESPACE, {}, {"name": "other"}, {"name": "UPDATE_REPLACE"}),
        (NAMESPACE, {}, {"projectId": "local:p-2"}, {"projectId": "UPDATE"}),
        (NAMESPACE, {}, {"projectId": "c-2:p-1"}, {}),
    ],
)
def test_each_property_is_changed_in_place_or_makes_another_thing(
    rancher2: Plugin, kind: str, old: dict[str, Any], new: dict[str, Any], changed: dict[str, str]
) -> None:
    needed = {PROJECT: HERE, BINDING: WHO, NAMESPACE: {"projectId": "local:p-1"}}[kind]

    assert rancher2.diff(kind, state_of(kind, **old), **{**needed, **new}) == changed


@pytest.mark.parametrize(
    ("labels", "given", "changed"),
    [
        (CREATOR, None, {}),
        (CREATOR, {}, {}),
        ({**CREATOR, "team": "a"}, None, {}),
        # One label of ours beside one of Rancher's: a change that no update ends.
        ({**CREATOR, "team": "a"}, {"team": "a"}, {"labels": "UPDATE"}),
        ({**CREATOR, "team": "a"}, {"team": "a", **CREATOR}, {}),
        (CREATOR, {"team": "a"}, {"labels.team": "ADD"}),
        ({"team": "a"}, {"team": "b"}, {"labels.team": "UPDATE"}),
        ({"team": "a", "b": "c"}, {"b": "c"}, {"labels.team": "DELETE", "labels": "UPDATE"}),
        ({"a.b/c": "d"}, {"x": "y"}, {'labels["a.b/c"]': "DELETE", "labels.x": "ADD"}),
        (CREATOR, UNKNOWN, {"labels": "UPDATE"}),
    ],
)
@pytest.mark.parametrize("kind", [PROJECT, BINDING, NAMESPACE])
def test_labels_differ_by_entry_and_by_number(
    rancher2: Plugin, kind: str, labels: dict[str, str], given: Any, changed: dict[str, str]
) -> None:
    needed = HERE if kind == PROJECT else WHO if kind == BINDING else {"projectId": "local:p-1"}

    assert rancher2.diff(kind, state_of(kind, labels=labels), **needed, labels=given) == changed


def test_ignoring_all_labels_quiets_them_and_ignoring_one_does_not(rancher2: Plugin) -> None:
    state = state_of(PROJECT, labels={**CREATOR, "team": "a"})

    whole = rancher2.diff(PROJECT, state, "labels", **HERE, labels={"team": "b"})
    one = rancher2.diff(PROJECT, state, 'labels["cattle.io/creator"]', **HERE, labels={"team": "a"})

    assert whole == {}
    assert one == {"labels": "UPDATE"}


def test_ignored_labels_are_sent_as_they_are(rancher2: Plugin) -> None:
    rancher2.rancher.put("project", "local:p-1", clusterId="local", name="media")

    rancher2.update(PROJECT, "local:p-1", state_of(PROJECT), "labels", **HERE, labels={"team": "b"})

    assert rancher2.rancher.bodies("PUT")[0]["labels"] == CREATOR


def test_labels_of_rancher_are_kept_and_ours_are_removed(rancher2: Plugin) -> None:
    rancher2.rancher.put("project", "local:p-1", clusterId="local", name="media")
    state = state_of(PROJECT, labels={**CREATOR, "old": "1", "kept": "1"})

    rancher2.update(PROJECT, "local:p-1", state, **HERE, labels={"kept": "2", "new": 3})

    assert rancher2.rancher.bodies("PUT")[0]["labels"] == {**CREATOR, "kept": "2", "new": "3"}


def test_a_quota_differs_by_what_it_limits(rancher2: Plugin) -> None:
    def quota(**limits: str) -> dict[str, Any]:
        return {"projectLimit": limits, "namespaceDefaultLimit": {}}

    def full(**limits: str) -> dict[str, Any]:
        return {"projectLimit": {"secrets": "", **limits}, "namespaceDefaultLimit": {}}

    old = state_of(PROJECT, resourceQuota=full(pods="20", services="5"))
    new = quota(pods="30", secrets="9")

    assert rancher2.diff(PROJECT, old, **HERE, resourceQuota=quota(pods="20", services="5")) == {}
    assert rancher2.diff(PROJECT, old, **HERE, resourceQuota=new) == {
        "resourceQuota.projectLimit.pods": "UPDATE",
        "resourceQuota.projectLimit.secrets": "ADD",
        "resourceQuota.projectLimit.services": "DELETE",
    }


def test_a_quota_taken_out_of_the_program_is_a_change_of_a_project_only(rancher2: Plugin) -> None:
    limit = {"limit": {"pods": "20"}}
    halves = {"projectLimit": {"pods": "20"}, "namespaceDefaultLimit": {}}

    project = rancher2.diff(PROJECT, state_of(PROJECT, resourceQuota=halves), **HERE)
    namespace = rancher2.diff(
        NAMESPACE, state_of(NAMESPACE, resourceQuota=limit), projectId="local:p-1"
    )

    assert project == {"resourceQuota": "DELETE"}
    assert namespace == {}


def test_a_replacement_frees_a_given_name_first_and_a_chosen_one_later(rancher2: Plugin) -> None:
    def order(*defaults: str) -> bool:
        inputs = {**WHO, "projectId": "local:p-2", "name": "media", "__defaults": list(defaults)}
        answer = rancher2.stub.Diff(
            provider_pb2.DiffRequest(
                urn=urn(BINDING), id="x", olds=struct(state_of(BINDING)), news=struct(inputs)
            )
        )
        assert answer.replaces == ["projectId"]
        assert set(answer.stables) > {"name", "projectId", "roleTemplateId", "userId"}
        return answer.deleteBeforeReplace

    assert order() is True
    assert order("name") is False


# The provider itself


def test_the_keys_to_rancher_are_secrets_and_its_certificate_is_not(rancher2: Plugin) -> None:
    news = {"apiUrl": "https://r", "caCerts": "c", "tokenKey": "t", "accessKey": "a"}

    answer = rancher2.stub.CheckConfig(
        provider_pb2.CheckRequest(urn=PROVIDER_URN, news=struct({**news, "secretKey": "s"}))
    )

    inputs = MessageToDict(answer.inputs)
    sealed = {key for key, value in inputs.items() if isinstance(value, dict)}
    assert sealed == {"tokenKey", "accessKey", "secretKey"}


def test_an_unknown_setting_is_refused(rancher2: Plugin) -> None:
    answer = rancher2.stub.CheckConfig(
        provider_pb2.CheckRequest(
            urn=PROVIDER_URN, news=struct({"bogus": "x", "version": "12.1.1"})
        )
    )

    assert [one.reason for one in answer.failures] == [
        "could not validate provider configuration: : invalid or unknown key: bogus"
    ]


def test_no_changed_setting_replaces_what_the_provider_made(rancher2: Plugin) -> None:
    answer = rancher2.stub.DiffConfig(
        provider_pb2.DiffRequest(
            urn=PROVIDER_URN,
            olds=struct({"apiUrl": "https://a", "tokenKey": "t"}),
            news=struct({"apiUrl": "https://b", "tokenKey": "u"}),
        )
    )

    assert list(answer.diffs) == ["apiUrl", "tokenKey"]
    assert list(answer.replaces) == []
