"""The machine as it is at the moment, and `python -m sandbox` on it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.instance import CHECKOUT, INDEX, Instance
from sandbox.process import Processes, hierarchies

# Where programs that run as root leave things; the cache is meant to stay.
PLACES = ("/", "/etc", "/opt", "/run", "/usr/local", "/var/lib", "/var/log", "/var/run", "/mnt")
DEEP = ("/etc", "/run", "/opt")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a sandbox could leave on the machine: a kind of thing → the things."""

    things: Mapping[str, frozenset[str]]

    @classmethod
    def taken(cls) -> Snapshot:
        """Look at the machine, past what belongs to another sandbox."""
        found = {
            "processes": _processes(),
            "mounts": _lines("/proc/self/mountinfo", column=4),
            "interfaces": {path.name for path in Path("/sys/class/net").iterdir()},
            "routes": _said("ip", "route", "show", "table", "all"),
            "control groups": _groups(),
            "files": _files(),
            "kernel settings": {
                f"{path} {path.read_text().strip()}"
                for path in Path("/proc/sys/net/ipv4").glob("*forward*")
            },
        }
        others = INDEX.keys() - {Instance.from_environment().name}
        theirs = [
            name
            for other in others
            for name in (f"ov-sandbox-{other}", f"ovs-{other}", f"openvault-sandbox/{other}")
        ]
        return cls(
            {
                kind: frozenset(t for t in things if not any(name in t for name in theirs))
                for kind, things in found.items()
            }
        )

    def left_since(self, before: Snapshot) -> dict[str, list[str]]:
        """Return what is there now and was not before."""
        return _beyond(self, before)

    def lost_since(self, before: Snapshot) -> dict[str, list[str]]:
        """Return what was there before and is not now."""
        lost = _beyond(before, self)
        lost.pop("processes", None)  # whoever ran before may have ended by itself
        return lost


def _beyond(one: Snapshot, other: Snapshot) -> dict[str, list[str]]:
    differences = {kind: sorted(one.things[kind] - other.things[kind]) for kind in one.things}
    return {kind: things for kind, things in differences.items() if things}


def _groups() -> set[str]:
    """Return the control groups of the kinds a sandbox makes; a machine makes its own all day."""
    kinds = ("ov-sandbox", "kubepods", "docker", "buildkit", "containerd", "cri-")
    groups = (str(path) for root in hierarchies() for path in root.rglob("*") if path.is_dir())
    return {group for group in groups if any(kind in group for kind in kinds)}


def _processes() -> set[str]:
    """Return the processes that a sandbox could have started: by program, namespace or setting."""
    instance = Instance.from_environment()
    mine = Path("/proc/self/ns/net").readlink()
    settings = {name: f"OV_SANDBOX={name}".encode() for name in INDEX}
    found: set[str] = set()
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal() or process.name == str(os.getpid()):
            continue
        with contextlib.suppress(OSError):
            program = process.joinpath("exe").readlink()
            environment = process.joinpath("environ").read_bytes().split(b"\0")
            caches = [entry for entry in environment if entry.startswith(b"OV_CACHE=")]
            if caches not in ([], [f"OV_CACHE={instance.cache}".encode()]):
                continue  # it belongs to a sandbox that keeps its programs elsewhere
            owners = {name for name, setting in settings.items() if setting in environment}
            parent = process.joinpath("stat").read_text().rpartition(")")[2].split()[1]
            # What outlives its sandbox has lost its parent; what another test runs has not.
            orphan = parent == "1"
            suspect = (
                orphan and (program.is_relative_to(instance.cache) or bool(owners))
            ) or process.joinpath("ns/net").readlink() != mine
            if suspect and owners <= {instance.name}:
                groups = process.joinpath("cgroup").read_text().replace("\n", " ")
                found.add(f"{process.name} {program} {groups}")
    return found


def _files() -> set[str]:
    found: set[str] = set()
    for place in map(Path, PLACES):
        if place.is_dir():
            found.update(map(str, place.iterdir()))
    for place in DEEP:
        for top, folders, files in os.walk(place):
            found.update(f"{top}/{name}" for name in (*folders, *files))
    return found


def _lines(path: str, column: int) -> set[str]:
    return {line.split()[column] for line in Path(path).read_text().splitlines()}


def _said(*argv: str) -> set[str]:
    said = subprocess.run(argv, capture_output=True, text=True, check=True)
    return {" ".join(line.split()) for line in said.stdout.splitlines()}


def sandbox(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run one command of the sandbox to its end."""
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *words],
        cwd=CHECKOUT,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def kill_up_at(moment: str, *, group: bool = True, **env: str) -> None:
    """Kill `up` once it prints a line that starts so; fail with its words if it never does.

    Kill its whole process *group*, as a closed terminal does, or the one process alone.
    """
    with going_up_to(moment, **env) as up:
        if group:
            os.killpg(up.pid, signal.SIGKILL)
        else:
            up.kill()


def orphans_of_a_build(cache: Path, absent: str, moment: str) -> frozenset[int]:
    """Kill `up` alone while it really compiles *absent*; return what of it runs on.

    *cache* is made for that: it lacks this one thing, and all that a compiler remembers.
    """
    instance = Instance.from_environment()
    for found in instance.cache.glob("*/[!.]*"):
        if not found.name.startswith(f"{absent}-"):
            place = cache / found.relative_to(instance.cache)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(found)
    with going_up_to(moment, OV_CACHE=str(cache), GOCACHE=str(cache / "go")) as up:
        deadline = time.monotonic() + 60
        while not _compilers(up.pid):
            assert time.monotonic() < deadline, f"nothing was compiled at {moment!r}"
            time.sleep(0.02)
        up.kill()
        up.wait()
        return _compilers(up.pid)


def alive(pids: frozenset[int]) -> set[int]:
    """Return those that still run."""
    return {pid for pid in pids if Path(f"/proc/{pid}/exe").exists()}


def _compilers(parent: int) -> frozenset[int]:
    """Return the processes of the way up that belong to Go, but the way up itself."""
    found = Processes(Instance.from_environment()).all_pids("work")
    return frozenset(pid for pid in found if pid != parent and _program(pid) == "go")


def _program(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


@contextlib.contextmanager
def going_up_to(moment: str, **env: str) -> Generator[subprocess.Popen[str]]:
    """Give `up` at the moment it prints a line that starts so."""
    said: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "sandbox", "up"],
        cwd=CHECKOUT,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as up:
        # A way up that hangs must not hang the tests; one that compiles everything takes its time.
        watchdog = threading.Timer(2700, up.kill)
        watchdog.start()
        try:
            for line in up.stdout or ():
                said.append(line)
                if line.startswith(moment):
                    yield up
                    break
        finally:
            # Whoever fails here waits for nobody; who succeeds has killed it already.
            up.kill()
            watchdog.cancel()
        # Children that live on hold the pipe open; nobody reads it any more.
        if up.stdout:
            up.stdout.close()
        up.wait()
    reached = said and said[-1].startswith(moment)
    assert reached, f"`up` never said {moment!r}, but:\n{''.join(said)}"
