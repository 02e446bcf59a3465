"""What every cluster here has: DNS, a storage class, an ingress class, controllers' rights."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx2
import yaml
from lightkube import ApiError, Client, KubeConfig, codecs
from lightkube.resources.coordination_v1 import Lease
from lightkube.resources.core_v1 import ConfigMap, Node, ServiceAccount
from lightkube.resources.core_v1 import Pod as PodResource

from sandbox import process
from sandbox.cluster import network, templates
from sandbox.cluster.api import GONE
from sandbox.cluster.kinds import Object, Pod
from sandbox.errors import Refusal
from sandbox.instance import Instance

MANIFESTS = ("controllers.yaml", "classes.yaml", "coredns.yaml")
MARK = "openvault.sandbox/applied"
MANAGER = "openvault-sandbox"

Answer = TypeVar("Answer")


def connect(instance: Instance) -> Client:
    """Return a client with the administrator's rights."""
    return Client(KubeConfig.from_file(instance.kubeconfig), trust_env=False)


def apply(client: Client, instance: Instance) -> bool:
    """Apply the manifests that are not in the cluster as we wrote them; return whether any was."""
    authority = instance.ca.read_text()
    filled = {
        **templates.values(instance),
        # Who asked the API under an earlier authority has to start anew.
        "AUTHORITY": hashlib.sha256(authority.encode()).hexdigest()[:16],
    }
    _patiently("the cluster did not settle", lambda: _knows(client, authority) or None, seconds=60)
    changed = False
    for name in MANIFESTS:
        for document in documents(templates.render(name, filled)):
            applied = partial(apply_one, client, document)
            changed |= _patiently(f"{name} could not be applied", applied, seconds=30)
    return changed


def wait_for_node(client: Client, since: float) -> None:
    """Wait until the node takes pods, by a word of kubelet's that is newer than *since*."""
    ready = partial(_node_is_ready, client, since)
    _patiently("the node did not get ready", lambda: ready() or None, seconds=90)


def wait_for_dns(client: Client, instance: Instance, kubectl: Path) -> None:
    """Wait until the cluster's DNS itself says that it is ready; its status may be old."""
    ask = [kubectl, f"--kubeconfig={instance.kubeconfig}"]
    ready = partial(_dns_is_ready, client, ask)
    _patiently("the cluster's DNS did not start", lambda: ready() or None, seconds=120)


def documents(text: str) -> list[dict[str, object]]:
    """Return the objects that a manifest holds."""
    return [cast("dict[str, object]", found) for found in yaml.safe_load_all(text) if found]


def apply_one(client: Any, document: dict[str, object]) -> bool:  # noqa: ANN401, see api.py
    """Apply *document* unless it is in the cluster as it was last applied; say whether it was."""
    digest = hashlib.sha256(repr(document).encode()).hexdigest()[:16]
    meta = cast("Object", document)["metadata"]
    no_marks: dict[str, str] = {}
    marks = {**meta.get("annotations", no_marks), MARK: digest}
    wanted = codecs.from_dict({**document, "metadata": {**meta, "annotations": marks}})
    place = {"namespace": meta["namespace"]} if "namespace" in meta else {}
    try:
        present = cast("Object", client.get(type(wanted), meta.get("name"), **place).to_dict())
        if present["metadata"].get("annotations", no_marks).get(MARK) == digest:
            return False
    except ApiError as error:
        if error.status.code != GONE:
            raise
    client.apply(wanted, field_manager=MANAGER, force=True)
    return True


def _knows(client: Any, authority: str) -> bool:  # noqa: ANN401, see api.py
    """Tell whether a new pod would find an account, and the authority that the API has now."""
    client.get(ServiceAccount, "default", namespace="kube-system")
    published = client.get(ConfigMap, "kube-root-ca.crt", namespace="kube-system")
    return published.data.get("ca.crt") == authority


def _node_is_ready(client: Client, since: float) -> bool:
    lease = client.get(Lease, network.NODE, namespace="kube-node-lease")
    renewed = lease.spec and lease.spec.renewTime
    if not renewed or renewed.timestamp() < since:
        return False
    status = client.get(Node, network.NODE).status
    conditions = (status and status.conditions) or []
    return any(found.type == "Ready" and found.status == "True" for found in conditions)


def _dns_is_ready(client: Any, kubectl: Sequence[str | Path]) -> bool:  # noqa: ANN401, see api.py
    pods = client.list(PodResource, namespace="kube-system", labels={"k8s-app": "kube-dns"})
    for name in [cast("str", pod.metadata.name) for pod in pods]:
        question = f"/api/v1/namespaces/kube-system/pods/{name}:8181/proxy/ready"
        if process.attempt([*kubectl, "get", "--raw", question]).returncode == 0:
            # It answers where its status says that it is, so this much of its status is new.
            pod = cast("Pod", client.get(PodResource, name, namespace="kube-system").to_dict())
            return ("Ready", "True") in [
                (found.get("type"), found.get("status"))
                for found in pod["status"].get("conditions", [])
            ]
    return False


def _patiently(what: str, attempt: Callable[[], Answer | None], *, seconds: float) -> Answer:
    """Return what *attempt* returns once that is something; the API may fail meanwhile."""
    deadline = time.monotonic() + seconds
    why = f"it was not so after {seconds:.0f} seconds"
    while True:
        try:
            answer = attempt()
        except httpx2.HTTPError as error:
            answer, why = None, str(error)
        if answer is not None:
            return answer
        if time.monotonic() > deadline:
            raise Refusal(what, why, "Look at the logs of kubelet and containerd, then: make up")
        time.sleep(0.3)
