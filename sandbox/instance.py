"""One sandbox: its names, places and addresses, all derived from its name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from sandbox.errors import Refusal

# Tests have an instance of their own, so that they never touch a person's sandbox. The others are
# for whoever works in several checkouts at once.
WORK = tuple(f"work{number}" for number in range(2, 8))
INDEX = {name: index for index, name in enumerate(("main", "test", *WORK))}

# RFC 2544 reserves 198.18.0.0/15 for test beds: no real network uses it.
FIRST_ADDRESS = IPv4Address("198.18.0.0")

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """Where one sandbox keeps its files, and under which addresses it is reached."""

    name: str
    index: int
    state: Path
    cache: Path
    https_port: int

    @classmethod
    def from_environment(cls) -> Instance:
        """Return the instance that OV_SANDBOX names; `main` without it."""
        name = os.environ.get("OV_SANDBOX") or "main"
        if name not in INDEX:
            raise Refusal(
                f"OV_SANDBOX={name} names no sandbox",
                f"the sandboxes are main, test, and {WORK[0]} to {WORK[-1]} for further checkouts",
                "Unset OV_SANDBOX to use the main one",
            )
        index = INDEX[name]
        state = Path(os.environ.get("OV_STATE") or "/var/lib/openvault-sandbox") / name
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        cache = Path(os.environ.get("OV_CACHE") or home / "openvault")
        port = os.environ.get("OV_HTTPS_PORT") or str(8442 + index if index else 443)
        if not port.isdecimal() or not 0 < int(port) < 2**16:
            raise Refusal(
                f"OV_HTTPS_PORT={port} is no port",
                "a port is a number from 1 to 65535",
                "Type for example: OV_HTTPS_PORT=8443 make up",
            )
        return cls(name=name, index=index, state=state, cache=cache, https_port=int(port))

    # Network

    @property
    def link(self) -> str:
        """The machine's end of the cable into the sandbox's network namespace."""
        return f"ovs-{self.name}"

    @property
    def host_ip(self) -> str:
        """The machine's address on that cable."""
        return str(FIRST_ADDRESS + 4 * self.index + 1)

    @property
    def node_ip(self) -> str:
        """The node's address: the API server, the registry and the edge listen here."""
        return str(FIRST_ADDRESS + 4 * self.index + 2)

    @property
    def netns(self) -> Path:
        """The file that holds the sandbox's network namespace."""
        return self.state / "netns"

    @property
    def registry(self) -> str:
        """The one name of the registry, for the machine, Docker and the node alike."""
        return f"{self.node_ip}:5000"

    @property
    def closed_registry(self) -> str:
        """Where a second registry may ask for a password; Docker and the node are ready for it."""
        return f"{self.node_ip}:5001"

    @property
    def api_server(self) -> str:
        """The Kubernetes API's address."""
        return f"https://{self.node_ip}:6443"

    @property
    def rancher(self) -> str:
        """The address of Rancher's API."""
        return f"https://{self.node_ip}:9443"

    @property
    def services_port(self) -> int:
        """The port at which pods and browsers alike reach object storage, search and sign-on."""
        return 8480 + self.index

    def service_url(self, name: str) -> str:
        """Return the one address of a service, for pods and browsers alike."""
        return f"http://{name}.localhost:{self.services_port}"

    def url(self, host: str) -> str:
        """Return the address under which a browser on this machine reaches *host*."""
        return f"https://{host}" + ("" if self.https_port == 443 else f":{self.https_port}")

    # Files

    @property
    def logs(self) -> Path:
        """One log per process."""
        return self.state / "log"

    @property
    def run(self) -> Path:
        """Sockets and other files that mean nothing after a reboot."""
        return self.state / "run"

    @property
    def pki(self) -> Path:
        """Certificates, keys and kubeconfigs."""
        return self.state / "pki"

    @property
    def ca(self) -> Path:
        """The certificate of the authority that signs everything here."""
        return self.pki / "ca.crt"

    @property
    def kubeconfig(self) -> Path:
        """The cluster administrator's kubeconfig, whose only context is `context`."""
        return self.pki / "admin.conf"

    @property
    def context(self) -> str:
        """The kubeconfig context of this sandbox."""
        return f"ov-sandbox-{self.name}"

    @property
    def containerd_socket(self) -> Path:
        """The node's container runtime."""
        return self.run / "containerd.sock"

    @property
    def docker_socket(self) -> Path:
        """The sandbox's own Docker daemon."""
        return self.run / "docker.sock"

    @property
    def stacks(self) -> Path:
        """The Pulumi project folder with the sandbox's own stack files."""
        return self.state / "stacks"

    @property
    def bin(self) -> Path:
        """What `env` puts on PATH: pulumi with its language host beside it, kubectl, docker."""
        return self.state / "bin"

    @property
    def pulumi_home(self) -> Path:
        """Pulumi's own folder, with the plugins of this sandbox."""
        return self.state / "pulumi-home"

    @property
    def backend(self) -> Path:
        """Where Pulumi keeps the state of the sandbox's stacks."""
        return self.state / "pulumi"

    @property
    def secrets(self) -> Path:
        """Secrets of this installation, one per file, readable by root alone."""
        return self.state / "secrets"

    # Control groups

    @property
    def cgroup(self) -> str:
        """The control group, relative to each hierarchy's root, that holds every process."""
        return f"ov-sandbox-{self.name}"
