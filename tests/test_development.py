"""The stack on one machine: compose runs what the program declares, but for good reasons."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import yaml

from declared.development import differences, facts
from declared.development.compose import files
from declared.development.declaration import VARIABLES
from declared.stacks import ROOT
from tests.stacks import SECRETS, settled

STACK = "ov-demo"
NAMES = ("compose.yaml", "compose.wag.yaml", "compose.frontend.yaml")


@cache
def document(name: str = "compose.yaml") -> dict[str, Any]:
    return yaml.safe_load((ROOT / name).read_text())


@cache
def cluster() -> facts.Facts:
    names = {value: VARIABLES[key] for key, value in SECRETS.items()}
    return facts.of_cluster(settled(STACK), names)


@cache
def machine() -> facts.Facts:
    return facts.of_compose(document())


@pytest.mark.parametrize("name", NAMES)
def test_the_files_are_what_the_program_declares(name: str) -> None:
    assert (ROOT / name).read_text() == files()[name], (
        "type make compose, and commit what it writes"
    )


def test_every_difference_between_a_cluster_and_a_machine_has_a_reason() -> None:
    differ = differences.between(cluster(), machine())

    assert {each: (cluster().get(each), machine().get(each)) for each in differ} == {
        each: (cluster().get(each), machine().get(each)) for each in differences.declared()
    }


@pytest.mark.parametrize(
    ("service", "fact"),
    [
        ("ov-wag", "environment OV_DB_NAME"),
        ("ov-wag", "environment OV_SECRET_KEY"),
        ("ov-wag", "route OV_API_URL"),
        ("ov-nginx", "route FRONTEND"),
        ("ov-frontend", "ports"),
        ("db", "image"),
        ("db", "command"),
        ("db", "volume at /var/lib/postgresql/data"),
        ("migrate", "user"),
        ("jumpbox", "scratch at /tmp"),
    ],
)
def test_what_would_drift_is_seen(service: str, fact: str) -> None:
    drifted = {**machine(), (service, fact): "another"}

    assert machine()[service, fact] == cluster()[service, fact]
    assert (service, fact) in differences.between(cluster(), drifted)


def test_a_service_that_only_one_of_them_has_is_seen() -> None:
    without = {key: value for key, value in machine().items() if key[0] != "jumpbox"}

    assert ("jumpbox", "service") in differences.between(cluster(), without)


def test_every_address_leads_to_a_port_at_which_somebody_listens() -> None:
    routes = {key: to for key, to in machine().items() if key[1].startswith("route ")}

    assert {key[1] for key in routes} >= {"route BACKEND", "route FRONTEND", "route OV_DB_HOST"}
    assert [key for key, to in routes.items() if to is None] == []


def test_no_secret_is_in_a_file() -> None:
    given = {
        key[1].removeprefix("environment "): value.removeprefix("secret ")
        for key, value in machine().items()
        if str(value).startswith("secret ")
    }

    assert given == {
        "DJANGO_SUPERUSER_PASSWORD": "OV_ADMIN_PASSWORD",
        "OV_DB_PASSWORD": "OV_DATABASE_PASSWORD",
        "OV_SECRET_KEY": "OV_SECRET_KEY",
        "PGPASSWORD": "OV_DATABASE_PASSWORD",
        "POSTGRES_PASSWORD": "OV_DATABASE_PASSWORD",
    }


def test_nothing_starts_before_what_it_needs() -> None:
    waits = {
        name: {other: how["condition"] for other, how in service.get("depends_on", {}).items()}
        for name, service in document()["services"].items()
    }

    assert waits["migrate"] == {"db": "service_healthy"}
    assert waits["ov-wag"]["migrate"] == waits["ov-wag"]["static"]
    assert waits["ov-wag"]["static"] == "service_completed_successfully"
    assert waits["db"] == {"volumes": "service_completed_successfully"}


def test_what_serves_says_when_it_is_well() -> None:
    served = {name for name, each in document()["services"].items() if "expose" in each}

    assert served == {"db", "ov-wag", "ov-frontend", "ov-nginx"}
    for name in served:
        assert document()["services"][name]["healthcheck"]["test"][0] == "CMD"


def test_only_this_machine_is_let_in() -> None:
    published = {
        name: service["ports"]
        for file in NAMES
        for name, service in document(file)["services"].items()
        if "ports" in service
    }

    assert published == {
        "ov-nginx": ["${OV_ADDRESS:-127.0.0.1}:${OV_PORT:-8080}:8080"],
        "ov-frontend": ["127.0.0.1:${OV_FRONTEND_PORT:-3000}:3000"],
    }


def test_a_checkout_is_where_the_image_has_its_own_files() -> None:
    (mount,) = document("compose.wag.yaml")["services"]["ov-wag"]["volumes"]

    assert (mount["target"], mount["read_only"]) == ("/app", True)
    assert document("compose.wag.yaml")["services"]["migrate"]["volumes"] == [mount]
