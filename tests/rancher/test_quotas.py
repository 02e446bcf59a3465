"""Sums, names and spellings of quotas."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import cast

import pytest

from sandbox.rancher import quotas


def test_fields_have_kubernetes_names_of_resources() -> None:
    limit = {"limitsCpu": "1", "servicesNodePorts": "0", "extended": {"count/jobs.batch": "5"}}

    assert quotas.resources(limit) == {
        "limits.cpu": "1",
        "services.nodeports": "0",
        "count/jobs.batch": "5",
    }
    assert quotas.limit_of(quotas.resources(limit)) == limit


def test_every_field_has_a_resource_of_its_own_that_kubernetes_counts() -> None:
    everything = {field: str(number) for number, field in enumerate(quotas.RESOURCES)}

    assert quotas.limit_of(quotas.resources(everything)) == everything
    assert sorted(quotas.resources(everything)) == [
        "configmaps",
        "limits.cpu",
        "limits.memory",
        "persistentvolumeclaims",
        "pods",
        "replicationcontrollers",
        "requests.cpu",
        "requests.memory",
        "requests.storage",
        "secrets",
        "services",
        "services.loadbalancers",
        "services.nodeports",
    ]


def test_amounts_are_added_however_they_are_written() -> None:
    found = quotas.total([{"limits.cpu": "1500m"}, {"limits.cpu": "0.5", "pods": "3"}])

    assert found == {"limits.cpu": Decimal(2), "pods": Decimal(3)}


def test_what_is_asked_in_all_may_be_as_much_as_allowed_and_no_more() -> None:
    allowed = {"limits.cpu": "2", "pods": "10"}

    assert quotas.excess([{"limits.cpu": "1"}, {"limits.cpu": "1000m"}], allowed) == {}
    assert quotas.excess([{"limits.cpu": "1"}, {"limits.cpu": "1001m"}], allowed) == {
        "limits.cpu": "2001m"
    }


def test_what_is_not_limited_is_free() -> None:
    assert quotas.excess([{"secrets": "1000"}], {"pods": "1"}) == {}


def test_less_than_nothing_is_too_much() -> None:
    assert quotas.excess([{"pods": "-1"}], {"pods": "10"}) == {"pods": "-1"}


def test_a_namespace_has_exactly_the_fields_of_the_default() -> None:
    found = quotas.complete({"pods": "3", "secrets": "9"}, {"pods": "5", "limitsCpu": "1"})

    assert found == {"pods": "3", "limitsCpu": "1"}
    assert quotas.complete(None, {"pods": "5"}) == {"pods": "5"}


def test_amounts_are_compared_by_what_they_are_worth() -> None:
    assert quotas.same({"limits.memory": "1Gi"}, {"limits.memory": "1024Mi"})
    assert not quotas.same({"limits.memory": "1Gi"}, {"limits.memory": "1G"})
    assert not quotas.same({"pods": "1"}, {"pods": "1", "secrets": "1"})


def test_an_annotation_has_the_fields_in_rancher_s_order_without_spaces() -> None:
    given = {"limitsMemory": "1Gi", "limitsCpu": "1", "requestsStorage": "5Gi", "pods": "3"}

    found = quotas.annotation(cast("quotas.Limit", given))

    assert found == (
        '{"limit":{"pods":"3","requestsStorage":"5Gi","limitsCpu":"1","limitsMemory":"1Gi"}}'
    )
    assert json.loads(quotas.container_annotation({"limitsCpu": "1", "requestsCpu": ""})) == {
        "limitsCpu": "1"
    }


@pytest.mark.parametrize(
    ("limit", "item"),
    [
        ({}, {}),
        ({"limitsCpu": "1"}, {"default": {"cpu": "1"}}),
        (
            {"limitsMemory": "1Gi", "requestsMemory": "1Mi", "requestsCpu": ""},
            {"default": {"memory": "1Gi"}, "defaultRequest": {"memory": "1Mi"}},
        ),
    ],
)
def test_a_container_s_limits_become_those_of_a_limit_range(
    limit: dict[str, str], item: dict[str, dict[str, str]]
) -> None:
    assert quotas.limit_range(limit) == item


@pytest.mark.parametrize(
    ("resource", "amount", "written"),
    [
        ("limits.cpu", Decimal("1.5"), "1500m"),
        ("requests.memory", Decimal(3 * 2**30), "3Gi"),
        ("requests.memory", Decimal(3 * 2**20), "3Mi"),
        ("requests.storage", Decimal(1000), "1000"),
        ("limits.memory", Decimal(0), "0"),
        ("pods", Decimal(7), "7"),
    ],
)
def test_a_sum_is_written_as_a_person_would(resource: str, amount: Decimal, written: str) -> None:
    assert quotas.written(resource, amount) == written
    assert quotas.quantity(written) == amount


@pytest.mark.parametrize("amount", ["lots", "1Xi", ""])
def test_what_is_no_amount_is_an_error(amount: str) -> None:
    with pytest.raises(ValueError, match="Invalid"):
        quotas.quantity(amount)
