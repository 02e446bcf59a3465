"""`ov images`, as a person types it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from operations.project import SERVICES
from sandbox.instance import CHECKOUT
from tests.operations.conftest import Ov
from tests.operations.fake import PASSWORD, USER, FakeRegistry
from tests.operations.parts import config, image, listing

HUB = "registry-1.docker.io"
WAG = "wgbhmla/ov-wag"
NAME = f"docker.io/{WAG}"


@pytest.fixture
def hub(registry: FakeRegistry) -> FakeRegistry:
    """Return Docker Hub, with what the committed settings name and one release more."""
    registry.host = HUB
    push(registry, WAG, "v0.2.1")
    push(registry, WAG, "v0.3.0")
    push(registry, "wgbhmla/ov-frontend", "v0.2.1")
    push(registry, "wgbhmla/ov-nginx", "v0.1.0")
    push(registry, "library/postgres", "14.2-alpine")
    push(registry, "library/postgres", "16.1-alpine")
    return registry


def push(fake: FakeRegistry, repository: str, tag: str, label: str = "") -> str:
    own = config(label or f"{repository}:{tag}", created="2020-01-01T00:00:00Z")
    return fake.push(repository, tag, own, image(own))


def demo(settings: Path) -> str:
    return (settings / "Pulumi.ov-demo.yaml").read_text()


# resolve


def test_resolve_prints_the_reference_alone_for_a_script(ov: Ov, hub: FakeRegistry) -> None:
    digest = hub.contents[WAG, "v0.2.1"].digest

    said = ov("resolve", f"{WAG}:v0.2.1")

    assert (said.code, said.out) == (0, f"{NAME}:v0.2.1@{digest}\n")
    assert said.err.startswith("one image for linux/amd64; made ")


def test_resolve_tells_programs_all_it_knows(ov: Ov, hub: FakeRegistry) -> None:
    said = json.loads(ov("resolve", f"{WAG}:v0.2.1", "--json").out)

    assert said["digest"] == hub.contents[WAG, "v0.2.1"].digest
    assert said["platforms"] == ["linux/amd64"]
    assert said["created"] == "2020-01-01T00:00:00+00:00"


def test_resolve_warns_of_what_the_nodes_cannot_run(ov: Ov, hub: FakeRegistry) -> None:
    arm = config("arm", "linux/arm64")
    hub.push(WAG, "arm", arm, image(arm), listing({"linux/arm64": image(arm)}))

    said = ov("resolve", f"{WAG}:arm")

    assert said.code == 0
    assert "the stacks cannot run it: it is made for linux/arm64" in said.err


def test_resolve_warns_of_latest(ov: Ov, hub: FakeRegistry) -> None:
    push(hub, WAG, "latest")

    assert "latest is another image tomorrow" in ov("resolve", WAG).err


def test_a_refusal_is_three_sentences_and_a_code(ov: Ov, hub: FakeRegistry) -> None:
    said = ov("resolve", f"{WAG}:v0.2.2")

    assert (said.code, said.out) == (4, "")
    assert said.err == (
        f"There is no {NAME}:v0.2.2:\n"
        "  the repository is there, without this tag.\n"
        "Tags there are: v0.2.1, v0.3.0. Type the same with one of them\n"
    )


def test_a_password_is_read_from_the_standard_input(
    ov: Ov, hub: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.wants = "basic"
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))

    said = ov("resolve", f"{WAG}:v0.2.1", "--username", USER, "--password-stdin")

    assert said.code == 0
    assert PASSWORD not in said.out + said.err


def test_a_password_without_anybody_to_ask_is_refused(
    ov: Ov, hub: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))

    said = ov("resolve", f"{WAG}:v0.2.1", "--username", USER)

    assert said.code == 2
    assert "--password-stdin < FILE" in said.err


def test_a_password_without_a_name_is_refused(ov: Ov, hub: FakeRegistry) -> None:
    assert "--username NAME" in ov("resolve", f"{WAG}:v0.2.1", "--password-stdin").err


def test_a_missing_authority_is_refused(ov: Ov, hub: FakeRegistry) -> None:
    said = ov("resolve", f"{WAG}:v0.2.1", "--ca", "/nowhere.crt")

    assert said.code == 2
    assert "/nowhere.crt holds no certificate" in said.err


# pin


def test_pin_changes_one_line_and_shows_it(ov: Ov, hub: FakeRegistry, settings: Path) -> None:
    before = demo(settings)
    digest = hub.contents[WAG, "v0.3.0"].digest

    said = ov("pin", "ov-wag", f"{WAG}:v0.3.0", "--stack", "ov-demo")

    assert said.code == 0
    assert demo(settings) == before.replace(
        f"backendImage: {NAME}:v0.2.1", f"backendImage: {NAME}:v0.3.0@{digest}"
    )
    assert f"\n-  openvault:backendImage: {NAME}:v0.2.1\n" in said.out
    assert f"\n+  openvault:backendImage: {NAME}:v0.3.0@{digest}\n" in said.out
    assert "pulumi preview -s ov-demo --diff" in said.out


def test_a_dry_run_writes_nothing(ov: Ov, hub: FakeRegistry, settings: Path) -> None:
    before = demo(settings)

    said = ov("pin", "ov-wag", f"{WAG}:v0.3.0", "-s", "ov-demo", "--dry-run")

    assert demo(settings) == before
    assert "+  openvault:backendImage" in said.out
    assert "Nothing was written" in said.out


def test_pinning_twice_says_so(ov: Ov, hub: FakeRegistry, settings: Path) -> None:
    ov("pin", "ov-wag", f"{WAG}:v0.3.0", "-s", "ov-demo")
    before = demo(settings)

    said = ov("pin", "ov-wag", f"{WAG}:v0.3.0", "-s", "ov-demo")

    assert (said.code, demo(settings)) == (0, before)
    assert "pinned to this image already" in said.out


def test_pin_notes_what_an_image_says_of_itself(ov: Ov, hub: FakeRegistry, settings: Path) -> None:
    before = demo(settings)
    one = config("v0.4.0", port="8000", generation="0.x")
    digest = hub.push(WAG, "v0.4.0", one, image(one))

    said = ov("pin", "ov-wag", f"{WAG}:v0.4.0", "-s", "ov-demo")

    line = f'{{"digest": "{digest}", "generation": "0.x", "port": "8000"}}'
    assert said.code == 0
    assert f"\n+  openvault:backendContract: {line}\n" in said.out
    assert f"\n  openvault:backendContract: {line}\n" in demo(settings)
    assert "pinned to this image already" in (
        ov("pin", "ov-wag", f"{WAG}:v0.4.0", "-s", "ov-demo").out
    )

    # An image without a word of its own takes the note away again.
    ov("pin", "ov-wag", f"{WAG}:v0.3.0", "-s", "ov-demo")
    digest = hub.contents[WAG, "v0.3.0"].digest
    assert demo(settings) == before.replace(
        f"backendImage: {NAME}:v0.2.1", f"backendImage: {NAME}:v0.3.0@{digest}"
    )


@pytest.mark.parametrize("service", ["ov-wag", "ov-frontend", "db"])
def test_every_published_service_can_be_pinned(
    service: str, ov: Ov, hub: FakeRegistry, settings: Path
) -> None:
    said = ov("pin", service, "postgres:14.2-alpine", "-s", "ov-demo")

    assert said.code == 0
    key = f"openvault:{SERVICES[service]}Image"
    assert f"  {key}: docker.io/library/postgres:14.2-alpine@sha256:" in demo(settings)


def test_an_image_built_here_is_not_pinned_by_accident(
    ov: Ov, hub: FakeRegistry, settings: Path
) -> None:
    before = demo(settings)

    said = ov("pin", "ov-nginx", "wgbhmla/ov-nginx:v0.1.0", "-s", "ov-demo")

    assert (said.code, demo(settings)) == (3, before)
    assert "ov-demo builds ov-nginx itself" in said.err
    assert "--published: it removes openvault:proxyBuild" in said.err


def test_from_built_to_published_is_one_option(ov: Ov, hub: FakeRegistry, settings: Path) -> None:
    before = demo(settings)
    digest = hub.contents["wgbhmla/ov-nginx", "v0.1.0"].digest

    said = ov("pin", "ov-nginx", "wgbhmla/ov-nginx:v0.1.0", "-s", "ov-demo", "--published")

    assert said.code == 0
    assert demo(settings) == before.replace(
        "/ov-nginx:v0.1.0\n  openvault:proxyBuild:\n    context: images/ov-nginx\n",
        f"/ov-nginx:v0.1.0@{digest}\n",
    )


def test_production_takes_what_the_demo_has(ov: Ov, hub: FakeRegistry, settings: Path) -> None:
    ov("pin", "ov-wag", f"{WAG}:v0.3.0", "-s", "ov-demo")
    hub.contents[WAG, "v0.3.0"], moved = hub.contents[WAG, "v0.2.1"], hub.contents[WAG, "v0.3.0"]

    said = ov("pin", "ov-wag", "--from", "ov-demo", "-s", "openvault")

    assert said.code == 0
    assert f"{NAME}:v0.3.0@{moved.digest}" in (settings / "Pulumi.openvault.yaml").read_text()
    assert "the tag v0.3.0 has moved" in said.err
    assert "nobody has tried it" not in said.err


def test_production_is_warned_of_what_the_demo_does_not_run(
    ov: Ov, hub: FakeRegistry, settings: Path
) -> None:
    said = ov("pin", "ov-wag", f"{WAG}:v0.3.0", "-s", "openvault")

    assert said.code == 0
    assert (
        f"ov-demo does not run this image, so nobody has tried it there; it has {NAME}" in said.err
    )


def test_a_database_of_another_major_version_is_warned_of(
    ov: Ov, hub: FakeRegistry, settings: Path
) -> None:
    said = ov("pin", "db", "postgres:16.1-alpine", "-s", "ov-demo")

    assert "PostgreSQL 16 cannot read the data of PostgreSQL 14" in said.err


def test_what_the_nodes_cannot_run_is_not_pinned(ov: Ov, hub: FakeRegistry, settings: Path) -> None:
    before = demo(settings)
    arm = config("arm", "linux/arm64")
    hub.push(WAG, "arm", arm, image(arm))

    said = ov("pin", "ov-wag", f"{WAG}:arm", "-s", "ov-demo")

    assert (said.code, demo(settings)) == (8, before)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["ov-wig", f"{WAG}:v0.3.0", "-s", "ov-demo"], "the services are ov-nginx, ov-frontend"),
        (["ov-wag", f"{WAG}:v0.3.0", "-s", "prod"], "those of openvault and ov-demo"),
        (["ov-wag", f"{WAG}:v0.3.0", "--from", "ov-demo", "-s", "openvault"], "is not clear"),
        (["ov-wag", "-s", "openvault"], "--from ov-demo --stack openvault"),
        (["ov-wag", WAG, "-s", "ov-demo"], "a tag that has a version"),
        (["ov-wag", "Not An Image", "-s", "ov-demo"], "no reference to an image"),
    ],
)
def test_what_was_mistyped_is_told_with_what_there_is(
    words: list[str], part: str, ov: Ov, hub: FakeRegistry, settings: Path
) -> None:
    said = ov("pin", *words)

    assert said.code == 2
    assert part in said.err


def test_another_stack_without_the_image_is_told_so(
    ov: Ov, hub: FakeRegistry, settings: Path
) -> None:
    said = ov("pin", "jumpbox", "--from", "openvault", "-s", "ov-demo", "--published")

    assert said.code == 3
    assert "openvault has no image for jumpbox" in said.err


# list


def test_list_shows_every_service_of_every_stack(ov: Ov, hub: FakeRegistry, settings: Path) -> None:
    push(hub, "wgbhmla/jumpbox", "v0.1.0")
    ov("pin", "ov-wag", f"{WAG}:v0.3.0", "-s", "ov-demo")

    said = ov("list")

    lines = [line.split() for line in said.out.splitlines()]
    assert [line[:2] for line in lines[1:]] == [
        [stack, service] for stack in ("openvault", "ov-demo") for service in SERVICES
    ]
    short = hub.contents[WAG, "v0.3.0"].digest[7:19]
    assert lines[8][2:6] == [f"{NAME}:v0.3.0", short, "published", "pinned"]
    assert lines[1][4:6] == ["built", "floating"]
    assert (said.code, said.err) == (0, "")


def test_list_says_that_a_tag_has_moved(ov: Ov, hub: FakeRegistry, settings: Path) -> None:
    ov("pin", "ov-wag", f"{WAG}:v0.3.0", "-s", "ov-demo")
    moved = push(hub, WAG, "v0.3.0", "again")

    said = ov("list", "--stack", "ov-demo")

    assert f"the tag has moved to {moved[7:19]}" in said.out


def test_an_image_that_will_be_built_is_no_trouble(
    ov: Ov, hub: FakeRegistry, settings: Path
) -> None:
    said = ov("list", "--stack", "ov-demo")

    assert "not pushed yet" in said.out
    assert (said.code, said.err) == (0, "")


def test_a_registry_that_is_down_hides_no_other_row(
    ov: Ov, hub: FakeRegistry, settings: Path
) -> None:
    path = settings / "Pulumi.ov-demo.yaml"
    path.write_text(demo(settings).replace(f"{NAME}:", "down.example.org/ov-wag:"))

    said = ov("list")

    assert said.code == 6
    assert said.out.count("? The registry down.example.org cannot be reached") == 1
    assert said.out.count("cannot be reached") == 1
    assert hub.contents[WAG, "v0.2.1"].digest[7:19] in said.out
    assert said.err.count("curl -I https://down.example.org/v2/") == 1


def test_offline_asks_nobody(ov: Ov, hub: FakeRegistry, settings: Path) -> None:
    said = ov("list", "--offline")

    assert (said.code, hub.asked) == (0, [])


def test_list_tells_programs_all_it_knows(ov: Ov, hub: FakeRegistry, settings: Path) -> None:
    hub.instead[f"/v2/{WAG}/manifests/v0.2.1"] = lambda _: httpx.Response(500)

    rows = {row["service"]: row for row in json.loads(ov("list", "-s", "openvault", "--json").out)}

    assert rows["ov-wag"]["problem"] == "docker.io does not answer as a registry does"
    assert rows["db"]["digest"] == hub.contents["library/postgres", "14.2-alpine"].digest
    assert (rows["db"]["source"], rows["db"]["pinned"]) == ("published", False)
    assert (rows["ov-nginx"]["source"], rows["jumpbox"]["running"]) == ("built", False)


def test_list_refuses_a_stack_that_is_not_there(ov: Ov, hub: FakeRegistry, settings: Path) -> None:
    (settings / "Pulumi.openvault.yaml").unlink()

    said = ov("list", "--stack", "openvault")

    assert said.code == 2
    assert "those of ov-demo" in said.err


# The command itself


def test_ov_runs_from_any_folder(tmp_path: Path) -> None:
    link = tmp_path / "ov"
    link.symlink_to(CHECKOUT / "ov")

    said = subprocess.run(
        [link, "images", "--help"], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert "resolve" in said.stdout


def test_ov_says_what_to_type_before_there_is_an_environment(tmp_path: Path) -> None:
    copy = tmp_path / "ov"
    copy.write_bytes((CHECKOUT / "ov").read_bytes())
    copy.chmod(0o755)

    said = subprocess.run([copy], capture_output=True, text=True, check=False)

    assert said.returncode == 1
    assert "type make check" in said.stderr
