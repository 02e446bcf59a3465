"""The site: each setting reaches what it is for, and nothing else."""

from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.options import FORCED, OWNED
from components.settings import Settings
from declared.engine import Engine, Resource, run
from declared.stacks import SCHEMA
from tests.stacks import ONE, SECRETS, configured, settled, settled_of_one, up

STACK = "ov-demo"
DIGEST = f"sha256:{'d' * 64}"

# Pods are named after what makes them; a pod whose maker changes is replaced.
BACKEND = {"Deployment ov-wag"}
MIGRATION = {"Job ov-wag-migrate"}
PROXY = {"Deployment ov-nginx"}
VOLUMES = {f"PersistentVolumeClaim ov-{each}" for each in ("db", "media", "static")}

# Other arguments of a build.
OTHER = {"BASE": "example.org/base:1"}
PODS = {*BACKEND, *MIGRATION, *PROXY, "Deployment ov-frontend", "Deployment jumpbox"}

# A setting, another value of it, and all that is not as it was.
CHANGES: dict[str, tuple[Any, set[str]]] = {
    "siteUrl": (
        "https://other.example.org",
        {*BACKEND, *MIGRATION, *PROXY, "Ingress ov-nginx"},
    ),
    "adminUrl": (
        "https://other.example.org",
        {*BACKEND, *MIGRATION, *PROXY, "Ingress ov-nginx"},
    ),
    "ingressClass": ("nginx", {"Ingress ov-nginx"}),
    "tlsSecret": ("site-tls", {"Ingress ov-nginx"}),
    "tlsIssuer": (
        "ClusterIssuer/letsencrypt",
        {"Ingress ov-nginx", "NetworkPolicy edge-to-ov-nginx-tls"},
    ),
    "edge": ("10.0.0.0/16", {"NetworkPolicy edge-to-ov-nginx"}),
    "uploadLimit": ("50m", {*PROXY, "Ingress ov-nginx"}),
    "workers": (3, {*BACKEND, "ResourceQuota ov-demo"}),
    "replicas": (
        {"ov-frontend": 2},
        {"Deployment ov-frontend", "PodDisruptionBudget ov-frontend", "ResourceQuota ov-demo"},
    ),
    "autoscaling": (
        {"ov-frontend": {"max": 3}},
        {
            "Deployment ov-frontend",
            "HorizontalPodAutoscaler ov-frontend",
            "PodDisruptionBudget ov-frontend",
            "ResourceQuota ov-demo",
        },
    ),
    "resources": ({"db": {"cpu": "200m"}}, {"StatefulSet db", "ResourceQuota ov-demo"}),
    "kubeContext": ("renamed", {"kubernetes ov-demo"}),
    "protect": (True, {"Namespace ov-demo", *VOLUMES}),
    "backendImage": (f"example.org/ov-wag@{DIGEST}", {*BACKEND, *MIGRATION}),
    "frontendImage": (f"example.org/ov-frontend@{DIGEST}", {"Deployment ov-frontend"}),
    "databaseImage": (f"example.org/postgres:14.5@{DIGEST}", {"StatefulSet db"}),
    "proxyImage": ("example.org/ov-nginx:v2", {*PROXY, "Image ov-nginx"}),
    "jumpboxImage": ("example.org/jumpbox:v2", {"Deployment jumpbox", "Image jumpbox"}),
    "backendBuild": (
        {"context": "sandbox/apps/shared/ov-wag"},
        {*BACKEND, *MIGRATION, "Image ov-wag"},
    ),
    "frontendBuild": (
        {"context": "sandbox/apps/0.x/ov-frontend"},
        {"Deployment ov-frontend", "Image ov-frontend"},
    ),
    "proxyBuild": ({"context": "images/ov-nginx", "args": OTHER}, {*PROXY, "Image ov-nginx"}),
    "jumpboxBuild": (
        {"context": "images/jumpbox", "args": OTHER},
        {"Deployment jumpbox", "Image jumpbox"},
    ),
    "dockerHost": ("unix:///run/docker.sock", {"docker ov-demo"}),
    "registries": (
        {"docker.io": {"username": "archivist", "password": "sentinel-of-the-registry"}},
        {*PODS, "StatefulSet db", "Secret registries", "Image ov-nginx", "Image jumpbox"},
    ),
    "jumpbox": (
        False,
        {
            "Deployment jumpbox",
            "Image jumpbox",
            "NetworkPolicy jumpbox-to-db",
            "ResourceQuota ov-demo",
        },
    ),
    "databaseStorage": ("11Gi", {"PersistentVolumeClaim ov-db"}),
    "staticStorage": ("11Gi", {"PersistentVolumeClaim ov-static"}),
    "mediaStorage": ("11Gi", {"PersistentVolumeClaim ov-media"}),
    "storageClass": ("fast", VOLUMES),
    "storageClasses": ({"database": "fast"}, {"PersistentVolumeClaim ov-db"}),
    "adminUser": ("editor", MIGRATION),
    "adminEmail": ("editor@example.org", MIGRATION),
    # Who has an administrator keeps it: the value waits for a database without one.
    "adminPassword": ("another-of-the-administrator", {"Secret ov-wag-administrator"}),
    "databasePassword": (
        "another-of-the-database",
        {*BACKEND, "Deployment jumpbox", "Secret db-credentials", "StatefulSet db"},
    ),
    "secretKey": ("another-of-the-sessions" * 3, {*BACKEND, "Secret ov-wag-credentials"}),
}

# The same for a stack of generation 1.x.
STORE = "NetworkPolicy migrate-to-outside"
WAY_OUT = {"NetworkPolicy ov-wag-to-outside"}
CRON = {"CronJob reindex"}
ALL_OF_BACKEND = {*BACKEND, *MIGRATION, *CRON}
FRONTEND = {"Deployment ov-frontend"}
KEYS = "Secret ov-wag-credentials"
CHANGES_OF_ONE: dict[str, tuple[Any, set[str]]] = {
    "bucket": ("other.example.org", ALL_OF_BACKEND),
    "bucketRegion": ("eu-west-1", ALL_OF_BACKEND),
    "bucketEndpoint": ("http://s3.example.org:9000", {*ALL_OF_BACKEND, *WAY_OUT, STORE}),
    "bucketAccessKey": ("another-of-the-access", {*BACKEND, KEYS}),
    "bucketSecretKey": ("another-of-the-bucket-which-is-long", {*BACKEND, KEYS}),
    "searchUrl": (
        "https://other.example.org",
        {*ALL_OF_BACKEND, *FRONTEND, *WAY_OUT, "NetworkPolicy reindex-to-outside"},
    ),
    "searchUser": ("curator", ALL_OF_BACKEND),
    "searchPassword": ("another-of-the-search", {*BACKEND, KEYS}),
    "searchIndex": ("other", {*ALL_OF_BACKEND, *FRONTEND}),
    "searchBrowserKey": (
        "another-of-the-browsers",
        {*FRONTEND, "Secret ov-frontend-credentials"},
    ),
    "searchVerify": (False, ALL_OF_BACKEND),
    "seriesIndex": ("series", FRONTEND),
    "reindexSchedule": ("30 4 * * 1", CRON),
    "signOnUrl": ("https://other.us.auth0.com", ALL_OF_BACKEND),
    "signOnClient": ("another-client", ALL_OF_BACKEND),
    "signOnSecret": ("another-of-the-sign-on", {*BACKEND, KEYS}),
    "googleClient": ("client-at-google", ALL_OF_BACKEND),
    "archiveUrl": ("https://demo.example.org", FRONTEND),
    "organUrl": ("https://organ.example.org", {*FRONTEND, "NetworkPolicy ov-frontend-to-outside"}),
    "cookieConsent": ("0123-4567", FRONTEND),
    "previewUrl": ("https://preview.example.org/draft", ALL_OF_BACKEND),
    "outside": (
        "203.0.113.0/24 198.51.100.7/32",
        {*WAY_OUT, STORE, "NetworkPolicy reindex-to-outside"},
    ),
}

# What an image says of itself is judged, and so is what a stack acknowledges; neither changes
# anything by itself, and where backups go is for other tools. Another generation is another site:
# see docs/generations.md.
UNCHANGEABLE = {"backups", "dataReadyFor", "generation", "plainHttp", "untestedPair"} | {
    key for key in SCHEMA if key.endswith("Contract")
}


def test_every_setting_has_its_row() -> None:
    # What Rancher's settings do only where there is a Rancher is in test_project.py.
    rancher = {key for key in SCHEMA if key.startswith("rancher")}
    assert set(CHANGES) | set(CHANGES_OF_ONE) | UNCHANGEABLE | rancher == set(SCHEMA)


@pytest.mark.parametrize("key", CHANGES_OF_ONE)
def test_a_setting_of_the_other_generation_changes_what_it_is_for(key: str) -> None:
    value, expected = CHANGES_OF_ONE[key]
    before = resources(settled_of_one(STACK))
    after = resources(up(STACK, **{**ONE, key: value}))

    assert {name for name in before | after if before.get(name) != after.get(name)} == expected


@pytest.mark.parametrize("key", CHANGES)
def test_a_setting_changes_what_it_is_for_and_nothing_else(key: str) -> None:
    value, expected = CHANGES[key]

    assert changed(key, value) == expected


def changed(key: str, value: Any) -> set[str]:
    """Return the resources that are not as they were once *key* is *value*."""
    before, after = resources(settled(STACK)), resources(up(STACK, **{key: value}))
    return {name for name in before | after if before.get(name) != after.get(name)}


def resources(engine: Engine) -> dict[str, tuple[Any, ...]]:
    """Return what each resource is made of, apart from components, by kind and name."""
    return {
        f"{each.kind} {each.name}": (each.inputs, each.protect, each.retain)
        for each in engine.seen
        if not each.type.startswith(("openvault:", "pulumi:pulumi:"))
    }


@cache
def secret(name: str) -> Resource:
    return settled(STACK).one("Secret", name)


@pytest.mark.parametrize(
    ("name", "key", "setting"),
    [
        ("db-credentials", "POSTGRES_PASSWORD", "databasePassword"),
        ("ov-wag-credentials", "OV_SECRET_KEY", "secretKey"),
        ("ov-wag-administrator", "DJANGO_SUPERUSER_PASSWORD", "adminPassword"),
    ],
)
def test_each_secret_holds_the_value_that_is_meant_for_it(
    name: str, key: str, setting: str
) -> None:
    assert secret(name).inputs["stringData"] == {key: SECRETS[setting]}


def test_secrets_are_sealed_before_anything_is_made_of_them() -> None:
    def program() -> pulumi.Output[None]:
        pulumi.runtime.set_all_config(configured(STACK), [f"openvault:{key}" for key in SECRETS])
        settings = Settings.load(STACK)
        sealed = (settings.admin_password, settings.database_password, settings.secret_key)
        return pulumi.Output.all(*(each.is_secret() for each in sealed)).apply(expect)

    def expect(secrecy: list[bool]) -> None:
        assert secrecy == [True, True, True]

    run(program)


def test_a_secret_is_changed_in_place() -> None:
    # Replaced, it would be gone for a moment in which a pod may want to start.
    assert settled(STACK).one("kubernetes").inputs["enableSecretMutable"] == "true"


def test_an_image_that_would_not_work_here_is_refused_by_the_whole_program(tmp_path: Path) -> None:
    label = "LABEL org.openvault.contract.port=8081 org.openvault.contract.required=FRONT_END\n"
    (tmp_path / "Dockerfile").write_text(f"FROM a\n{label}")

    with pytest.raises(pulumi.RunError) as refusal:
        up(STACK, proxyBuild={"context": str(tmp_path)})

    assert "ov-nginx would not work with its image" in str(refusal.value)
    assert "port 8080 would be asked, and the image answers on port 8081" in str(refusal.value)
    assert "needs FRONT_END, and is given FRONTEND" in str(refusal.value)


def test_a_released_image_that_says_what_it_asks_is_taken_at_its_word() -> None:
    image = f"docker.io/wgbhmla/ov-frontend:v0.2.2@{DIGEST}"

    with pytest.raises(pulumi.RunError, match="NODE_ENV would be given, and the image does not"):
        up(
            STACK,
            frontendImage=image,
            frontendContract={"digest": DIGEST, "required": "OV_API_URL", "optional": ""},
        )


def test_every_object_is_applied_under_one_name_whoever_applies_it() -> None:
    for each in settled(STACK).objects:
        annotations = each.inputs["metadata"].get("annotations", {})
        assert annotations.items() >= OWNED.items(), each.urn


def test_the_tools_that_keep_copies_learn_where_they_go() -> None:
    where = {"place": "s3://copies/ov-demo", "schedule": "30 2 * * *", "keepDays": 30}

    assert up(STACK, backups=where).exports["backups"] == where


def test_only_the_namespace_is_taken_back_from_whoever_changed_it() -> None:
    taken = [
        each.kind
        for each in settled(STACK).objects
        if FORCED.items() <= each.inputs["metadata"].get("annotations", {}).items()
    ]

    assert taken == ["Namespace"]


def test_what_marks_an_object_for_the_engine_does_not_reach_its_pods() -> None:
    for each in settled(STACK).pods:
        marks = each.template["metadata"].get("annotations", {})
        assert not marks.keys() & OWNED.keys()
