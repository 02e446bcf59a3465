"""What the engine takes to find out that nothing is to be done, and how that grows."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from bench import flat_stack, objects
from bench.figures import Figure, Goal
from bench.timing import in_turn, seconds
from sandbox.instance import CHECKOUT
from tests.live.platform import Platform
from tests.live.project import DEMO, Project, chosen

WITHOUT = "the same objects in a program without components"
MANY = 20

PREVIEW = ("pulumi", "preview", "-s", DEMO, "--expect-no-changes")
UP = ("pulumi", "up", "-s", DEMO, "--yes", "--skip-preview", "--expect-no-changes")
# Ends with 1 where there is a difference, and there is the mark of who applied it.
DIFFERENCE = ("kubectl", "diff", "--server-side", "--force-conflicts", "--filename")


def settled(platform: Platform) -> Iterator[Figure]:
    """Compare the settled stack with the same objects without components, and with kubectl."""
    own = platform.environment
    with (
        tempfile.TemporaryDirectory() as place,
        flat_stack.deployed(platform, Path(place) / "flat") as flat,
    ):
        manifests = Path(place) / "objects.json"
        found = [each["inputs"] for each in objects.kubernetes(platform, flat_stack.NAMESPACE)]
        manifests.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": found}))
        difference = partial(seconds, (*DIFFERENCE, str(manifests)), own, fine=(0, 1))
        for name, command in (("preview of the settled stack", PREVIEW), ("no-op up", UP)):
            ours, theirs, kubectl = in_turn(
                partial(seconds, command, own), partial(seconds, command, flat), difference
            )
            yield Figure(
                name=name,
                value=ours,
                unit="s",
                compared_with=WITHOUT,
                other=theirs,
                goal=Goal(bound=1.1),
            )
            yield Figure(
                name=name, value=ours, unit="s", compared_with="kubectl diff of them", other=kubectl
            )


def growth(platform: Platform) -> Iterator[Figure]:
    """Preview one site and many in one program, none of them there yet, with and without."""
    with tempfile.TemporaryDirectory() as place:
        grown = _grown(platform, Path(place))
        environment = dict(platform.environment) | grown.environment
        preview = ("pulumi", "preview", "-s", DEMO)
        taken: dict[int, tuple[float, float]] = {}
        for copies in (1, MANY):
            names = [f"ov-bench-{number:02}" for number in range(copies)]
            flat = flat_stack.project(
                platform,
                Path(place) / f"flat-{copies}",
                {name: objects.kubernetes(platform, name) for name in names},
            )
            ours, theirs = in_turn(
                partial(seconds, preview, environment | {"OV_COPIES": str(copies)}),
                partial(seconds, preview, flat),
                rounds=3,
            )
            taken[copies] = ours, theirs
            yield Figure(
                name=f"preview of {copies} new site{'s'[: copies - 1]}",
                value=ours,
                unit="s",
                compared_with=WITHOUT,
                other=theirs,
            )
        ours, theirs = (many / one for one, many in zip(taken[1], taken[MANY], strict=True))
        yield Figure(
            name=f"growth of preview from 1 to {MANY} sites",
            value=ours,
            unit="times",
            compared_with=WITHOUT,
            other=theirs,
        )


def _grown(platform: Platform, place: Path) -> Project:
    """Return the program of many sites, whose images are all published: none is built here."""
    project = Project(
        platform=platform,
        folder=place / "grown",
        stack=DEMO,
        program=CHECKOUT / "bench" / "grown",
        state=place / "state",
    )
    content = chosen(platform)
    config: dict[str, Any] = content["config"]
    runs = json.loads(platform.run("pulumi", "stack", "output", "--json", "-s", DEMO).stdout)
    for prefix, service in (("proxy", "ov-nginx"), ("jumpbox", "jumpbox")):
        if config.pop(f"openvault:{prefix}Build", None) and service in runs["images"]:
            config[f"openvault:{prefix}Image"] = runs["images"][service]
    project.configure(content)
    project.pulumi("stack", "init")
    return project
