"""One command at a time changes a sandbox."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import IO

from sandbox import files
from sandbox.errors import Refusal
from sandbox.instance import Instance

BOOT = Path("/proc/sys/kernel/random/boot_id")


@contextlib.contextmanager
def occupied(instance: Instance) -> Generator[None]:
    """Hold the sandbox; refuse if another command holds it.

    The lock is the kernel's and ends with the process, whatever ends it.
    """
    with _locked(instance.state / "lock") as lock:
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


@contextlib.contextmanager
def _locked(path: Path) -> Generator[IO[str]]:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read().strip()
                raise Refusal(
                    "The sandbox is busy",
                    f"process {holder} brings it up or takes it down at this moment",
                    f"Wait for it, or end it by `kill {holder}`, and type this again",
                ) from None
            # A `down` that just ended has removed the file that was waited for.
            if path.exists() and path.stat().st_ino == os.fstat(lock.fileno()).st_ino:
                yield lock
                return


def forget_the_last_boot(instance: Instance) -> bool:
    """Remove what means nothing after a reboot: sockets and process numbers."""
    now = BOOT.read_text().strip()
    noted = instance.state / "boot"
    before = noted.read_text().strip() if noted.exists() else now
    if before != now:
        shutil.rmtree(instance.run, ignore_errors=True)
    instance.run.mkdir(parents=True, exist_ok=True)
    files.write(noted, now + "\n")
    return before != now
