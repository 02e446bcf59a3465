"""The sandbox's own image registry and Docker daemon, both in its network namespace.

A Docker that the machine may have is left alone: socket, data, bridge and firewall rules are the
sandbox's own.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox import files
from sandbox.instance import Instance
from sandbox.process import Processes, attempt
from sandbox.toolchain import Toolchain

# Docker leaves sockets and mounts on the machine when it is killed. In a mount namespace of its
# own, with a /run of its own, they end with it. What an earlier daemon noted in the two files may
# name a process that is somebody else's by now.
ALONE = ("unshare", "--mount", "--propagation", "slave", "/bin/sh", "-c")
START = 'mount -t tmpfs -o mode=0755 tmpfs /run && rm -f "$1" "$2" && shift 2 && exec "$@"'

# Builds get their addresses here; pods have 10.244.0.0/16 and services 10.96.0.0/16.
BRIDGE = "10.245.0.1/24"


@dataclass(frozen=True, slots=True)
class _Daemon:
    """What one of the two is started with, and how it shows that it works."""

    name: str
    argv: Sequence[str | Path]
    configuration: Path
    answers: Callable[[], bool]

    def up(self, processes: Processes, env: Mapping[str, str]) -> bool:
        """Start it unless it runs and answers; return whether it was started now."""
        if not self.answers():
            processes.stop(self.name)
            # Builds that lost their daemon.
            processes.end_all(self.name)
        started = processes.start(self.name, self.argv, env=env, configuration=[self.configuration])
        processes.wait_until(self.name, self.answers, seconds=60)
        return started


def up(instance: Instance, processes: Processes, toolchain: Toolchain) -> bool:
    """Start the registry and the Docker daemon; return whether either was started now."""
    daemons = (_registry(instance, toolchain), _docker(instance, toolchain))
    started = [daemon.up(processes, toolchain.env()) for daemon in daemons]
    return any(started)


def _registry(instance: Instance, toolchain: Toolchain) -> _Daemon:
    settings = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(instance.state / "registry")},
            "delete": {"enabled": True},
        },
        "http": {"addr": instance.registry},
    }
    # YAML reads JSON.
    configuration = _configuration(instance.state / "registry.json", settings)
    argv = [toolchain.path("docker-registry"), "serve", configuration]
    return _Daemon("registry", argv, configuration, lambda: registry_answers(instance))


def _docker(instance: Instance, toolchain: Toolchain) -> _Daemon:
    settings = {
        "hosts": [f"unix://{instance.docker_socket}"],
        "data-root": str(instance.state / "docker"),
        "exec-root": str(instance.run / "docker"),
        "pidfile": str(instance.run / "docker.pid"),
        "bip": BRIDGE,
        "cgroup-parent": f"/{instance.cgroup}/docker",
        "exec-opts": ["native.cgroupdriver=cgroupfs"],
        # BuildKit takes plain HTTP from the scheme; the rest of the daemon leaves the scheme out.
        "insecure-registries": [
            f"http://{name}" for name in (instance.registry, instance.closed_registry)
        ],
        "ipv6": False,
        # Virtual machines may forbid the lower score that Docker would take.
        "oom-score-adjust": 0,
        "log-level": "warn",
    }
    configuration = _configuration(instance.state / "docker.json", settings)
    forget = [instance.run / "docker.pid", instance.run / "docker/containerd/containerd.pid"]
    dockerd = [toolchain.path("dockerd"), "--config-file", configuration]
    argv = [*ALONE, START, "docker", *forget, *dockerd]
    return _Daemon("docker", argv, configuration, lambda: docker_answers(instance, toolchain))


def registry_answers(instance: Instance) -> bool:
    """Say whether the registry serves its API."""
    connection = http.client.HTTPConnection(instance.registry, timeout=2)
    try:
        connection.request("GET", "/v2/")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def docker_answers(instance: Instance, toolchain: Toolchain) -> bool:
    """Say whether the Docker daemon takes commands."""
    env = {"DOCKER_HOST": f"unix://{instance.docker_socket}"}
    return attempt([toolchain.path("docker"), "version"], env=env).returncode == 0


def _configuration(path: Path, settings: object) -> Path:
    files.write(path, json.dumps(settings, indent=2) + "\n")
    return path
