"""`./ov images` against registries that run: Debian's, and the sandbox's own."""

from __future__ import annotations

import base64
import json
import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import images as sandbox_images
from sandbox.instance import CHECKOUT, Instance
from sandbox.toolchain import Toolchain, locate
from tests.operations.fake import PASSWORD, USER
from tests.operations.parts import DOCKER_LIST, OCI_LIST, config, image, listing
from tests.operations.real import RealRegistry, free_port, running

pytestmark = pytest.mark.live

WAG = "wgbhmla/ov-wag"


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    found = locate(Instance.from_environment().cache)
    if found is None:
        pytest.fail("the toolchain is not built; type: make up")
    return found


@pytest.fixture(scope="module")
def public(
    toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealRegistry]:
    with running(toolchain, tmp_path_factory.mktemp("public") / "r") as registry:
        registry.release(WAG, "v0.2.1", "v0.3.0")
        yield registry


@pytest.fixture(scope="module")
def private(
    toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealRegistry]:
    with running(toolchain, tmp_path_factory.mktemp("private") / "r", users=True) as registry:
        registry.release(WAG, "v0.2.1")
        yield registry


@pytest.fixture(scope="module")
def encrypted(
    toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealRegistry]:
    with running(toolchain, tmp_path_factory.mktemp("tls") / "r", encrypted=True) as registry:
        registry.release(WAG, "v0.2.1")
        yield registry


def ov(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Type a command, in the environment of this test."""
    return subprocess.run(
        [CHECKOUT / "ov", "images", *words],
        input=given, env=os.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip


def log_in(registry: RealRegistry, password: str = PASSWORD) -> None:
    """Leave what `docker login` leaves."""
    auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
    place = Path(os.environ["DOCKER_CONFIG"]) / "config.json"
    place.write_text(json.dumps({"auths": {registry.address: {"auth": auth}}}))


def test_a_tag_is_resolved(public: RealRegistry) -> None:
    own = config("mine", created="2026-11-20T10:00:00Z")
    digest = public.push(WAG, "mine", own, image(own))

    said = ov("resolve", f"{public.address}/{WAG}:mine")

    assert (said.returncode, said.stdout) == (0, f"{public.address}/{WAG}:mine@{digest}\n")


@pytest.mark.parametrize("kind", [OCI_LIST, DOCKER_LIST])
def test_a_manifest_list_is_resolved_to_itself(kind: str, public: RealRegistry) -> None:
    arm, amd = config("arm", "linux/arm64"), config("amd")
    many = listing({"linux/arm64/v8": image(arm), "linux/amd64": image(amd)}, kind)
    digest = public.push(WAG, "many", arm, amd, image(arm), image(amd), many)

    said = json.loads(ov("resolve", f"{public.address}/{WAG}:many", "--json").stdout)

    assert said["digest"] == digest
    assert said["platforms"] == ["linux/arm64/v8", "linux/amd64"]


def test_a_list_without_the_nodes_platform_is_not_pinned(
    public: RealRegistry, settings: Path
) -> None:
    arm = config("arm", "linux/arm64")
    public.push(WAG, "arm", arm, image(arm), listing({"linux/arm64": image(arm)}))

    said = ov("pin", "ov-wag", f"{public.address}/{WAG}:arm", "--stack", "ov-demo")

    assert said.returncode == 8
    assert "made for linux/arm64, and the nodes are linux/amd64" in said.stderr


def test_a_missing_tag_is_told_with_those_there_are(public: RealRegistry) -> None:
    said = ov("resolve", f"{public.address}/{WAG}:v0.3.1")

    assert said.returncode == 4
    assert "v0.3.0, v0.2.1" in said.stderr


def test_a_missing_repository_is_told(public: RealRegistry) -> None:
    said = ov("resolve", f"{public.address}/wgbhmla/ov-wig:v0.2.1")

    assert said.returncode == 4
    assert f"There is no repository {public.address}/wgbhmla/ov-wig" in said.stderr


def test_a_private_registry_wants_a_name(private: RealRegistry) -> None:
    said = ov("resolve", f"{private.address}/{WAG}:v0.2.1")

    assert said.returncode == 5
    assert f"docker login {private.address}" in said.stderr


def test_a_private_registry_knows_who_logged_in(private: RealRegistry) -> None:
    log_in(private)

    assert ov("resolve", f"{private.address}/{WAG}:v0.2.1").returncode == 0


def test_a_private_registry_takes_a_password_from_the_standard_input(private: RealRegistry) -> None:
    who = ("--username", USER, "--password-stdin")

    right = ov("resolve", f"{private.address}/{WAG}:v0.2.1", *who, given=f"{PASSWORD}\n")
    wrong = ov("resolve", f"{private.address}/{WAG}:v0.2.1", *who, given="open barley\n")

    assert (right.returncode, wrong.returncode) == (0, 5)
    assert PASSWORD not in right.stdout + right.stderr
    assert "barley" not in wrong.stdout + wrong.stderr


def test_a_password_is_asked_for_and_not_shown(private: RealRegistry) -> None:
    ours, theirs = pty.openpty()
    wanted = f"{private.address}/{WAG}:v0.2.1"
    with subprocess.Popen(
        [CHECKOUT / "ov", "images", "resolve", wanted, "--username", USER],
        stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    ) as asking:  # fmt: skip
        assert asking.stderr
        assert asking.stdout
        prompt = f"Password of {USER} at {private.address}: ".encode()
        # What is typed before the terminal is told not to show it would be lost.
        assert asking.stderr.read(len(prompt)) == prompt
        time.sleep(0.5)
        os.write(ours, f"{PASSWORD}\n".encode())
        said = asking.stdout.read()
    shown = select.select([ours], [], [], 0)[0]
    os.close(ours)
    os.close(theirs)

    assert asking.returncode == 0
    assert said.startswith(f"{wanted}@sha256:".encode())
    assert not shown, "a terminal shows what is typed, unless it is told not to"


def test_a_private_registrys_missing_tag_is_told_to_whom_it_knows(private: RealRegistry) -> None:
    log_in(private)

    assert "v0.2.1" in ov("resolve", f"{private.address}/{WAG}:v0.2.2").stderr


def test_a_registry_that_is_down_is_told() -> None:
    said = ov("resolve", f"127.0.0.1:{free_port()}/{WAG}:v0.2.1")

    assert said.returncode == 6
    assert "cannot be reached:\n  connection refused." in said.stderr


def test_a_certificate_is_trusted_when_its_authority_is_named(encrypted: RealRegistry) -> None:
    said = ov("resolve", f"{encrypted.address}/{WAG}:v0.2.1", "--ca", str(encrypted.authority))

    assert said.returncode == 0


def test_a_certificate_of_another_authority_is_told(
    encrypted: RealRegistry, toolchain: Toolchain, tmp_path: Path
) -> None:
    with running(toolchain, tmp_path / "other", encrypted=True) as other:
        said = ov("resolve", f"{encrypted.address}/{WAG}:v0.2.1", "--ca", str(other.authority))

    assert said.returncode == 6
    assert "no certificate this machine trusts" in said.stderr


def test_a_registry_that_speaks_otherwise_is_told(
    public: RealRegistry, encrypted: RealRegistry
) -> None:
    plain = ov("resolve", f"{public.address}/{WAG}:v0.2.1", "--ca", str(encrypted.authority))
    hidden = ov("resolve", f"{encrypted.address}/{WAG}:v0.2.1")

    assert (plain.returncode, hidden.returncode) == (6, 6)
    assert "no encrypted connection came about" in plain.stderr
    assert "does not answer as a registry does" in hidden.stderr


def test_a_registry_that_is_down_hides_no_other(public: RealRegistry, settings: Path) -> None:
    path = settings / "Pulumi.ov-demo.yaml"
    text = path.read_text().replace("docker.io/wgbhmla/ov-wag", f"{public.address}/{WAG}")
    path.write_text(text.replace("docker.io/", f"127.0.0.1:{free_port()}/"))

    said = ov("list", "--stack", "ov-demo", "--json")

    rows = {row["service"]: row for row in json.loads(said.stdout)}
    assert said.returncode == 6
    assert rows["ov-wag"]["digest"]
    assert rows["ov-wag"]["problem"] is None
    assert "cannot be reached" in rows["ov-frontend"]["problem"]


def test_the_sandboxs_own_images_are_resolved_as_it_remembers_them() -> None:
    instance = Instance.from_environment()
    known = sandbox_images.references(instance)
    if not known:
        pytest.fail(f"sandbox {instance.name} is not up; type: OV_SANDBOX={instance.name} make up")

    for name in ("sandbox/nginx:1.22", "sandbox/postgres:14.2"):
        said = ov("resolve", f"{instance.registry}/{name}")
        assert (said.returncode, said.stdout.strip()) == (0, known[name])
