"""Images by the real engine, a real Docker and a real registry; and where secrets do not go."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from sandbox import settings
from tests.live.platform import Platform
from tests.live.project import DEMO, Project, chosen, clone_into, files_in, forms, plain

pytestmark = pytest.mark.live

# In a folder of its own, and with a state of its own, so that nobody's stack is meant.
STACK = "openvault"
NOWHERE = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}


# Published


@pytest.fixture
def published(platform: Platform, tmp_path: Path) -> Project:
    """Give ov-demo's settings with every image pinned and none built; nothing is ever deployed."""
    project = Project(
        platform=platform, folder=tmp_path / "stacks", stack=DEMO, state=tmp_path / "state"
    )
    content = chosen(platform)
    content["config"].pop("openvault:dockerHost")
    runs = json.loads(platform.run("pulumi", "stack", "output", "--json", "-s", DEMO).stdout)
    for prefix, service in (("proxy", "ov-nginx"), ("jumpbox", "jumpbox")):
        content["config"].pop(f"openvault:{prefix}Build")
        content["config"][f"openvault:{prefix}Image"] = runs["images"][service]
    project.configure(content)
    project.pulumi("stack", "init")
    return project


def test_a_stack_of_published_images_is_previewed_on_a_machine_without_docker(
    published: Project,
) -> None:
    shown = published.pulumi("preview", "--json", env=NOWHERE)

    planned = [step["urn"] for step in json.loads(shown.stdout)["steps"]]
    assert [urn for urn in planned if "::ov-nginx" in urn]
    assert not [urn for urn in planned if "docker:" in urn]


def test_a_stack_that_builds_says_what_it_misses_there(platform: Platform, tmp_path: Path) -> None:
    builds = Project(
        platform=platform, folder=tmp_path / "stacks", stack=DEMO, state=tmp_path / "state"
    )
    content = chosen(platform)
    content["config"].pop("openvault:dockerHost")
    builds.configure(content)
    builds.pulumi("stack", "init")

    refused = builds.pulumi("preview", check=False, env=NOWHERE)

    assert refused.returncode != 0
    assert "failed to connect to any docker daemon" in refused.stdout + refused.stderr


def test_a_tag_alone_is_refused_by_the_command_that_pins_it(published: Project) -> None:
    path = published.folder / f"Pulumi.{DEMO}.yaml"
    content = yaml.safe_load(path.read_text())
    image, _, _ = content["config"]["openvault:backendImage"].partition("@")
    content["config"]["openvault:backendImage"] = image
    published.configure(content)

    refused = published.pulumi("preview", check=False, env=NOWHERE)

    said = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert f"Type: ./ov images pin ov-wag {image} -s {DEMO}" in said
    assert "Traceback" not in said


# Built


@pytest.fixture
def clone(platform: Platform, tmp_path: Path) -> Iterator[Project]:
    """Give ov-demo as another person has it: a copy of the program, somewhere else."""
    program = tmp_path / "clone"
    clone_into(program)
    project = Project(platform=platform, folder=tmp_path / "stacks", stack=DEMO, program=program)
    project.configure(chosen(platform))
    yield project
    platform.run("pulumi", "up", "--yes", "--skip-preview", "-s", DEMO, "--non-interactive")


def image(platform: Platform, service: str) -> str:
    """Return the reference by which a service runs."""
    (found,) = platform.objects(
        "deployments", "--field-selector", f"metadata.name={service}", stack=DEMO
    )
    return found["spec"]["template"]["spec"]["containers"][0]["image"]


def forget(platform: Platform, kind: str, name: str) -> None:
    """Take an object out of the state, and leave it in the cluster."""
    exported = platform.run("pulumi", "stack", "export", "-s", DEMO).stdout
    (urn,) = (
        each["urn"]
        for each in json.loads(exported)["deployment"]["resources"]
        if each["type"] == kind and each["urn"].endswith(f"::{name}")
    )
    platform.run("pulumi", "state", "delete", urn, "--yes", "-s", DEMO)


def tagged(platform: Platform, repository: str, tag: str) -> str:
    """Return the digest that a tag has in the registry."""
    described = platform.run(
        "curl", "-sSfI", "--noproxy", "*",
        "-H", "Accept: application/vnd.docker.distribution.manifest.v2+json",
        f"http://{platform.instance.registry}/v2/{repository}/manifests/{tag}",
    ).stdout  # fmt: skip
    (line,) = (each for each in described.splitlines() if "docker-content-digest" in each.lower())
    return line.partition(":")[2].strip()


def test_a_changed_context_rolls_its_workload_and_nothing_else(
    clone: Project, platform: Platform
) -> None:
    # A clone, made a moment ago elsewhere, and any folder to type in: nothing to do.
    for at in ("/", str(clone.program / "images")):
        clone.pulumi("preview", "--expect-no-changes", at=at)

    before, ran = platform.generations(), image(platform, "ov-nginx")
    # An update that was killed before it was noted is not in the way of a later one.
    forget(platform, "kubernetes:apps/v1:Deployment", "ov-nginx")
    page = clone.program / "images" / "ov-nginx" / "away.html"
    content = page.read_text()
    page.write_text(f"{content}<!-- {secrets.token_hex(4)} -->\n")
    clone.pulumi("up", "--yes", "--skip-preview")

    after, runs = platform.generations(), image(platform, "ov-nginx")
    assert {name for name in after if after[name] != before[name]} == {"ov-nginx"}
    assert runs != ran
    assert runs.partition("@")[0] == ran.partition("@")[0]
    assert runs.endswith(tagged(platform, "wgbhmla/ov-nginx", "v0.1.0"))
    clone.pulumi("preview", "--expect-no-changes")

    # What was built before is not another image for being built again.
    page.write_text(content)
    clone.pulumi("up", "--yes", "--skip-preview")
    assert image(platform, "ov-nginx") == ran


def test_what_was_changed_by_hand_is_told_and_taken_back_when_asked(platform: Platform) -> None:
    ran, again = image(platform, "ov-frontend"), ("-s", DEMO, "--non-interactive")
    by_hand = ran.partition("@")[0]
    platform.kubectl("set", "image", "deployment/ov-frontend", f"ov-frontend={by_hand}")

    told = platform.run("pulumi", "up", "--refresh", "--yes", *again, check=False)
    assert told.returncode != 0
    assert 'conflict with "kubectl-set"' in told.stdout + told.stderr
    assert image(platform, "ov-frontend") == by_hand

    force = {"PULUMI_K8S_ENABLE_PATCH_FORCE": "true"}
    platform.run("pulumi", "up", "--refresh", "--yes", *again, env=force)
    assert image(platform, "ov-frontend") == ran
    platform.run("pulumi", "preview", "--refresh", "--expect-no-changes", *again)


# Secrets


def sentinel(name: str) -> str:
    """Return a value that is nowhere by chance, and that fits every secret."""
    return f"sentinel-{name}-{secrets.token_hex(24)}"


# The path of a secret setting, and the one object in the cluster that holds its value.
MEANT = {
    "databasePassword": "db-credentials",
    "secretKey": "ov-wag-credentials",
    "adminPassword": "ov-wag-administrator",
    "registry": "registries",
}
USER = "archivist"


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A stack that was deployed with a distinctive value for each of its secrets."""

    project: Project
    values: Mapping[str, str]
    said: str

    def found(self, content: bytes) -> set[str]:
        """Return the secrets whose value is in *content*."""
        return {
            name
            for name, value in self.values.items()
            if any(form in content for form in forms(value))
        }


@pytest.fixture(scope="module")
def sealed(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sealed]:
    """Deploy a stack with a sentinel for each secret, and take it away again."""
    root = tmp_path_factory.mktemp("sealed")
    instance = platform.instance
    project = Project(platform=platform, folder=root / "stacks", stack=STACK, state=root / "state")
    config = plain(platform)
    config["openvault:siteUrl"] = settings.site_url(instance, STACK)
    config["openvault:adminUrl"] = settings.admin_url(instance, STACK)
    config["openvault:registries"] = {instance.registry: {"username": USER}}
    project.configure({"config": config})
    project.pulumi("stack", "init")
    values = {name: sentinel(name) for name in MEANT}
    for name, value in values.items():
        path = f'registries["{instance.registry}"].password' if name == "registry" else name
        project.seal(path, value)
    said = project.pulumi("preview", "--diff").stdout
    try:
        done = project.pulumi("up", "--yes", "--skip-preview", "--diff", check=False)
        said += done.stdout + done.stderr
        assert done.returncode == 0, said
        yield Sealed(project=project, values=values, said=said)
    finally:
        project.take_away()


def test_each_secret_is_in_the_one_object_that_is_meant_to_hold_it(
    sealed: Sealed, platform: Platform
) -> None:
    kinds = platform.run(
        "kubectl", "api-resources", "--namespaced", "--verbs=list", "-o", "name"
    ).stdout.split()
    shown = json.loads(platform.kubectl("get", ",".join(kinds), "-o", "json", stack=STACK))

    holders = {
        f"{each['kind']} {each['metadata']['name']}": sealed.found(json.dumps(each).encode())
        for each in shown["items"]
    }
    assert {name: held for name, held in holders.items() if held} == {
        f"Secret {name}": {key} for key, name in MEANT.items()
    }


def test_every_pod_was_pulled_by_name_and_password(sealed: Sealed, platform: Platform) -> None:
    assert sealed.values
    for pod in platform.objects("pods", stack=STACK):
        assert pod["spec"]["imagePullSecrets"] == [{"name": "registries"}]


def test_no_secret_is_in_the_state_or_in_the_settings(sealed: Sealed) -> None:
    project = sealed.project
    assert project.state
    files = [each for root in (project.state, project.folder) for each in files_in(root)]

    assert [each for each in files if each.suffix == ".json"]
    assert {str(each): held for each in files if (held := sealed.found(each.read_bytes()))} == {}


def test_no_secret_was_said_by_the_engine(sealed: Sealed) -> None:
    assert "docker:index/image:Image" in sealed.said
    assert sealed.found(sealed.said.encode()) == set()


def test_no_secret_is_in_a_log(sealed: Sealed, platform: Platform) -> None:
    instance = platform.instance
    logs = [*files_in(instance.logs), *files_in(instance.pulumi_home / "logs")]
    pods = "app.kubernetes.io/part-of=openvault"
    words = ("logs", "-l", pods, "--all-containers", "--prefix", "--tail=-1", "--ignore-errors")

    assert {str(each): held for each in logs if (held := sealed.found(each.read_bytes()))} == {}
    assert sealed.found(platform.kubectl(*words, stack=STACK).encode()) == set()


def test_no_secret_is_in_an_image(sealed: Sealed, platform: Platform, tmp_path: Path) -> None:
    for service in ("ov-nginx", "jumpbox"):
        name = f"{platform.instance.registry}/wgbhmla/{service}:v0.1.0"
        saved = tmp_path / f"{service}.tar"
        platform.run("docker", "image", "save", "--output", str(saved), name)

        # Layers and configuration as they are; nothing in this archive is compressed.
        assert b"org.openvault.contract" in saved.read_bytes()
        assert sealed.found(saved.read_bytes()) == set(), name
