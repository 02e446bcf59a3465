"""The way down: everything that a sandbox made is removed, and nothing else.

It asks the machine what is there instead of trusting notes, so it works after a kill at any
moment, after a reboot, and twice.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path

from sandbox import cluster, network, occupancy
from sandbox.errors import Refusal
from sandbox.instance import Instance
from sandbox.process import Processes, hierarchies, run
from sandbox.progress import Report


def exists(instance: Instance) -> bool:
    """Say whether there is anything of this sandbox."""
    groups = [root / instance.cgroup for root in hierarchies()]
    link = Path("/sys/class/net") / instance.link
    return any(path.exists() for path in (instance.state, link, *groups))


def down(instance: Instance, report: Report) -> None:
    """Remove the sandbox with all its data."""
    with occupancy.occupied(instance):
        processes = Processes(instance)
        report("ending processes")
        processes.end_all()
        report("undoing mounts and network")
        cluster.down(instance)
        network.down(instance)
        _unmount(instance.state)
        report("removing files")
        remove_cgroups(processes)
        shutil.rmtree(instance.state)
    with contextlib.suppress(OSError):
        # The folder of all sandboxes goes with the last one.
        instance.state.parent.rmdir()


def mounts(folder: Path) -> list[Path]:
    """Return what is mounted at or below *folder*, the latest first."""
    table = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [Path(_unescaped(line.split()[4])) for line in table]
    return [point for point in reversed(points) if point.is_relative_to(folder)]


def _unmount(folder: Path) -> None:
    for _ in range(20):
        points = mounts(folder)
        if not points:
            return
        for point in points:
            run(["umount", "--lazy", point])
    raise Refusal(
        f"{folder} has something mounted that does not go away",
        ", ".join(map(str, mounts(folder))),
        "Unmount it by hand, then type `make down` again; its files were left alone",
    )


def remove_cgroups(processes: Processes) -> None:
    """Remove the control groups; the kernel takes a moment to let go of what ended."""
    deadline = time.monotonic() + 10
    while True:
        try:
            processes.remove_cgroups()
        except OSError:
            if time.monotonic() > deadline:
                raise
            processes.end_all()
            time.sleep(0.1)
        else:
            return


def _unescaped(path: str) -> str:
    return path.encode().decode("unicode_escape")
