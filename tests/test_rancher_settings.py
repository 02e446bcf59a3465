"""What a stack chooses about Rancher is refused before Rancher is asked, with the sum shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.quota import FIELDS, amount, asked
from components.settings import Settings
from declared.engine import run
from tests.rancherapi import CHOICES, TOKEN
from tests.stacks import SEALED, SECRETS, configured

# A certificate that vouches for nobody.
CERTIFICATE = (Path(__file__).parent / "certificate.pem").read_text()


def load(**changes: Any) -> Settings:
    found: list[Settings] = []

    def program() -> None:
        keys = [f"openvault:{key}" for key in (*SECRETS, *SEALED)]
        pulumi.runtime.set_all_config(configured("ov-demo", **{**CHOICES, **changes}), keys)
        found.append(Settings.load("ov-demo"))

    run(program)
    return found[0]


def refusal(**changes: Any) -> str:
    with pytest.raises(pulumi.RunError) as refused:
        load(**changes)
    said = str(refused.value)
    assert said.count("\n- ") == 1, said
    return said


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"rancherUrl": "http://x.org"}, "https:// and a host is needed", "config set rancherUrl"),
    ({"rancherUrl": "https://x.org/rancher"}, "https:// and a host", "config set rancherUrl"),
    ({"rancherCluster": ""}, "the id of a cluster is needed", "config set rancherCluster local"),
    ({"rancherToken": ""}, "rancherToken is missing", "config set --secret rancherToken"),
    ({"rancherCa": "junk"}, "a certificate in PEM is needed", "rancherCa -s ov-demo < ca.pem"),
    ({"rancherProject": "media"}, "the id of a project", "rancherProject local:p-abcde"),
    ({"rancherProject": "c-1:p-x"}, "a project of cluster local", "rancherProject local:p-abcde"),
    ({"rancherRoles": {"archivists": "read-only"}}, "a principal of Rancher's", "rancherRoles["),
    ({"rancherRoles": {"local://u": [{}]}}, "the id of a role template", "rancherRoles["),
    ({"rancherQuota": {"cpu": "1"}}, "there are only pods,", "rm --path rancherQuota.cpu"),
    ({"rancherQuota": {"limitsMemory": "24G"}}, "is not an amount as 500Mi", "set --path"),
    ({"rancherLimits": {"pods": "1"}}, "there are only requestsCpu", "rm --path rancherLimits"),
    (
        {"rancherNamespaceQuota": {"pods": "30"}},
        "only one has limitsMemory, pods, requestsCpu",
        "config rm rancherNamespaceQuota",
    ),
    (
        {"rancherQuota": {"pods": "30"}, "rancherNamespaceQuota": {"pods": "31"}},
        "more than the whole project has: pods 31 of 30",
        "config rm rancherNamespaceQuota",
    ),
    (
        {"rancherQuota": {"limitsCpu": "20"}},
        "no container here says its own",
        "config set --path rancherLimits.limitsCpu 1000m",
    ),
    (
        {"rancherLimits": {"limitsCpu": "50m"}},
        "could not have a limit of 50m",
        "config set --path rancherLimits.limitsCpu",
    ),
]


@pytest.mark.parametrize(("changes", "why", "way"), REFUSED)
def test_what_is_wrong_is_refused_with_the_way_out(
    changes: dict[str, Any], why: str, way: str
) -> None:
    said = refusal(**changes)

    assert why in said
    assert way in said
    assert TOKEN not in said


@pytest.mark.parametrize("field", ["pods", "requestsCpu", "requestsMemory", "limitsMemory"])
def test_a_quota_too_small_is_refused_with_the_sum(field: str) -> None:
    settings = load()
    taken = asked(settings.needs, [], {})[field]
    unit = next(iter(FIELDS[field]))

    assert load(rancherQuota={field: f"{taken}{unit}"}).rancher
    said = refusal(rancherQuota={field: f"{taken - 1}{unit}"})
    assert f"together ask for {field} {taken}{unit}, a roll-out included" in said
    assert f"the quota of their namespace is {taken - 1}{unit}" in said
    assert f"config set --path rancherQuota.{field} {taken}{unit}" in said


def test_volumes_count_too() -> None:
    said = refusal(rancherQuota={"requestsStorage": "60Gi"}, mediaStorage="50Gi")

    assert "ask for requestsStorage 62464Mi" in said


def test_the_usual_limit_of_processor_time_counts_for_each_pod() -> None:
    count = len(load().needs)

    assert f"limitsCpu {count}000m" in refusal(
        rancherQuota={"limitsCpu": "1"}, rancherLimits={"limitsCpu": "1000m"}
    )


def test_the_namespaces_own_quota_is_the_one_that_counts() -> None:
    said = refusal(rancherNamespaceQuota={"limitsMemory": "1Gi", "requestsCpu": "4000m"})

    assert "config set --path rancherNamespaceQuota.limitsMemory" in said


def test_a_certificate_is_one() -> None:
    rancher = load(rancherCa=CERTIFICATE).rancher

    assert rancher
    assert rancher.authority == CERTIFICATE


def test_the_token_is_in_no_account_of_the_settings() -> None:
    assert TOKEN not in repr(load())


def test_an_address_may_end_in_a_slash() -> None:
    rancher = load(rancherUrl="https://rancher.example.org/").rancher

    assert rancher
    assert rancher.url == "https://rancher.example.org"


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("requestsCpu", "2", 2000),
        ("requestsCpu", "1.5", None),
        ("pods", "3", 3),
        ("pods", "", None),
    ],
)
def test_an_amount_is_read_in_its_smallest_unit(field: str, text: str, value: int | None) -> None:
    assert amount(field, text) == value
