"""What every cluster here has: DNS, a storage class, an ingress class, controllers' rights."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any, cast

import httpx2
import yaml
from lightkube import ApiError, Client, KubeConfig, codecs
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Node, ServiceAccount

from sandbox.cluster import network, templates
from sandbox.cluster.api import GONE
from sandbox.cluster.kinds import Object
from sandbox.errors import Refusal
from sandbox.instance import Instance

MANIFESTS = ("controllers.yaml", "classes.yaml", "coredns.yaml")
MARK = "openvault.sandbox/applied"
MANAGER = "openvault-sandbox"


def connect(instance: Instance) -> Client:
    """Return a client with the administrator's rights."""
    return Client(KubeConfig.from_file(instance.kubeconfig), trust_env=False)


def apply(client: Client, instance: Instance) -> bool:
    """Apply the manifests that are not in the cluster as we wrote them; return whether any was."""
    _wait(
        "the cluster did not settle",
        lambda: _has_accounts(client),
        seconds=60,
    )
    changed = False
    for name in MANIFESTS:
        for document in _documents(templates.render(name, templates.values(instance))):
            changed |= _apply(client, document)
    return changed


def wait_for_node(client: Client) -> None:
    """Wait until the node takes pods."""
    _wait("the node did not get ready", lambda: _node_is_ready(client), seconds=90)


def wait_for_dns(client: Client) -> None:
    """Wait until the cluster answers questions for names."""
    _wait("the cluster's DNS did not start", lambda: _dns_is_ready(client), seconds=120)


def _documents(text: str) -> list[dict[str, object]]:
    return [cast("dict[str, object]", found) for found in yaml.safe_load_all(text) if found]


def _apply(client: Any, document: dict[str, object]) -> bool:  # noqa: ANN401, see api.py
    digest = hashlib.sha256(repr(document).encode()).hexdigest()[:16]
    wanted = codecs.from_dict(document)
    meta = wanted.metadata or ObjectMeta()
    place = {"namespace": meta.namespace} if meta.namespace else {}
    no_marks: dict[str, str] = {}
    try:
        present = cast("Object", client.get(type(wanted), meta.name, **place).to_dict())
        if present["metadata"].get("annotations", no_marks).get(MARK) == digest:
            return False
    except ApiError as error:
        if error.status.code != GONE:
            raise
    written = cast("Object", document)["metadata"]
    meta.annotations = {**written.get("annotations", no_marks), MARK: digest}
    client.apply(wanted, field_manager=MANAGER, force=True)
    return True


def _has_accounts(client: Client) -> bool:
    return bool(client.get(ServiceAccount, "default", namespace="kube-system"))


def _node_is_ready(client: Client) -> bool:
    status = client.get(Node, network.NODE).status
    conditions = (status and status.conditions) or []
    return any(found.type == "Ready" and found.status == "True" for found in conditions)


def _dns_is_ready(client: Client) -> bool:
    found = client.get(Deployment, "coredns", namespace="kube-system")
    if not found.status or not found.metadata:
        return False
    seen = found.status.observedGeneration == found.metadata.generation
    return seen and bool(found.status.readyReplicas)


def _wait(what: str, ready: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    why = f"it was not so after {seconds:.0f} seconds"
    while True:
        try:
            if ready():
                return
        except httpx2.HTTPError as error:
            why = str(error)
        if time.monotonic() > deadline:
            raise Refusal(what, why, "Look at the logs of kubelet and containerd, then: make up")
        time.sleep(0.3)
