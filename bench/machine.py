"""What the sandbox and the daily loop take of the machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import psutil

from bench.figures import Figure, Goal
from bench.timing import seconds
from sandbox.process import Processes
from tests.live.platform import Platform


def again(platform: Platform) -> Iterator[Figure]:
    """Bring up what is up."""
    taken = seconds([sys.executable, "-m", "sandbox", "up"], platform.environment)
    yield Figure(name="make up again", value=taken, unit="s")


def check(platform: Platform) -> Iterator[Figure]:
    """Run the daily loop."""
    taken = seconds(["make", "-s", "check"], platform.environment)
    yield Figure(name="make check", value=taken, unit="s", goal=Goal(bound=60))


def memory(platform: Platform) -> Iterator[Figure]:
    """Add up what the sandbox's processes take: the sum of their proportional set sizes."""
    taken = sum(_share(pid) for pid in Processes(platform.instance).all_pids()) / 1e6
    yield Figure(name="memory of the sandbox", value=taken, unit="MB", goal=Goal(bound=3000))


def _share(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0
