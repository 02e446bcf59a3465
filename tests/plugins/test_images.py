"""The docker provider with a real engine, daemon and registry, the official one or ours."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sandbox.instance import Instance
from sandbox.toolchain import locate
from tests.plugins.project import ImageProject, manifest_digest

pytestmark = pytest.mark.live

PASSWORD = "guarded-sentinel"


@pytest.fixture
def name(project: ImageProject, instance: Instance, repository: str) -> str:
    """Let the project describe one image in the sandbox's registry; return the image's name."""
    found = f"{instance.registry}/{repository}:1"
    project.wants(found)
    return found


def in_registry(instance: Instance, repository: str) -> str | None:
    return manifest_digest(instance.registry, repository, "1")


@pytest.mark.usefixtures("name")
def test_an_image_is_deployed_by_the_digest_that_the_registry_has(
    project: ImageProject, instance: Instance, repository: str
) -> None:
    digest = project.digest()

    assert digest == f"{instance.registry}/{repository}@{in_registry(instance, repository)}"


@pytest.mark.usefixtures("name")
def test_a_preview_builds_and_pushes_nothing(
    project: ImageProject, instance: Instance, repository: str
) -> None:
    shown = project.preview()

    assert re.search(r"\+ +docker:index:Image image create", shown)
    assert in_registry(instance, repository) is None


@pytest.mark.usefixtures("name")
def test_an_untouched_context_plans_nothing_wherever_one_stands(project: ImageProject) -> None:
    project.digest()
    (project.folder / "c" / "a").touch()

    project.preview("--expect-no-changes")
    project.pulumi(
        "--cwd", str(project.folder), "preview", "--stack", "test", "--expect-no-changes",
        cwd=Path("/"),
    )  # fmt: skip


@pytest.mark.usefixtures("name")
def test_a_fresh_copy_of_the_project_plans_nothing(project: ImageProject, tmp_path: Path) -> None:
    project.digest()
    shutil.copytree(project.folder, tmp_path / "copy", copy_function=shutil.copy)

    project.pulumi("preview", "--stack", "test", "--expect-no-changes", cwd=tmp_path / "copy")


@pytest.mark.usefixtures("name")
def test_an_edited_context_is_an_update_with_another_digest_under_the_same_tag(
    project: ImageProject, instance: Instance, repository: str
) -> None:
    before = project.digest()
    project.file("a", "two")

    shown = project.preview()
    after = project.digest()

    assert "[diff: ~build]" in shown
    assert after != before
    assert after == f"{instance.registry}/{repository}@{in_registry(instance, repository)}"


@pytest.mark.usefixtures("name")
def test_refresh_and_destroy_leave_the_image_in_its_registry(
    project: ImageProject, instance: Instance, repository: str
) -> None:
    project.digest()
    before = in_registry(instance, repository)

    refreshed = project.pulumi("refresh", "--yes", "--stack", "test").stdout
    project.pulumi("destroy", "--yes", "--stack", "test")

    assert "~ docker" not in refreshed
    assert in_registry(instance, repository) == before
    assert before is not None


def test_the_state_knows_the_image_as_it_was_built(project: ImageProject, name: str) -> None:
    digest = project.digest()

    image = project.image()
    assert image["id"] == name
    inner = image["outputs"].pop("__inputs")
    assert "ciphertext" in inner
    assert image["outputs"] == {
        "imageName": name,
        "baseImageName": name,
        "registryServer": "",
        "context": "c",
        "dockerfile": "Dockerfile",
        "platform": "linux/amd64",
        "repoDigest": digest,
    }


BUILD = "error reading build output: "


@pytest.mark.usefixtures("name")
@pytest.mark.parametrize(
    ("dockerfile", "text"),
    [
        (
            "FORM scratch\n",
            (
                f"{BUILD}failed to solve with frontend dockerfile.v0: failed to create LLB "
                "definition: dockerfile parse error line 1: unknown instruction: FORM"
            ),
        ),
        (
            "FROM scratch\nCOPY nosuch /a\n",
            f'{BUILD}failed to compute cache key: "/nosuch" not found: not found',
        ),
        (
            "FROM 127.0.0.1:1/nobase:1\n",
            (
                f"{BUILD}failed to solve with frontend dockerfile.v0: failed to create LLB "
                "definition: failed to do request: "
                'Head "http://127.0.0.1:1/v2/nobase/manifests/1": '
                "dial tcp 127.0.0.1:1: connect: connection refused"
            ),
        ),
    ],
    ids=["syntax", "source", "base"],
)
def test_a_build_that_fails_says_why_and_keeps_what_was_deployed(
    project: ImageProject, dockerfile: str, text: str
) -> None:
    before = project.digest()
    project.dockerfile(dockerfile)

    said = project.failing_up()

    assert f"error: {text}" in said
    assert project.image()["outputs"]["repoDigest"] == before

    project.dockerfile("FROM scratch\nCOPY a /a\n")
    assert project.digest() == before


@pytest.mark.usefixtures("name")
def test_a_failed_first_build_leaves_no_image_in_the_state_and_the_next_one_heals(
    project: ImageProject,
) -> None:
    project.dockerfile("FROM scratch\nCOPY nosuch /a\n")
    project.failing_up()
    project.file("nosuch", "now it is there")

    assert project.digest()


def test_a_step_that_fails_is_named_with_its_exit_code(
    project: ImageProject, instance: Instance, name: str
) -> None:
    base = f"{instance.registry}/sandbox/debian:12"
    project.wants(name, args={"BASE": base})
    project.dockerfile("ARG BASE\nFROM $BASE\nRUN echo before && exit 3\n")

    said = project.failing_up()

    assert (
        f"error: {BUILD}executor failed running [/bin/sh -c echo before && exit 3]: exit code: 3"
    ) in said


def test_a_missing_context_is_refused_at_preview(project: ImageProject, name: str) -> None:
    project.wants(name, context="nosuch")

    done = project.pulumi("preview", "--stack", "test", check=False)

    assert done.returncode != 0
    assert (
        'error: could not open dockerfile at relative path "nosuch/Dockerfile": '
        "stat nosuch/Dockerfile: no such file or directory"
    ) in done.stdout


def test_a_name_without_a_registry_is_refused_at_preview(project: ImageProject) -> None:
    project.wants("foo:1")

    done = project.pulumi("preview", "--stack", "test", check=False)

    assert done.returncode != 0
    assert 'error: "foo:1": repository name must be canonical.' in done.stdout


def test_a_registry_that_is_down_is_told_at_once(project: ImageProject) -> None:
    project.wants("127.0.0.1:1/nosuch:1")

    assert (
        'error: error reading push output: Get "http://127.0.0.1:1/v2/": '
        "dial tcp 127.0.0.1:1: connect: connection refused"
    ) in project.failing_up()


@pytest.mark.usefixtures("name")
def test_a_daemon_that_is_down_is_told_at_preview(project: ImageProject) -> None:
    project.more["DOCKER_HOST"] = f"unix://{project.folder}/nosuch.sock"

    done = project.pulumi("preview", "--stack", "test", check=False)

    assert done.returncode != 0
    assert "failed to connect to any docker daemon" in done.stdout


# A registry that wants a password


def test_a_push_without_a_password_is_refused(
    project: ImageProject, guarded_registry: str, repository: str
) -> None:
    project.wants(f"{guarded_registry}/{repository}:1")

    said = project.failing_up()

    assert "error: error reading push output: no basic auth credentials" in said


def test_a_push_with_a_wrong_password_is_refused(
    project: ImageProject, guarded_registry: str, repository: str
) -> None:
    project.wants(
        f"{guarded_registry}/{repository}:1",
        registry={"server": guarded_registry, "username": "ov", "password": "wrong-sentinel"},
    )

    said = project.failing_up()

    assert "error: error reading push output: unauthorized: authentication required" in said
    assert "wrong-sentinel" not in said


def test_a_secret_password_pushes_and_can_be_read_nowhere(
    project: ImageProject, guarded_registry: str, repository: str
) -> None:
    login = {"server": guarded_registry, "username": "ov", "password": PASSWORD}
    project.wants(f"{guarded_registry}/{repository}:1", registry=login)

    shown = project.preview("--diff")
    said = project.pulumi("up", "--yes", "--skip-preview", "--stack", "test").stdout
    digest = project.image()["outputs"]["repoDigest"]
    project.file("a", "two")
    shown += project.preview("--diff")

    assert digest.startswith(f"{guarded_registry}/{repository}@sha256:")
    assert PASSWORD not in shown + said
    assert project.traces(repository)
    assert project.traces(PASSWORD) == []


def test_the_persons_own_login_pushes_when_the_program_gives_none(
    project: ImageProject, guarded_registry: str, repository: str
) -> None:
    project.wants(f"{guarded_registry}/{repository}:1")
    log_in(project, guarded_registry)

    assert project.digest().startswith(f"{guarded_registry}/{repository}@sha256:")


def test_a_base_image_behind_a_password_is_pulled(
    project: ImageProject, instance: Instance, guarded_registry: str, repository: str, name: str
) -> None:
    base = f"{guarded_registry}/{repository}:base"
    log_in(project, guarded_registry)
    project.wants(base)
    project.digest()
    remove_local(instance, base)

    project.wants(name, args={"BASE": base})
    project.dockerfile("ARG BASE\nFROM $BASE\nCOPY a /b\n")

    assert project.digest().startswith(f"{instance.registry}/{repository}@sha256:")


def log_in(project: ImageProject, registry: str) -> None:
    auth = base64.b64encode(f"ov:{PASSWORD}".encode()).decode()
    path = project.folder.parent / "docker" / "config.json"
    path.write_text(json.dumps({"auths": {registry: {"auth": auth}}}))


def remove_local(instance: Instance, image: str) -> None:
    toolchain = locate(instance.cache)
    assert toolchain is not None
    docker = [toolchain.path("docker"), "--host", f"unix://{instance.docker_socket}"]
    subprocess.run([*docker, "rmi", "--force", image], check=True, capture_output=True)
    # The builder keeps layers of its own.
    subprocess.run([*docker, "builder", "prune", "--force"], check=True, capture_output=True)
