"""The settings of a stack: what is accepted, and how the rest is refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.contract import Need
from components.naming import NAMESPACES
from components.settings import Settings
from declared.engine import run
from declared.stacks import DIGEST, SCHEMA, STACKS
from tests.stacks import SEALED, SECRETS, configured


def load(stack: str = "ov-demo", *, sealed: bool = True, **changes: Any) -> Settings:
    """Return what *stack*'s settings are with *changes*; None leaves a key out."""
    found: list[Settings] = []

    def program() -> None:
        secret = [f"openvault:{key}" for key in (*SECRETS, *SEALED)] if sealed else []
        config = configured(stack if stack in STACKS else "ov-demo", **changes)
        pulumi.runtime.set_all_config(config, secret)
        found.append(Settings.load(stack))

    run(program, stack=stack)
    return found[0]


def refusal(load: Callable[[], object]) -> str:
    """Return what a person reads when *load* refuses."""
    with pytest.raises(pulumi.RunError) as raised:
        load()
    return str(raised.value)


@pytest.mark.parametrize("stack", STACKS)
def test_a_committed_stack_is_accepted(stack: str) -> None:
    assert load(stack).namespace == stack


def test_there_are_two_stacks_and_a_third_is_refused_by_naming_them() -> None:
    said = refusal(lambda: load("ov-test"))

    assert "'ov-test'" in said
    assert all(name in said for name in NAMESPACES)
    assert "pulumi stack select" in said


# Each case: a key, what it is set to, what is said about it, and what to type.
REFUSED: list[tuple[str, Any, str, str]] = [
    ("siteUrl", "demo.example.org", "scheme", "pulumi config set siteUrl https://"),
    ("siteUrl", "ftp://demo.example.org", "scheme", "pulumi config set siteUrl https://"),
    ("siteUrl", "https://demo.example.org/path", "without a path", "pulumi config set siteUrl"),
    ("siteUrl", "https://demo.example.org:port", "scheme", "pulumi config set siteUrl"),
    ("siteUrl", "", "missing or empty", "pulumi config set siteUrl https://"),
    ("siteUrl", None, "missing or empty", "pulumi config set siteUrl https://"),
    ("adminUrl", "admin.example.org", "scheme", "pulumi config set adminUrl https://"),
    ("adminUrl", "https://demo.ov.wgbh-mla.org", "other than the site's", "config set adminUrl"),
    ("kubeContext", "", "not empty", "pulumi config set kubeContext ov-demo"),
    ("kubeContext", None, "not empty", "pulumi config set kubeContext ov-demo"),
    ("generation", "2.x", "one of: 0.x", "pulumi config set generation 0.x"),
    ("backendImage", "wgbhmla/ov-wag", "a tag other than latest", "./ov images pin ov-wag"),
    ("backendImage", "wgbhmla/ov-wag:latest", "a tag other than latest", "./ov images pin ov-wag"),
    ("backendImage", "https://example.org/ov-wag:v1", "registry/repository", "./ov images pin"),
    ("backendImage", "wgbhmla/ov-wag:v1@sha256:12", "or a digest", "./ov images pin ov-wag"),
    (
        "backendImage",
        "docker.io/wgbhmla/ov-wag:v0.2.1",
        "a digest is needed",
        "./ov images pin ov-wag docker.io/wgbhmla/ov-wag:v0.2.1",
    ),
    (
        "backendImage",
        f"docker.io/wgbhmla/ov-wag:v1.4.0@{DIGEST}",
        "it is of generation 1.x, and the stack of 0.x",
        "./ov images pin ov-wag REFERENCE",
    ),
    ("frontendImage", "", "a tag other than latest", "./ov images pin ov-frontend"),
    (
        "frontendImage",
        f"docker.io/wgbhmla/ov-frontend:v1.4.0@{DIGEST}",
        "it is of generation 1.x, and the stack of 0.x",
        "./ov images pin ov-frontend REFERENCE",
    ),
    ("databaseImage", "postgres", "a tag other than latest", "./ov images pin db"),
    ("databaseImage", "postgres:14.2", "a digest is needed", "./ov images pin db postgres:14.2"),
    ("jumpboxImage", "", "a tag other than latest", "./ov images pin jumpbox"),
    ("proxyImage", "ov-nginx:v0.1.0", "built here", "pulumi config set proxyImage docker.io/"),
    (
        "proxyImage",
        f"ghcr.io/x/y:v1@sha256:{'0' * 64}",
        "without a digest",
        "config set proxyImage",
    ),
    ("proxyBuild", {"folder": "x"}, "context is needed", "config set --path proxyBuild.context"),
    ("proxyBuild", {"context": "x", "arg": {}}, "are allowed", "config set --path proxyBuild"),
    ("proxyBuild", {"context": "x", "args": {"A": 1}}, "all text", "config set --path proxyBuild"),
    ("proxyBuild", {"context": "x", "platform": "vax"}, "allowed", "config set --path proxyBuild"),
    ("proxyBuild", {"context": "x", "args": []}, "all text", "config set --path proxyBuild"),
    ("proxyBuild", "images/ov-nginx", "context is needed", "config set --path proxyBuild"),
    ("dockerHost", "/var/run/docker.sock", "with its scheme", "config set dockerHost unix://"),
    ("jumpbox", "yes", "true or false", "pulumi config set jumpbox true"),
    ("protect", "", "true or false", "pulumi config set protect true"),
    ("databaseStorage", "10", "in Mi, Gi or Ti", "pulumi config set databaseStorage 10Gi"),
    ("mediaStorage", "0Gi", "in Mi, Gi or Ti", "pulumi config set mediaStorage 10Gi"),
    ("storageClass", "Local Path", "name of a Kubernetes object", "config set storageClass"),
    ("ingressClass", "nginx!", "name of a Kubernetes object", "config set ingressClass"),
    ("tlsSecret", "-tls", "name of a Kubernetes object", "config set tlsSecret"),
    ("edge", "Ingress", "a namespace, or a network", "config set edge ingress-nginx"),
    ("edge", "", "missing or empty", "config set edge ingress-nginx"),
    ("uploadLimit", "25", "a number of MB", "pulumi config set uploadLimit 25m"),
    ("uploadLimit", "9m", "from 10", "pulumi config set uploadLimit 25m"),
    ("workers", 0, "from 1 to 16", "pulumi config set workers 2"),
    ("workers", "two", "from 1 to 16", "pulumi config set workers 2"),
    ("replicas", {"db": 2}, "only ov-frontend, ov-nginx, ov-wag", "config rm --path replicas.db"),
    ("replicas", {"ov-wag": 0}, "from 1 to 16", "config set --path replicas.ov-wag 2"),
    ("replicas", {"ov-wag": "2"}, "'2' is not a number", "config set --path replicas.ov-wag 2"),
    ("replicas", 2, "of which service", "config rm replicas"),
    ("resources", {"web": {}}, "there are only db,", "config rm --path resources.web"),
    ("resources", {"db": {"cpu": "1Gi"}}, "allowed are cpu", "config set --path resources.db"),
    ("resources", {"db": {"gpu": "1"}}, "allowed are cpu", "config set --path resources.db"),
    ("resources", {"db": {"memory": "1G"}}, "allowed are cpu", "config set --path resources.db"),
    ("resources", {"db": {"memory": "2Gi"}}, "the smaller", "config set --path resources.db"),
    (
        "resources",
        {"db": {"memoryLimit": "256Mi"}},
        "34 connections (replicas and workers of ov-wag) take 490Mi",
        "config set --path resources.db.memoryLimit 490Mi",
    ),
    (
        "databaseImage",
        f"example.org/postgres@{DIGEST}",
        "its tag has to begin with the version of PostgreSQL",
        "./ov images pin db docker.io/library/postgres:14.2-alpine",
    ),
    (
        "databaseImage",
        f"example.org/postgres:alpine@{DIGEST}",
        "its tag has to begin with the version of PostgreSQL",
        "./ov images pin db docker.io/library/postgres:14.2-alpine",
    ),
    (
        "autoscaling",
        {"ov-wag": {"max": 4}},
        "on the one node that holds its volumes",
        "rm --path autoscaling.ov-wag",
    ),
    ("autoscaling", {"db": {"max": 2}}, "only ov-frontend", "rm --path autoscaling.db"),
    (
        "autoscaling",
        {"ov-frontend": {"min": 3, "max": 2}},
        "the first the smaller",
        "set --path autoscaling.ov-frontend.max 4",
    ),
    ("autoscaling", {"ov-frontend": {"cpu": 50}}, "wanted are min", "autoscaling.ov-frontend.max"),
    ("autoscaling", {"ov-frontend": 3}, "wanted are min", "autoscaling.ov-frontend.max"),
    ("autoscaling", {"ov-frontend": {"max": 99}}, "max (1 to 16", "autoscaling.ov-frontend.max"),
    ("tlsIssuer", "letsencrypt", "ClusterIssuer/NAME", "set tlsIssuer ClusterIssuer/letsencrypt"),
    ("backups", {"place": "s3://kept", "schedule": "30 2 * * *"}, "None is not a number", "keepD"),
    (
        "backups",
        {"place": "/mnt", "schedule": "30 2 * * *", "keepDays": 30},
        "'/mnt' is no bucket",
        "set --path backups.place s3://ov-demo-backups",
    ),
    (
        "backups",
        {"place": "s3://kept/site", "schedule": "daily", "keepDays": 30},
        "'daily' is no time as cron spells it",
        "set --path backups.schedule '30 2 * * *'",
    ),
    (
        "backups",
        {"place": "s3://kept", "schedule": "30 2 * * *", "keepDays": 30, "keep": 3},
        "there are only keepDays, place, schedule",
        "rm --path backups.keep",
    ),
    ("storageClasses", {"db": "fast"}, "database, static, media", "rm --path storageClasses.db"),
    ("storageClasses", {"media": 7}, "no name of a class", "set --path storageClasses.media"),
    ("dataReadyFor", {"mariadb": 9}, "there are only generation, postgres", "rm --path dataReady"),
    ("resources", {"db": "1Gi"}, "allowed are cpu", "config set --path resources.db"),
    (
        "resources",
        {"ov-wag": {"memoryLimit": "256Mi"}},
        "2 workers and a picture take 350Mi",
        "config set --path resources.ov-wag.memoryLimit 350Mi",
    ),
    ("adminUser", "the admin", "letters, digits", "pulumi config set adminUser admin"),
    ("adminEmail", "editors", "an e-mail address", "pulumi config set adminEmail"),
    ("adminEmail", "", "an e-mail address", "pulumi config set adminEmail"),
    ("adminPassword", "", "is missing", "pulumi config set --secret adminPassword"),
    ("adminPassword", "short", "at least 12", "pulumi config set --secret adminPassword"),
    ("databasePassword", None, "is missing", "pulumi config set --secret databasePassword"),
    ("databasePassword", "short", "at least 16", "config set --secret databasePassword"),
    ("secretKey", "k" * 49, "at least 50", "pulumi config set --secret secretKey"),
]


@pytest.mark.parametrize(("key", "value", "why", "way_out"), REFUSED)
def test_what_is_wrong_is_refused_with_the_way_out(
    key: str, value: Any, why: str, way_out: str
) -> None:
    said = refusal(lambda: load(**{key: value}))

    assert f"openvault:{key}" in said
    assert why in said
    assert way_out in said
    assert "-s ov-demo" in said


@pytest.mark.parametrize(("key", "value"), [case[:2] for case in REFUSED])
def test_one_mistake_is_one_complaint(key: str, value: Any) -> None:
    assert refusal(lambda: load(**{key: value})).count("- openvault:") == 1


def test_the_value_that_was_refused_is_shown() -> None:
    assert "'demo.example.org'" in refusal(lambda: load(siteUrl="demo.example.org"))


def test_the_value_of_a_secret_is_never_shown() -> None:
    assert "hunter2" not in refusal(lambda: load(databasePassword="hunter2"))
    assert SECRETS["secretKey"] not in repr(load())
    # Nor that there is one, by name: what is shown is what may be shown.
    assert not [name for name in ("secret_key", "password") if name in repr(load())]


def test_a_secret_stored_in_clear_is_refused() -> None:
    said = refusal(lambda: load(sealed=False))

    assert said.count("stored in clear") == len(SECRETS)
    assert not [value for value in SECRETS.values() if value in said]


def test_a_key_nobody_knows_is_refused_with_the_one_that_was_meant() -> None:
    said = refusal(lambda: load(siteURL="https://demo.example.org"))

    assert "openvault:siteURL is no setting" in said
    assert "did you mean siteUrl?" in said
    assert "pulumi config rm siteURL -s ov-demo" in said


def test_a_key_that_resembles_nothing_is_refused_all_the_same() -> None:
    assert "see Pulumi.yaml" in refusal(lambda: load(bogus="3"))


def test_all_mistakes_are_told_at_once() -> None:
    said = refusal(lambda: load(siteUrl="", kubeContext="", secretKey="", bogus="1"))

    assert said.count("- openvault:") == 4
    assert "Nothing was changed" in said


def test_every_key_of_the_schema_is_read() -> None:
    # An unknown key is refused, so a key that is declared but never read would be, too.
    assert load(**{key: of["default"] for key, of in SCHEMA.items() if key == "dockerHost"})


def test_a_jumpbox_needs_no_image_where_there_is_none() -> None:
    settings = load(jumpbox=False, jumpboxImage="", jumpboxBuild={})

    assert settings.jumpbox_image is None
    assert "jumpbox" not in settings.images


def test_a_published_image_has_a_digest_and_maybe_a_tag() -> None:
    for version in (f"@{DIGEST}", f":v0.2.9@{DIGEST}", f":main@{DIGEST}"):
        source = load(backendImage=f"ghcr.io/wgbh-mla/ov-wag{version}").backend_image
        assert str(source.reference) == f"ghcr.io/wgbh-mla/ov-wag{version}"


def test_an_address_may_have_a_port() -> None:
    assert (
        load(siteUrl="https://ov-demo.localhost:8443").site.url == "https://ov-demo.localhost:8443"
    )


def test_a_build_says_where_and_how() -> None:
    how = {"context": "images/ov-nginx", "dockerfile": "Dockerfile", "target": "c"}
    build = load(proxyBuild=how | {"args": {"D": "e"}, "platform": "linux/arm64"}).proxy_image.build

    assert build
    assert (build.context, build.dockerfile, build.target) == tuple(how.values())
    assert (build.args, build.platform) == ({"D": "e"}, "linux/arm64")


# Builds: what must not begin


def test_a_context_that_is_not_there_is_refused_with_the_way_out() -> None:
    said = refusal(lambda: load(proxyBuild={"context": "nosuch"}))

    assert "openvault:proxyBuild: context nosuch does not exist" in said
    assert "Type: pulumi config set --path proxyBuild.context FOLDER -s ov-demo" in said


def test_an_address_of_git_is_no_context() -> None:
    said = refusal(lambda: load(proxyBuild={"context": "https://github.com/x/y.git#v1"}))

    assert "is an address, and only a local folder can be built" in said
    assert "Type: git clone https://github.com/x/y.git" in said


def test_a_context_with_what_must_not_ship_is_refused(tmp_path: Path) -> None:
    for name in ("Dockerfile", ".env"):
        (tmp_path / name).write_text("")
    said = refusal(lambda: load(proxyBuild={"context": str(tmp_path)}))

    assert "contains what must not be in an image: .env" in said
    assert "/.dockerignore: .env" in said


@pytest.mark.parametrize(
    "name",
    ["PASSWORD", "OV_DB_PASSWORD", "GITHUB_TOKEN", "OV_SECRET_KEY", "API_KEY", "token", "APIKEY"],
)
def test_an_argument_with_the_name_of_a_secret_is_refused(name: str) -> None:
    build = {"context": "images/ov-nginx", "args": {name: "x"}}
    said = refusal(lambda: load(proxyBuild=build))

    assert f"openvault:proxyBuild.args.{name} has the name of a secret" in said
    assert f"Type: pulumi config rm --path proxyBuild.args.{name} -s ov-demo" in said


@pytest.mark.parametrize("name", ["BASE", "KEYBOARD", "TOKENIZER", "VERSION"])
def test_an_argument_with_another_name_is_welcome(name: str) -> None:
    assert load(proxyBuild={"context": "images/ov-nginx", "args": {name: "x"}})


@pytest.mark.parametrize("key", SECRETS)
def test_an_argument_with_the_value_of_a_secret_is_refused_without_showing_it(key: str) -> None:
    build = {"context": "images/ov-nginx", "args": {"ADDRESS": f"x:{SECRETS[key]}@y"}}
    said = refusal(lambda: load(proxyBuild=build))

    assert f"openvault:proxyBuild.args.ADDRESS has the value of {key}" in said
    assert SECRETS[key] not in said


def test_an_argument_with_the_password_of_a_registry_is_refused() -> None:
    build = {"context": "images/ov-nginx", "args": {"ADDRESS": "sentinel-of-the-registry"}}
    said = refusal(lambda: load(proxyBuild=build, registries={"docker.io": LOGIN}))

    assert "ADDRESS has the value of registries[docker.io].password" in said


def test_a_sealed_argument_is_refused() -> None:
    def program() -> None:
        config = configured(
            "ov-demo", proxyBuild={"context": "images/ov-nginx", "args": {"A": "x"}}
        )
        secret = [f"openvault:{key}" for key in (*SECRETS, "proxyBuild")]
        pulumi.runtime.set_all_config(config, secret)
        Settings.load("ov-demo")

    assert "openvault:proxyBuild has a secret in it" in refusal(lambda: run(program))


# Registries

LOGIN = {"username": "archivist", "password": "sentinel-of-the-registry"}


def test_who_a_stack_is_to_a_registry_is_read() -> None:
    (known,) = load(registries={"docker.io": LOGIN}).registries.values()

    assert (known.server, known.username) == ("docker.io", "archivist")


@pytest.mark.parametrize(
    ("registries", "why", "way_out"),
    [
        (
            {"docker.io": {"username": "archivist"}},
            "has a username and no password",
            """pulumi config set --secret --path 'registries["docker.io"].password'""",
        ),
        (
            {"docker.io": {"password": "sentinel-of-the-registry"}},
            "has a password and no username",
            """pulumi config set --path 'registries["docker.io"].username' NAME""",
        ),
        (
            {"docker.io": LOGIN | {"email": "x"}},
            "needs username and password",
            """pulumi config set --path 'registries["docker.io"].username' NAME""",
        ),
        (
            {"docker.io": "archivist"},
            "needs username and password",
            """pulumi config set --secret --path 'registries["docker.io"].password'""",
        ),
        (
            {"dockr.io": LOGIN},
            "not the registry of any image of this stack: did you mean docker.io?",
            """pulumi config rm --path 'registries["dockr.io"]'""",
        ),
        (
            {"ghcr.io": LOGIN},
            "not the registry of any image of this stack: those are docker.io",
            """pulumi config rm --path 'registries["ghcr.io"]'""",
        ),
    ],
)
def test_half_a_registry_is_refused_with_the_way_out(
    registries: dict[str, Any], why: str, way_out: str
) -> None:
    said = refusal(lambda: load(registries=registries))

    assert f"openvault:registries[{next(iter(registries))}]" in said
    assert why in said
    assert f"Type: {way_out}" in said or f"and:  {way_out}" in said
    assert "sentinel" not in said
    assert said.count("- openvault:") == 1


def test_a_registrys_password_stored_in_clear_is_refused() -> None:
    said = refusal(lambda: load(sealed=False, registries={"docker.io": LOGIN}))

    assert "openvault:registries has a password stored in clear" in said
    assert "sentinel-of-the-registry" not in said


# What images say of themselves

PINNED = f"docker.io/wgbhmla/ov-wag:v0.2.1@{DIGEST}"
NOTED = {"digest": DIGEST, "generation": "0.x", "port": "8000"}


def test_what_was_noted_of_an_image_is_read() -> None:
    promise = load(backendImage=PINNED, backendContract=NOTED).backend_image.promise

    assert promise
    assert promise.port == 8000


def test_what_was_noted_of_another_image_is_refused() -> None:
    noted = NOTED | {"digest": f"sha256:{'6' * 64}"}
    said = refusal(lambda: load(backendImage=PINNED, backendContract=noted))

    assert "openvault:backendContract was noted of another image" in said
    assert f"Type: ./ov images pin ov-wag {PINNED} -s ov-demo" in said


def test_an_image_that_says_it_is_of_another_generation_is_refused() -> None:
    noted = NOTED | {"generation": "1.x"}
    said = refusal(lambda: load(backendImage=PINNED, backendContract=noted))

    assert "it is of generation 1.x, and the stack of 0.x" in said


def test_a_label_that_says_nothing_is_refused() -> None:
    said = refusal(lambda: load(backendImage=PINNED, backendContract=NOTED | {"port": "http"}))

    assert "has a label that says nothing: org.openvault.contract.port=http" in said
    assert "Type: pulumi config rm backendContract -s ov-demo" in said


def test_an_image_that_is_built_says_it_in_its_dockerfile() -> None:
    promise = load().proxy_image.promise

    assert promise
    assert promise.port == 8080
    said = refusal(lambda: load(proxyContract={"port": "8080"}))
    assert "openvault:proxyContract is of no use: the image is built here" in said


def test_a_dockerfile_with_a_label_that_says_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\nLABEL org.openvault.contract.prt=1\n")
    said = refusal(lambda: load(proxyBuild={"context": str(tmp_path)}))

    assert "has a label that says nothing: org.openvault.contract.prt=1" in said
    assert f"Correct the label in {tmp_path}/Dockerfile" in said


# Sizes


def need(settings: Settings, service: str) -> Need:
    return settings.generation.contract(service).need


def test_a_service_needs_what_its_contract_says_unless_the_stack_knows_better() -> None:
    usual, larger = load(), load(resources={"ov-frontend": {"cpu": "1", "memoryLimit": "1Gi"}})

    assert need(larger, "ov-frontend") == replace(
        need(usual, "ov-frontend"), cpu=1000, memory_limit=1024
    )
    assert need(larger, "ov-nginx") == need(usual, "ov-nginx")
    faster = load(resources={"ov-nginx": {"cpu": "200m"}})
    assert need(faster, "ov-nginx") == replace(need(usual, "ov-nginx"), cpu=200)


def test_each_worker_more_gets_the_memory_it_takes() -> None:
    two, three = (need(load(workers=workers), "ov-wag") for workers in (2, 3))

    assert three.memory - two.memory == 90
    assert three.memory_limit - two.memory_limit == 90


def test_the_back_end_starts_as_many_workers_as_the_stack_wants() -> None:
    assert "--workers=3" in load(workers=3).generation.backend.command
    assert not [word for word in load().generation.migration.command if "workers" in word]


def test_every_pod_and_one_more_of_each_that_rolls_is_counted() -> None:
    without = len(load(jumpbox=False).needs)

    # Two of each server but the database, and the migration.
    assert without == 8
    assert len(load(jumpbox=False, replicas={"ov-wag": 3}).needs) == without + 2


def test_a_service_has_a_number_of_pods_or_who_decides_it() -> None:
    said = refusal(
        lambda: load(replicas={"ov-frontend": 2}, autoscaling={"ov-frontend": {"max": 3}})
    )

    assert "replicas, ov-frontend: autoscaling decides how many pods it has" in said
    assert "config rm --path replicas.ov-frontend" in said


def test_as_many_pods_as_there_may_be_are_counted() -> None:
    scaled = load(autoscaling={"ov-frontend": {"min": 2, "max": 5}})

    assert len(scaled.needs) == len(load(replicas={"ov-frontend": 5}).needs)


def test_a_certificate_is_not_made_for_a_plain_address() -> None:
    plain: dict[str, Any] = {
        "siteUrl": "http://demo.example.org",
        "adminUrl": "http://admin.example.org",
    }

    assert "tlsIssuer" in refusal(lambda: load(**plain, tlsIssuer="ClusterIssuer/letsencrypt"))


def test_where_backups_go_is_handed_on() -> None:
    chosen = {"place": "s3://kept/site", "schedule": "*/15 2-4 * * 1", "keepDays": 30}
    found = load(backups=chosen).backups

    assert found is not None
    assert found.output == chosen
    assert load().backups is None
