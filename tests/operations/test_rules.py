"""Each kind of change is told for what it is."""

from typing import Any

import pytest

from operations import plan
from operations.rules import RULES, judge
from operations.verdict import Verdict
from tests.operations.plans import digest, step

SIZE = "spec.resources.requests.storage"
IMAGE = "spec.template.spec.containers[0].image"


def sized(size: str) -> dict[str, Any]:
    return {"spec": {"resources": {"requests": {"storage": size}}}}


def verdict(operation: str, title: str, *paths: str, **more: Any) -> Verdict:
    (change,) = plan.read("ov-demo", digest(step(operation, title, *paths, **more))).changes
    return judge(change)


# What happens, and the class it is.
SEEDED: list[tuple[tuple[str, ...], dict[str, Any], str]] = [
    (("create", "Deployment ov-wag"), {}, "harmless"),
    (("update", "Deployment ov-wag", IMAGE), {}, "restarts ov-wag"),
    (("update", "Deployment ov-wag", "spec.replicas"), {}, "harmless"),
    (("update", "Deployment ov-wag", "metadata.labels.a"), {}, "harmless"),
    (
        ("update", "Deployment ov-wag", IMAGE),
        {"new": {"spec": {"strategy": {"type": "Recreate"}}}},
        "brief outage of ov-wag",
    ),
    (("replace", "Deployment ov-wag", "spec.selector"), {}, "brief outage of ov-wag"),
    (("delete", "Deployment ov-wag"), {}, "forbidden"),
    (("delete", "Deployment jumpbox"), {}, "harmless"),
    (("update", "StatefulSet db", IMAGE), {}, "brief outage of db"),
    (("update", "StatefulSet db", "metadata.labels.a"), {}, "harmless"),
    (("replace", "StatefulSet db", "spec.serviceName"), {}, "brief outage of db"),
    (("delete", "StatefulSet db"), {}, "forbidden"),
    (("create", "PersistentVolumeClaim ov-media"), {"new": sized("5Gi")}, "harmless"),
    (("update", "PersistentVolumeClaim ov-media", SIZE), {}, "touches data"),
    (("update", "PersistentVolumeClaim ov-media", "spec.volumeName"), {}, "touches data"),
    (("update", "PersistentVolumeClaim ov-media", "metadata.labels.a"), {}, "harmless"),
    (("replace", "PersistentVolumeClaim ov-media", SIZE), {"retained": True}, "forbidden"),
    (("delete", "PersistentVolumeClaim ov-media"), {"retained": True}, "touches data"),
    (("delete", "PersistentVolumeClaim ov-media"), {}, "forbidden"),
    (("update", "Namespace ov-demo", "metadata.annotations.a"), {}, "harmless"),
    (("replace", "Namespace ov-demo", "metadata.name"), {"retained": True}, "forbidden"),
    (("delete", "Namespace ov-demo"), {"retained": True}, "touches data"),
    (("delete", "Namespace ov-demo"), {}, "forbidden"),
    (("update", "Project ov-demo", "resourceQuota"), {}, "harmless"),
    (("replace", "Project ov-demo", "clusterId"), {}, "forbidden"),
    (("delete", "Project ov-demo"), {}, "forbidden"),
    (("create", "ProjectRoleTemplateBinding a"), {}, "harmless"),
    (("update", "Service db", "spec.ports[0].port"), {}, "brief outage of db"),
    (("update", "Service db", "metadata.labels.a"), {}, "harmless"),
    (("replace", "Service db", "spec.clusterIP"), {}, "brief outage of db"),
    (("delete", "Service db"), {}, "forbidden"),
    (("update", "Ingress ov-nginx", "spec.rules[0].host"), {}, "brief outage of ov-nginx"),
    (("update", "Ingress ov-nginx", "metadata.annotations.a"), {}, "harmless"),
    (("delete", "Ingress ov-nginx"), {}, "forbidden"),
    (("update", "Secret db-credentials", "stringData"), {}, "harmless"),
    (("delete", "Secret db-credentials"), {}, "brief outage of its readers"),
    (("update", "ConfigMap a", "data"), {}, "harmless"),
    (("replace", "Job ov-wag-migrate", "spec"), {}, "restarts ov-wag"),
    (("create", "Job ov-wag-migrate"), {}, "restarts ov-wag"),
    (("delete", "NetworkPolicy ov-wag-to-db"), {}, "harmless"),
    (("delete", "NetworkPolicy default-deny"), {}, "forbidden"),
    (("update", "Image ov-nginx", "build"), {}, "harmless"),
    (("delete", "Image ov-nginx"), {}, "harmless"),
    (("update", "Provider ov-demo", "kubeconfig"), {}, "harmless"),
    (("replace", "Provider ov-demo", "cluster"), {}, "forbidden"),
    (("delete", "Provider ov-demo"), {}, "forbidden"),
    (("delete", "docker ov-demo"), {}, "harmless"),
    (("update", "ResourceQuota ov-demo", "spec.hard"), {}, "harmless"),
    (("update", "LimitRange ov-demo", "spec"), {}, "harmless"),
    (("delete", "PodDisruptionBudget ov-wag"), {}, "harmless"),
    (("update", "HorizontalPodAutoscaler ov-wag", "spec.maxReplicas"), {}, "harmless"),
    (("update", "CronJob a", "spec.schedule"), {}, "harmless"),
]


@pytest.mark.parametrize(("what", "more", "word"), SEEDED, ids=lambda each: str(each)[:60])
def test_a_change_has_its_class(what: tuple[str, str], more: dict[str, Any], word: str) -> None:
    assert verdict(*what, **more).word == word


@pytest.mark.parametrize(
    ("operation", "word"),
    [("create", "harmless"), ("update", "brief outage of a"), ("delete", "forbidden")],
)
def test_what_is_unknown_is_taken_for_the_worst_it_could_be(operation: str, word: str) -> None:
    step_ = step(operation, "Deployment a", "spec")
    step_["urn"] = step_["urn"].replace("apps/v1:Deployment", "example.org/v1:Surprise")
    (change,) = plan.read("ov-demo", digest(step_)).changes

    assert judge(change).word == word


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("operation", ["create", "update", "replace", "delete"])
def test_every_change_is_a_sentence(kind: str, operation: str) -> None:
    said = verdict(operation, f"{kind} ov-wag").sentence

    assert said[0].isupper() or said.startswith("ov-wag")
    assert said.endswith(".")
    assert "{" not in said


def test_every_kind_has_a_place_in_these_tests() -> None:
    tried = {what[1].split()[0] for what, _, _ in SEEDED}

    assert set(RULES) == tried - {"docker"}


def test_a_volume_that_grows_is_told_with_its_sizes() -> None:
    grown = verdict(
        "update", "PersistentVolumeClaim ov-media", SIZE, old=sized("5Gi"), new=sized("8Gi")
    )

    assert "from 5Gi to 8Gi" in grown.sentence


def test_a_volume_that_is_replaced_is_told_as_lost() -> None:
    assert "with all it holds" in verdict("replace", "PersistentVolumeClaim ov-media").sentence


def test_more_pods_are_told_with_their_numbers() -> None:
    scaled = verdict(
        "update",
        "Deployment ov-frontend",
        "spec.replicas",
        old={"spec": {"replicas": 1}},
        new={"spec": {"replicas": 3}},
    )

    assert scaled.sentence == "ov-frontend runs 3 pods instead of 1."
