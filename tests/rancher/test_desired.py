"""What the cluster should hold for the projects there are."""

from __future__ import annotations

import json

import pytest

from sandbox.rancher import desired, names
from sandbox.rancher.desired import Room
from tests.rancher import objects

PROJECT = objects.with_quota({"limitsCpu": "3", "pods": "20"}, {"limitsCpu": "2", "pods": "10"})
DEFAULT = {"limits.cpu": "2", "pods": "10"}
NOTE = '{"limit":{"pods":"10","limitsCpu":"2"}}'


def test_a_namespace_gets_the_default_of_its_project() -> None:
    assert desired.room(objects.space(), PROJECT, [], None) == Room(DEFAULT, NOTE, fits=True)


def test_a_namespaces_own_quota_comes_before_the_default() -> None:
    room = desired.room(objects.space(limitsCpu="1", secrets="5"), PROJECT, [], None)

    assert room.hard == {"limits.cpu": "1", "pods": "10"}
    assert room.annotation == '{"limit":{"pods":"10","limitsCpu":"1"}}'


def test_nothing_is_done_where_the_quota_is_there_already() -> None:
    space = objects.space(limitsCpu="2", pods="10")
    present = {"limits.cpu": "2000m", "pods": "10"}

    found = desired.room(space, PROJECT, [], present)

    assert found == Room(present, space["metadata"]["annotations"][names.QUOTA])


@pytest.mark.parametrize("project", [None, objects.project()])
def test_without_a_projects_quota_there_is_none(project: names.Document | None) -> None:
    space = objects.space(limitsCpu="1")
    note = space["metadata"]["annotations"][names.QUOTA]

    assert desired.room(space, project, [], None) == Room(None, note), "nobody asked for more"
    assert desired.room(space, project, [], {"limits.cpu": "1"}) == Room(None, None)


def test_a_new_quota_that_is_too_large_allows_nothing_of_that() -> None:
    other = objects.space("other", limitsCpu="2", pods="10")

    room = desired.room(objects.space(), PROJECT, [other], None)

    assert room.hard == {"limits.cpu": "0", "pods": "10"}
    assert room.fits is False
    assert room.why == "Resource quota [limits.cpu=4000m] exceeds project limit"


def test_a_quota_that_grows_too_large_stays_as_it_was() -> None:
    present = {"limits.cpu": "1", "pods": "10"}

    room = desired.room(objects.space(limitsCpu="9", pods="10"), PROJECT, [], present)

    assert room.hard == present
    assert room.fits is False


def test_a_quota_that_never_fitted_takes_no_room() -> None:
    other = objects.space("other", validated=False, limitsCpu="2", pods="10")

    assert desired.room(objects.space(), PROJECT, [other], None).fits is True
    assert desired.used([other]) == {}


def test_what_is_given_away_is_the_sum() -> None:
    spaces = [objects.space("a", limitsCpu="1500m"), objects.space("b", limitsCpu="1", pods="2")]

    assert desired.used(spaces) == {"limitsCpu": "2500m", "pods": "2"}


def test_container_limits_of_the_namespace_come_before_those_of_the_project() -> None:
    project = objects.project(containerDefaultResourceLimit={"limitsCpu": "1", "requestsCpu": "1m"})
    space = objects.space()
    space["metadata"]["annotations"][names.LIMIT] = '{"limitsCpu":"2"}'

    assert desired.container_limit(space, project) == {"limitsCpu": "2", "requestsCpu": "1m"}
    assert desired.container_limit(space, None) == {}


@pytest.mark.parametrize(
    "note", ["not JSON", "[]", '{"limit":[]}', '{"limit":{"pods":3}}', '{"limit":{"pods":"lots"}}']
)
def test_a_broken_note_of_somebody_else_is_as_good_as_none(note: str) -> None:
    space = objects.space()
    space["metadata"]["annotations"] |= {names.QUOTA: note, names.LIMIT: '{"limitsCpu":"lots"}'}

    assert desired.room(space, PROJECT, [], None).hard == DEFAULT
    assert desired.container_limit(space, PROJECT) == {}


def test_a_condition_keeps_its_time_until_it_changes() -> None:
    space = objects.space()
    first = desired.status(space, {"InitialRolesPopulated": (True, "")}, "first")
    space["metadata"]["annotations"][names.STATUS] = first

    assert desired.status(space, {"InitialRolesPopulated": (True, "")}, "later") == first
    changed = json.loads(desired.status(space, {"InitialRolesPopulated": (False, "no")}, "later"))
    assert changed["Conditions"][0] == {
        "Type": "InitialRolesPopulated",
        "Status": "False",
        "Message": "no",
        "LastUpdateTime": "later",
    }


def test_a_role_reaches_the_project_its_members_and_each_namespace() -> None:
    spaces = [objects.space("one"), objects.space("two")]

    grants = desired.grants(objects.binding(userName="u-a"), ["get"], spaces)

    roles = [
        (one["kind"], one["metadata"].get("namespace"), one["roleRef"]["name"])
        for one in grants
        if "roleRef" in one
    ]
    name = grants[0]["metadata"]["name"]
    assert roles == [
        ("RoleBinding", "local", name),
        ("ClusterRoleBinding", None, "local-clustermember"),
        ("RoleBinding", "local-p-a", "read-only"),
        ("RoleBinding", "one", "read-only"),
        ("RoleBinding", "two", "read-only"),
    ]
    assert grants[0]["rules"][0]["resourceNames"] == ["p-a"], "this project and no other"


@pytest.mark.parametrize(
    ("subject", "kind", "name"),
    [
        ({"userName": "u-a", "userPrincipalName": "local://u-a"}, "User", "u-a"),
        ({"groupPrincipalName": "ldap://cn=a"}, "Group", "ldap://cn=a"),
        ({"groupName": "system:authenticated"}, "Group", "system:authenticated"),
    ],
)
def test_a_subject_is_whom_kubernetes_knows(subject: dict[str, str], kind: str, name: str) -> None:
    grants = desired.grants(objects.binding(**subject), ["get"], [])

    found = {(s["kind"], s["name"]) for one in grants for s in one.get("subjects", [])}
    assert found == {(kind, name)}


def test_a_binding_of_nobody_grants_nothing() -> None:
    assert desired.grants(objects.binding(), ["get"], [objects.space()]) == []


def test_two_roles_of_one_name_never_share_what_they_grant() -> None:
    one, other = (
        desired.grants(objects.binding(role, userName="u-a"), ["get"], [])[0]["metadata"]["name"]
        for role in ("read-only", "project-owner")
    )

    assert one != other
