"""The namespace and the volumes in it."""

from typing import Any

import pytest

from components.namespace import Namespace, NamespaceArgs
from components.volume import Volume, VolumeArgs
from declared.engine import Engine, Resource, run


def made_of(*, protect: bool = False) -> Engine:
    return run(lambda: Namespace("ov-demo", NamespaceArgs(protect=protect)))


def namespace(*, protect: bool) -> Resource:
    (found,) = (each for each in made_of(protect=protect).objects if each.kind == "Namespace")
    return found


def rule(name: str) -> Any:
    return made_of().one("NetworkPolicy", name).inputs["spec"]


def volume(*, protect: bool = False, storage_class: str = "") -> Resource:
    args = VolumeArgs(size="5Gi", storage_class=storage_class, protect=protect)
    return run(lambda: Volume("ov-db", args)).one("PersistentVolumeClaim")


@pytest.mark.parametrize("mode", ["enforce", "warn", "audit"])
def test_only_restricted_pods_are_let_in(mode: str) -> None:
    labels = namespace(protect=False).inputs["metadata"]["labels"]

    assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"


def test_its_marks_are_taken_back_from_whoever_changed_them() -> None:
    annotations = namespace(protect=False).inputs["metadata"]["annotations"]

    assert annotations["pulumi.com/patchForce"] == "true"


@pytest.mark.parametrize("protect", [True, False])
def test_it_stays_with_the_volumes_in_it(*, protect: bool) -> None:
    made = namespace(protect=protect)

    assert made.retain
    assert made.protect is protect


def test_nothing_comes_in_and_nothing_goes_out_unless_it_is_said() -> None:
    assert rule("default-deny") == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_nobody_asks_outside_but_the_clusters_name_server() -> None:
    inside, names = rule("default-egress")["egress"]

    assert inside == {"to": [{"podSelector": {}}]}
    (server,) = names["to"]
    assert server["podSelector"]["matchLabels"] == {"k8s-app": "kube-dns"}
    assert server["namespaceSelector"]["matchLabels"] == {
        "kubernetes.io/metadata.name": "kube-system"
    }
    # What does not fit into one packet is asked again by TCP.
    assert [(each["protocol"], each["port"]) for each in names["ports"]] == [
        ("UDP", 53),
        ("TCP", 53),
    ]


@pytest.mark.parametrize("protect", [True, False])
def test_a_volume_stays_when_the_stack_goes(*, protect: bool) -> None:
    made = volume(protect=protect)

    assert made.retain
    assert made.protect is protect


def test_a_volume_is_as_large_as_the_stack_asks() -> None:
    assert volume().inputs["spec"]["resources"] == {"requests": {"storage": "5Gi"}}


def test_a_volume_is_of_the_clusters_class_unless_the_stack_names_one() -> None:
    assert "storageClassName" not in volume().inputs["spec"]
    assert volume(storage_class="fast").inputs["spec"]["storageClassName"] == "fast"


def test_nobody_waits_for_a_volume_that_waits_for_its_pod() -> None:
    assert volume().inputs["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"
