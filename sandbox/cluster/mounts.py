"""The node's own mount namespace.

kubelet, containerd and runc insist on folders of the machine: /var/lib/kubelet, /var/log/pods,
/run/containerd. In a mount namespace of their own they get ours under those names, another kubelet
on the machine is left alone, and every mount of every pod is gone with the namespace.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from sandbox.errors import Refusal
from sandbox.instance import Instance

KUBELET = Path("/var/lib/kubelet")
READY = "/run/mounts-are-ready"

# Each sandbox that uses the folder leaves a note in it, below what it mounts there.
NOTES = ".made-for-ov-sandbox-*"

# A folder that is removed on the machine takes the mount on it along, whatever the namespace.
WHOLE = f"test -e {READY} && grep -q ' {KUBELET} ' /proc/self/mountinfo"

# $1 is the node's folder; "rslave" before it keeps these mounts from reaching the machine.
SETUP = f"""set -e
mount -t tmpfs -o mode=0755 tmpfs /run
mount --bind "$1/log" /var/log
mount --bind "$1/kubelet" {KUBELET}
mount --make-rshared {KUBELET}
touch {READY}
"""


def ensure(instance: Instance) -> bool:
    """Make the mount namespace unless it is there; return whether it was made now."""
    if _whole(instance):
        return False
    forget(instance)
    pin = _pin(instance)
    for folder in ("log", "kubelet"):
        (instance.state / "node" / folder).mkdir(parents=True, exist_ok=True)
    _make_mount_point(instance)
    pin.parent.mkdir(parents=True, exist_ok=True)
    # The kernel keeps a mount namespace only below a mount that is not shared with others.
    _run(["mount", "--bind", pin.parent, pin.parent])
    _run(["mount", "--make-private", pin.parent])
    pin.touch()
    _run(
        [
            "unshare",
            f"--mount={pin}",
            "--propagation=slave",
            "sh",
            "-c",
            SETUP,
            "mounts",
            instance.state / "node",
        ]
    )
    return True


def inside(instance: Instance, argv: Sequence[str | Path]) -> list[str | Path]:
    """Return the command line that runs *argv* in the node's mount namespace."""
    return ["nsenter", f"--mount={_pin(instance)}", "--", *argv]


def forget(instance: Instance) -> None:
    """Let go of the mount namespace, and of the one folder it needed on the machine."""
    pin = _pin(instance)
    for mount in (pin, pin.parent):
        while _is_mount_point(mount):
            _run(["umount", "--lazy", mount])
    note = _note(instance)
    if note.exists():
        note.unlink()
        # Removing a folder ends what is mounted on it in every namespace, another sandbox's too:
        # the last one that uses it removes it.
        if not any(KUBELET.iterdir()):
            KUBELET.rmdir()


def _whole(instance: Instance) -> bool:
    pin = _pin(instance)
    if not _is_mount_point(pin):
        return False
    check = subprocess.run(inside(instance, ["sh", "-c", WHOLE]), check=False)
    return check.returncode == 0


def _make_mount_point(instance: Instance) -> None:
    ours = not KUBELET.exists() or all(path.match(NOTES) for path in KUBELET.iterdir())
    if ours:
        KUBELET.mkdir(exist_ok=True)
        _note(instance).touch()


def _pin(instance: Instance) -> Path:
    return instance.state / "node" / "namespaces" / "mount"


def _note(instance: Instance) -> Path:
    return KUBELET / f".made-for-{instance.cgroup}"


def _is_mount_point(path: Path) -> bool:
    # Not os.path.ismount: it knows folders only, and a namespace is pinned to a file.
    with Path("/proc/self/mountinfo").open() as table:
        return any(line.split()[4] == str(path) for line in table)


def _run(argv: Sequence[str | Path]) -> None:
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode:
        raise Refusal(
            "the node's mount namespace cannot be made",
            f"{' '.join(map(str, argv[:3]))} said: {done.stderr.strip()}",
            "The sandbox needs root with the right to mount: not inside a container without it",
        )
