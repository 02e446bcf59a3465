"""The small values: references, addresses, names."""

import re

import pytest

from components.endpoint import Address, Edge, Endpoint, Pods
from components.generations import GENERATIONS
from components.naming import NAMESPACES, labels, volume
from components.reference import Reference
from declared.stacks import ROOT

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    "text",
    [
        "docker.io/wgbhmla/ov-wag:v0.2.1",
        "wgbhmla/ov-wag:v0.2.1",
        "198.18.0.2:5000/sandbox/postgres:14.2",
        "localhost/ov-nginx:v1",
        f"ghcr.io/wgbh-mla/ov-wag@{DIGEST}",
        f"ghcr.io/wgbh-mla/ov-wag:pr-7@{DIGEST}",
        "example.org/a/b/c_d--e.f:1",
    ],
)
def test_a_reference_is_what_it_was_read_from(text: str) -> None:
    assert str(Reference.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ov-wag",
        "ov-wag:latest",
        f"ov-wag@{DIGEST[:-1]}",
        "ov-wag:",
        "ghcr.io/WGBH/ov-wag:v1",
        "https://ghcr.io/ov-wag:v1",
        "ov-wag:v1 ",
        "-:v1",
    ],
)
def test_what_may_move_or_is_no_reference_is_none(text: str) -> None:
    assert Reference.parse(text) is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("docker.io/wgbhmla/ov-nginx:v1", True),
        ("localhost/ov-nginx:v1", True),
        ("host:5000/ov-nginx:v1", True),
        ("wgbhmla/ov-nginx:v1", False),
        ("ov-nginx:v1", False),
    ],
)
def test_a_reference_knows_whether_it_names_its_registry(text: str, *, names: bool) -> None:
    reference = Reference.parse(text)

    assert reference
    assert reference.names_registry is names


@pytest.mark.parametrize(
    ("text", "registry"),
    [
        ("wgbhmla/ov-wag:v1", "docker.io"),
        ("docker.io/wgbhmla/ov-wag:v1", "docker.io"),
        ("ghcr.io/wgbh-mla/ov-wag:v1", "ghcr.io"),
        ("198.18.0.2:5000/sandbox/postgres:14.2", "198.18.0.2:5000"),
    ],
)
def test_a_reference_knows_the_registry_it_is_in(text: str, registry: str) -> None:
    assert getattr(Reference.parse(text), "registry", None) == registry


@pytest.mark.parametrize(
    ("tag", "generation"), [("v0.2.1", "0.x"), ("1.4.0", "1.x"), ("main", None), ("pr-7", None)]
)
def test_a_version_tells_the_generation(tag: str, generation: str | None) -> None:
    reference = Reference.parse(f"ov-wag:{tag}")

    assert reference
    assert reference.generation == generation


@pytest.mark.parametrize(
    "text", ["https://a.example.org", "http://a.example.org", "https://a.localhost:8443"]
)
def test_an_address_is_the_origin_it_was_read_from(text: str) -> None:
    assert Address.parse(text) == Address.parse(f"{text}/")
    assert getattr(Address.parse(text), "url", None) == text


@pytest.mark.parametrize(
    "text",
    ["", "a.example.org", "//a", "https://", "https://a/b", "https://a?b", "https://u@a", "ws://a"],
)
def test_more_or_less_than_scheme_and_host_is_no_address(text: str) -> None:
    assert Address.parse(text) is None


def test_an_endpoint_says_its_port_only_where_it_is_unusual() -> None:
    pods = Pods(service="ov-wag", port=8000)

    assert Endpoint(host="ov-wag", port=80, pods=pods).url == "http://ov-wag"
    assert Endpoint(host="ov-wag", port=8000, pods=pods).url == "http://ov-wag:8000"


def test_the_edge_is_a_namespace_or_a_network() -> None:
    assert Edge.parse("ingress-nginx") == Edge(namespace="ingress-nginx")
    assert Edge.parse("10.42.0.0/16") == Edge(network="10.42.0.0/16")
    assert Edge.parse("fd00::/8") == Edge(network="fd00::/8")


@pytest.mark.parametrize("text", ["", "10.42.0.1/16", "10.42.0.0", "a,b", "Ingress", "10.0.0.0/33"])
def test_what_is_neither_is_no_edge(text: str) -> None:
    assert Edge.parse(text) is None


def test_labels_tell_one_service_from_another_and_nothing_more() -> None:
    # They select, so a version in them would delete and recreate a Deployment at each release.
    assert labels("db") == {
        "app.kubernetes.io/name": "db",
        "app.kubernetes.io/part-of": "openvault",
    }


def test_there_are_two_namespaces() -> None:
    assert NAMESPACES == ("openvault", "ov-demo")


def test_a_volume_is_named_after_its_folder() -> None:
    assert volume("var/run/postgresql") == "var-run-postgresql"


# Contracts


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_migration_runs_under_the_environment_of_its_server(generation: str) -> None:
    applications = GENERATIONS[generation]

    assert applications.backend.required <= applications.migration.required
    assert applications.backend.secret <= applications.migration.secret
    assert applications.backend.uid == applications.migration.uid


@pytest.mark.parametrize("generation", GENERATIONS)
def test_what_is_secret_is_read(generation: str) -> None:
    applications = GENERATIONS[generation]

    for each in (applications.database, applications.backend, applications.jumpbox):
        assert each.secret <= each.reads


@pytest.mark.parametrize("generation", GENERATIONS)
def test_what_opens_a_door_is_secret(generation: str) -> None:
    applications = GENERATIONS[generation]

    for each in (applications.database, applications.migration, applications.jumpbox):
        doors = {name for name in each.reads if re.search("PASSWORD|SECRET|ACCESS_KEY", name)}
        assert each.secret == doors


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_postgres_keeps_its_data_where_its_image_expects_a_volume(generation: str) -> None:
    # Mounted elsewhere, data went to the container's own layer, and with it.
    assert GENERATIONS[generation].database.volumes == {"data": "/var/lib/postgresql/data"}


def test_the_proxy_is_told_what_its_image_asks_for() -> None:
    proxy = GENERATIONS["0.x"].proxy
    script = (ROOT / "images" / "ov-nginx" / "entrypoint.sh").read_text()

    assert all(name in script for name in proxy.reads)
    assert f"PORT:={proxy.port}" in script
    assert all(path.startswith("/srv/") for path in proxy.volumes.values())
    assert "FILES:=/srv" in script


@pytest.mark.parametrize("generation", GENERATIONS)
def test_files_are_served_under_the_names_they_are_written_by(generation: str) -> None:
    applications = GENERATIONS[generation]

    for content, path in applications.proxy.volumes.items():
        assert path == f"/srv/{content}"
        assert applications.backend.volumes[content] == f"/app/{content}"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_who_leaves_serves_on_until_the_next_may_have_started(generation: str) -> None:
    applications = GENERATIONS[generation]

    for each in (applications.backend, applications.frontend, applications.proxy):
        # Started, asked every other second, and asked again by who counts the ready.
        assert each.drain >= each.start + 2 + 5


@pytest.mark.parametrize("generation", GENERATIONS)
def test_there_is_time_to_finish_after_the_farewell(generation: str) -> None:
    applications = GENERATIONS[generation]

    for each in (applications.backend, applications.frontend, applications.proxy):
        assert each.drain + 20 <= each.grace


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_proxy_serves_the_volumes_that_the_back_end_fills(generation: str) -> None:
    applications = GENERATIONS[generation]

    assert set(applications.proxy.volumes) == set(applications.backend.volumes)
    # One group, or the one who mounts last takes the files from the other.
    assert applications.proxy.gid == applications.backend.gid
