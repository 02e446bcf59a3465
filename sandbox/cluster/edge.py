"""The edge: whatever Ingress objects ask for, nginx serves, with TLS.

A host without a Secret of its own gets a certificate from the sandbox's authority. A configuration
that nginx refuses never takes the place of one that works.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lightkube.resources.core_v1 import Secret as SecretResource
from lightkube.resources.core_v1 import Service as ServiceResource
from lightkube.resources.networking_v1 import Ingress as IngressResource

from sandbox import files
from sandbox.cluster import edge_config, network, templates
from sandbox.cluster.api import Cluster, Mirror, reconcile, say
from sandbox.cluster.edge_config import ANYBODY, Certificate, Listening, Site
from sandbox.cluster.kinds import Ingress, Secret, Service
from sandbox.cluster.pki import Authority, Leaf, Pair, belongs_together
from sandbox.instance import Instance
from sandbox.process import Processes


def folder(instance: Instance) -> Path:
    """Return where the edge keeps its configuration and certificates."""
    return instance.state / "edge"


def configuration(instance: Instance) -> Path:
    """Return the configuration that nginx runs with: the last good one."""
    return folder(instance) / "nginx.conf"


def master(instance: Instance, name: str) -> int | None:
    """Return the process that governs the workers of our nginx called *name*, if it runs."""
    noted = instance.run / f"{name}.pid"
    try:
        number = int(noted.read_text())
    except (OSError, ValueError):
        return None
    # After a reboot the number may be somebody else's.
    return number if number in Processes(instance).pids(name) else None


@dataclass(slots=True)
class Edge:
    """The files of one sandbox's edge."""

    instance: Instance
    _wrong: list[str] = field(default_factory=list[str], init=False)
    _said: set[str] = field(default_factory=set[str], init=False)

    def prepare(self) -> None:
        """Make sure that there is a configuration to start with."""
        (self.instance.run / "edge").mkdir(parents=True, exist_ok=True)
        if not configuration(self.instance).exists():
            files.write(configuration(self.instance), self.text([], {}), files.PRIVATE)

    def text(self, sites: Sequence[Site], secrets: Mapping[str, Secret]) -> str:
        """Return the configuration for *sites*, their certificates written."""
        authority = Authority.load(self.instance.pki)
        certificates = {site.host: self._certificate(authority, site, secrets) for site in sites}
        if ANYBODY not in certificates:
            unknown = Site(ANYBODY, None, ())
            certificates[ANYBODY] = self._certificate(authority, unknown, secrets)
        listening = Listening(address=self.instance.node_ip, public_port=self.instance.https_port)
        return templates.render(
            "edge.conf",
            {
                "RUN": str(self.instance.run),
                "HOST_IP": self.instance.host_ip,
                "SITES": edge_config.render(sites, certificates, listening),
            },
        )

    def put(self, text: str) -> None:
        """Give nginx a new configuration if it accepts it; keep the earlier one if not."""
        current = configuration(self.instance)
        if current.exists() and current.read_text() == text:
            return
        candidate = current.with_name("candidate.conf")
        files.write(candidate, text, files.PRIVATE)
        test = subprocess.run(
            ["nginx", "-t", "-q", "-e", "stderr", "-c", candidate],
            check=False,
            capture_output=True,
            text=True,
        )
        if test.returncode:
            self._wrong.append(
                f"nginx keeps what it has, it refuses the new: {test.stderr.strip()}"
            )
            return
        candidate.replace(current)
        running = master(self.instance, "edge")
        if running:
            os.kill(running, signal.SIGHUP)
        say("a new configuration is served")

    def say_what_is_wrong(self, problems: Sequence[str] = ()) -> None:
        """Say each problem of this pass that the pass before did not have."""
        wrong = {*self._wrong, *problems}
        for problem in sorted(wrong - self._said):
            say(problem)
        self._said, self._wrong = wrong, []

    def _certificate(
        self, authority: Authority, site: Site, secrets: Mapping[str, Secret]
    ) -> Certificate:
        pair = _pair(secrets.get(site.secret)) if site.secret else None
        if site.secret and pair is None:
            self._wrong.append(
                f"{site.host} shows a certificate of the sandbox: "
                f"Secret {site.secret} holds none with its key"
            )
        stem = f"secret-{site.host}" if pair else f"own-{site.host or 'unknown'}"
        place = folder(self.instance) / "certificates"
        if pair:
            files.write(place / f"{stem}.key", pair.key, files.PRIVATE)
            files.write(place / f"{stem}.crt", pair.certificate)
        else:
            authority.ensure_files(place, stem, self._leaf(site))
        written = (place / f"{stem}.crt").read_bytes()
        return Certificate(
            certificate=f'"{place / stem}.crt"',
            key=f'"{place / stem}.key"',
            mark=hashlib.sha256(written).hexdigest()[:16],
        )

    def _leaf(self, site: Site) -> Leaf:
        if site.host == ANYBODY:
            return Leaf(
                name="unknown site", hosts=("localhost", self.instance.node_ip), server=True
            )
        return Leaf(name=site.host, hosts=(site.host,), server=True)


def addresses(services: Sequence[Service], ip: str) -> tuple[list[Service], list[str]]:
    """Return the LoadBalancer Services that may have the node's address, and why others may not."""
    taken: dict[int, str] = {}
    granted: list[Service] = []
    problems: list[str] = []
    for service in services:
        if service["spec"].get("type") != "LoadBalancer":
            continue
        name = f"{service['metadata'].get('namespace')}/{service['metadata'].get('name')}"
        ports = {port.get("port", 0) for port in service["spec"].get("ports", [])}
        clash = sorted(ports & (network.NODE_PORTS | taken.keys()))
        if clash:
            holder = taken.get(clash[0], "the node itself")
            problems.append(f"service {name} gets no address: {holder} has port {clash[0]} of {ip}")
            continue
        taken.update(dict.fromkeys(ports, f"service {name}"))
        granted.append(service)
    return granted, problems


def _has(item: Ingress | Service, ip: str) -> bool:
    found = item.get("status", {}).get("loadBalancer", {}).get("ingress", [])
    return [entry.get("ip") for entry in found] == [ip]


def _pair(secret: Secret | None) -> Pair | None:
    data = secret.get("data", {}) if secret else {}
    try:
        pair = Pair(
            base64.b64decode(data.get("tls.crt", "")), base64.b64decode(data.get("tls.key", ""))
        )
    except binascii.Error:
        return None
    return pair if belongs_together(pair) else None


async def main(instance: Instance) -> None:
    """Keep nginx as the Ingress objects want it until the process ends."""
    edge = Edge(instance)
    edge.prepare()
    cluster, changed = Cluster(instance.pki / "edge.conf"), asyncio.Event()
    ingresses = Mirror(cluster.all(IngressResource), Ingress, changed)
    services = Mirror(cluster.all(ServiceResource), Service, changed)
    secrets = Mirror(cluster.all(SecretResource, {"type": "kubernetes.io/tls"}), Secret, changed)

    async def act() -> None:
        reading = edge_config.read(ingresses.all(), services.all())
        named = {
            f"{item['metadata'].get('namespace')}/{item['metadata'].get('name')}": item
            for item in secrets.all()
        }
        await asyncio.to_thread(edge.put, edge.text(reading.sites, named))
        granted, problems = addresses(services.all(), instance.node_ip)
        edge.say_what_is_wrong([*reading.problems, *problems])
        status = {"loadBalancer": {"ingress": [{"ip": instance.node_ip}]}}
        for ingress in filter(edge_config.ours, ingresses.all()):
            if not _has(ingress, instance.node_ip):
                await cluster.patch_status(IngressResource.Status, ingress, status)
        for service in granted:
            if not _has(service, instance.node_ip):
                await cluster.patch_status(ServiceResource.Status, service, status)

    await reconcile([ingresses, services, secrets], changed, act)
