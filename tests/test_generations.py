"""What is true of a stack of generation 1.x and of none of 0.x, through the real program."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components.generations import GENERATIONS
from declared.engine import Engine, Resource, environment_value
from tests.stacks import ONE, OUTSIDE_SECRETS, SECRETS, settled, settled_of_one, up

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


def test_who_is_away_restarts_nobody(engine: Engine) -> None:
    back, front = (
        engine.one("Deployment", name).container["livenessProbe"]["httpGet"]["path"]
        for name in ("ov-wag", "ov-frontend")
    )

    # Neither page asks the database, or the back end.
    assert (back, front) == ("/api/v2/health/", "/health")


STUBS = {
    "__init__.py": "def setup(): pass",
    "core/management.py": (
        "import json\n"
        "from django.contrib.staticfiles.storage import staticfiles_storage as storage\n"
        "def call_command(command, **options):\n"
        "    command.delete_file('path', 'path', None)\n"
        "    said = {'options': options, 'overwrites': storage.file_overwrite}\n"
        "    print(json.dumps(said | {'deleted': storage.deleted}))\n"
    ),
    "contrib/staticfiles/storage.py": (
        "class staticfiles_storage:\n    file_overwrite = None\n    deleted = []\n"
    ),
    "contrib/staticfiles/management/commands/collectstatic.py": (
        "from django.contrib.staticfiles.storage import staticfiles_storage as storage\n"
        "class Command:\n"
        "    def delete_file(self, path, prefixed_path, source_storage):\n"
        "        storage.deleted.append(path)\n"
        "        return True\n"
    ),
}


def test_style_sheets_replace_those_before_and_none_is_deleted(
    engine: Engine, tmp_path: Path
) -> None:
    (step,) = engine.one("Job").pod["initContainers"]
    for name, text in STUBS.items():
        path = tmp_path / "django" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    said = subprocess.run(
        [sys.executable, *step["command"][1:]],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    assert json.loads(said) == {
        "options": {"interactive": False},
        # An older release has its own again, whatever is newer.
        "overwrites": True,
        # Pages that are open in a browser still ask for the files of the release before.
        "deleted": [],
    }


def test_each_secret_of_what_is_outside_holds_the_value_that_is_meant_for_it(
    engine: Engine,
) -> None:
    back, front = (
        engine.one("Secret", f"{name}-credentials").inputs["stringData"]
        for name in ("ov-wag", "ov-frontend")
    )

    assert back == {
        "AUTH0_CLIENT_SECRET": OUTSIDE_SECRETS["signOnSecret"],
        "AWS_ACCESS_KEY_ID": OUTSIDE_SECRETS["bucketAccessKey"],
        "AWS_SECRET_ACCESS_KEY": OUTSIDE_SECRETS["bucketSecretKey"],
        "ES_PASSWORD": OUTSIDE_SECRETS["searchPassword"],
        "OV_SECRET_KEY": SECRETS["secretKey"],
    }
    assert front == {"ES_API_KEY": OUTSIDE_SECRETS["searchBrowserKey"]}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_what_opens_a_door_outside_comes_out_of_a_secret(generation: str) -> None:
    applications = GENERATIONS[generation]

    for each in (applications.backend, applications.migration, applications.frontend):
        doors = {name for name in each.reads if name.endswith(("_KEY", "_PASSWORD", "_SECRET"))}
        assert doors <= each.secret


def test_the_index_is_filled_at_the_times_that_the_stack_says(engine: Engine) -> None:
    changed: dict[str, Any] = {**ONE, "reindexSchedule": "30 4 * * 1"}
    usual, other = (each.one("CronJob").inputs["spec"] for each in (engine, up(STACK, **changed)))

    assert (usual["schedule"], other["schedule"]) == ("0 8 * * *", "30 4 * * 1")
    assert usual["timeZone"] == "Etc/UTC"


def test_missed_runs_keep_no_later_one_from_starting(engine: Engine) -> None:
    # Without a deadline a hundred of them would, for good.
    assert engine.one("CronJob").inputs["spec"]["startingDeadlineSeconds"] == 3600


def test_the_index_is_filled_from_a_database_that_fits_the_code(engine: Engine) -> None:
    assert engine.one("Job").urn in engine.one("CronJob").dependencies


# The way out


def test_out_of_the_cluster_means_public_addresses_at_the_ports_of_the_services(
    engine: Engine,
) -> None:
    (rule,) = engine.one("NetworkPolicy", "ov-wag-to-outside").inputs["spec"]["egress"]
    (peer,) = rule["to"]

    assert peer["ipBlock"]["cidr"] == "0.0.0.0/0"
    assert set(peer["ipBlock"]["except"]) >= {"10.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16"}
    assert [each["port"] for each in rule["ports"]] == [443, 9200]


def way_out(engine: Engine, name: str) -> tuple[Any, set[float]]:
    """Return to where, and to which ports, the pods of a service are let out."""
    policy: Resource = engine.one("NetworkPolicy", f"{name}-to-outside")
    spec = policy.inputs["spec"]
    assert spec["policyTypes"] == ["Egress"]
    assert spec["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == name
    (rule,) = spec["egress"]
    return rule["to"], {port["port"] for port in rule["ports"]}


def test_each_service_is_let_out_to_the_ports_of_what_it_asks(engine: Engine) -> None:
    assert way_out(engine, "ov-wag")[1] == {443, 9200}
    assert way_out(engine, "migrate")[1] == {443}
    assert way_out(engine, "reindex")[1] == {9200}


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
    policies = {each.name for each in settled(STACK).all("NetworkPolicy")}
    assert not [name for name in policies if name.endswith("-outside")]


@pytest.mark.parametrize(
    "variable",
    ["AWS_S3_REGION_NAME", "ES_USER", "GOOGLE_CLIENT_ID", "ORGAN_URL", "GBH_INDEX"],
)
def test_what_is_not_chosen_is_left_to_the_image(engine: Engine, variable: str) -> None:
    one = GENERATIONS["1.x"]

    assert variable in one.backend.reads | one.frontend.reads
    assert not [maker.name for maker in engine.pods if variable in maker.env]


def test_drafts_are_shown_by_the_site_unless_another_page_is_chosen(engine: Engine) -> None:
    site = engine.exports["siteUrl"]

    assert engine.one("Deployment", "ov-wag").env["OV_PREVIEW_URL"] == f"{site}/preview"
