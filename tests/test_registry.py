"""Registries that ask who is there."""

import base64
import json
from typing import Any

import pulumi

from components.artifact import Credentials, docker_config
from components.registry import RegistryAccess, RegistryAccessArgs
from declared.engine import Engine, Resource, run, texts
from declared.stacks import DIGEST, STACKS
from tests.stacks import SEALED, up

PASSWORD = "sentinel-of-the-registry"
LOGIN = {"username": "archivist", "password": PASSWORD}


def access(*servers: str) -> Resource:
    """Return the Secret for these registries."""

    def program() -> None:
        known = [
            Credentials(
                server=server, username="archivist", password=pulumi.Output.from_input(PASSWORD)
            )
            for server in servers
        ]
        RegistryAccess("registries", RegistryAccessArgs(credentials=known))

    return run(program).one("Secret")


def auths(secret: Resource) -> dict[str, Any]:
    """Return what is known of each registry."""
    return json.loads(secret.inputs["stringData"][".dockerconfigjson"])["auths"]


def test_nodes_read_it_as_docker_would() -> None:
    secret = access("ghcr.io")

    assert secret.inputs["type"] == "kubernetes.io/dockerconfigjson"
    both = base64.b64encode(f"archivist:{PASSWORD}".encode()).decode()
    assert auths(secret) == {"ghcr.io": LOGIN | {"auth": both}}


def test_docker_hub_is_known_by_the_name_that_nodes_look_for() -> None:
    assert set(auths(access("docker.io", "ghcr.io"))) == {"https://index.docker.io/v1/", "ghcr.io"}


def test_it_is_a_secret_whatever_it_was_made_of() -> None:
    assert access("ghcr.io").secret == {"stringData"}


def test_it_is_a_secret_before_anybody_is_given_it() -> None:
    def program() -> pulumi.Output[None]:
        password = pulumi.Output.from_input(PASSWORD)
        known = Credentials(server="ghcr.io", username="archivist", password=password)
        return pulumi.Output.all(docker_config([known]).is_secret()).apply(expect)

    def expect(secrecy: list[bool]) -> None:
        assert secrecy == [True]

    run(program)


def test_credentials_do_not_show_their_password() -> None:
    shown: list[str] = []

    def program() -> None:
        sealed = pulumi.Output.from_input(PASSWORD)
        shown.append(repr(Credentials(server="a", username="b", password=sealed)))

    run(program)

    assert shown == ["Credentials(server='a', username='b')"]


def closed() -> Engine:
    return up("ov-demo", registries={"docker.io": LOGIN})


def test_every_pod_is_pulled_with_it() -> None:
    engine = closed()

    assert len(engine.pods) == 6
    for each in engine.pods:
        assert each.pod["imagePullSecrets"] == [{"name": "registries"}], each.urn


def test_a_pod_waits_for_what_opens_its_registry() -> None:
    engine = closed()

    for each in engine.pods:
        assert engine.one("Secret", "registries").urn in each.dependencies, each.urn


def test_stacks_of_public_images_have_none() -> None:
    for stack in STACKS:
        engine = up(stack)
        assert "registries" not in {each.object_name for each in engine.objects}
        assert not [each for each in engine.pods if "imagePullSecrets" in each.pod]


def test_an_image_is_pushed_by_who_the_stack_is_to_its_own_registry() -> None:
    registries = {"docker.io": LOGIN, "ghcr.io": LOGIN | {"username": "curator"}}
    engine = up("ov-demo", registries=registries, jumpboxImage="ghcr.io/wgbh-mla/jumpbox:v0.1.0")
    images = {each.name: each for each in engine.seen if each.type.startswith("docker:index")}

    assert images["ov-nginx"].inputs["registry"]["username"] == "archivist"
    assert images["jumpbox"].inputs["registry"]["username"] == "curator"
    assert all("registry" in each.secret for each in images.values())


def test_the_password_is_nowhere_in_clear() -> None:
    engine = closed()

    for each in engine.seen:
        secret = {key for key, at in each.inputs.items() if PASSWORD in "\n".join(texts(at))}
        assert secret <= each.secret, each.urn
        assert not secret or each.kind in ("Secret", "Image"), each.urn
    said = [dict(at) for at in engine.outputs.values()] + [dict(engine.exports)]
    assert PASSWORD not in "\n".join(texts(said))


def test_published_images_of_a_closed_registry_need_no_docker() -> None:
    it = f"docker.io/example/it:v1@{DIGEST}"
    engine = up(
        "ov-demo",
        registries={"docker.io": LOGIN},
        proxyBuild={},
        jumpboxBuild={},
        proxyImage=it,
        jumpboxImage=it,
    )

    assert not [each for each in engine.seen if "docker" in each.type]


def test_what_may_hold_a_password_is_treated_as_a_secret_here() -> None:
    assert "registries" in SEALED
