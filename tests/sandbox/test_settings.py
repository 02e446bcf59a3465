"""The sandbox's own settings are the committed ones with its addresses, images and secrets."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from sandbox import settings
from sandbox.instance import CHECKOUT, Instance

IMAGES = {
    name: f"198.18.0.2:5000/{name}@sha256:{'0' * 64}"
    for name in (
        "sandbox/jumpbox-base:12",
        "sandbox/nginx:1.22",
        "sandbox/postgres:14.2",
        "wgbhmla/ov-frontend:v0.2.1",
        "wgbhmla/ov-wag:v0.2.1",
    )
}


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    made = Instance(name="main", index=0, state=tmp_path / "s", cache=tmp_path, https_port=8443)
    made.pki.mkdir(parents=True)
    made.ca.write_text("the certificate of the sandbox")
    return made


def stack_file(instance: Instance) -> dict[str, Any]:
    return cast("dict[str, Any]", yaml.safe_load(file(instance).read_text()))


def file(instance: Instance) -> Path:
    return instance.stacks / "Pulumi.ov-demo.yaml"


def test_the_program_is_the_checkouts(instance: Instance) -> None:
    settings.write_project(instance)

    project = yaml.safe_load((instance.stacks / "Pulumi.yaml").read_text())
    committed = yaml.safe_load((CHECKOUT / "Pulumi.yaml").read_text())
    assert project["main"] == str(CHECKOUT)
    assert project["runtime"]["options"]["virtualenv"] == sys.prefix
    assert project["config"] == committed["config"]


def test_a_stack_keeps_the_committed_choices_and_gets_the_sandboxs(instance: Instance) -> None:
    settings.write_stack(instance, IMAGES)

    written = stack_file(instance)["config"]
    committed = yaml.safe_load((CHECKOUT / "Pulumi.ov-demo.yaml").read_text())["config"]
    assert set(committed) <= set(written)
    assert written["openvault:jumpbox"] == committed["openvault:jumpbox"]
    assert written["openvault:siteUrl"] == "https://ov-demo.localhost:8443"
    assert written["openvault:adminUrl"] == "https://admin.ov-demo.localhost:8443"
    assert written["openvault:kubeContext"] == "ov-sandbox-main"
    assert written["openvault:backendImage"] == IMAGES["wgbhmla/ov-wag:v0.2.1"]


def test_the_demo_is_in_a_project_of_the_sandboxs_rancher(instance: Instance) -> None:
    settings.write_stack(instance, IMAGES)

    written = stack_file(instance)["config"]
    assert written["openvault:rancherUrl"] == "https://198.18.0.2:9443"
    assert written["openvault:rancherCa"] == "the certificate of the sandbox"


def test_another_stack_is_in_a_plain_cluster(instance: Instance) -> None:
    settings.write_stack(instance, IMAGES, "openvault")

    written = yaml.safe_load((instance.stacks / "Pulumi.openvault.yaml").read_text())["config"]
    assert "openvault:rancherUrl" not in written


def test_the_sandbox_chooses_only_what_the_project_declares(instance: Instance) -> None:
    settings.write_stack(instance, IMAGES)

    declared = yaml.safe_load((CHECKOUT / "Pulumi.yaml").read_text())["config"]
    chosen = {key.partition(":")[2] for key in stack_file(instance)["config"]}
    assert chosen - {"disable-default-providers"} <= set(declared)


def test_what_is_known_of_other_registries_does_not_come_along(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed = yaml.safe_load((CHECKOUT / "Pulumi.ov-demo.yaml").read_text())
    committed["config"]["openvault:registries"] = {"ghcr.io": {"username": "archivist"}}
    committed["config"]["openvault:backendContract"] = {"digest": "sha256:0", "port": "8000"}
    (tmp_path / "Pulumi.ov-demo.yaml").write_text(yaml.safe_dump(committed))
    monkeypatch.setattr(settings, "CHECKOUT", tmp_path)

    settings.write_stack(instance, IMAGES)

    written = stack_file(instance)["config"]
    assert not {"openvault:registries", "openvault:backendContract"} & set(written)


def test_sealed_secrets_survive_the_next_writing(instance: Instance) -> None:
    lacking = settings.write_stack(instance, IMAGES)
    assert lacking == ["databasePassword", "secretKey", "adminPassword", "rancherToken"]
    with file(instance).open("a") as written:
        written.write("  openvault:secretKey:\n    secure: v1:abc\nencryptionsalt: v1:salt\n")

    left = ["databasePassword", "adminPassword", "rancherToken"]
    assert settings.write_stack(instance, IMAGES) == left
    assert stack_file(instance)["encryptionsalt"] == "v1:salt"
    assert stack_file(instance)["config"]["openvault:secretKey"] == {"secure": "v1:abc"}


@pytest.mark.parametrize("left", ["", "config:\n  openvault:secretKey: {secure"])
def test_a_file_that_a_kill_left_half_written_is_made_anew(left: str, instance: Instance) -> None:
    instance.stacks.mkdir(parents=True)
    file(instance).write_text(left)

    assert len(settings.write_stack(instance, IMAGES)) == len(settings.SECRETS)
    assert stack_file(instance)["config"]["openvault:kubeContext"] == instance.context


def test_the_file_says_which_one_to_change(instance: Instance) -> None:
    settings.write_stack(instance, IMAGES)

    assert "the checkout's Pulumi.ov-demo.yaml" in file(instance).read_text().splitlines()[0]


def test_secrets_are_for_root_alone_and_made_once(instance: Instance) -> None:
    settings.make_secrets(instance)
    first = {path: path.read_text() for path in instance.secrets.iterdir()}
    settings.make_secrets(instance)

    assert {path: path.read_text() for path in instance.secrets.iterdir()} == first
    assert len(set(first.values())) == len(first) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in first} == {0o600}
    assert stat.S_IMODE(instance.secrets.stat().st_mode) == 0o700


def test_secrets_are_as_long_as_the_program_asks(instance: Instance) -> None:
    settings.make_secrets(instance)

    lengths = {path.name: len(path.read_text()) for path in instance.secrets.iterdir()}
    assert lengths["database-password"] >= 16
    assert lengths["secret-key"] >= 50
    assert lengths["admin-password"] >= 12


def test_every_installation_has_its_own_secrets(tmp_path: Path) -> None:
    made: set[str] = set()
    for name in ("main", "test"):
        one = Instance(name=name, index=0, state=tmp_path / name, cache=tmp_path, https_port=1)
        settings.make_secrets(one)
        made |= {path.read_text() for path in one.secrets.iterdir()}

    assert len(made) == 8


def test_a_shell_follows_what_was_changed_in_the_checkout(instance: Instance) -> None:
    settings.write_stack(instance, IMAGES)
    text = file(instance).read_text()
    file(instance).write_text(text.replace("jumpbox: true", "jumpbox: false"))
    os.utime(file(instance), (0, 0))

    settings.follow(instance, IMAGES)

    assert file(instance).read_text() == text
    assert (instance.stacks / "Pulumi.yaml").exists()


def test_a_shell_keeps_what_was_chosen_in_the_sandbox_since(instance: Instance) -> None:
    settings.write_stack(instance, IMAGES)
    chosen = file(instance).read_text().replace("jumpbox: true", "jumpbox: false")
    file(instance).write_text(chosen)

    settings.follow(instance, IMAGES)

    assert file(instance).read_text() == chosen
