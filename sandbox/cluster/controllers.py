"""The sandbox's own controllers, the edge, and the front door that leads to it."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from sandbox import files
from sandbox.cluster import edge, environment, network, templates
from sandbox.cluster.environment import Programs
from sandbox.instance import Instance
from sandbox.process import Processes

# The edge itself is nginx; who tells it what to serve has a name of its own.
CONTROLLERS = {"provisioner": "provisioner", "netpol": "netpol", "edge-controller": "edge"}


def up(instance: Instance, processes: Processes, toolchain: Programs) -> bool:
    """Start what does not run yet; return whether anything started."""
    env = environment.of_controllers(instance, toolchain)
    changed = _edge(instance, processes, toolchain, env)
    for daemon, controller in CONTROLLERS.items():
        changed |= processes.start(
            daemon,
            [f"{sys.prefix}/bin/python", "-m", "sandbox.cluster", controller],
            env=env,
            configuration=[instance.pki / f"{controller}.conf", *_sources()],
        )
    changed |= _front_door(instance, processes, toolchain, env)
    return changed


def _edge(
    instance: Instance, processes: Processes, toolchain: Programs, env: dict[str, str]
) -> bool:
    edge.Edge(instance).prepare()
    _end_orphans("edge", instance, processes)
    started = processes.start(
        "edge",
        [toolchain.path("nginx"), "-e", "stderr", "-c", edge.configuration(instance)],
        env=env,
    )
    processes.wait_until("edge", lambda: _listens(instance.node_ip, network.EDGE_HTTPS), seconds=15)
    return started


def _front_door(
    instance: Instance, processes: Processes, toolchain: Programs, env: dict[str, str]
) -> bool:
    configuration = instance.state / "edge" / "front-door.conf"
    filled = {
        "MODULES": str(toolchain.directory("nginx-modules")),
        "RUN": str(instance.run),
        "PORT": str(instance.https_port),
        "NODE_IP": instance.node_ip,
        "PROXY_PROTOCOL": str(network.EDGE_PROXY_PROTOCOL),
    }
    files.write(configuration, templates.render("front-door.conf", filled))
    _end_orphans("front-door", instance, processes)
    started = processes.start(
        "front-door",
        [toolchain.path("nginx"), "-e", "stderr", "-c", configuration],
        env=env,
        inside=False,
        configuration=[configuration],
    )
    processes.wait_until(
        "front-door", lambda: _listens("127.0.0.1", instance.https_port), seconds=15
    )
    return started


def _end_orphans(name: str, instance: Instance, processes: Processes) -> None:
    """End the workers of a killed nginx: they would serve an old configuration for ever."""
    if edge.master(instance, name) is None:
        processes.stop(name)


def _sources() -> list[Path]:
    """Return the controllers' own code: a changed controller is started anew."""
    here = Path(__file__).parent
    return sorted([*here.glob("*.py"), *(here / "manifests").glob("edge.conf")])


def _listens(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False
