"""What the sandbox offers a site of generation 1.x, before anything of it runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from sandbox import keys, services, settings
from sandbox.instance import Instance
from sandbox.services import doorkeeper
from sandbox.toolchain import Toolchain

IMAGES = {
    name: f"registry.example/{name}@sha256:{number:064}"
    for number, name in enumerate(
        (
            *("sandbox/postgres:14.2", "sandbox/nginx:1.22", "sandbox/jumpbox-base:12"),
            *("wgbhmla/ov-wag:v0.2.1", "wgbhmla/ov-frontend:v0.2.1"),
            *("wgbhmla/ov-wag:v1.0.0", "wgbhmla/ov-frontend:v1.0.0"),
        )
    )
}


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    instance = Instance(
        name="test", index=1, state=tmp_path, cache=tmp_path / "cache", https_port=8443
    )
    keys.make(instance, dict(services.SECRETS.values()))
    return instance


def test_nothing_is_started_until_somebody_asks(instance: Instance) -> None:
    assert not services.wanted(instance)

    (instance.state / "services").mkdir()

    assert services.wanted(instance)


def test_a_stack_of_generation_1_is_the_committed_one_with_the_sandboxs_services(
    instance: Instance,
) -> None:
    chosen = services.choices(instance, IMAGES, "openvault")
    lacking = settings.write_stack(
        instance,
        IMAGES,
        "openvault",
        choices=chosen,
        secrets=[*settings.SECRETS, *services.SECRETS],
    )

    written = yaml.safe_load((instance.stacks / "Pulumi.openvault.yaml").read_text())["config"]
    assert written["openvault:generation"] == "1.x"
    assert written["openvault:backendImage"] == IMAGES["wgbhmla/ov-wag:v1.0.0"]
    assert written["openvault:bucketEndpoint"] == "http://objects.localhost:8481"
    assert set(lacking) == {*settings.SECRETS, *services.SECRETS}


def test_two_sandboxes_have_services_at_different_addresses(instance: Instance) -> None:
    other = replace(instance, name="main", index=0)

    assert instance.service_url("search") != other.service_url("search")


def test_the_browsers_key_reads_the_pages_of_the_sites_and_nothing_else(instance: Instance) -> None:
    configuration = doorkeeper.text(
        "services", instance, Toolchain(programs=(), debs=Path("/debs"))
    )

    assert f'"ApiKey {keys.value(instance, doorkeeper.READER)}" reader;' in configuration
    readable = "gbh-series|ov-demo__wagtailcore_page|openvault__wagtailcore_page"
    assert f'"~^reader /({readable})/_search$" "";' in configuration
    assert '"~^reader " 403;' in configuration


def test_only_pages_of_the_sandboxs_sites_may_search_from_a_browser(instance: Instance) -> None:
    configuration = doorkeeper.text(
        "services", instance, Toolchain(programs=(), debs=Path("/debs"))
    )

    for site in ("https://ov-demo.localhost:8443", "https://openvault.localhost:8443"):
        assert f'"{site}" "{site}";' in configuration
    assert "Allow-Origin $welcome" in configuration
