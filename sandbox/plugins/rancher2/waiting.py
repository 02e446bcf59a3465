"""How long the provider waits, and between which looks."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sandbox.plugins.rancher2.errors import RancherError

# Ten minutes for each creation, update and deletion, unless the program says otherwise.
LIMIT = 600.0

DELAY = 1.0
SHORTEST = 3.0
LONGEST = 10.0


@dataclass(frozen=True, slots=True)
class Clock:
    """The time, which the tests let pass faster."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Wait:
    """What is waited for: one state, after any of those that are *pending*."""

    target: str
    pending: Collection[str]
    limit: float = LIMIT

    def until(self, look: Callable[[], str], clock: Clock) -> None:
        """Look after 1, 3, 6, 10, 10, … seconds until the target is there."""
        deadline = clock.now() + self.limit
        clock.sleep(DELAY)
        pause = SHORTEST
        while (state := look()) != self.target:
            if state not in self.pending:
                raise RancherError(
                    f"unexpected state '{state}', wanted target '{self.target}'. "
                    f"last error: %!s(<nil>)"
                )
            if clock.now() + pause > deadline:
                raise RancherError(
                    f"timeout while waiting for state to become '{self.target}' "
                    f"(last state: '{state}', timeout: {duration(self.limit)})"
                )
            clock.sleep(pause)
            pause = min(2 * pause, LONGEST)


def duration(seconds: float) -> str:
    """Return *seconds* as Go writes them: `10m0s`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
