"""What is true of a stack of generation 1.x and of none of 0.x, through the real program."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine import Engine, environment_value
from tests.stacks import ONE, OUTSIDE_SECRETS, settled_of_one, up

STACK = "ov-demo"


@pytest.fixture
def engine() -> Engine:
    return settled_of_one(STACK)


def test_style_sheets_are_stored_once_before_the_database_changes(engine: Engine) -> None:
    (step,) = engine.one("Job", "ov-wag-migrate").pod["initContainers"]

    assert step["name"] == "static"
    assert "file_overwrite = True" in step["command"][2]
    for each in (engine.one("Deployment", "ov-wag"), engine.one("CronJob", "reindex")):
        assert "initContainers" not in each.pod


def test_style_sheets_are_stored_under_the_environment_of_the_server(engine: Engine) -> None:
    (step,) = engine.one("Job", "ov-wag-migrate").pod["initContainers"]
    given = {each["name"]: environment_value(each) for each in step["env"]}

    assert engine.one("Deployment", "ov-wag").env.items() <= given.items()


def test_no_pod_but_the_databases_mounts_a_volume(engine: Engine) -> None:
    for maker in engine.pods:
        claims = [each for each in maker.pod.get("volumes", []) if "persistentVolumeClaim" in each]
        assert len(claims) == (maker.name == "db"), maker.name


def test_the_back_end_can_run_on_several_nodes() -> None:
    engine = up(STACK, **ONE, replicas={"ov-wag": 2, "ov-nginx": 2})

    for name in ("ov-wag", "ov-nginx"):
        assert "affinity" not in engine.one("Deployment", name).pod
        assert engine.one("PodDisruptionBudget", name)


def test_browsers_are_sent_one_secret_and_no_other(engine: Engine) -> None:
    secret = engine.one("Secret", "ov-frontend-credentials")

    assert secret.inputs["stringData"] == {"ES_API_KEY": OUTSIDE_SECRETS["searchBrowserKey"]}
    held = {
        at for at in engine.one("Deployment", "ov-frontend").env.values() if at.__class__ is tuple
    }
    assert held == {("ov-frontend-credentials", "ES_API_KEY")}


def test_what_opens_the_bucket_and_the_search_is_with_the_back_end_alone(engine: Engine) -> None:
    secret = engine.one("Secret", "ov-wag-credentials").inputs["stringData"]

    assert {key for key in secret if key != "OV_SECRET_KEY"} == {
        "AUTH0_CLIENT_SECRET",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "ES_PASSWORD",
    }
    for maker in engine.pods:
        if maker.name not in {"ov-wag", "ov-wag-migrate", "reindex"}:
            assert not any(at[0] == "ov-wag-credentials" for at in maker.env.values()), maker.name


def test_the_index_is_filled_anew_one_run_at_a_time(engine: Engine) -> None:
    cron = engine.one("CronJob", "reindex")

    assert cron.inputs["spec"]["schedule"] == "0 8 * * *"
    assert cron.inputs["spec"]["timeZone"] == "Etc/UTC"
    assert cron.inputs["spec"]["concurrencyPolicy"] == "Forbid"
    assert cron.container["command"] == ["python", "manage.py", "update_index"]
    assert cron.pod["restartPolicy"] == "Never"


def test_what_comes_round_has_room(engine: Engine) -> None:
    def pods(**changes: Any) -> int:
        quota = up(STACK, **changes).one("ResourceQuota", STACK)
        return int(quota.inputs["spec"]["hard"]["pods"])

    assert pods(**ONE) == pods() + 3


# The way out


def test_out_of_the_cluster_means_public_addresses_at_the_ports_of_the_services(
    engine: Engine,
) -> None:
    (rule,) = engine.one("NetworkPolicy", "ov-wag-to-outside").inputs["spec"]["egress"]
    (peer,) = rule["to"]

    assert peer["ipBlock"]["cidr"] == "0.0.0.0/0"
    assert set(peer["ipBlock"]["except"]) >= {"10.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16"}
    assert [each["port"] for each in rule["ports"]] == [443, 9200]


def test_networks_that_are_named_are_the_only_ones() -> None:
    engine = up(STACK, **ONE, outside="10.4.0.0/16 203.0.113.7/32")
    (rule,) = engine.one("NetworkPolicy", "ov-wag-to-outside").inputs["spec"]["egress"]

    assert rule["to"] == [
        {"ipBlock": {"cidr": "10.4.0.0/16"}},
        {"ipBlock": {"cidr": "203.0.113.7/32"}},
    ]


def test_nobody_else_gets_out(engine: Engine) -> None:
    names = {each.name for each in engine.all("NetworkPolicy") if each.name.endswith("-outside")}

    assert names == {"ov-wag-to-outside", "migrate-to-outside", "reindex-to-outside"}


@pytest.mark.parametrize(
    "key", ["bucketRegion", "searchUser", "googleClient", "organUrl", "seriesIndex"]
)
def test_what_is_not_chosen_is_left_to_the_image(engine: Engine, key: str) -> None:
    variable = {
        "bucketRegion": "AWS_S3_REGION_NAME",
        "searchUser": "ES_USER",
        "googleClient": "GOOGLE_CLIENT_ID",
        "organUrl": "ORGAN_URL",
        "seriesIndex": "GBH_INDEX",
    }[key]

    assert not [maker.name for maker in engine.pods if variable in maker.env]


def test_drafts_are_shown_by_the_site_unless_another_page_is_chosen(engine: Engine) -> None:
    site = engine.exports["siteUrl"]

    assert engine.one("Deployment", "ov-wag").env["OV_PREVIEW_URL"] == f"{site}/preview"
