"""`make bench`: measure on the running sandbox, print a table, write build/bench.json."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, cast

import psutil
from rich.console import Console
from rich.table import Table

from sandbox.instance import CHECKOUT
from sandbox.process import Processes
from tests.live.platform import Platform

STACK = "ov-demo"
FLAT = "ov-bench"
ROUNDS = 5
RESULTS = CHECKOUT / "build" / "bench.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One measured value: the median of several runs where it is a time."""

    name: str
    value: float
    unit: str
    compared_with: str
    other: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the other value this one is."""
        return self.value / self.other if self.other else None


def seconds(command: list[str], environment: Mapping[str, str]) -> float:
    """Run *command*, which must succeed, and return how long it took."""
    begun = time.perf_counter()
    done = subprocess.run(
        command, env=environment, check=False, capture_output=True, text=True, cwd=CHECKOUT
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - begun


def in_turn(one: Callable[[], float], other: Callable[[], float]) -> tuple[float, float]:
    """Return the medians of both, run alternately after one run each that does not count."""
    one()
    other()
    pairs = [(one(), other()) for _ in range(ROUNDS)]
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def flat_program(platform: Platform) -> dict[str, str]:
    """Deploy the stack's objects once more, from a program without components; return its env."""
    exported = platform.run("pulumi", "stack", "export", "-s", STACK).stdout
    resources = json.loads(exported)["deployment"]["resources"]
    kubernetes = [
        {"type": each["type"], "name": _name(each), "inputs": _moved(each["inputs"])}
        for each in resources
        if each["type"].startswith("kubernetes:")
    ]
    images = [
        {"name": _name(each), "inputs": _plain(each["inputs"])}
        for each in resources
        if each["type"].startswith("docker:index/image")
    ]
    listed = {
        "context": platform.instance.context,
        "namespace": FLAT,
        "kubernetes": sorted(kubernetes, key=lambda each: each["type"] != _NAMESPACE),
        "images": images,
    }
    folder = CHECKOUT / "build" / "flat"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(CHECKOUT / "bench" / "flat", folder)
    shutil.copytree(CHECKOUT / "images", folder / "images")
    project = (folder / "Pulumi.yaml").read_text()
    (folder / "Pulumi.yaml").write_text(
        project.replace(
            "runtime: python",
            f"runtime: {{name: python, options: {{virtualenv: {CHECKOUT / '.venv'}}}}}",
        )
    )
    (folder / "listed.json").write_text(json.dumps(listed))
    own = dict(platform.environment) | {
        "PULUMI_OPTION_CWD": str(folder),
        "OV_FLAT": str(folder / "listed.json"),
    }
    seconds(["pulumi", "stack", "select", "--create", STACK], own)
    seconds(["pulumi", "up", "-s", STACK, "--yes", "--skip-preview"], own)
    return own


# How the engine marks a secret in a state file.
SIGNATURE = "4dabf18193072939515e22adb298388d"

_NAMESPACE = "kubernetes:core/v1:Namespace"


def _name(resource: Mapping[str, Any]) -> str:
    return str(resource["urn"]).rsplit("::", 1)[-1]


def _plain(value: Any) -> Any:
    """Return *value* with every secret replaced: the other program needs none."""
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        if SIGNATURE in entries:
            return "secret"
        return {key: _plain(each) for key, each in entries.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [_plain(each) for each in cast("list[Any]", value)]
    return value


def _moved(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object of the stack as it stands in the other namespace, running nothing."""
    moved: dict[str, Any] = json.loads(json.dumps(_plain(inputs)))
    metadata = moved["metadata"]
    if moved["kind"] == "Namespace":
        metadata["name"] = FLAT
    metadata.pop("namespace", None)
    # A suspended migration is never ready, and need not be.
    metadata["annotations"] = {"pulumi.com/skipAwait": "true"}
    if moved["kind"] == "Secret":
        moved.pop("data", None)
        moved["stringData"] = {"secret": "value"}
    if moved["kind"] in {"Deployment", "StatefulSet"}:
        moved["spec"]["replicas"] = 0
    if moved["kind"] == "Job":
        moved["spec"]["suspend"] = True
    return moved


def memory(processes: Processes) -> float:
    """Return what the sandbox's processes take, in MB: the sum of their proportional set sizes."""
    return sum(_share(pid) for pid in processes.all_pids()) / 1e6


def _share(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0


def main() -> None:
    """Measure everything."""
    platform = Platform.of_this_run()
    environment = platform.environment
    flat = flat_program(platform)
    preview = ["pulumi", "preview", "-s", STACK, "--expect-no-changes"]
    up = ["pulumi", "up", "-s", STACK, "--yes", "--skip-preview", "--expect-no-changes"]
    figures: list[Figure] = []
    for name, command in (("preview of the settled stack", preview), ("up without changes", up)):
        ours, theirs = in_turn(
            partial(seconds, command, environment), partial(seconds, command, flat)
        )
        figures.append(
            Figure(
                name=name,
                value=ours,
                unit="s",
                compared_with="the same objects in a program without components",
                other=theirs,
            )
        )
    seconds(["pulumi", "destroy", "-s", STACK, "--yes", "--skip-preview"], flat)
    again = seconds([sys.executable, "-m", "sandbox", "up"], environment)
    figures.append(Figure(name="make up again", value=again, unit="s", compared_with="-"))
    check = seconds(["make", "-s", "check"], environment)
    figures.append(
        Figure(name="make check", value=check, unit="s", compared_with="goal", other=60.0)
    )
    figures.append(
        Figure(
            name="memory of the idle sandbox",
            value=memory(Processes(platform.instance)),
            unit="MB",
            compared_with="goal",
            other=3000.0,
        )
    )
    report(figures)


def report(figures: list[Figure]) -> None:
    """Print the table and write the file."""
    table = Table("figure", "value", "compared with", "its value", "ratio")
    for each in figures:
        other = f"{each.other:.2f} {each.unit}" if each.other else ""
        ratio = f"{each.ratio:.2f}" if each.ratio else ""
        table.add_row(each.name, f"{each.value:.2f} {each.unit}", each.compared_with, other, ratio)
    Console().print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(each) for each in figures], indent=2) + "\n")
    print(f"written to {RESULTS.relative_to(CHECKOUT)}")


if __name__ == "__main__":
    main()
