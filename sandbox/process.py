"""Daemons of a sandbox, tracked by control group.

A process joins its group before it becomes the daemon, and its children inherit the group, so
nothing can be started and lost: not by a kill at the wrong moment, not by a double fork. A reboot
empties all groups by itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import Refusal
from sandbox.instance import Instance

CGROUPS = Path("/sys/fs/cgroup")

# The shell joins the group, then becomes the daemon: there is no moment in between.
JOIN = 'echo $$ > "$1/cgroup.procs" && shift && exec "$@"'


def hierarchies() -> list[Path]:
    """Return the root of each mounted cgroup hierarchy: one on version 2, several on version 1."""
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return sorted(
        path for path in CGROUPS.iterdir() if not path.is_symlink() and _is_hierarchy(path)
    )


def _is_hierarchy(path: Path) -> bool:
    return (path / "cgroup.procs").exists()


def _tracking() -> Path:
    """Return the one hierarchy whose groups say which process belongs to which daemon."""
    roots = hierarchies()
    return next((root for root in roots if root.name == "pids"), roots[0])


def attempt(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, whatever that is."""
    try:
        return subprocess.run(
            [str(word) for word in argv],
            env={**os.environ, **(env or {})},
            cwd=cwd,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        program = Path(argv[0]).name
        raise Refusal(
            f"The program {program} is missing",
            f"{argv[0]} is not on this machine",
            f"Install {program}, then type the same again",
        ) from None


def run(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    what: str = "",
    do: str = "`make up` tries again",
) -> str:
    """Run a program and return what it wrote; refuse a failure with its last words."""
    done = attempt(argv, env=env, cwd=cwd)
    if done.returncode:
        program = Path(argv[0]).name
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()[-12:]
        raise Refusal(
            what or f"{program} failed",
            "\n  ".join([f"{program} ended with code {done.returncode}", *words]),
            do,
        )
    return done.stdout


@dataclass(frozen=True, slots=True)
class Processes:
    """Start, find and end the daemons of one sandbox."""

    instance: Instance

    def start(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        inside: bool = True,
        configuration: Sequence[Path] = (),
    ) -> bool:
        """Run *argv* as daemon *name* unless it runs already; return whether it was started now.

        *inside* means in the sandbox's network namespace. A daemon whose command line, environment
        or *configuration* files changed is restarted. Output goes to `<state>/log/<name>.log`.
        """
        command = [str(word) for word in argv]
        mark = _fingerprint(command, env or {}, configuration)
        marked = self.instance.run / f"{name}.started"
        if self.pids(name):
            if marked.exists() and marked.read_text() == mark:
                return False
            self.stop(name)
        group = self._group(name)
        group.mkdir(parents=True, exist_ok=True)
        self.instance.logs.mkdir(parents=True, exist_ok=True)
        self.instance.run.mkdir(parents=True, exist_ok=True)
        if inside:
            command = ["nsenter", f"--net={self.instance.netns}", *command]
        marked.write_text(mark)
        with (self.instance.logs / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                ["/bin/sh", "-c", JOIN, name, str(group), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
                start_new_session=True,
                cwd="/",
            )
        while not self.pids(name) and child.poll() is None:
            time.sleep(0.005)
        return True

    def names(self) -> list[str]:
        """Return the daemons that run."""
        daemons = self._group("").resolve()
        if not daemons.exists():
            return []
        return sorted(path.name for path in daemons.iterdir() if path.is_dir() and _pids(path))

    def ended(self) -> list[str]:
        """Return the daemons that were started, and ended without being asked to."""
        marks = self.instance.run.glob("*.started")
        return sorted(mark.stem for mark in marks if not self.pids(mark.stem))

    def demand_alive(self) -> None:
        """Refuse a sandbox in which a daemon ended, with that daemon's last words."""
        for name in self.ended():
            self._refuse(name, "it ended")

    def pids(self, name: str) -> list[int]:
        """Return the processes of daemon *name*, its children included."""
        return _pids(self._group(name))

    def stop(self, name: str, *, patience: float = 15) -> None:
        """End daemon *name*: ask, wait *patience* seconds, then insist."""
        _end(lambda: self.pids(name), patience)
        (self.instance.run / f"{name}.started").unlink(missing_ok=True)

    def end_all(self, *groups: str) -> None:
        """End every process of the sandbox at once, pods and builds included; or some *groups*."""
        _end(lambda: self.all_pids(*groups), patience=0)

    def all_pids(self, *groups: str) -> list[int]:
        """Return every process of the sandbox, pods and builds included; or those of *groups*."""
        tops = [root / self.instance.cgroup for root in hierarchies()]
        within = [top / group for top in tops for group in groups or ("",)]
        return sorted({pid for group in within for pid in _pids(group)})

    def remove_cgroups(self) -> None:
        """Remove the sandbox's control groups, which must hold no process any more."""
        for root in hierarchies():
            top = root / self.instance.cgroup
            if top.exists():
                for group in sorted(_groups(top), reverse=True):
                    with contextlib.suppress(FileNotFoundError):
                        group.rmdir()

    def adopt(self) -> None:
        """Take the calling process into the sandbox, after ending what a killed one left behind.

        Whatever it starts is found in its group, also when it is killed itself.
        """
        group = _tracking() / self.instance.cgroup / "work"
        group.mkdir(parents=True, exist_ok=True)
        # The engine, asked politely, still saves what it knows of the resources under way.
        _end(lambda: [pid for pid in _pids(group) if pid != os.getpid()], patience=10)
        (group / "cgroup.procs").write_text(str(os.getpid()))

    def make_cgroups(self) -> None:
        """Make the sandbox's control group in each hierarchy, as kubelet's cgroupRoot needs it."""
        for root in hierarchies():
            top = root / self.instance.cgroup
            top.mkdir(exist_ok=True)
            # A cpuset without processors and memory accepts no process (version 1, where the root
            # has both).
            for key in ("cpuset.cpus", "cpuset.mems"):
                if (root / key).exists() and not (top / key).read_text().strip():
                    (top / key).write_text((root / key).read_text())

    def wait_until(self, name: str, ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait until *ready* holds; say which daemon did not make it, with its last words."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.pids(name):
                self._refuse(name, "it ended")
            if time.monotonic() > deadline:
                self._refuse(name, f"it was not ready after {seconds:.0f} seconds")
            time.sleep(0.2)

    def _refuse(self, name: str, why: str) -> None:
        log = self.instance.logs / f"{name}.log"
        said = log.read_text(errors="replace").splitlines()[-8:] if log.exists() else []
        raise Refusal(
            f"{name} did not start",
            "\n  ".join([why, *said]),
            f"The whole log is {log}; `make up` tries again",
        )

    def _group(self, name: str) -> Path:
        return _tracking() / self.instance.cgroup / "daemons" / name


def _fingerprint(
    command: Sequence[str], env: Mapping[str, str], configuration: Sequence[Path]
) -> str:
    digest = hashlib.sha256(repr((command, sorted(env.items()))).encode())
    for path in configuration:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _groups(top: Path) -> list[Path]:
    # Not rglob: groups go away while they are listed, and os.walk takes that as it comes.
    return [Path(folder) for folder, _, _ in os.walk(top)]


def _pids(top: Path) -> list[int]:
    found: list[int] = []
    for group in _groups(top):
        # A group that goes away meanwhile says so by one error or another.
        with contextlib.suppress(OSError):
            found += map(int, (group / "cgroup.procs").read_text().split())
    return found


def _end(pids: Callable[[], list[int]], patience: float) -> None:
    _signal(pids(), signal.SIGTERM if patience else signal.SIGKILL)
    deadline = time.monotonic() + patience
    while pids():
        if time.monotonic() > deadline:
            _signal(pids(), signal.SIGKILL)
        time.sleep(0.1)


def _signal(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
