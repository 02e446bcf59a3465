"""The request's way: every wire is there, and cutting any one of them is noticed."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from declared.engine import Resource
from declared.stacks import DIGEST, STACKS
from tests.stacks import ONE, settled, settled_of_one, up
from tests.wiring import faults

Change = Callable[[Any], object]

JUMPBOX = f"docker.io/example/jumpbox:v1@{DIGEST}"


@pytest.mark.parametrize("stack", STACKS)
def test_every_wire_of_a_committed_stack_leads_somewhere(stack: str) -> None:
    assert faults(settled(stack).objects) == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_wire_of_the_other_generation_leads_somewhere(stack: str) -> None:
    assert faults(settled_of_one(stack).objects) == []


def test_a_storage_of_ones_own_and_organ_are_reached_at_their_ports() -> None:
    own: dict[str, Any] = {
        "bucketEndpoint": "http://objects.example.org:9000",
        "organUrl": "http://organ.org:81",
    }

    assert faults(up("ov-demo", **ONE, **own).objects) == []


def test_the_wires_do_not_depend_on_the_jumpbox() -> None:
    assert faults(up("ov-demo", jumpbox=False).objects) == []
    assert faults(up("openvault", jumpbox=True, jumpboxImage=JUMPBOX).objects) == []


def put(*path: str | int, value: object) -> Change:
    """Return the change that sets what is at *path*."""

    def change(inputs: Any) -> None:
        for step in path[:-1]:
            inputs = inputs[step]
        inputs[path[-1]] = value

    return change


def env(name: str, **entry: object) -> Change:
    """Return the change that replaces a variable of the first container."""

    def change(inputs: Any) -> None:
        variables = inputs["spec"]["template"]["spec"]["containers"][0]["env"]
        (index,) = [at for at, each in enumerate(variables) if each["name"] == name]
        variables[index] = {"name": name, **entry}

    return change


def secret(name: str, key: str) -> Mapping[str, object]:
    """Return where a variable may come from."""
    return {"secretKeyRef": {"name": name, "key": key}}


POD = ("spec", "template", "spec")
CONTAINER = (*POD, "containers", 0)
LABELS = ("spec", "template", "metadata", "labels")
PORT = ("spec", "ports", 0)
BACKEND = ("spec", "rules", 0, "http", "paths", 0, "backend", "service")

CUTS: Mapping[str, tuple[str, str, Change]] = {
    "the database's Service listens elsewhere": ("Service", "db", put(*PORT, "port", value=5433)),
    "the database's Service sends elsewhere": (
        "Service",
        "db",
        put(*PORT, "targetPort", value=5433),
    ),
    "the back end's Service sends elsewhere": (
        "Service",
        "ov-wag",
        put(*PORT, "targetPort", value=80),
    ),
    "the front end's Service listens elsewhere": (
        "Service",
        "ov-frontend",
        put(*PORT, "port", value=3000),
    ),
    "the proxy's Service selects nobody": (
        "Service",
        "ov-nginx",
        put("spec", "selector", "app.kubernetes.io/name", value="nginx"),
    ),
    "the proxy's pods carry another name": (
        "Deployment",
        "ov-nginx",
        put(*LABELS, "app.kubernetes.io/name", value="nginx"),
    ),
    "the migration's pods pass for the back end's": (
        "Job",
        "ov-wag-migrate",
        put(*LABELS, "app.kubernetes.io/name", value="ov-wag"),
    ),
    "the back end looks for another database": (
        "Deployment",
        "ov-wag",
        env("OV_DB_HOST", value="database"),
    ),
    "the back end looks for the database elsewhere": (
        "Deployment",
        "ov-wag",
        env("OV_DB_PORT", value="5433"),
    ),
    "the back end's password is in another Secret": (
        "Deployment",
        "ov-wag",
        env("OV_DB_PASSWORD", valueFrom=secret("db", "POSTGRES_PASSWORD")),
    ),
    "the back end's password has another key": (
        "Deployment",
        "ov-wag",
        env("OV_DB_PASSWORD", valueFrom=secret("db-credentials", "PASSWORD")),
    ),
    "the migration's password is in another Secret": (
        "Job",
        "ov-wag-migrate",
        env("OV_DB_PASSWORD", valueFrom=secret("db", "POSTGRES_PASSWORD")),
    ),
    "the migration is for another database": (
        "Job",
        "ov-wag-migrate",
        env("OV_DB_NAME", value="other"),
    ),
    "the migration is of another release": (
        "Job",
        "ov-wag-migrate",
        put(*CONTAINER, "image", value="ov-wag:v0.1.0"),
    ),
    "the migration migrates nothing": (
        "Job",
        "ov-wag-migrate",
        put(*CONTAINER, "command", value=["true"]),
    ),
    "the front end looks for another back end": (
        "Deployment",
        "ov-frontend",
        env("OV_API_URL", value="http://backend"),
    ),
    "the front end looks for the back end elsewhere": (
        "Deployment",
        "ov-frontend",
        env("OV_API_URL", value="http://ov-wag:8000"),
    ),
    "the front end's address has no scheme": (
        "Deployment",
        "ov-frontend",
        env("OV_API_URL", value="ov-wag"),
    ),
    "the back end does not know the front end's name for it": (
        "Deployment",
        "ov-wag",
        env("OV_ALLOWED_HOSTS", value="localhost"),
    ),
    "the proxy looks for another front end": (
        "Deployment",
        "ov-nginx",
        env("FRONTEND", value="frontend:80"),
    ),
    "the proxy looks for the back end elsewhere": (
        "Deployment",
        "ov-nginx",
        env("BACKEND", value="ov-wag:8000"),
    ),
    "the proxy does not know what comes before a picture's address": (
        "Deployment",
        "ov-nginx",
        env("BACKEND_URL", value="http://ov-wag:80"),
    ),
    "the proxy mounts a claim that is not there": (
        "Deployment",
        "ov-nginx",
        put(*POD, "volumes", 1, "persistentVolumeClaim", "claimName", value="static"),
    ),
    "the database writes beside its volume": (
        "StatefulSet",
        "db",
        put(*POD, "volumes", -1, value={"name": "data", "emptyDir": {}}),
    ),
    "the back end's probe asks another port": (
        "Deployment",
        "ov-wag",
        put(*CONTAINER, "readinessProbe", "httpGet", "port", value=80),
    ),
    "the back end's probe says no name": (
        "Deployment",
        "ov-wag",
        put(*CONTAINER, "readinessProbe", "httpGet", "httpHeaders", value=[]),
    ),
    "the front end listens elsewhere": (
        "Deployment",
        "ov-frontend",
        put(*CONTAINER, "ports", value=[{"containerPort": 80}]),
    ),
    "the edge leads to another Service": (
        "Ingress",
        "ov-nginx",
        put(*BACKEND, "name", value="nginx"),
    ),
    "the edge leads to another port": (
        "Ingress",
        "ov-nginx",
        put(*BACKEND, "port", "number", value=8080),
    ),
    "the edge serves a host the back end does not know": (
        "Ingress",
        "ov-nginx",
        put("spec", "rules", 0, "host", value="elsewhere.example.org"),
    ),
    "the jumpbox looks for another database": (
        "Deployment",
        "jumpbox",
        env("PGHOST", value="database"),
    ),
}


@pytest.mark.parametrize("cut", CUTS)
def test_a_cut_wire_is_noticed(cut: str) -> None:
    kind, name, change = CUTS[cut]

    assert faults([_changed(each, kind, name, change) for each in settled("ov-demo").objects])


def _changed(resource: Resource, kind: str, name: str, change: Change) -> Resource:
    if (resource.kind, resource.name) != (kind, name):
        return resource
    inputs = copy.deepcopy(dict(resource.inputs))
    change(inputs)
    assert inputs != resource.inputs
    return replace(resource, inputs=inputs)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Secret", "db-credentials"),
        ("Secret", "ov-wag-credentials"),
        ("Secret", "ov-wag-administrator"),
        ("Service", "db"),
        ("Service", "ov-wag"),
        ("Service", "ov-frontend"),
        ("Service", "ov-nginx"),
        ("StatefulSet", "db"),
        ("Job", "ov-wag-migrate"),
        ("Ingress", "ov-nginx"),
        ("NetworkPolicy", "edge-to-ov-nginx"),
        ("NetworkPolicy", "jumpbox-to-db"),
        ("NetworkPolicy", "migrate-to-db"),
        ("NetworkPolicy", "ov-frontend-to-ov-wag"),
        ("NetworkPolicy", "ov-nginx-to-ov-frontend"),
        ("NetworkPolicy", "ov-nginx-to-ov-wag"),
        ("NetworkPolicy", "ov-wag-to-db"),
        ("NetworkPolicy", "default-egress"),
        ("PersistentVolumeClaim", "ov-db"),
        ("PersistentVolumeClaim", "ov-media"),
    ],
)
def test_a_dropped_object_is_noticed(kind: str, name: str) -> None:
    objects = settled("ov-demo").objects
    rest = [each for each in objects if (each.kind, each.name) != (kind, name)]

    assert len(rest) == len(objects) - 1
    assert faults(rest)


def test_a_server_that_does_not_wait_for_the_migration_is_noticed() -> None:
    objects = [
        replace(each, dependencies=frozenset[str]()) if each.name == "ov-wag" else each
        for each in settled("ov-demo").objects
    ]

    assert faults(objects)


# What only generation 1.x has: the kind and name of an object, and a change that cuts a wire.
JOB = ("spec", "jobTemplate", "spec", "template", "spec", "containers", 0)
CUTS_OF_ONE: Mapping[str, tuple[str, str, Change]] = {
    "browsers search in another index": (
        "Deployment",
        "ov-frontend",
        env("ES_OV_INDEX", value="wagtail__wagtailcore_page"),
    ),
    "browsers search elsewhere": (
        "Deployment",
        "ov-frontend",
        env("ES_URL", value="https://search.example.com:9200"),
    ),
    "the key of browsers is in another Secret": (
        "Deployment",
        "ov-frontend",
        env("ES_API_KEY", valueFrom=secret("ov-wag-credentials", "ES_API_KEY")),
    ),
    "the storage's key is in another Secret": (
        "Deployment",
        "ov-wag",
        env("AWS_ACCESS_KEY_ID", valueFrom=secret("storage", "AWS_ACCESS_KEY_ID")),
    ),
    "the migration writes to another bucket": (
        "Job",
        "ov-wag-migrate",
        env("AWS_STORAGE_BUCKET_NAME", value="other"),
    ),
    "the index is filled by another release": (
        "CronJob",
        "reindex",
        put(*JOB, "image", value="ov-wag:v0.9.0"),
    ),
    "the index is filled under another environment": (
        "CronJob",
        "reindex",
        put(*JOB, "env", value=[]),
    ),
    "the back end asks the search at another port": (
        "Deployment",
        "ov-wag",
        env("ES_URL", value="https://search.example.org"),
    ),
    "the front end is let out where it asks nobody": (
        "NetworkPolicy",
        "ov-wag-to-outside",
        put("spec", "podSelector", "matchLabels", value={}),
    ),
    "the back end is asked for a page by a name it does not know": (
        "Deployment",
        "ov-wag",
        put(*CONTAINER, "livenessProbe", "httpGet", "httpHeaders", value=[]),
    ),
}


@pytest.mark.parametrize("cut", CUTS_OF_ONE)
def test_a_cut_wire_of_the_other_generation_is_noticed(cut: str) -> None:
    kind, name, change = CUTS_OF_ONE[cut]
    objects = settled_of_one("ov-demo").objects

    assert faults([_changed(each, kind, name, change) for each in objects])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("CronJob", "reindex"),
        ("NetworkPolicy", "migrate-to-outside"),
        ("NetworkPolicy", "ov-wag-to-outside"),
        ("NetworkPolicy", "reindex-to-db"),
        ("NetworkPolicy", "reindex-to-outside"),
        ("Secret", "ov-frontend-credentials"),
    ],
)
def test_a_dropped_object_of_the_other_generation_is_noticed(kind: str, name: str) -> None:
    objects = settled_of_one("ov-demo").objects
    rest = [each for each in objects if (each.kind, each.name) != (kind, name)]

    assert len(rest) == len(objects) - 1
    assert faults(rest)
