"""A site from nothing to its first page, and the steps that cannot be done side by side."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.figures import Figure, Goal
from sandbox import settings
from tests.live.platform import Platform, eventually
from tests.live.project import Project, chosen

STACK = "openvault"
ALONE = "ov-bench-alone"
PATIENCE = 300

# What the cluster chooses, and refuses when somebody else does.
_CHOSEN = ("clusterIP", "clusterIPs", "selector", "volumeName")


def cold(platform: Platform) -> Iterator[Figure]:
    """Deploy a site beside the demo, then its steps singly by kubectl, and compare."""
    with tempfile.TemporaryDirectory() as place:
        project = _project(platform, Path(place))
        project.take_away()
        try:
            first, whole = _deployed(platform, project)
            steps = _Steps.of(platform)
        finally:
            project.take_away()
    try:
        singly = dict(steps.taken())
    finally:
        platform.run("kubectl", "delete", "namespace", ALONE, "--ignore-not-found", "--wait=true")
    yield from (Figure(name=name, value=value, unit="s") for name, value in singly.items())
    yield Figure(
        name="cold deploy to the first page",
        value=first,
        unit="s",
        compared_with="those steps, one after another",
        other=sum(singly.values()),
        goal=Goal(bound=1.3),
    )
    yield Figure(name="cold deploy until the engine ends", value=whole, unit="s")


def _project(platform: Platform, place: Path) -> Project:
    project = Project(
        platform=platform, folder=place / "stacks", stack=STACK, state=place / "state"
    )
    content = chosen(platform)
    content["config"] |= {
        "openvault:siteUrl": settings.site_url(platform.instance, STACK),
        "openvault:adminUrl": settings.admin_url(platform.instance, STACK),
        "openvault:protect": False,
    }
    project.configure(content)
    project.pulumi("stack", "init")
    return project


def _deployed(platform: Platform, project: Project) -> tuple[float, float]:
    """Return the seconds to the first page, and those to the end of `pulumi up`."""
    site = settings.site_url(platform.instance, STACK)
    begun = time.monotonic()
    words = ["pulumi", "up", "-s", STACK, "--yes", "--skip-preview", "--non-interactive"]
    environment = dict(platform.environment) | project.environment
    with (project.folder / "said").open("w+") as said:
        up = subprocess.Popen(words, env=environment, stdout=said, stderr=subprocess.STDOUT)
        _often("the first page", lambda: platform.curl(site)[0] == 200 or bool(up.poll()))
        first = time.monotonic() - begun
        if up.wait(PATIENCE):
            said.seek(0)
            sys.exit(f"{' '.join(words)} failed:\n{said.read()}")
    return first, time.monotonic() - begun


def _often(what: str, holds: Callable[[], bool]) -> None:
    eventually(what, holds, seconds=PATIENCE, every=0.1)


@dataclass(frozen=True, slots=True)
class _Steps:
    """The objects of a site, to be made again one by one in an empty namespace."""

    platform: Platform
    objects: Sequence[dict[str, Any]]

    @classmethod
    def of(cls, platform: Platform) -> _Steps:
        """Take a copy of the site that runs."""
        kinds = "secrets,persistentvolumeclaims,services,statefulsets,jobs,deployments"
        return cls(platform, [_again(each) for each in platform.objects(kinds, stack=STACK)])

    def taken(self) -> Iterator[tuple[str, float]]:
        """Yield each step of the critical path and its seconds."""
        self.platform.run("kubectl", "create", "namespace", ALONE)
        self._apply("Secret")
        self._apply("Service")
        # A volume is made when somebody wants to mount it.
        self._apply("PersistentVolumeClaim", "ov-db")
        yield "a volume", self._timed("StatefulSet", "db", self._bound)
        yield "a database, filled for the first time", self._timed("StatefulSet", "db", self._asked)
        yield "the migration", self._timed("Job", "", self._migrated)
        self._apply("PersistentVolumeClaim")
        yield "the back end", self._timed("Deployment", "ov-wag", self._serves)

    def _timed(self, kind: str, name: str, done: Callable[[], bool]) -> float:
        begun = time.monotonic()
        self._apply(kind, name)
        _often(f"{kind} {name}", done)
        return time.monotonic() - begun

    def _apply(self, kind: str, name: str = "") -> None:
        chosen = [
            each
            for each in self.objects
            if each["kind"] == kind and each["metadata"]["name"].startswith(name)
        ]
        # By its input: some are secrets.
        subprocess.run(
            ["kubectl", "-n", ALONE, "apply", "--server-side", "-f", "-"],
            env=dict(self.platform.environment),
            input=json.dumps({"apiVersion": "v1", "kind": "List", "items": chosen}),
            text=True, check=True, capture_output=True,
        )  # fmt: skip

    def _bound(self) -> bool:
        words = ("get", "pvc", "ov-db", "-o", "jsonpath={.status.phase}")
        return self.platform.kubectl(*words, stack=ALONE) == "Bound"

    def _asked(self) -> bool:
        ready = ("exec", "db-0", "--", "pg_isready", "--host=127.0.0.1", "--quiet")
        return not self.platform.run("kubectl", "-n", ALONE, *ready, check=False).returncode

    def _migrated(self) -> bool:
        words = ("get", "jobs", "-o", "jsonpath={.items[*].status.succeeded}")
        return self.platform.kubectl(*words, stack=ALONE) == "1"

    def _serves(self) -> bool:
        pods = ("get", "pods", "-l", "app.kubernetes.io/name=ov-wag")
        address = self.platform.kubectl(
            *pods, "-o", "jsonpath={.items[*].status.podIP}", stack=ALONE
        )
        if not address:
            return False
        node = ("nsenter", f"--net={self.platform.instance.netns}")
        asked = self.platform.run(
            *node, "curl", "-s", "--max-time", "5", "-o", "/dev/null", "-w", "%{http_code}",
            "-H", "Host: ov-wag", f"http://{address}:8000/admin/login/", check=False,
        )  # fmt: skip
        return asked.stdout == "200"


def _again(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object as it was before the cluster made it."""
    made: dict[str, Any] = {key: value for key, value in found.items() if key != "status"}
    made["metadata"] = {"name": found["metadata"]["name"]}
    if found["kind"] in {"Service", "PersistentVolumeClaim", "Job"}:
        dropped = set(_CHOSEN) - ({"selector"} if found["kind"] == "Service" else set())
        made["spec"] = {key: value for key, value in found["spec"].items() if key not in dropped}
    if found["kind"] == "Job":
        made["spec"]["template"]["metadata"] = {}
    return made
