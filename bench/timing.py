"""How long commands take, in turn."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence

from sandbox.instance import CHECKOUT

ROUNDS = 5

Measure = Callable[[], float]


def seconds(
    command: Sequence[str], environment: Mapping[str, str], *, fine: Collection[int] = (0,)
) -> float:
    """Run *command*, which must end with a code that is fine, and return how long it took."""
    # Python keeps what it has compiled, as it does in a person's shell.
    kept = {key: at for key, at in environment.items() if key != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    done = subprocess.run(
        command, env=kept, check=False, capture_output=True, text=True, cwd=CHECKOUT
    )
    if done.returncode not in fine:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - begun


def in_turn(*measures: Measure, rounds: int = ROUNDS) -> list[float]:
    """Return the median of each, run alternately after one run each that does not count.

    What else happens on the machine then happens to all of them.
    """
    for measure in measures:
        measure()
    taken = [[measure() for measure in measures] for _ in range(rounds)]
    return [statistics.median(each) for each in zip(*taken, strict=True)]
