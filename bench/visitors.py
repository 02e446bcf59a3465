"""What visitors notice: requests lost while the site changes, and what the proxy costs."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.figures import Figure, Goal
from bench.timing import in_turn
from tests.live.load import program, steady
from tests.live.platform import Platform, host
from tests.live.rolling import RATE, replace_everything, settle, visits

REQUESTS = 10_000
SECONDS = 8
# Of the errors: each names a port of its own, and so there are as many as losses.
SHOWN = 5


def loss(platform: Platform) -> Iterator[Figure]:
    """Roll every server and delete its pods, again and again, while visitors come."""
    settle(platform)
    with tempfile.TemporaryDirectory() as place:
        begun = time.monotonic()
        with steady(platform, visits(platform), RATE, Path(place)) as load:
            while time.monotonic() - begun < REQUESTS / RATE:
                replace_everything(platform)
    if not load.sent:
        sys.exit("No request was sent: the site was not asked at all. Type: make status")
    if load.failed:
        print(f"answers by status, 0 for none: {load.statuses}", file=sys.stderr)
        print("\n".join(load.errors[:SHOWN]), file=sys.stderr)
    yield Figure(
        name="requests lost while everything is replaced",
        value=load.failed,
        unit="requests",
        compared_with="all that were sent",
        other=load.sent,
        goal=Goal(bound=0),
    )


def overhead(platform: Platform) -> Iterator[Figure]:
    """Ask the front end for a page, as often as it can, through the proxy and directly."""
    with tempfile.TemporaryDirectory() as place:
        through, directly = in_turn(
            partial(_most, platform, "ov-nginx", Path(place)),
            partial(_most, platform, "ov-frontend", Path(place)),
        )
    yield Figure(
        name="pages through the proxy",
        value=through,
        unit="requests/s",
        compared_with="the front end asked directly",
        other=directly,
        goal=Goal(bound=0.9, at_least=True),
    )


def _most(platform: Platform, service: str, place: Path) -> float:
    """Return how many pages a second a service makes for eight clients at once."""
    address = platform.kubectl("get", "service", service, "-o", "jsonpath={.spec.clusterIP}")
    targets, results = place / "targets", place / "results"
    # Not compressed, so that both do the same: the proxy compresses in the front end's stead.
    headers = f"Host: {host(platform.site)}\nAccept-Encoding: identity\n"
    targets.write_text(f"GET http://{address}/about\n{headers}")
    # From the node, to which every service is open, and no edge is in between.
    subprocess.run(
        [
            *("nsenter", f"--net={platform.instance.netns}", program(platform.instance)),
            *("attack", "-rate=0", "-max-workers=8", f"-duration={SECONDS}s"),
            *(f"-targets={targets}", f"-output={results}"),
        ],
        check=True,
    )
    vegeta = str(program(platform.instance))
    said = json.loads(platform.run(vegeta, "report", "-type=json", str(results)).stdout)
    if list(said["status_codes"]) != ["200"]:
        sys.exit(f"{service} did not make the page every time: {said['status_codes']}")
    return float(said["throughput"])
