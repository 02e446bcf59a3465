"""`make bench`: measure on the running sandbox, print a table, write build/bench.json."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping

from bench import deploy, engine, machine, visitors
from bench.figures import Figure, report
from tests.live.platform import Platform

# The quiet ones first: what follows leaves the cluster busy for a while.
MEASURES: Mapping[str, Callable[[Platform], Iterator[Figure]]] = {
    "memory": machine.memory,
    "engine": engine.settled,
    "growth": engine.growth,
    "deploy": deploy.cold,
    "proxy": visitors.overhead,
    "loss": visitors.loss,
    "again": machine.again,
    "check": machine.check,
}


def main() -> None:
    """Measure what is named on the command line, or everything."""
    named = sys.argv[1:] or list(MEASURES)
    if unknown := [name for name in named if name not in MEASURES]:
        sys.exit(
            f"bench does not know {unknown[0]!r}: it measures {', '.join(MEASURES)}.\n"
            "Type: make bench"
        )
    platform = Platform.of_this_run()
    figures: list[Figure] = []
    for name in named:
        print(f"measuring: {name}", file=sys.stderr)
        figures += MEASURES[name](platform)
    report(figures)


if __name__ == "__main__":
    main()
