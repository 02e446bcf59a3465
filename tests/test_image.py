"""Images, built here or published elsewhere."""

from pathlib import Path

import pulumi
import pytest

from components.artifact import Credentials
from components.image import Image, ImageArgs, by_digest
from components.reference import Build
from declared.engine import Engine, Resource, digest_of, run
from declared.stacks import DIGEST
from tests.parts import source
from tests.stacks import up

PUBLISHED = f"docker.io/example/it:v1@{DIGEST}"


def image(text: str, build: Build | None = None, *, login: bool = False) -> Engine:
    def program() -> None:
        known = Credentials(
            server="docker.io",
            username="archivist",
            password=pulumi.Output.from_input("sentinel-of-the-registry"),
        )
        args = ImageArgs(source=source(text, build), credentials=known if login else None)
        made = Image("it", args)
        pulumi.export("reference", made.reference)

    return run(program)


def test_a_published_image_touches_nothing_of_docker() -> None:
    engine = image(f"ghcr.io/wgbh-mla/ov-wag:v1@{DIGEST}")

    assert not [each for each in engine.seen if "docker" in each.type]
    assert engine.exports["reference"] == f"ghcr.io/wgbh-mla/ov-wag:v1@{DIGEST}"


def docker_image(engine: Engine) -> Resource:
    (found,) = (each for each in engine.seen if each.type.startswith("docker:"))
    return found


def test_a_built_image_is_known_by_the_digest_the_registry_gave_it() -> None:
    engine = image("docker.io/wgbhmla/ov-nginx:v1", Build(context="images/ov-nginx"))
    digest = digest_of(docker_image(engine).inputs["build"])

    assert engine.exports["reference"] == f"docker.io/wgbhmla/ov-nginx@{digest}"


def test_it_is_pushed_under_the_name_that_the_stack_gives_it() -> None:
    made = docker_image(image("docker.io/wgbhmla/ov-nginx:v1", Build(context="images/ov-nginx")))

    assert made.inputs["imageName"] == "docker.io/wgbhmla/ov-nginx:v1"
    assert made.inputs["skipPush"] is False


def test_it_is_built_for_the_nodes_and_not_for_the_machine_that_builds() -> None:
    made = docker_image(image("docker.io/wgbhmla/ov-nginx:v1", Build(context="images/ov-nginx")))

    assert made.inputs["build"]["platform"] == "linux/amd64"


def test_a_dockerfile_is_looked_for_in_its_context() -> None:
    build = Build(context="images/ov-nginx/", dockerfile="other", target="t", args={"A": "b"})
    made = docker_image(image("docker.io/wgbhmla/ov-nginx:v1", build))

    # The provider takes both paths from where the program is.
    assert made.inputs["build"] == {
        "context": "images/ov-nginx",
        "dockerfile": "images/ov-nginx/other",
        "platform": "linux/amd64",
        "target": "t",
        "args": {"A": "b"},
    }


def test_another_build_is_another_digest() -> None:
    first = image("docker.io/wgbhmla/ov-nginx:v1", Build(context="a"))
    second = image("docker.io/wgbhmla/ov-nginx:v1", Build(context="b"))

    assert first.exports["reference"] != second.exports["reference"]


def test_a_stack_of_published_images_needs_no_docker() -> None:
    published = up(
        "ov-demo", proxyBuild={}, jumpboxBuild={}, proxyImage=PUBLISHED, jumpboxImage=PUBLISHED
    )

    assert not [each for each in published.seen if "docker" in each.type]
    assert published.one("Deployment", "ov-nginx").container["image"] == PUBLISHED


def test_a_stack_that_builds_has_one_docker_and_says_which() -> None:
    built = up("ov-demo", dockerHost="unix:///run/user/1000/docker.sock")
    docker = built.one("docker")

    assert docker.inputs["host"] == "unix:///run/user/1000/docker.sock"
    for each in built.seen:
        if each.type.startswith("docker:"):
            assert each.provider.startswith(f"{docker.urn}::")


def test_the_applications_may_be_built_from_a_checkout(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch AS production\n")
    built = up(
        "ov-demo",
        backendImage="docker.io/wgbhmla/ov-wag:v0.2.1",
        backendBuild={"context": str(tmp_path), "target": "production"},
    )
    image = built.one("Deployment", "ov-wag").container["image"]

    assert image.startswith("docker.io/wgbhmla/ov-wag@sha256:")
    assert built.one("Job").container["image"] == image


def test_it_is_pushed_by_who_the_stack_is_to_its_registry() -> None:
    built = Build(context="images/ov-nginx")
    made = docker_image(image("docker.io/wgbhmla/ov-nginx:v1", built, login=True))

    assert made.inputs["registry"] == {
        "server": "docker.io",
        "username": "archivist",
        "password": "sentinel-of-the-registry",
    }


def test_the_password_is_a_secret_before_dockers_provider_sees_it() -> None:
    built = Build(context="images/ov-nginx")
    made = docker_image(image("docker.io/wgbhmla/ov-nginx:v1", built, login=True))

    # The provider keeps its inputs in clear: what is not secret by then never is.
    assert "registry" in made.secret


def test_a_registry_that_asks_nobody_is_told_nothing() -> None:
    made = docker_image(image("docker.io/wgbhmla/ov-nginx:v1", Build(context="images/ov-nginx")))

    assert "registry" not in made.inputs


def test_it_is_built_for_other_nodes_where_there_are_some() -> None:
    built = Build(context="images/ov-nginx", platform="linux/arm64")
    made = docker_image(image("docker.io/wgbhmla/ov-nginx:v1", built))

    assert made.inputs["build"]["platform"] == "linux/arm64"


@pytest.mark.parametrize("given", [None, "", f"{DIGEST}", "docker.io/example/it:v1"])
def test_what_no_node_could_pull_reaches_no_workload(given: str | None) -> None:
    with pytest.raises(pulumi.RunError, match=r"no digest: no node could pull it\.\n.*ov images"):
        by_digest(given)

    assert by_digest(PUBLISHED) == PUBLISHED


def test_a_preview_does_not_know_the_digest_yet_and_shows_the_rest() -> None:
    assert up("ov-demo", preview=True).one("Deployment", "ov-nginx").env
