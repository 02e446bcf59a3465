"""Labels and annotations under an update."""

from __future__ import annotations

import pytest

from sandbox.rancher.merging import is_protected, merged

SERVERS = {"cattle.io/creator": "norman", "authz.management.cattle.io/creator-role-bindings": "{}"}
FIELDS = {"field.cattle.io/projectId": "local:p-a"}


def test_what_is_given_replaces_what_a_client_gave_before() -> None:
    assert merged({"team": "a", "note": "n"}, {"team": "b"}) == {"team": "b"}
    assert merged({"team": "a"}, {}) == {}


def test_none_given_changes_none() -> None:
    assert merged({"team": "a", **SERVERS}, None) == {"team": "a", **SERVERS}


@pytest.mark.parametrize("given", [{}, dict.fromkeys(SERVERS, "mine")])
def test_the_servers_own_are_neither_deleted_nor_overwritten(given: dict[str, str]) -> None:
    assert merged(SERVERS, given) == SERVERS


def test_a_field_is_not_deleted_by_leaving_it_out_and_may_be_changed() -> None:
    assert merged(FIELDS, {}) == FIELDS
    other = {"field.cattle.io/projectId": "local:p-b"}
    assert merged(FIELDS, other) == other


def test_who_made_it_is_the_servers_although_it_is_a_field() -> None:
    creator = "field.cattle.io/creatorId"

    assert is_protected(creator)
    assert merged({creator: "user-a"}, {creator: "user-b"}) == {creator: "user-a"}


def test_a_stranger_to_the_server_is_nothing_to_it() -> None:
    assert not is_protected("kubernetes.io/metadata.name")
