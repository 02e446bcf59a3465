"""A double of Rancher's v3 API, whose state is in the sandbox's own API server."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import httpx
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition

from sandbox.cluster import addons, environment, templates
from sandbox.cluster.environment import Programs
from sandbox.cluster.pki import Authority, Leaf
from sandbox.instance import CHECKOUT, Instance
from sandbox.process import Processes
from sandbox.rancher import accounts, kinds
from sandbox.rancher.names import Document

DAEMON = "rancher"

# The client knows our kinds once they are imported.
__all__ = ["DAEMON", "kinds", "start", "up"]


def up(
    instance: Instance, processes: Processes, toolchain: Programs, report: Callable[[str], None]
) -> bool:
    """Bring the API up, or heal what is missing of it; return whether anything changed."""
    report("certificates and tokens")
    changed = _files(instance)
    report("Rancher's kinds of objects")
    with addons.connect(instance) as client:
        definitions = _manifest("crds.yaml")
        for document in definitions:
            changed |= addons.apply_one(client, document)
        for document in definitions:
            name = cast("Document", document)["metadata"]["name"]
            client.wait(CustomResourceDefinition, name, for_conditions=["Established"])
        report("users, roles and the cluster")
        changed |= _objects(instance, client)
    report("starting")
    return start(instance, processes, toolchain) or changed


def start(instance: Instance, processes: Processes, toolchain: Programs) -> bool:
    """Start the daemon, unless it runs, and wait until it answers."""
    started = processes.start(
        DAEMON,
        [f"{sys.prefix}/bin/python", "-m", "sandbox.rancher"],
        env=environment.of_controllers(instance, toolchain),
        configuration=[instance.pki / "rancher.conf", instance.pki / "rancher.crt", *_sources()],
    )
    processes.wait_until(DAEMON, lambda: _answers(instance), seconds=60)
    return started


def _answers(instance: Instance) -> bool:
    """Tell whether the API is there."""
    try:
        return _get(instance, f"{instance.rancher}/ping").text == "pong"
    except httpx.HTTPError:
        return False


def _files(instance: Instance) -> bool:
    authority = Authority.load(instance.pki)
    changed = authority.ensure_files(
        instance.pki, "rancher", Leaf(name="rancher", hosts=(instance.node_ip,), server=True)
    )
    changed |= authority.ensure_kubeconfig(
        instance.pki / "rancher.conf",
        Leaf(name="sandbox:rancher"),
        instance.api_server,
        instance.context,
    )
    return accounts.make_files(instance) or changed


def _objects(instance: Instance, client: Any) -> bool:  # noqa: ANN401, see cluster/api.py
    filled = {
        **templates.values(instance),
        "URL": instance.rancher,
        "KUBERNETES": _get(instance, f"{instance.api_server}/version").json()["gitVersion"],
    }
    changed = False
    for document in (
        *_manifest("roles.yaml"),
        *_manifest("objects.yaml", filled),
        *_manifest("templates.yaml"),
        *accounts.objects(instance),
    ):
        changed |= addons.apply_one(client, document)
    return changed


def _get(instance: Instance, url: str) -> httpx.Response:
    authority = ssl.create_default_context(cafile=str(instance.ca))
    return httpx.get(url, verify=authority, trust_env=False, timeout=5)


def _manifest(name: str, filled: Mapping[str, str] | None = None) -> list[dict[str, object]]:
    return addons.documents(templates.render(name, filled or {}, "sandbox.rancher"))


def _sources() -> list[Path]:
    """Return the daemon's own code: a changed one is started anew."""
    here = Path(__file__).parent
    return sorted([*here.glob("*.py"), CHECKOUT / "sandbox" / "cluster" / "api.py"])
