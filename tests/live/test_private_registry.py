"""A stack with an image in a registry that asks for a password, of Docker and of the node alike."""

from __future__ import annotations

import http.client
import json
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandbox import settings
from sandbox.instance import CHECKOUT, Instance
from sandbox.process import Processes
from sandbox.toolchain import locate
from tests.live.platform import Platform, eventually
from tests.live.project import Project, files_in, forms, plain

pytestmark = pytest.mark.live

STACK = "openvault"
USER = "archivist"
PASSWORD = "closed-barley-7d41f0c2ab93e65518"
# The same; bcrypt is the only hash the registry takes.
USERS = f"{USER}:$2b$04$10FO96Z/SSTXkPnaUHouVu/ywHroVO6LPwVrqK9VIVg9M1C0I6hlW\n"
WRONG = "closed-wheat-91c3a7be20d4f85561"
REPOSITORY = "wgbhmla/ov-nginx"
TAG = "v0.1.0"


@dataclass(kw_only=True)
class Closed:
    """The stack whose proxy is built for the closed registry, and what the engine said of it."""

    project: Project
    context: Path
    said: list[str] = field(default_factory=list[str])

    @property
    def registry(self) -> str:
        """The registry's name."""
        return self.project.platform.instance.closed_registry

    def know(self, password: str) -> None:
        """Choose the password by which Docker pushes and the node pulls."""
        self.project.seal(f'registries["{self.registry}"].password', password)

    def change(self) -> None:
        """Make the next build another one than all before."""
        with (self.context / "away.html").open("a") as page:
            page.write(f"<!-- {secrets.token_hex(8)} -->\n")

    def up(self) -> subprocess.CompletedProcess[str]:
        """Deploy, whatever comes of it."""
        done = self.project.pulumi("up", "--yes", "--skip-preview", "--diff", check=False)
        self.said.append(done.stdout + done.stderr)
        return done

    def proxy(self) -> dict[str, Any]:
        """Return the pod that serves."""
        (pod,) = (
            each
            for each in self.project.platform.objects(
                "pods", "-l", "app.kubernetes.io/name=ov-nginx", stack=STACK
            )
            if "deletionTimestamp" not in each["metadata"]
        )
        return pod


def answer(instance: Instance, path: str = "/v2/") -> tuple[int, str]:
    """Return what the registry says to somebody without a name; 0 when it says nothing."""
    connection = http.client.HTTPConnection(instance.closed_registry, timeout=2)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


@pytest.fixture(scope="module")
def registry(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run an empty registry that lets nobody in without a password."""
    instance, folder = platform.instance, tmp_path_factory.mktemp("closed")
    toolchain = locate(instance.cache)
    assert toolchain is not None
    (folder / "users").write_text(USERS)
    configuration = folder / "registry.json"
    # YAML reads JSON.
    configuration.write_text(
        json.dumps(
            {
                "version": 0.1,
                "log": {"level": "warn", "accesslog": {"disabled": True}},
                "storage": {"filesystem": {"rootdirectory": str(folder / "images")}},
                "http": {"addr": instance.closed_registry},
                "auth": {"htpasswd": {"realm": "closed", "path": str(folder / "users")}},
            }
        )
    )
    processes = Processes(instance)
    processes.start(
        "closed-registry",
        [toolchain.path("docker-registry"), "serve", configuration],
        env=toolchain.env(),
        configuration=[configuration],
    )
    try:
        eventually("the registry asks", lambda: answer(instance)[0] == 401, seconds=20)
        yield instance.closed_registry
    finally:
        processes.stop("closed-registry")


@pytest.fixture(scope="module")
def closed(
    platform: Platform, registry: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Closed]:
    """Deploy a stack whose proxy is built here and kept there, and take it away again."""
    root, instance = tmp_path_factory.mktemp("stack"), platform.instance
    context = root / "ov-nginx"
    shutil.copytree(CHECKOUT / "images" / "ov-nginx", context)
    project = Project(platform=platform, folder=root / "stacks", stack=STACK, state=root / "state")
    config = plain(platform)
    for key in ("jumpboxImage", "jumpboxBuild"):
        config.pop(f"openvault:{key}")
    config |= {
        "openvault:jumpbox": False,
        "openvault:siteUrl": settings.site_url(instance, STACK),
        "openvault:adminUrl": settings.admin_url(instance, STACK),
        "openvault:proxyImage": f"{registry}/{REPOSITORY}:{TAG}",
        "openvault:registries": {registry: {"username": USER}},
    }
    config["openvault:proxyBuild"]["context"] = str(context)
    project.configure({"config": config})
    project.pulumi("stack", "init")
    for key in settings.SECRETS:
        project.seal(key, secrets.token_urlsafe(48))
    stack = Closed(project=project, context=context)
    stack.know(PASSWORD)
    # An image that no node has by chance.
    stack.change()
    try:
        done = stack.up()
        assert done.returncode == 0, stack.said
        yield stack
    finally:
        project.take_away()


def test_what_was_built_and_pushed_there_runs_by_its_digest(closed: Closed) -> None:
    pod = closed.proxy()

    (container,) = pod["spec"]["containers"]
    (status,) = pod["status"]["containerStatuses"]
    repository, _, digest = container["image"].partition("@")
    assert repository.removesuffix(f":{TAG}") == f"{closed.registry}/{REPOSITORY}"
    assert digest.startswith("sha256:")
    assert status["ready"]
    assert status["imageID"].endswith(digest)


def test_the_node_pulled_it_with_the_secret_of_the_namespace(
    closed: Closed, platform: Platform
) -> None:
    pod = closed.proxy()

    assert pod["spec"]["imagePullSecrets"] == [{"name": "registries"}]
    happened = platform.objects(
        "events", "--field-selector", f"involvedObject.name={pod['metadata']['name']}", stack=STACK
    )
    pulled = [each["message"] for each in happened if each["reason"] == "Pulled"]
    assert any(message.startswith("Successfully pulled image") for message in pulled), pulled


def test_nobody_without_the_secret_is_given_it(closed: Closed, platform: Platform) -> None:
    assert answer(platform.instance, f"/v2/{REPOSITORY}/tags/list")[0] == 401
    stranger = closed.proxy()
    spec = stranger["spec"] | {"containers": [dict(stranger["spec"]["containers"][0])]}
    spec["containers"][0]["imagePullPolicy"] = "Always"
    # As the pod that serves, but for the secret.
    del spec["imagePullSecrets"], spec["nodeName"]
    made = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "stranger", "namespace": STACK},
        "spec": spec,
    }
    described = closed.context.parent / "stranger.json"
    described.write_text(json.dumps(made))
    platform.kubectl("create", "-f", str(described), stack=STACK)

    why = "jsonpath={.status.containerStatuses[0].state.waiting.message}"
    words = ("get", "pod", "stranger", "-o", why)
    eventually(
        "the registry refuses the stranger's pull",
        lambda: "401 Unauthorized" in platform.kubectl(*words, stack=STACK),
        seconds=30,
    )
    platform.kubectl("delete", "pod", "stranger", "--grace-period=0", "--force", stack=STACK)


def test_a_wrong_password_is_told_and_a_right_one_heals(closed: Closed) -> None:
    before = closed.proxy()
    closed.know(WRONG)
    closed.change()

    refused = closed.up()

    assert refused.returncode != 0
    assert "unauthorized: authentication required" in closed.said[-1]
    assert "Traceback" not in closed.said[-1]
    assert closed.proxy()["metadata"]["uid"] == before["metadata"]["uid"]

    closed.know(PASSWORD)
    assert closed.up().returncode == 0, closed.said[-1]
    after = closed.proxy()
    assert after["spec"]["containers"][0]["image"] != before["spec"]["containers"][0]["image"]
    closed.project.pulumi("preview", "--expect-no-changes")


def test_the_password_is_in_that_secret_and_in_no_state_output_or_log(
    closed: Closed, platform: Platform
) -> None:
    project, instance = closed.project, platform.instance
    assert project.state
    places = (project.state, project.folder, instance.logs, instance.pulumi_home / "logs")
    contents = {str(each): each.read_bytes() for place in places for each in files_in(place)}
    contents |= {f"output {number}": words.encode() for number, words in enumerate(closed.said)}
    secret = platform.kubectl("get", "secret", "registries", "-o", "json", stack=STACK)
    contents["the Secret"] = secret.encode()
    looks = [*forms(PASSWORD), *forms(WRONG)]

    assert [each for each in contents if each.endswith(f"{STACK}.json")]
    assert len(closed.said) == 3
    holders = {where for where, what in contents.items() if any(look in what for look in looks)}
    assert holders == {"the Secret"}
